#include "storage/protocol/relay_protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace lensart::storage {

void RelayProtocol::start(const StartPlan& plan, std::span<const ChainRecord> chain, Tick now) {
  lanes_.clear();
  for (const EpochNumber position : plan.positions) lanes_.push_back({position, LaneState::kReady});
  epochs_.clear();
  for (const ChainRecord& record : chain) epochs_.push_back({record, std::nullopt});
  newest_ = chain.back().number;
  target_ = highest();
  const EpochNumber applied = lowest();
  for (Epoch& epoch : epochs_) {
    if (epoch.record.number <= applied) epoch.applied_at = now;
  }
}

void RelayProtocol::on_durable(const ChainRecord& record) {
  assert(record.number == newest_ + 1);
  newest_ = record.number;
  epochs_.push_back({record, std::nullopt});
}

EpochNumber RelayProtocol::lowest() const {
  EpochNumber least = newest_;
  for (const Lane& lane : lanes_) least = std::min(least, lane.position);
  return least;
}

EpochNumber RelayProtocol::highest() const {
  EpochNumber most = 0;
  for (const Lane& lane : lanes_) most = std::max(most, lane.position);
  return most;
}

bool RelayProtocol::level() const { return lowest() == highest(); }
bool RelayProtocol::idle() const { return lowest() == newest_; }

EpochNumber RelayProtocol::group_target() const {
  const EpochNumber from = highest();
  EpochNumber target = from;
  std::uint64_t bytes = 0;
  for (const Epoch& epoch : epochs_) {
    if (epoch.record.number <= from) continue;
    bytes += epoch.record.outbox_bytes;
    if (target != from && bytes > limits_.group_max_bytes) break;
    target = epoch.record.number;
  }
  return target;
}

std::optional<LaneTask> RelayProtocol::next_task() {
  // A new group only from level ground; until then every lane goes to where the highest is bound.
  const bool quiet = std::all_of(lanes_.begin(), lanes_.end(), [this](const Lane& lane) {
    return lane.state == LaneState::kReady && lane.position == target_;
  });
  if (quiet) target_ = group_target();
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    if (lane.state != LaneState::kReady || lane.position >= target_) continue;
    lane.state = LaneState::kUnderWay;
    return LaneTask{static_cast<int>(i), lane.position, target_};
  }
  return std::nullopt;
}

void RelayProtocol::move_to(const LaneTask& task, Tick now) {
  Lane& lane = lanes_[static_cast<std::size_t>(task.lane)];
  lane.position = task.to;
  lane.state = LaneState::kReady;
  const EpochNumber applied = lowest();
  for (Epoch& epoch : epochs_) {
    if (epoch.record.number > applied) break;
    if (!epoch.applied_at) epoch.applied_at = now;
  }
}

void RelayProtocol::on_applied(const LaneTask& task, Tick now) { move_to(task, now); }

void RelayProtocol::on_rolled_back(const LaneTask& task) {
  lanes_[static_cast<std::size_t>(task.lane)].state = LaneState::kReady;
}

void RelayProtocol::on_unknown(const LaneTask& task) {
  lanes_[static_cast<std::size_t>(task.lane)].state = LaneState::kUnknown;
}

Result<Settled> RelayProtocol::on_row(const LaneTask& task, const std::optional<LaneRow>& row,
                                      const Incarnation& ours, Tick now) {
  if (!row || row->incarnation != ours) {
    return fail(
        Errc::kFenced,
        fmt::format("lane {} of this pipeline now belongs to another instance; this one has "
                    "written nothing since and stops",
                    task.lane));
  }
  const auto record = std::find_if(epochs_.begin(), epochs_.end(), [&](const Epoch& epoch) {
    return epoch.record.number == row->epoch && epoch.record.id == row->id;
  });
  if (record == epochs_.end() || (row->epoch != task.from && row->epoch != task.to)) {
    return fail(
        Errc::kStateMismatch,
        fmt::format("lane {} of the database stands at epoch {} (id {}), which this state never "
                    "sent there (a database restored while we ran?). Stop, look, then "
                    "`lensart state adopt`",
                    task.lane, row->epoch, row->id.hex()));
  }
  if (row->epoch == task.to) {
    move_to(task, now);
    return Settled::kApplied;
  }
  on_rolled_back(task);
  return Settled::kNotApplied;
}

std::uint64_t RelayProtocol::outstanding_bytes() const {
  const EpochNumber applied = lowest();
  std::uint64_t bytes = 0;
  for (auto epoch = epochs_.rbegin(); epoch != epochs_.rend(); ++epoch) {
    if (epoch->record.number <= applied) break;
    bytes += epoch->record.outbox_bytes;
  }
  return bytes;
}

EpochNumber RelayProtocol::trim_target(Tick now) {
  const EpochNumber applied = lowest();
  // Of the oldest retained epoch only the record is kept: a database that stands there is brought
  // forward by the outbox of those after it.
  std::uint64_t kept_bytes = 0;
  for (std::size_t i = 1; i < epochs_.size() && epochs_[i].record.number <= applied; ++i) {
    kept_bytes += epochs_[i].record.outbox_bytes;
  }
  // The newest applied record stays: it is where the lanes stand.
  while (epochs_.size() > 1 && epochs_.front().record.number < applied) {
    const Epoch& next = epochs_[1];
    const bool young = next.applied_at && now - *next.applied_at < limits_.keep_time;
    if (young && kept_bytes <= limits_.keep_max_bytes) break;
    kept_bytes -= next.record.outbox_bytes;
    epochs_.pop_front();
  }
  return epochs_.empty() ? applied : epochs_.front().record.number;
}

}  // namespace lensart::storage
