#include "apps/api/attention.hpp"

#include <algorithm>
#include <cmath>

namespace lensart::app {

namespace {

constexpr double kStalledSeconds = 10;   // records to read, and none is read
constexpr std::int64_t kElsewhere = 20;  // events of each of the others that make silence odd
constexpr double kHeldSeconds = 10;      // a watermark is held back for so long
constexpr std::chrono::minutes kHeldBehind{30};
constexpr double kPausedSeconds = 10;
constexpr double kBehindEvents = 1000;  // fewer are no backlog
constexpr double kBehindSeconds = 5;
constexpr std::size_t kLagWindow = 120;  // seconds in which a backlog must come down …
constexpr double kLagShrinks = 0.98;     // … to this share of what it was
constexpr double kFreshnessLimit = 5;    // seconds at p99, without a backlog
constexpr std::size_t kFreshnessWindow = 60;
constexpr std::uint64_t kFreshnessEvents = 100;
constexpr std::size_t kBurstWindow = 300;  // seconds
constexpr std::uint64_t kBurstEvents = 10;
constexpr double kBurstShare = 0.02;
constexpr double kStateWarning = 0.80;
constexpr double kStateCritical = 0.95;
constexpr double kDiskWarning = 0.08;  // free
constexpr double kDiskCritical = 0.03;
constexpr std::chrono::seconds kClocksApart{5};
constexpr double kPressed = 0.5;  // back-pressure from here on is high

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "critical";
    case Severity::kWarning:
      return "warning";
    case Severity::kInfo:
      return "info";
  }
  std::abort();
}

std::optional<Attention> clocks_attention(Duration offset) {
  if (std::chrono::abs(offset) < kClocksApart) return std::nullopt;
  return Attention{"clock_skew",
                   Severity::kWarning,
                   "synchronise_clocks",
                   {{"seconds", seconds_of(offset)}},
                   {}};
}

std::optional<Attention> state_attention(std::uint64_t used_bytes, std::uint64_t max_bytes) {
  const double used = static_cast<double>(used_bytes);
  const double most = static_cast<double>(std::max<std::uint64_t>(1, max_bytes));
  if (used < kStateWarning * most) return std::nullopt;
  return Attention{"state_nearly_full",
                   used >= kStateCritical * most ? Severity::kCritical : Severity::kWarning,
                   "raise_state_max_size",
                   {{"used_bytes", used_bytes}, {"max_bytes", max_bytes}},
                   {}};
}

std::optional<Attention> disk_attention(std::uint64_t free_bytes, std::uint64_t total_bytes) {
  const double free = static_cast<double>(free_bytes);
  const double total = static_cast<double>(total_bytes);
  if (total <= 0 || free > kDiskWarning * total) return std::nullopt;
  return Attention{"disk_nearly_full",
                   free <= kDiskCritical * total ? Severity::kCritical : Severity::kWarning,
                   "free_disk_space",
                   {{"free_bytes", free_bytes}, {"total_bytes", total_bytes}},
                   {}};
}

std::optional<Attention> stuck_attention(const StuckOrders& stuck) {
  if (stuck.orders == 0) return std::nullopt;
  return Attention{"stuck_orders",
                   Severity::kWarning,
                   "look_at_stuck_orders",
                   {{"orders", stuck.orders},
                    {"order_id", stuck.order_id},
                    {"order_status", stuck.status},
                    {"order_since", stuck.since}},
                   {}};
}

std::optional<double> AttentionRules::lasting(const std::string& key, bool condition) {
  if (!condition) return std::nullopt;
  const auto known = noticed_.find(key);
  const Noticed since = known != noticed_.end() ? known->second : Noticed{now_->at, now_->tick};
  still_.emplace(key, since);
  return seconds_of(now_->tick - since.tick);
}

/// `key` is the code, with whatever tells two of a code apart behind a blank.
void AttentionRules::add(std::string key, Severity severity, const char* remedy, Json parameters) {
  lasting(key, true);
  Attention item;
  item.since = still_.at(key).at;
  item.code = key.substr(0, key.find(' '));
  item.severity = severity;
  item.remedy = remedy;
  item.parameters = std::move(parameters);
  found_.push_back(std::move(item));
}

void AttentionRules::add(std::optional<Attention> item) {
  if (!item) return;
  lasting(item->code, true);
  item->since = still_.at(item->code).at;
  found_.push_back(std::move(*item));
}

