#include "apps/api/pictures.hpp"

#include <algorithm>
#include <cmath>

#include "apps/api/graph_picture.hpp"

namespace lensart::app {

namespace {

constexpr std::size_t kNow = 5;  // seconds that "now" is averaged over
constexpr std::size_t kMinute = 60;

template <class T>
Json json_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json outcomes_json(const Outcomes& outcomes) {
  return {{"accepted", outcomes[0]},
          {"duplicate", outcomes[1]},
          {"ignored", outcomes[2]},
          {"dead_lettered", outcomes[3]}};
}

Json rates_of(const History& history, std::uint64_t Point::*counter) {
  return {{"now", history.rate(counter, kNow)},
          {"minute", history.rate(counter, kMinute)},
          {"hour", history.rate(counter, History::kSeconds)}};
}

/// What makes the status what it is: the attention of the highest severity.
Json health_of(const Look& look) {
  std::string_view status = "ok";
  Json reasons = Json::array();
  if (!look.attention.empty() && look.attention.front().severity != Severity::kInfo) {
    const Severity worst = look.attention.front().severity;
    status = name_of(worst);
    for (const Attention& item : look.attention) {
      const bool is_new = std::find(reasons.begin(), reasons.end(), item.code) == reasons.end();
      if (item.severity == worst && is_new) reasons.push_back(item.code);
    }
  }
  const bool ready = look.readings.sink.trouble.empty() && look.readings.source_trouble.empty();
  return {{"status", status}, {"ready", ready}, {"reasons", reasons}};
}

Json attention_json(const std::vector<Attention>& attention) {
  Json items = Json::array();
  for (const Attention& item : attention) {
    items.push_back({{"code", item.code},
                     {"severity", name_of(item.severity)},
                     {"since", text_of(item.since)},
                     {"parameters", item.parameters},
                     {"remedy", item.remedy}});
  }
  return items;
}

Json letters_of(const Look& look) {
  const CodePoint& hour_ago = look.history.codes_ago(History::kSeconds);
  struct Row {
    std::size_t code;
    std::uint64_t all, hour;
  };
  std::vector<Row> rows;
  Row sum{0, 0, 0};
  for (std::size_t code = 0; code < kLetterCodes; ++code) {
    const std::uint64_t all = look.readings.letters[code];
    const Row row{code, all, all - hour_ago.letters[code]};
    sum.all += row.all;
    sum.hour += row.hour;
    if (all > 0) rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.hour != b.hour ? a.hour > b.hour : a.all > b.all;
  });
  Json by_code = Json::array();
  for (const Row& row : rows) {
    by_code.push_back({{"code", orders::name_of(static_cast<orders::Code>(row.code))},
                       {"since_start", row.all},
                       {"last_hour", row.hour}});
  }
  return {{"since_start", sum.all}, {"last_hour", sum.hour}, {"by_code", by_code}};
}

Json delay_of(const Readings& readings) {
  return readings.watermark ? Json(seconds_of(readings.at - *readings.watermark)) : Json(nullptr);
}

Json phase_of(std::span<const EpochFigures> epochs, std::string_view name,
              std::optional<Duration> (*of)(const EpochFigures&)) {
  std::vector<double> seconds;
  for (const EpochFigures& epoch : epochs) {
    if (const auto took = of(epoch)) seconds.push_back(std::max(0.0, seconds_of(*took)));
  }
  Json picture = {{"phase", name},
                  {"p50_seconds", nullptr},
                  {"p99_seconds", nullptr},
                  {"most_seconds", nullptr}};
  if (seconds.empty()) return picture;
  std::sort(seconds.begin(), seconds.end());
  const auto at = [&](double quantile) {
    return seconds[static_cast<std::size_t>(quantile * static_cast<double>(seconds.size() - 1))];
  };
  picture["p50_seconds"] = at(0.5);
  picture["p99_seconds"] = at(0.99);
  picture["most_seconds"] = seconds.back();
  return picture;
}

std::optional<Duration> fill_of(const EpochFigures& epoch) { return epoch.fill; }
std::optional<Duration> close_of(const EpochFigures& epoch) { return epoch.close; }
std::optional<Duration> commit_of(const EpochFigures& epoch) { return epoch.commit; }
std::optional<Duration> apply_of(const EpochFigures& epoch) { return epoch.apply; }

Json epoch_json(const EpochFigures& epoch) {
  const auto seconds = [](const std::optional<Duration>& took) {
    return took ? Json(std::max(0.0, seconds_of(*took))) : Json(nullptr);
  };
  return {{"number", epoch.number},
          {"durable_at", text_of(epoch.durable_at)},
          {"applied_at", json_of(epoch.applied_at)},
          {"records", epoch.records},
          {"outbox_bytes", epoch.outbox_bytes},
          {"watermark", json_of(epoch.watermark)},
          {"fill_seconds", seconds(epoch.fill)},
          {"close_seconds", seconds(epoch.close)},
          {"commit_seconds", seconds(epoch.commit)},
          {"apply_seconds", seconds(epoch.apply)}};
}

Json state_of(const Look& look) {
  const Readings& now = look.readings;
  const auto growth = look.history.state_growth();
  return {
      {"cache", {{"used_bytes", now.cache_bytes}, {"max_bytes", look.facts.cache_max_bytes}}},
      {"outbox",
       {{"epochs", now.outbox_epochs()},
        {"bytes", now.sink.outbox_bytes},
        {"max_bytes", look.facts.outbox_max_bytes}}},
      {"lmdb",
       {{"used_bytes", now.state_used_bytes},
        {"map_bytes", now.state_map_bytes},
        {"max_bytes", look.facts.state_max_bytes},
        {"growth_bytes_per_hour",
         growth ? Json(static_cast<std::int64_t>(*growth)) : Json(nullptr)},
        {"disk_free_bytes", now.disk_free_bytes},
        {"disk_total_bytes", now.disk_total_bytes}}},
      {"credit", {{"used_bytes", now.credit_bytes}, {"max_bytes", look.facts.credit_max_bytes}}}};
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// Walks a ring's last `seconds` in steps, calling `point(before, last)` with the indices of the
/// last value before each step and the last value in it.
template <class At, class Visit>
void walk_steps(std::size_t size, const At& at, std::size_t seconds, std::size_t step,
                const Visit& point) {
  if (size < 2) return;
  const std::int64_t end = at(size - 1);
  const auto width = static_cast<std::int64_t>(step);
  // Steps end at multiples of their width, so that the points stay where they are as time goes on.
  const std::int64_t from = end - static_cast<std::int64_t>(seconds);
  std::size_t before = 0;
  while (before + 1 < size && at(before) < from) ++before;
  for (std::size_t i = before + 1; i < size; ++i) {
    const bool is_last = i + 1 == size || at(i + 1) / width != at(i) / width;
    if (!is_last || at(i) == at(before)) continue;
    point(before, i);
    before = i;
  }
}

}  // namespace

Json overview_of(const Look& look) {
  const Readings& now = look.readings;
  const Facts& facts = look.facts;
  const Lag lag = lag_of(now);
  const Quantiles fresh = look.history.freshness(kMinute);
  Outcomes sum{};
  Json topics = Json::array();
  for (std::size_t topic = 0; topic < facts.topics.size(); ++topic) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += now.outcomes[topic][i];
    topics.push_back(
        {{"topic", facts.topics[topic]}, {"outcomes", outcomes_json(now.outcomes[topic])}});
  }
  return {{"at", text_of(now.at)},
          {"pipeline",
           {{"name", facts.pipeline},
            {"version", facts.version},
            {"started_at", text_of(facts.started_at)},
            {"uptime_seconds", std::max(0.0, seconds_of(now.at - facts.started_at))},
            {"jobs", facts.jobs},
            {"time_zone", facts.time_zone},
            {"sink", facts.sink}}},
          {"health", health_of(look)},
          {"attention", attention_json(look.attention)},
          {"lag",
           {{"events", json_or_null(lag.events)},
            {"unread", json_or_null(lag.unread)},
            {"in_flight", now.in_flight},
            {"seconds", json_or_null(lag.seconds)}}},
          {"rate",
           {{"read", rates_of(look.history, &Point::read)},
            {"applied", rates_of(look.history, &Point::applied)}}},
          {"freshness",
           {{"p50_seconds", json_or_null(fresh.p50)},
            {"p99_seconds", json_or_null(fresh.p99)},
            {"events", fresh.events},
            {"window_seconds", fresh.window_seconds}}},
          {"events", outcomes_json(sum)},
          {"topics", topics},
          {"dead_letters", letters_of(look)},
          {"watermark", {{"at", json_of(now.watermark)}, {"delay_seconds", delay_of(now)}}},
          {"source_paused", now.paused},
          {"process",
           {{"private_bytes", now.private_bytes}, {"cpu_cores", look.history.cpu_cores(kNow)}}}};
}

