#include "tests/storage/relay_simulation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lensart::storage {

namespace {
constexpr int kLanes = 3;
}

template <class Id>
Id RelaySimulation::make_id() {
  Id id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random_());
  return id;
}

RelaySimulation::RelaySimulation(std::uint64_t seed, const SimulationOptions& options)
    : options_(options), random_(seed) {
  ChainRecord genesis;
  genesis.id = make_id<EpochId>();
  chain_.push_back(genesis);
}

std::string RelaySimulation::run(int steps) {
  for (int i = 0; i < steps && wrong_.empty(); ++i) {
    step();
    check();
  }
  // Calm: no more faults, everything must arrive.
  for (int i = 0; i < 1000 && wrong_.empty(); ++i) {
    if (!process_) start_process();
    while (!backends_.empty()) finish_backend(0, !backends_.front().refused);
    settle(*process_);
    begin_task(*process_);
    check();
  }
  if (!wrong_.empty()) return wrong_;
  for (const SimulatedLane& lane : lanes_) {
    if (lane.row.epoch != chain_.back().number) {
      return fmt::format("lane {} stands at {} of {} in the end", lane.row.lane, lane.row.epoch,
                         chain_.back().number);
    }
  }
  return wrong_;
}

void RelaySimulation::step() {
  if (!process_) return start_process();
  switch (pick(8)) {
    case 0:
      return cut_epoch();
    case 1:
    case 2:
      return begin_task(*process_);
    case 3:
    case 4:
    case 5:
      if (!backends_.empty()) advance_backend(pick(backends_.size()));
      return;
    case 6:
      return settle(*process_);
    default:
      if (chance(25)) crash();
  }
}

void RelaySimulation::cut_epoch() {
  ChainRecord record;
  record.number = chain_.back().number + 1;
  record.id = make_id<EpochId>();
  record.outbox_bytes = 1 + pick(8 << 20);
  chain_.push_back(record);
  process_->protocol.on_durable(record);
}

void RelaySimulation::begin_task(Process& process) {
  const auto task = process.protocol.next_task();
  if (!task) return;
  SimulatedBackend backend;
  backend.task = *task;
  backend.from_id = chain_[task->from].id;
  backend.to_id = chain_[task->to].id;
  backend.incarnation = process.incarnation;
  backend.owner = process.number;
  backends_.push_back(backend);
}

/// One step of a backend: the guard, the COMMIT on the wire, its execution.
void RelaySimulation::advance_backend(std::size_t index) {
  SimulatedBackend& backend = backends_[index];
  SimulatedLane& lane = lanes_[static_cast<std::size_t>(backend.task.lane)];
  if (backend.refused) return finish_backend(index, false);
  if (!backend.locked) {
    const bool taken =
        std::any_of(backends_.begin(), backends_.end(), [&](const SimulatedBackend& other) {
          return other.locked && other.task.lane == backend.task.lane;
        });
    if (taken) return;  // waits for the row
    backend.locked = true;
    const bool right =
        lane.row.incarnation == backend.incarnation && lane.row.id == backend.from_id;
    if (!right && !options_.without_guard) {
      backend.locked = false;
      backend.refused = true;
    }
    return;
  }
  if (!backend.commit_sent) {
    // The process sends COMMIT only while it lives; a dead one's backend rolls back, unless the
    // whole transaction was pipelined into the socket before.
    const bool alive = process_ && process_->number == backend.owner;
    if (!alive && chance(50)) return finish_backend(index, false);
    backend.commit_sent = true;
    return;
  }
  finish_backend(index, !chance(10));
}

void RelaySimulation::finish_backend(std::size_t index, bool commit) {
  const SimulatedBackend backend = backends_[index];
  backends_.erase(backends_.begin() + static_cast<std::ptrdiff_t>(index));
  SimulatedLane& lane = lanes_[static_cast<std::size_t>(backend.task.lane)];
  const bool right = lane.row.incarnation == backend.incarnation && lane.row.id == backend.from_id;
  const bool committed =
      commit && !backend.refused && (backend.locked || right || options_.without_guard);
  if (committed) {
    lane.added += backend.task.to - backend.task.from;
    lane.row.epoch = backend.task.to;
    lane.row.id = backend.to_id;
  }
  answer(backend, committed);
}

/// What the process hears of it, if it lives and the answer is not lost.
void RelaySimulation::answer(const SimulatedBackend& backend, bool committed) {
  if (!process_ || process_->number != backend.owner) return;
  if (backend.refused) {
    ++fenced_;
    process_.reset();  // exit 75
    return;
  }
  if (backend.commit_sent && chance(20)) {
    process_->protocol.on_unknown(backend.task);
    process_->unknown.push_back(backend.task);
    return;
  }
  committed ? process_->protocol.on_applied(backend.task, Tick{})
            : process_->protocol.on_rolled_back(backend.task);
}

void RelaySimulation::settle(Process& process) {
  if (process.unknown.empty()) return;
  const LaneTask task = process.unknown.back();
  process.unknown.pop_back();
  ++settled_;
  const auto settled = process.protocol.on_row(
      task, lanes_[static_cast<std::size_t>(task.lane)].row, process.incarnation, Tick{});
  if (!settled && settled.error().code != Errc::kFenced)
    wrong_ = "settling: " + settled.error().message;
  if (!settled) process_.reset();
}

/// kill -9: the state keeps what was durable, and the last epoch's COMMIT may or may not have been.
void RelaySimulation::crash() {
  ++crashes_;
  process_.reset();
}

/// `SELECT … FOR UPDATE` waits for every backend that holds a row.
void RelaySimulation::release_rows() {
  for (std::size_t i = backends_.size(); i-- > 0;) {
    if (backends_[i].locked) finish_backend(i, chance(60));
  }
}

void RelaySimulation::start_process() {
  auto process = std::make_unique<Process>();
  process->number = ++processes_;
  process->incarnation = make_id<Incarnation>();
  release_rows();
  std::vector<LaneRow> rows;
  for (const SimulatedLane& lane : lanes_) rows.push_back(lane.row);
  const auto plan = plan_start(chain_, rows, kLanes);
  if (!plan) {
    wrong_ = "a start was refused: " + plan.error().message;
    return;
  }
  if (plan->insert_rows && chance(30)) return;  // killed before the first start's COMMIT
  if (plan->insert_rows) {
    lanes_.resize(kLanes);
    for (int i = 0; i < kLanes; ++i) {
      lanes_[static_cast<std::size_t>(i)].row = {i, kLanes, 0, chain_.front().id,
                                                 process->incarnation};
    }
  }
  for (SimulatedLane& lane : lanes_) lane.row.incarnation = process->incarnation;
  process->protocol.start(*plan, chain_, Tick{});
  process_ = std::move(process);
}

void RelaySimulation::check() {
  for (const SimulatedLane& lane : lanes_) {
    if (lane.added == lane.row.epoch) continue;
    wrong_ = fmt::format("lane {} stands at epoch {} but holds the sum of {}", lane.row.lane,
                         lane.row.epoch, lane.added);
    return;
  }
}

}  // namespace lensart::storage
