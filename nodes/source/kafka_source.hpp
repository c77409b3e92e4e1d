/// Kafka as a source: positions come from the state, never from a consumer group.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/clock.hpp"
#include "nodes/kafka/kafka_handle.hpp"
#include "nodes/source/kafka_nudger.hpp"
#include "nodes/source/kafka_turns.hpp"
#include "nodes/source/reading_progress.hpp"
#include "nodes/source/record_source.hpp"

namespace lensart::nodes {

struct KafkaSourceOptions {
  KafkaClientOptions client;             ///< brokers, the operator's properties, the log
  std::string group;                     ///< offsets are reported to it, for information
  std::vector<std::string> topics;       ///< their index is SourceInfo::topic_index
  std::size_t prefetch_bytes = 1 << 20;  ///< librdkafka's queue; a response may lie above it
  std::chrono::milliseconds patience = std::chrono::seconds(10);  ///< for one answer of the broker
  /// Partitions whose gap (truncated, made anew) the operator accepts: `run --accept-gap`.
  std::set<std::pair<std::string, std::int32_t>> accepted_gaps;
};

/// Offsets passed over, by the operator's leave.
struct SkippedRange {
  std::uint32_t source = 0;
  std::int64_t from = 0;   ///< inclusive
  std::int64_t until = 0;  ///< exclusive
};

/// Threads: see RecordSource.
class KafkaSource final : public RecordSource {
 public:
  /// Fails with kBadConfig. Needs no broker yet.
  static Result<std::unique_ptr<KafkaSource>> open(const KafkaSourceOptions& options,
                                                   SourceDirectory& directory, const Clock& clock);
  ~KafkaSource() override;

  /// Fails with kBrokerDown (nobody answers), kBadConfig (a topic is missing; names `lensart
  /// init`), kStateMismatch (a topic was truncated, made anew, or is shorter than what was read).
  Result<Unit> start(std::span<const storage::SourcePosition> positions) override;
  Result<Unit> poll(RecordBatch& into, const PollLimits& limits) override;
  int wake_descriptor() const override { return wake_read_fd_; }
  std::int64_t next_offset(std::uint32_t source) const override {
    return source < partitions_.size() ? partitions_[source].next_offset : 0;
  }
  bool at_end(std::uint32_t source) const override;
  bool at_start_end(std::uint32_t source) const override;
  bool reached_start_end() const override;
  void report_committed(std::span<const storage::SourcePosition> positions) override;
  std::vector<std::int64_t> lags() const override { return progress_.lags(); }
  std::vector<std::int64_t> appended_up_to() const override { return progress_.appended_up_to(); }
  std::string trouble() const override;

  /// What `start` passed over.
  const std::vector<SkippedRange>& skipped() const { return skipped_; }

 private:
  struct Partition {
    std::int64_t next_offset = 0;
    std::int64_t taken_out_to = 0;  ///< next_offset when all of polled_ will have been read
    std::int64_t end_at_start = 0;
    std::int64_t appended_at = -1;  ///< of the newest record read
    bool at_end = false;
    bool assigned = false;
  };
  KafkaSource(KafkaClient client, const KafkaSourceOptions& options, SourceDirectory& directory,
              const Clock& clock);
  Result<bool> find_new_partitions();
  Result<Unit> place(std::uint32_t source, const storage::SourcePosition* known);
  Result<Unit> check_last_records(std::span<const storage::SourcePosition> positions);
  Result<Unit> begin_anew_if_other(const storage::SourcePosition& position);
  Result<Unit> assign();
  Result<Unit> take(rd_kafka_message_t& message, RecordBatch& into);
  std::uint32_t source_of(const rd_kafka_message_t& message);
  void note_taken_out(const rd_kafka_message_t& message);
  bool take_batch(Tick now);
  void note_progress(Tick now);
  std::vector<std::int64_t> behind() const;

  KafkaSourceOptions options_;
  SourceDirectory& directory_;
  const Clock& clock_;
  std::vector<Partition> partitions_;  ///< by source
  std::vector<SkippedRange> skipped_;
  Tick next_discovery_{};
  int wake_read_fd_ = -1;
  int wake_write_fd_ = -1;
  std::vector<rd_kafka_message_t*> polled_;  ///< ours: [polled_at_, polled_count_)
  std::size_t polled_at_ = 0;
  std::size_t polled_count_ = 0;
  std::int64_t polled_at_wall_ = -1;  ///< microseconds since 1970, of the poll under way
  using Handle = std::pair<const rd_kafka_topic_t*, std::int32_t>;
  std::map<Handle, std::uint32_t> by_handle_;
  std::pair<Handle, std::uint32_t> last_handle_{};  ///< of by_handle_: many follow each other
  ReadingProgress progress_;
  Tick next_look_for_ends_{};
  KafkaClient client_;
  KafkaQueue queue_;             // before the client goes
  std::size_t taken_bytes_ = 0;  ///< since the last nudge
  std::unique_ptr<KafkaNudger> nudger_;
  std::unique_ptr<KafkaTurns> turns_;
};

}  // namespace lensart::nodes
