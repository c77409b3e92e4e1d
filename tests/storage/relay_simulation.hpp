/// The commit protocol under every schedule a seed can think of: crashes, lost answers, backends
/// that commit after their client died, a second instance that takes over. No threads, no sockets,
/// no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "storage/protocol/relay_protocol.hpp"
#include "storage/protocol/start_check.hpp"

namespace lensart::storage {

/// What PostgreSQL holds of one lane. `added` is what a table of sums would show: each epoch adds
/// one, so an epoch applied twice or never shows as `added != epoch`.
struct SimulatedLane {
  LaneRow row;
  std::uint64_t added = 0;
};

/// A transaction on its way through a backend; it may outlive the process that sent it.
struct SimulatedBackend {
  LaneTask task;
  EpochId from_id;
  EpochId to_id;
  Incarnation incarnation;
  std::uint64_t owner = 0;  ///< number of the process
  bool locked = false;      ///< past the guard: holds the lane's row
  bool refused = false;     ///< the guard raised
  bool commit_sent = false;
};

struct SimulationOptions {
  bool without_guard = false;  ///< the mutation: the epoch condition removed
};

class RelaySimulation {
 public:
  RelaySimulation(std::uint64_t seed, const SimulationOptions& options);

  /// Runs `steps` random steps, then lets everything finish. Empty, or what went wrong.
  std::string run(int steps);

  int crashes() const { return crashes_; }
  int settled() const { return settled_; }
  int fenced() const { return fenced_; }

 private:
  struct Process {
    std::uint64_t number = 0;
    Incarnation incarnation;
    RelayProtocol protocol{RelayLimits{}};
    std::vector<LaneTask> unknown;
  };

  void step();
  void cut_epoch();
  void begin_task(Process& process);
  void advance_backend(std::size_t index);
  void finish_backend(std::size_t index, bool commit);
  void answer(const SimulatedBackend& backend, bool committed);
  void settle(Process& process);
  void crash();
  void start_process();
  void release_rows();
  void check();
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  bool chance(int percent) { return pick(100) < static_cast<std::size_t>(percent); }
  template <class Id>
  Id make_id();

  SimulationOptions options_;
  std::mt19937_64 random_;
  std::vector<ChainRecord> chain_;    ///< the state's; survives crashes
  std::vector<SimulatedLane> lanes_;  ///< the database; empty before the first start
  std::vector<SimulatedBackend> backends_;
  std::unique_ptr<Process> process_;
  std::uint64_t processes_ = 0;
  std::string wrong_;
  int crashes_ = 0;
  int settled_ = 0;
  int fenced_ = 0;
};

}  // namespace lensart::storage
