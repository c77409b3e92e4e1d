#include "tests/pipeline/rehearsal.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <map>
#include <ostream>
#include <system_error>

#include "apps/jobs/tables.hpp"
#include "apps/pipeline/options.hpp"
#include "tests/pipeline/drafts.hpp"
#include "tests/support/compare.hpp"

namespace lensart::rehearsal {

namespace {

constexpr const char* kPlannedFailure = "the broker's disk is gone";

/// Reads the log in memory and fails when told to.
class FailingSource final : public nodes::RecordSource {
 public:
  FailingSource(std::unique_ptr<nodes::RecordSource> inner, std::uint64_t fails_after)
      : inner_(std::move(inner)), records_left_(fails_after) {}

  Result<Unit> start(std::span<const storage::SourcePosition> positions) override {
    return inner_->start(positions);
  }
  Result<Unit> poll(nodes::RecordBatch& into, const nodes::PollLimits& limits) override {
    if (records_left_ == 0) return fail(Errc::kFatal, kPlannedFailure);
    nodes::PollLimits fewer = limits;
    fewer.max_records = std::min<std::size_t>(limits.max_records, records_left_);
    LENSART_TRY(inner_->poll(into, fewer));
    records_left_ -= into.records.size();
    return Unit{};
  }
  int wake_descriptor() const override { return inner_->wake_descriptor(); }
  std::int64_t next_offset(std::uint32_t source) const override {
    return inner_->next_offset(source);
  }
  bool at_end(std::uint32_t source) const override { return inner_->at_end(source); }
  bool reached_start_end() const override { return inner_->reached_start_end(); }
  void report_committed(std::span<const storage::SourcePosition> positions) override {
    inner_->report_committed(positions);
  }
  std::vector<std::int64_t> lags() const override { return inner_->lags(); }
  std::string trouble() const override { return inner_->trouble(); }

