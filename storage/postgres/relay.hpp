/// The relay: ships committed epochs from the outbox to PostgreSQL, exactly once.
///
/// Runs storage/protocol/relay_protocol.hpp under real connections. Worker threads, one connection
/// each, take the next lane's task; a lost answer is settled by asking the lane's row.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "graph/clock.hpp"
#include "storage/postgres/lane_writer.hpp"
#include "storage/postgres/session.hpp"
#include "storage/protocol/relay_protocol.hpp"
#include "storage/sink.hpp"
#include "storage/state_store.hpp"

namespace lensart::storage {

struct RelayOptions {
  SessionOptions session;
  RelayLimits limits;
  std::size_t connections = 2;
  std::uint64_t max_refusals = 100;
  std::chrono::seconds keep_accounts = std::chrono::hours(24 * 30);
  std::chrono::milliseconds retry_initial = std::chrono::milliseconds(100);
  std::chrono::milliseconds retry_max = std::chrono::seconds(5);
  std::chrono::milliseconds start_timeout = std::chrono::seconds(60);
};

struct RelayCallbacks {
  std::function<void()> on_progress;            ///< a lane moved, or trouble began or ended
  std::function<void(EpochNumber)> trim_to;     ///< the state may forget these epochs
  std::function<void()> on_letters;             ///< dead letters were committed
  std::function<void(const Error&)> on_stop;    ///< the process must stop, once
  std::function<void(const std::string&)> log;  ///< a line worth waking for
};

/// Threads: see Sink.
class Relay final : public Sink {
 public:
  /// Claims the pipeline and waits up to `start_timeout` for the database to be there. Lanes are
  /// first brought level, and their number changed if the configuration wants another.
  static Result<std::unique_ptr<Relay>> start(const RelayOptions& options,
                                              const TableRegistry& registry, StateStore& store,
                                              const Clock& clock, const Incarnation& incarnation,
                                              SinkHooks hooks, RelayCallbacks callbacks);
  ~Relay() override;

  void on_durable(const ChainRecord& record) override;
  Downstream downstream() const override;
  SinkStatus status() const override;
  std::optional<std::chrono::microseconds> clock_offset() const override;
  bool wait_idle(std::chrono::milliseconds at_most) override;
  void stop() override;

 private:
  Relay(const RelayOptions& options, const TableRegistry& registry, StateStore& store,
        const Clock& clock, const Incarnation& incarnation, SinkHooks hooks,
        RelayCallbacks callbacks);
  Result<Unit> open_session();
  Result<Unit> open_session_patiently();
  Result<Unit> check_identity();
  Result<Unit> bring_level();
  void start_workers();
  void work(std::size_t worker);
  void handle(std::size_t worker, std::optional<Connection>& connection, const LaneTask& task,
              int& failures);
  Result<Unit> ensure_connected(std::size_t worker, std::optional<Connection>& connection);
  void settle(std::size_t worker, std::optional<Connection>& connection, const LaneTask& task);
  Result<std::optional<LaneRow>> ask_row(std::size_t worker, Connection& connection, int lane);
  void keep_session();
  void keep_lists_short();
  bool look_at_clock();
  void count_applied();
  void count_busy(Tick since);
  void back_off(int failures, const Error& error);
  void fail_for_good(const Error& error);
  void trouble(const std::string& what);
  std::pair<ChainRecord, ChainRecord> ends_of(const LaneTask& task) const;

  RelayOptions options_;
  const TableRegistry& registry_;
  StateStore& store_;
  const Clock& clock_;
  Incarnation incarnation_;
  SinkHooks hooks_;
  RelayCallbacks callbacks_;
  std::optional<Session> session_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  RelayProtocol protocol_;
  std::map<EpochNumber, ChainRecord> records_;  ///< not yet trimmed
  bool stopping_ = false;
  bool failed_ = false;
  std::string trouble_;
  std::optional<std::chrono::microseconds> clock_offset_;
  std::uint64_t rows_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t applied_records_ = 0;
  std::chrono::microseconds busy_{0};
  std::optional<Instant> last_success_;
  EpochNumber counted_to_ = 0;
  int lanes_now_ = 0;                                 ///< of the rows, as claimed
  std::vector<std::unique_ptr<LaneWriter>> writers_;  ///< one a worker
  std::vector<std::thread> workers_;
};

}  // namespace lensart::storage
