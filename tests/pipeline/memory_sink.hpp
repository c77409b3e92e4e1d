/// The relay's place taken by one that writes into memory: same outbox, same conflation, same
/// protocol, but at moments and in portions that a seed chooses.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>

#include "storage/postgres/relay.hpp"
#include "storage/protocol/relay_protocol.hpp"
#include "storage/sink.hpp"
#include "tests/pipeline/memory_database.hpp"

namespace lensart::rehearsal {

/// The failure that a lost power ends a run with.
inline constexpr const char* kPowerIsGone = "the power is gone";

struct SinkHabits {
  std::uint64_t seed = 0;
  int lanes = 1;
  /// The chance, after each epoch, that anything is written at all: 0 is a database that is away
  /// until the end, 100 one that keeps up.
  int eagerness_percent = 50;
  std::uint64_t group_max_bytes = 16ULL << 20;  ///< of outbox in one transaction
  bool keeps_applied = false;                   ///< the state keeps epochs that are applied
  /// Once so many epochs were durable the end is not waited for: what is not written by then stays
  /// in the outbox. Only for a run that is stopped there, as others wait for ever.
  std::uint64_t away_at_end_after = UINT64_MAX;
};

/// Works on the committer's thread and on the one that waits for the end; starts none.
class MemorySink final : public storage::Sink {
 public:
  /// Called after each epoch was made durable and perhaps written, with how many there were since
  /// the start. True: the power is gone, nothing is written any more.
  using AfterEpoch = std::function<bool(std::uint64_t epochs)>;

  /// Brings the lanes level and to the number wanted, as the relay does.
  static Result<std::unique_ptr<MemorySink>> open(const SinkHabits& habits,
                                                  MemoryDatabase& database,
                                                  const storage::StateStore& store,
                                                  const storage::RelayCallbacks& callbacks,
                                                  AfterEpoch after_epoch);

  void on_durable(const storage::ChainRecord& record) override;
  storage::Downstream downstream() const override;
  storage::SinkStatus status() const override;
  bool wait_idle(std::chrono::milliseconds at_most) override;
  void stop() override {}

 private:
  MemorySink(const SinkHabits& habits, MemoryDatabase& database, const storage::StateStore& store,
             storage::RelayCallbacks callbacks, AfterEpoch after_epoch);
  Result<Unit> start();
  Result<Unit> write_some();
  Result<Unit> write_all();
  /// False when there is nothing to do.
  Result<bool> write_one();
  Result<Unit> commit(const storage::LaneTask& task);
  Result<Unit> lose_answer(const storage::LaneTask& task);
  bool chance(int percent) { return random_() % 100 < static_cast<std::uint64_t>(percent); }

  SinkHabits habits_;
  MemoryDatabase& database_;
  const storage::StateStore& store_;
  storage::RelayCallbacks callbacks_;
  AfterEpoch after_epoch_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  storage::RelayProtocol protocol_;
  std::map<EpochNumber, storage::ChainRecord> records_;
  std::uint64_t epochs_ = 0;
  bool dead_ = false;
};

}  // namespace lensart::rehearsal