std::vector<Attention> AttentionRules::look(const Readings& readings, const History& history,
                                            const std::optional<StuckOrders>& stuck) {
  now_ = &readings;
  history_ = &history;
  if (!readings.sink.trouble.empty() || !readings.source_trouble.empty() || readings.paused) {
    disturbed_at_ = readings.tick;
  }
  look_at_services();
  look_at_partitions();
  look_at_lag();
  look_at_events();
  look_at_room();
  look_at_stuck(stuck);
  noticed_ = std::exchange(still_, {});
  std::stable_sort(found_.begin(), found_.end(), [](const Attention& a, const Attention& b) {
    return a.severity != b.severity ? a.severity < b.severity : a.since > b.since;
  });
  return std::exchange(found_, {});
}

void AttentionRules::look_at_services() {
  const std::string& database = now_->sink.trouble;
  if (const auto seconds = lasting("database_away", !database.empty())) {
    add("database_away", Severity::kCritical, "start_database",
        {{"message", database},
         {"seconds", *seconds},
         {"outbox_bytes", now_->sink.outbox_bytes},
         {"outbox_max_bytes", facts_.outbox_max_bytes}});
  }
  const std::string& kafka = now_->source_trouble;
  if (const auto seconds = lasting("kafka_away", !kafka.empty())) {
    add("kafka_away", Severity::kCritical, "start_kafka",
        {{"message", kafka}, {"seconds", *seconds}, {"brokers", facts_.brokers}});
  }
  // The producer of the letters needs both services: without them it has nothing to add.
  const bool unsent = !now_->letters_trouble.empty() && database.empty() && kafka.empty();
  if (const auto seconds = lasting("letters_unsent", unsent)) {
    add("letters_unsent", Severity::kWarning, "check_dlq_topic",
        {{"message", now_->letters_trouble}, {"topic", facts_.dlq_topic}, {"seconds", *seconds}});
  }
  if (now_->clock_offset) add(clocks_attention(*now_->clock_offset));
}

void AttentionRules::look_at_partitions() {
  for (std::size_t i = watches_.size(); i < now_->partitions.size(); ++i) {
    watches_.push_back({now_->partitions[i].next_offset, now_->tick, false, 0});
  }
  for (std::size_t i = 0; i < now_->partitions.size(); ++i) look_at_partition(i);
}

void AttentionRules::look_at_partition(std::size_t index) {
  const PartitionFigures& partition = now_->partitions[index];
  Watch& watch = watches_[index];
  std::int64_t elsewhere = 0;
  std::int64_t others = 0;
  std::optional<Instant> highest;
  for (std::size_t i = 0; i < now_->partitions.size(); ++i) {
    const PartitionFigures& other = now_->partitions[i];
    if (!other.outside_time) highest = std::max(highest, other.highest);
    if (i == index || other.topic != partition.topic) continue;
    elsewhere += other.next_offset;
    ++others;
  }
  if (watch.offset != partition.next_offset) {
    watch = {partition.next_offset, now_->tick, true, elsewhere};
  }
  const std::string at = " " + partition.topic + "/" + std::to_string(partition.partition);
  const Json place = {{"topic", partition.topic}, {"partition", partition.partition}};

  const double still = seconds_of(now_->tick - std::max(watch.moved_at, disturbed_at_));
  const std::uint64_t unread = partition.lag.value_or(0);
  if (unread > 0 && still >= kStalledSeconds) {
    Json parameters = place;
    parameters["events"] = unread;
    parameters["seconds"] = seconds_of(now_->tick - watch.moved_at);
    add("partition_stalled" + at, Severity::kCritical, "check_partition_leader", parameters);
  }
  const double quiet = seconds_of(now_->tick - watch.moved_at);
  const std::int64_t since = elsewhere - watch.elsewhere;
  if (watch.has_moved && unread == 0 && quiet >= seconds_of(facts_.idle_timeout) && others > 0 &&
      since >= kElsewhere * others) {
    Json parameters = place;
    parameters["seconds"] = quiet;
    parameters["events_elsewhere"] = since;
    add("partition_quiet" + at, Severity::kWarning, "check_producer", parameters);
  }
  const bool holds = partition.holds_watermark && !partition.idle && partition.highest && highest &&
                     *highest - *partition.highest >= kHeldBehind;
  const auto held = lasting("holding" + at, holds);
  if (held && *held >= kHeldSeconds) {
    Json parameters = place;
    parameters["behind_seconds"] = seconds_of(*highest - *partition.highest);
    parameters["events"] = partition.lag ? Json(*partition.lag) : Json(nullptr);
    add("watermark_held" + at, Severity::kWarning, "check_partition_backlog", parameters);
  }
}

/// The node before which work piles up: the one after the last that is held up.
std::optional<std::string> AttentionRules::bottleneck() const {
  std::optional<std::string> name;
  for (std::size_t i = 0; i + 1 < facts_.nodes.size(); ++i) {
    if (history_->live(i).back_pressure > kPressed) name = facts_.nodes[i + 1].name;
  }
  return name;
}