 private:
  std::unique_ptr<nodes::RecordSource> inner_;
  std::uint64_t records_left_;
};

/// In memory where there is such a place: a case makes dozens of epochs, each synced to the disk.
std::filesystem::path make_directory() {
  const std::filesystem::path shared = "/dev/shm";
  std::error_code none;
  const auto base =
      std::filesystem::is_directory(shared, none) ? shared : std::filesystem::temp_directory_path();
  std::string name = (base / "lensart-rehearsal-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), name);
  return name;
}

const model::Settings& settings_of(const std::string& zone) {
  static std::map<std::string, model::Settings> settings;
  const auto found = settings.find(zone);
  if (found != settings.end()) return found->second;
  model::Settings made;
  made.max_payload_bytes = Rehearsal::kMaxPayload;
  made.zone = model::Zone(zone);
  made.jobs = model::kAllJobs;
  return settings.emplace(zone, std::move(made)).first->second;
}

}  // namespace

void showValue(const RunPlan& plan, std::ostream& out) {
  static constexpr const char* kEndings[] = {"log read", "power lost", "source fails", "stopped"};
  out << fmt::format(
      "\n  run{{{} after {}, database {} epochs older, {} threads, lanes {}/{}/{}, epochs of {} "
      "records or {}..{} us, batch {}, queue {}, cache {}, outbox {} MiB, sink seed {}, eager {}%, "
      "groups of {} bytes{}{}}}",
      kEndings[static_cast<std::size_t>(plan.ending)], plan.after, plan.database_age, plan.threads,
      plan.id_lanes, plan.order_lanes, plan.sink.lanes, plan.epoch_max_records,
      plan.epoch_min_micros, plan.epoch_max_micros, plan.batch, plan.queue, plan.cache, plan.outbox,
      plan.sink.seed, plan.sink.eagerness_percent, plan.sink.group_max_bytes,
      plan.sink.keeps_applied ? ", keeps applied epochs" : "",
      plan.sink.away_at_end_after != UINT64_MAX ? ", away at the end" : "");
}

Rehearsal::Rehearsal(std::vector<nodes::MemoryRecord> log, std::string zone)
    : log_(std::move(log)),
      zone_(std::move(zone)),
      directory_(make_directory()),
      state_(directory_ / "state-0"),
      database_(jobs::tables()) {
  settings_of(zone_);  // sets TZ for a moment: before there is a second thread
}

Rehearsal::~Rehearsal() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

app::Config Rehearsal::config_of(const RunPlan& plan) const {
  app::Config config;
  config.pipeline.time_zone = zone_;
  const auto& jobs = settings_of(zone_).jobs;
  config.pipeline.jobs.assign(jobs.begin(), jobs.end());
  config.pipeline.max_payload = Rehearsal::kMaxPayload;
  config.pipeline.epoch_min_time = std::chrono::microseconds(plan.epoch_min_micros);
  config.pipeline.epoch_max_time = std::chrono::microseconds(plan.epoch_max_micros);
  config.pipeline.epoch_max_records = plan.epoch_max_records;
  config.state.directory = state_.string();
  config.state.cache = plan.cache;
  config.state.max_size = 256 * app::kMiB;
  config.sink.lanes = static_cast<std::uint32_t>(plan.sink.lanes);
  config.sink.outbox_max = plan.outbox * app::kMiB;
  config.pool.threads = plan.threads;
  config.nodes["deduplicate"].lanes = plan.id_lanes;
  config.nodes["orders"].lanes = plan.order_lanes;
  config.nodes["source"].batch = plan.batch;
  config.nodes["source"].queue = plan.queue;
  return config;
}

/// The disk as it is after this epoch, whatever the threads hold in memory: the committer is here,
/// so nobody writes.
void Rehearsal::photograph(const RunPlan& plan) {
  const std::filesystem::path next = directory_ / fmt::format("state-{}", ++states_);
  std::filesystem::create_directory(next);
  std::filesystem::copy_file(state_ / "data.mdb", next / "data.mdb");
  state_ = next;
  const std::size_t age = std::min<std::size_t>(plan.database_age, photographs_.size() - 1);
  database_ = photographs_[photographs_.size() - 1 - age];
}

bool Rehearsal::after_epoch(const RunPlan& plan, std::uint64_t epochs) {
  ++epochs_;
  most_cached_bytes_ = std::max(most_cached_bytes_, running_->cache_bytes());
  if (!plan.sink.keeps_applied) photographs_.clear();
  photographs_.push_back(database_);
  if (epochs != plan.after) return false;
  if (plan.ending == Ending::kStopped) running_->request_stop();
  if (plan.ending != Ending::kPowerLost) return false;
  photograph(plan);
  return true;
}

std::string Rehearsal::run(const RunPlan& plan) {
  photographs_.clear();
  const app::Config config = config_of(plan);
  app::PipelineOptions options;
  options.until_end = true;
  options.log = [](const std::string&) {};
  const auto make_source =
      [&](nodes::SourceDirectory& directory) -> Result<std::unique_ptr<nodes::RecordSource>> {
    auto inner = std::make_unique<nodes::MemorySource>(directory, app::source_topics(config), log_);
    const bool fails = plan.ending == Ending::kSourceFails;
    return std::make_unique<FailingSource>(std::move(inner), fails ? plan.after : UINT64_MAX);
  };
  const auto make_sink = [&](const storage::StateStore& store,
                             const storage::RelayCallbacks& callbacks) {
    return MemorySink::open(
        plan.sink, database_, store, callbacks,
        [this, &plan](std::uint64_t epochs) { return after_epoch(plan, epochs); });
  };
  auto pipeline = app::Pipeline::open(config, options, clock_, make_source, make_sink);
  if (!pipeline) return "open: " + pipeline.error().message;
  running_ = pipeline->get();
  const auto done = running_->run();
  credits_held_ = running_->credits().used_bytes();
  pipeline->reset();
  running_ = nullptr;
  if (done) return "";
  const std::string& why = done.error().message;
  if (plan.ending == Ending::kSourceFails && why == kPlannedFailure) return "";
  if (plan.ending == Ending::kPowerLost && why == kPowerIsGone) return "";
  return "run: " + why;
}

std::string Rehearsal::differences() const {
  const model::Settings& settings = settings_of(zone_);
  const std::vector<std::string> topics = app::source_topics(app::Config{});
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> next_offset;
  std::vector<model::LogRecord> log;
  for (const nodes::MemoryRecord& record : log_) {
    const std::string& topic = topics[record.topic_index];
    const model::Coordinates at{topic, record.partition, next_offset[{topic, record.partition}]++};
    const auto value = record.null ? std::nullopt : std::optional(record.payload);
    if (record.topic_index == kReplayTopic) {
      log.push_back(model::open_replay(at, value, RehearsalClock::kStart));
    } else {
      log.push_back(
          {static_cast<model::TopicKind>(record.topic_index), at, value, RehearsalClock::kStart});
    }
  }
  const support::RecordedClocks clocks{database_.timer_clock, database_.watermark};
  const std::vector<model::Table> actual =
      support::without_old_windows(database_.tables(), clocks, settings);
  const model::Reading reading =
      model::read_log(log, support::hints_from(actual, clocks), clock_.wall(), settings);
  const auto found = support::compare_all(model::all_tables(reading, settings), actual);
  std::string text = support::all_empty(found) ? "" : support::describe(found);
  for (const std::string& gap : database_.account_gaps()) text += "account: " + gap + "\n";
  const model::Table& accounts = support::table_named(actual, model::accounts_shape().name);
  for (const std::string& account : support::broken_accounts(accounts))
    text += "account does not add up: " + account + "\n";
  for (const std::string& judgement : model::impossible_judgements(reading, settings))
    text += "cannot be: " + judgement + "\n";
  return text;
}

}  // namespace lensart::rehearsal
