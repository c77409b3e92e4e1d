#include "tests/pipeline/memory_sink.hpp"

#include "apps/jobs/tables.hpp"
#include "storage/lane_group.hpp"

namespace lensart::rehearsal {

using storage::ChainRecord;
using storage::LaneTask;

namespace {

storage::RelayLimits limits_of(const SinkHabits& habits) {
  storage::RelayLimits limits;
  limits.group_max_bytes = habits.group_max_bytes;
  limits.keep_time = std::chrono::hours(habits.keeps_applied ? 1 : 0);
  limits.keep_max_bytes = 1ULL << 30;
  return limits;
}

/// The protocol's time stands still: what it keeps depends on the habits alone.
constexpr Tick kNow{};

}  // namespace

MemorySink::MemorySink(const SinkHabits& habits, MemoryDatabase& database,
                       const storage::StateStore& store, storage::RelayCallbacks callbacks,
                       AfterEpoch after_epoch)
    : habits_(habits),
      database_(database),
      store_(store),
      callbacks_(std::move(callbacks)),
      after_epoch_(std::move(after_epoch)),
      random_(habits.seed),
      protocol_(limits_of(habits)) {}

Result<std::unique_ptr<MemorySink>> MemorySink::open(const SinkHabits& habits,
                                                     MemoryDatabase& database,
                                                     const storage::StateStore& store,
                                                     const storage::RelayCallbacks& callbacks,
                                                     AfterEpoch after_epoch) {
  std::unique_ptr<MemorySink> self(
      new MemorySink(habits, database, store, callbacks, std::move(after_epoch)));
  LENSART_TRY(self->start());
  return self;
}

Result<Unit> MemorySink::start() {
  LENSART_ASSIGN(storage::StartPlan plan,
                 storage::plan_start(store_.chain(), database_.lanes, habits_.lanes));
  for (const ChainRecord& record : store_.chain()) records_.emplace(record.number, record);
  const auto put_rows = [&](const ChainRecord& at) {
    database_.lanes.clear();
    for (int lane = 0; lane < habits_.lanes; ++lane)
      database_.lanes.push_back({lane, habits_.lanes, at.number, at.id, {}});
  };
  if (plan.insert_rows) put_rows(store_.chain().back());
  protocol_.start(plan, store_.chain(), kNow);
  if (plan.lanes == habits_.lanes) return Unit{};
  LENSART_TRY(write_all());
  put_rows(records_.at(protocol_.newest()));
  plan.lanes = habits_.lanes;
  plan.positions.assign(static_cast<std::size_t>(plan.lanes), protocol_.newest());
  protocol_.start(plan, store_.chain(), kNow);
  return Unit{};
}

void MemorySink::on_durable(const ChainRecord& record) {
  std::optional<Error> stop;
  {
    const std::lock_guard lock(mutex_);
    if (dead_) return;
    protocol_.on_durable(record);
    records_.emplace(record.number, record);
    if (auto written = write_some(); !written) {
      stop = written.error();
    } else if (after_epoch_(++epochs_)) {
      stop = Error{Errc::kFatal, kPowerIsGone};
    }
    dead_ = stop.has_value();
  }
  if (stop) callbacks_.on_stop(*stop);
  callbacks_.on_progress();
}

Result<Unit> MemorySink::write_some() {
  if (!chance(habits_.eagerness_percent)) return Unit{};
  for (std::uint64_t tasks = 1 + random_() % 8; tasks > 0; --tasks) {
    LENSART_ASSIGN(const bool some, write_one());
    if (!some) break;
  }
  return Unit{};
}

Result<Unit> MemorySink::write_all() {
  for (;;) {
    LENSART_ASSIGN(const bool some, write_one());
    if (!some) return Unit{};
  }
}

Result<bool> MemorySink::write_one() {
  const std::optional<LaneTask> task = protocol_.next_task();
  if (!task) return false;
  if (chance(10)) {
    protocol_.on_rolled_back(*task);
  } else if (chance(10)) {
    LENSART_TRY(lose_answer(*task));
  } else {
    LENSART_TRY(commit(*task));
    protocol_.on_applied(*task, kNow);
  }
  const EpochNumber trimmable = protocol_.trim_target(kNow);
  records_.erase(records_.begin(), records_.lower_bound(trimmable));
  callbacks_.trim_to(trimmable);
  return true;
}

Result<Unit> MemorySink::commit(const LaneTask& task) {
  storage::LaneGroup group(jobs::tables());
  LENSART_TRY(group.load(store_, task.lane, task.from, task.to));
  group.close();
  const ChainRecord& to = records_.at(task.to);
  storage::LaneRow row = database_.lanes.at(static_cast<std::size_t>(task.lane));
  row.epoch = to.number;
  row.id = to.id;
  LENSART_TRY(database_.apply(group, row));
  database_.watermark = to.watermark;
  database_.timer_clock = to.timer_clock;
  return Unit{};
}

/// COMMIT was sent and nobody knows what came of it: the lane's row tells.
Result<Unit> MemorySink::lose_answer(const LaneTask& task) {
  protocol_.on_unknown(task);
  if (chance(50)) LENSART_TRY(commit(task));
  const storage::LaneRow row = database_.lanes.at(static_cast<std::size_t>(task.lane));
  LENSART_TRY(protocol_.on_row(task, row, {}, kNow));
  return Unit{};
}

storage::Downstream MemorySink::downstream() const {
  const std::lock_guard lock(mutex_);
  if (dead_) return {true, 0};
  return {protocol_.idle(), protocol_.outstanding_bytes()};
}

storage::SinkStatus MemorySink::status() const {
  const std::lock_guard lock(mutex_);
  storage::SinkStatus status;
  status.newest = protocol_.newest();
  status.applied = protocol_.lowest();
  status.outbox_bytes = protocol_.outstanding_bytes();
  return status;
}

bool MemorySink::wait_idle(std::chrono::milliseconds) {
  std::optional<Error> stop;
  {
    const std::lock_guard lock(mutex_);
    if (dead_) return true;
    if (epochs_ >= habits_.away_at_end_after) return false;
    if (auto written = write_all(); !written) stop = written.error();
    dead_ = stop.has_value();
  }
  if (stop) callbacks_.on_stop(*stop);
  return true;
}

}  // namespace lensart::rehearsal