Json graph_of(const Look& look) {
  Json nodes = Json::array();
  for (std::size_t i = 0; i < look.facts.nodes.size(); ++i) {
    const NodeLive live = look.history.live(i);
    nodes.push_back(node_picture(look.facts.nodes[i], &look.readings.nodes[i], &live));
  }
  return graph_picture(look.facts.pipeline, look.facts.edges, std::move(nodes), look.readings.at);
}

Json epochs_of(const Look& look, std::span<const EpochFigures> recent) {
  const Instant minute_ago = look.readings.at - std::chrono::seconds(kMinute);
  std::size_t of_minute = 0;
  Json list = Json::array();
  for (const EpochFigures& epoch : recent) {
    if (epoch.durable_at >= minute_ago) ++of_minute;
    list.push_back(epoch_json(epoch));
  }
  const auto latest = recent.first(of_minute);
  return {{"at", text_of(look.readings.at)},
          {"newest", look.readings.epoch},
          {"applied", look.readings.sink.applied},
          {"per_second", look.history.rate(&Point::epochs, kMinute)},
          {"phases",
           {phase_of(latest, "fill", fill_of), phase_of(latest, "close", close_of),
            phase_of(latest, "commit", commit_of), phase_of(latest, "apply", apply_of)}},
          {"recent", list},
          {"state", state_of(look)}};
}

