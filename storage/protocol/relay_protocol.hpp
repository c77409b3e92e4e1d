/// How committed epochs reach the database exactly once: a state machine without threads, sockets
/// or clocks. The relay runs it under the real parts, the simulator under every schedule it can
/// think of.
///
/// Each sink lane has a row of its own in the database and stands where that row's id stands in the
/// state's chain. A task moves one lane from its position to a target in one transaction. Lanes
/// that lag are first levelled to the highest; groups start when all are level.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "graph/clock.hpp"
#include "graph/error.hpp"
#include "storage/epoch.hpp"
#include "storage/protocol/start_check.hpp"

namespace lensart::storage {

struct RelayLimits {
  std::uint64_t group_max_bytes = 16ULL << 20;  ///< of outbox in one group of epochs
  /// Applied epochs are kept this long, or until they take a quarter of the outbox, so that a
  /// database that comes back a few seconds old (a failover) is brought forward.
  std::chrono::microseconds keep_time = std::chrono::seconds(60);
  std::uint64_t keep_max_bytes = 64ULL << 20;
};

/// Apply the epochs (from, to] of a lane in one transaction.
struct LaneTask {
  int lane = 0;
  EpochNumber from = 0;
  EpochNumber to = 0;
};

/// What the database's row says after an answer was lost.
enum class Settled : std::uint8_t { kApplied, kNotApplied };

class RelayProtocol {
 public:
  explicit RelayProtocol(const RelayLimits& limits) : limits_(limits) {}

  /// After a start was planned: where each lane stands, and the epochs retained by the state.
  void start(const StartPlan& plan, std::span<const ChainRecord> chain, Tick now);
  /// An epoch has become durable in the state. REQUIRES: it follows the newest known.
  void on_durable(const ChainRecord& record);

  /// The next lane to move, if any may move now; at most one task a lane is under way.
  std::optional<LaneTask> next_task();
  /// The transaction's COMMIT was acknowledged.
  void on_applied(const LaneTask& task, Tick now);
  /// It certainly left nothing behind (rolled back before COMMIT was sent).
  void on_rolled_back(const LaneTask& task);
  /// The answer to COMMIT was lost: the lane waits for `on_row`.
  void on_unknown(const LaneTask& task);
  /// What `SELECT … FOR UPDATE` of the lane's row found, under which incarnation we run.
  /// Fails with kFenced (another incarnation), kStateMismatch (ours, but an id not in the chain).
  Result<Settled> on_row(const LaneTask& task, const std::optional<LaneRow>& row,
                         const Incarnation& ours, Tick now);

  /// Everything durable is applied by every lane.
  bool idle() const;
  bool level() const;
  EpochNumber newest() const { return newest_; }
  EpochNumber lowest() const;
  EpochNumber highest() const;
  /// Bytes of epochs that some lane has not applied yet: what counts against sink.outbox_max.
  std::uint64_t outstanding_bytes() const;
  std::uint64_t outstanding_epochs() const { return newest_ - lowest(); }
  /// The state may forget the outbox of epochs up to and including this one.
  EpochNumber trim_target(Tick now);

 private:
  enum class LaneState : std::uint8_t { kReady, kUnderWay, kUnknown };
  struct Lane {
    EpochNumber position = 0;
    LaneState state = LaneState::kReady;
  };
  struct Epoch {
    ChainRecord record;
    std::optional<Tick> applied_at;  ///< by the last lane
  };
  void move_to(const LaneTask& task, Tick now);
  EpochNumber group_target() const;

  RelayLimits limits_;
  std::vector<Lane> lanes_;
  std::deque<Epoch> epochs_;  ///< retained, oldest first
  EpochNumber newest_ = 0;
  EpochNumber target_ = 0;  ///< of the group under way
};

}  // namespace lensart::storage