/// Whether there was no backlog, to be worked off, in the last `seconds`.
bool AttentionRules::was_level(std::size_t seconds) const {
  const auto& points = history_->points();
  if (points.size() <= seconds) return false;
  for (std::size_t i = 0; i <= seconds; ++i) {
    if (!(points.ago(i).lag_events < static_cast<float>(kBehindEvents))) return false;
  }
  return true;
}

void AttentionRules::look_at_lag() {
  const bool database_away = !now_->sink.trouble.empty();
  const auto paused = lasting("paused", now_->paused && !database_away);
  const bool no_room = now_->sink.outbox_bytes * 2 >= facts_.outbox_max_bytes;
  if (paused && *paused >= kPausedSeconds && no_room) {
    add("source_paused", Severity::kWarning, "relieve_database",
        {{"seconds", *paused},
         {"outbox_bytes", now_->sink.outbox_bytes},
         {"outbox_max_bytes", facts_.outbox_max_bytes}});
  }
  const Lag lag = lag_of(*now_);
  const auto& points = history_->points();
  const auto events = static_cast<double>(lag.events.value_or(0));
  const Quantiles fresh = history_->freshness(kFreshnessWindow);
  if (!database_away && was_level(kFreshnessWindow) && fresh.events >= kFreshnessEvents &&
      fresh.p99.value_or(0) > kFreshnessLimit) {
    add("freshness_slow", Severity::kWarning, "find_bottleneck",
        {{"p99_seconds", *fresh.p99}, {"limit_seconds", kFreshnessLimit}});
  }
  if (database_away || events < kBehindEvents || lag.seconds.value_or(0) < kBehindSeconds) return;
  const auto before = static_cast<double>(points.ago(kLagWindow).lag_events);
  if (points.size() > kLagWindow && before >= kBehindEvents && events >= kLagShrinks * before) {
    const auto name = bottleneck();
    add("lag_grows", Severity::kWarning, "find_bottleneck",
        {{"events", *lag.events},
         {"events_before", static_cast<std::uint64_t>(before)},
         {"minutes", static_cast<double>(kLagWindow) / 60},
         {"bottleneck", name ? Json(*name) : Json(nullptr)}});
    return;
  }
  const Point& earlier = points.ago(10);
  const double passed = seconds_of(points.back().tick - earlier.tick);
  const double nearer = static_cast<double>(earlier.lag_events) - events;
  const double per_second =
      passed > 0 && std::isfinite(nearer) ? std::max(0.0, nearer / passed) : 0;
  add("catching_up", Severity::kInfo, "wait",
      {{"events", *lag.events},
       {"events_per_second", per_second},
       {"seconds_left", per_second > 0 ? Json(events / per_second) : Json(nullptr)}});
}

void AttentionRules::look_at_events() {
  const CodePoint& before = history_->codes_ago(kBurstWindow);
  const CodePoint& now = history_->codes_now();
  const double minutes = std::max(1.0, seconds_of(now.tick - before.tick)) / 60;
  const std::uint64_t read = now.read - before.read;
  const auto share = [read](std::uint64_t of) {
    return read == 0 ? 0.0 : std::min(1.0, static_cast<double>(of) / static_cast<double>(read));
  };
  const auto late_code = static_cast<std::size_t>(orders::Code::kTooLate);
  std::size_t most = 0;
  std::uint64_t refused = 0;
  const auto of = [&](std::size_t code) { return now.letters[code] - before.letters[code]; };
  for (std::size_t code = 0; code < kLetterCodes; ++code) {
    if (code == late_code) continue;
    refused += of(code);
    if (of(code) > of(most)) most = code;
  }
  if (refused >= kBurstEvents && share(refused) >= kBurstShare) {
    add("dead_letter_burst", Severity::kWarning, "look_at_dead_letters",
        {{"code", orders::name_of(static_cast<orders::Code>(most))},
         {"events", of(most)},
         {"refused", refused},
         {"share", share(refused)},
         {"minutes", minutes}});
  }
  const std::uint64_t late = of(late_code);
  if (late >= kBurstEvents && share(late) >= kBurstShare) {
    add("late_events", Severity::kWarning, "check_producer_delay",
        {{"events", late}, {"minutes", minutes}});
  }
  const auto unknown =
      now.unknown_statuses - history_->codes_ago(History::kSeconds).unknown_statuses;
  if (unknown > 0) {
    add("unknown_statuses", Severity::kWarning, "complete_maps", {{"events", unknown}});
  }
}

void AttentionRules::look_at_room() {
  add(state_attention(now_->state_used_bytes, facts_.state_max_bytes));
  add(disk_attention(now_->disk_free_bytes, now_->disk_total_bytes));
}

void AttentionRules::look_at_stuck(const std::optional<StuckOrders>& stuck) {
  if (stuck) add(stuck_attention(*stuck));
}

}  // namespace lensart::app
