/// The running pipeline: source, flow, committer, sink and letters, and how they start and stop.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "apps/config/config.hpp"
#include "apps/jobs/order_jobs.hpp"
#include "apps/pipeline/epoch_log.hpp"
#include "apps/pipeline/freshness.hpp"
#include "graph/clock.hpp"
#include "graph/credits.hpp"
#include "graph/flow.hpp"
#include "nodes/sink/committer.hpp"
#include "nodes/sink/letter_sender.hpp"
#include "nodes/source/kafka_source.hpp"
#include "nodes/source/pump.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/sink.hpp"
#include "storage/state_store.hpp"

namespace lensart::storage {
struct RelayCallbacks;
}

namespace lensart::app {

struct PipelineOptions {
  bool until_end = false;
  std::set<std::pair<std::string, std::int32_t>> accepted_gaps;
  nodes::KafkaClientOptions consumer;           ///< brokers, properties, log
  nodes::KafkaClientOptions producer;           ///< of the dead letters
  std::function<void(const std::string&)> log;  ///< a line worth waking for
};

/// Makes the source the pipeline reads from; tests and benchmarks give one of their own.
using SourceFactory =
    std::function<Result<std::unique_ptr<nodes::RecordSource>>(nodes::SourceDirectory&)>;
/// Makes the sink that committed epochs go to, likewise. The callbacks are the relay's; the store
/// outlives the sink.
using SinkFactory = std::function<Result<std::unique_ptr<storage::Sink>>(
    const storage::StateStore&, const storage::RelayCallbacks&)>;

/// Threads: `request_stop`, the figures: any. `run` from one.
class Pipeline {
 public:
  /// Opens the state, claims the database, checks the log. Fails before anything is written when
  /// they do not fit together.
  static Result<std::unique_ptr<Pipeline>> open(const Config& config, PipelineOptions options,
                                                const Clock& clock, SourceFactory make_source = {},
                                                SinkFactory make_sink = {});
  ~Pipeline();

  /// Works until request_stop(), a failure or, with `until_end`, until everything is applied.
  Result<Unit> run();
  /// Stops reading; commits what is read; waits at most `shutdown_timeout` for the sink.
  void request_stop();

  /// Why the pipeline is not ready; empty when it is.
  std::vector<std::string> not_ready() const;

  // Figures, for /metrics and the live graph. Threads: any.
  const Flow& flow() const { return *flow_; }
  const jobs::JobCounters& counters() const { return job_->counters(); }
  /// Dead letters since the start, those of rows that the sink refused among them.
  std::uint64_t letters(orders::Code code) const;
  storage::SinkStatus sink_status() const { return sink_->status(); }
  nodes::CommitFigures commit_figures() const { return committer_->figures(); }
  nodes::LetterStatus letter_status() const;
  const Freshness& freshness() const { return freshness_; }
  const EpochPhases& epoch_phases() const { return epoch_phases_; }
  const EpochLog& epoch_log() const { return epoch_log_; }
  std::size_t cache_bytes() const { return job_->cache_bytes(); }
  bool is_replay(std::uint32_t source) const { return job_->is_replay(source); }
  const storage::ConnectionFigures& database_figures() const { return *database_figures_; }
  const nodes::KafkaFigures& consumer_figures() const { return *options_.consumer.figures; }
  const nodes::KafkaFigures& producer_figures() const { return *options_.producer.figures; }
  std::string source_trouble() const { return source_->trouble(); }
  std::optional<Duration> database_clock_offset() const { return sink_->clock_offset(); }
  const nodes::SourceDirectory& directory() const { return directory_; }
  std::vector<std::int64_t> lags() const { return source_->lags(); }
  std::vector<std::int64_t> appended_up_to() const { return source_->appended_up_to(); }
  const storage::StateStore& store() const { return *store_; }
  const Credits& credits() const { return credits_; }
  const Clock& clock() const { return clock_; }
  const Config& config() const { return config_; }
  bool paused() const { return pump_->paused(); }
  Duration paused_time(nodes::PauseReason reason) const { return pump_->paused_time(reason); }

  /// How a further connection to this pipeline's database is opened: under a name that says what it
  /// is for, counted with the others. For what looks on; the relay has its own.
  Result<storage::ConnectionOptions> database_for(std::string_view role) const;

 private:
  Pipeline(const Config& config, PipelineOptions options, const Clock& clock, TimeZone zone);
  Result<Unit> open_parts(const SourceFactory& make_source, const SinkFactory& make_sink);
  Result<Unit> open_source(const SourceFactory& make_source);
  Result<Unit> open_sink(const SinkFactory& make_sink);
  Result<Unit> check_cluster();
  void open_flow();
  void fail_with(const Error& error);
  Result<Unit> finish();
  void on_durable(const storage::ChainRecord& record, const nodes::EpochDraft& draft);
  void on_progress();
  void report_unknown_statuses();

  Config config_;
  PipelineOptions options_;
  const Clock& clock_;
  TimeZone zone_;
  storage::Incarnation incarnation_;
  Credits credits_;
  Freshness freshness_;
  EpochPhases epoch_phases_;
  EpochLog epoch_log_;
  std::shared_ptr<storage::ConnectionFigures> database_figures_ =
      std::make_shared<storage::ConnectionFigures>();
  nodes::SourceDirectory directory_;
  std::unique_ptr<storage::StateStore> store_;
  std::unique_ptr<storage::IdIndex> ids_;
  std::unique_ptr<jobs::OrderJobs> job_;
  std::unique_ptr<storage::Sink> sink_;
  std::atomic<storage::Sink*> live_sink_{nullptr};  ///< its own threads ask before it is there
  std::unique_ptr<nodes::LetterSender> letters_;
  std::atomic<nodes::LetterSender*> live_letters_{nullptr};  ///< the relay's threads ask for it
  std::unique_ptr<nodes::RecordSource> source_;
  std::unique_ptr<nodes::Committer> committer_;
  std::unique_ptr<Flow> flow_;
  std::unique_ptr<nodes::Pump> pump_;
  std::atomic<nodes::Pump*> live_pump_{nullptr};

  // The committer's thread.
  std::uint64_t unknown_reported_ = 0;
  Tick unknown_next_report_{};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Error> failure_;
  std::optional<Tick> stop_requested_at_;
  bool pump_done_ = false;
};

}  // namespace lensart::app