Json watermarks_of(const Look& look) {
  const Readings& now = look.readings;
  std::optional<Instant> late_before;
  if (now.watermark && look.facts.allowed_lateness) {
    late_before = *now.watermark - *look.facts.allowed_lateness;
  }
  Json partitions = Json::array();
  for (const PartitionFigures& partition : now.partitions) {
    partitions.push_back({{"topic", partition.topic},
                          {"partition", partition.partition},
                          {"next_offset", partition.next_offset},
                          {"lag", json_or_null(partition.lag)},
                          {"highest", json_of(partition.highest)},
                          {"idle", partition.idle},
                          {"appended_at", json_of(partition.appended_at)},
                          {"outside_time", partition.outside_time},
                          {"holds_watermark", partition.holds_watermark}});
  }
  return {{"at", text_of(now.at)},
          {"epoch", now.epoch},
          {"watermark", json_of(now.watermark)},
          {"timer_clock", json_of(now.timer_clock)},
          {"judged_by", json_of(now.judged_by)},
          {"late_before", json_of(late_before)},
          {"delay_seconds", delay_of(now)},
          {"max_out_of_orderness_seconds", seconds_of(look.facts.max_out_of_orderness)},
          {"allowed_lateness_seconds", look.facts.allowed_lateness
                                           ? Json(seconds_of(*look.facts.allowed_lateness))
                                           : Json(nullptr)},
          {"idle_timeout_seconds", seconds_of(look.facts.idle_timeout)},
          {"partitions", partitions}};
}

Json overview_history(const History& history, std::size_t seconds, std::size_t step) {
  const auto& points = history.points();
  Json out = {{"step_seconds", step}};
  const std::pair<const char*, std::uint64_t Point::*> rates[] = {
      {"read_per_second", &Point::read},
      {"applied_per_second", &Point::applied},
      {"dead_letters_per_second", &Point::letters}};
  const std::pair<const char*, float Point::*> levels[] = {
      {"lag_events", &Point::lag_events},
      {"lag_seconds", &Point::lag_seconds},
      {"outbox_bytes", &Point::outbox_bytes},
      {"state_bytes", &Point::state_bytes},
      {"private_bytes", &Point::private_bytes}};
  const std::pair<const char*, float Point::*> highest[] = {
      {"freshness_p50_seconds", &Point::freshness_p50},
      {"freshness_p99_seconds", &Point::freshness_p99}};
  out["at"] = out["cpu_cores"] = Json::array();
  for (const auto& [name, of] : rates) out[name] = Json::array();
  for (const auto& [name, of] : levels) out[name] = Json::array();
  for (const auto& [name, of] : highest) out[name] = Json::array();
  walk_steps(
      points.size(), [&](std::size_t i) { return points[i].at; }, seconds, step,
      [&](std::size_t before, std::size_t last) {
        const Point& from = points[before];
        const Point& to = points[last];
        const double passed = seconds_of(to.tick - from.tick);
        out["at"].push_back(to.at);
        out["cpu_cores"].push_back(
            number_or_null(std::max(0.0, to.cpu_seconds - from.cpu_seconds) / passed));
        for (const auto& [name, of] : rates) {
          out[name].push_back(number_or_null(static_cast<double>(to.*of - from.*of) / passed));
        }
        for (const auto& [name, of] : levels) {
          out[name].push_back(number_or_null(static_cast<double>(to.*of)));
        }
        for (const auto& [name, of] : highest) {
          float most = std::numeric_limits<float>::quiet_NaN();
          for (std::size_t i = before + 1; i <= last; ++i) most = std::fmax(most, points[i].*of);
          out[name].push_back(number_or_null(static_cast<double>(most)));
        }
      });
  return out;
}

Json node_history(const History& history, std::size_t node, std::size_t seconds, std::size_t step) {
  const auto& points = history.node_points();
  const auto& times = history.node_times();
  const std::size_t width = std::max(step, History::kNodeStep);
  Json out = {{"step_seconds", width}};
  for (const char* name : {"at", "per_second", "busy_share", "queued", "back_pressure"}) {
    out[name] = Json::array();
  }
  walk_steps(
      points.size(), [&](std::size_t i) { return times[i]; }, seconds, width,
      [&](std::size_t before, std::size_t last) {
        const NodePoint& from = points[before][node];
        const NodePoint& to = points[last][node];
        const double passed = static_cast<double>(times[last] - times[before]);
        const double pressure = to.pressed_seconds >= 0
                                    ? (to.pressed_seconds - from.pressed_seconds) / passed
                                    : static_cast<double>(to.pressure);
        out["at"].push_back(times[last]);
        out["per_second"].push_back(static_cast<double>(to.total - from.total) / passed);
        out["busy_share"].push_back(json_or_null(history.busy_share(node, from, to, passed)));
        out["queued"].push_back(number_or_null(static_cast<double>(to.queued)));
        out["back_pressure"].push_back(std::clamp(pressure, 0.0, 1.0));
      });
  return out;
}

}  // namespace lensart::app
