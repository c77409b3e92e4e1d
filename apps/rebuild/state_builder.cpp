#include "apps/rebuild/state_builder.hpp"

#include <fmt/format.h>

#include "apps/jobs/order_jobs.hpp"
#include "apps/pipeline/options.hpp"

namespace lensart::app {

namespace {

constexpr std::uint64_t kEventsAnEpoch = 20'000;
constexpr std::uint64_t kEventsASegment = 4 * storage::kIdsAGeneration;

}  // namespace

StateBuilder::StateBuilder(const Config& config, TimeZone zone)
    : config_(config),
      zone_(std::move(zone)),
      rules_(status_rules(config)),
      reader_(config, zone_) {}

Result<std::unique_ptr<StateBuilder>> StateBuilder::open(const Config& config,
                                                         const DatabaseSide& side,
                                                         const storage::ChainRecord& at,
                                                         const std::filesystem::path& directory,
                                                         const storage::Binding& binding) {
  LENSART_ASSIGN(TimeZone zone, TimeZone::find(config.pipeline.time_zone));
  std::unique_ptr<StateBuilder> self(new StateBuilder(config, std::move(zone)));
  self->at_ = at;
  self->epoch_ = at.number;
  self->positions_ = side.positions;
  for (storage::SourcePosition& position : self->positions_) {
    if (position.topic == config.kafka.replay_topic) position.highest.reset();  // outside of time
  }
  storage::StateStoreOptions options = state_options(config);
  options.directory = directory.string();
  options.begins_at = at;
  options.begins_positions = self->positions_;
  LENSART_TRY(self->open_parts(options));
  LENSART_TRY(self->store_->bind(binding));
  return self;
}

Result<Unit> StateBuilder::open_parts(const storage::StateStoreOptions& options) {
  LENSART_ASSIGN(store_, storage::StateStore::open(options));
  LENSART_ASSIGN(ids_, storage::IdIndex::open(*store_));
  const jobs::OrderJobsOptions wanted = job_options(config_, zone_);
  windowed_ = jobs::windowed_jobs(wanted);
  for (const auto& job : windowed_) LENSART_TRY(job->open(*store_, 1, 1, wanted.cache_bytes / 8));
  jobs::OrderLaneContext context;
  LENSART_ASSIGN(context.trees, jobs::open_order_trees(*store_));
  replays_ = context.trees.replays;
  LENSART_ASSIGN(const storage::Table timers, store_->table("timers"));
  timers_ = std::make_unique<nodes::Timers>(timers);
  context.zone = &zone_;
  context.status_rules = &rules_;
  context.timers = timers_.get();
  context.ids = ids_.get();
  context.track_status = wanted.jobs.contains("status");
  for (const auto& job : windowed_) {
    context.windowed.push_back(job.get());
    context.with_sales = context.with_sales || job->wants_sales();
  }
  context.cache_bytes = wanted.cache_bytes;
  lane_ = std::make_unique<jobs::OrderLane>(context, at_.timer_clock);
  return Unit{};
}

std::uint32_t StateBuilder::source_of(const LoggedEvent& event) const {
  for (const storage::SourcePosition& position : positions_) {
    if (position.topic == event.topic && position.partition == event.partition) {
      return position.source;
    }
  }
  return 0;
}

Result<Unit> StateBuilder::add(const LoggedEvent& logged) {
  orders::Event event;
  LENSART_TRY(reader_.read(logged, event));
  const jobs::IncomingEvent incoming{event,
                                     {logged.topic, logged.partition, logged.offset},
                                     {source_of(logged), logged.offset},
                                     storage::hash_id(event.event_id, store_->hash_seed()),
                                     epoch_ + 1,
                                     at_.watermark,
                                     true};
  {
    LENSART_ASSIGN(const auto txn, store_->read());
    LENSART_TRY(lane_->on_logged(incoming, logged.too_late, txn));
  }
  ++unsealed_events_;
  return ++open_events_ >= kEventsAnEpoch ? close_epoch() : Result<Unit>{};
}

void StateBuilder::add(const ReplayedRecord& replayed) {
  replayed_.put(replays_, jobs::replay_key({replayed.topic, replayed.partition, replayed.offset}),
                storage::seal(jobs::kReplayVersion, replayed.event_id));
}

Result<Unit> StateBuilder::close_epoch() {
  storage::EpochCommit commit;
  commit.number = ++epoch_;
  commit.watermark = commit.judged_by = at_.watermark;
  commit.timer_clock = at_.timer_clock;
  commit.offsets_json = at_.offsets_json;
  nodes::LaneOutput output;
  {
    LENSART_ASSIGN(const auto txn, store_->read());
    LENSART_TRY(lane_->close_epoch({epoch_, at_.timer_clock, at_.watermark, false}, txn, output));
    const auto handed = lane_->hand_over();
    storage::ChunkBuilder rows;  // the tables are filled from the finished state, not from here
    for (std::size_t job = 0; job < windowed_.size(); ++job) {
      LENSART_TRY(windowed_[job]->close_epoch(0, {handed[job].get()}, epoch_, at_.watermark, txn,
                                              output.changes, rows));
    }
  }
  commit.changes.push_back(std::move(output.changes));
  commit.changes.push_back(std::exchange(replayed_, {}));
  LENSART_TRY(store_->commit(commit, storage::Incarnation{}));
  LENSART_TRY(store_->fold());
  lane_->shrink(epoch_);
  for (const auto& job : windowed_) job->shrink(0, epoch_);
  open_events_ = 0;
  if (unsealed_events_ < kEventsASegment) return Unit{};
  unsealed_events_ = 0;
  return ids_->seal(epoch_);
}

Result<Unit> StateBuilder::finish() { return close_epoch(); }

}  // namespace lensart::app
