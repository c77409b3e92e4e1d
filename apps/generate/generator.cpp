#include "apps/generate/generator.hpp"

#include <fmt/format.h>

#include <numeric>

#include "apps/generate/php_json.hpp"

namespace lensart::generate {
namespace {

using std::chrono::microseconds;

/// Ahead of time by less than this is on time: sleeping costs more.
constexpr microseconds kPaceSlack{200};
/// Without a pace the clock is read once in so many records.
constexpr std::uint64_t kClockStride = 1024;
constexpr std::chrono::seconds kProgressEvery{1};

constexpr std::array<std::string_view, 5> kTypeNames = {"order.created", "order.updated",
                                                        "order.payment_status_changed",
                                                        "order.status_changed", "order.cancelled"};

double seconds_between(Tick from, Tick to) {
  return std::chrono::duration<double>(to - from).count();
}

std::string iso(Instant at) {
  std::string text;
  append_iso_utc(text, at);
  return text;
}

}  // namespace

void Summary::add(const GeneratedRecord& record) {
  ++records;
  bytes += record.payload.size();
  switch (record.expected) {
    case Expected::kAccepted:
      ++events[static_cast<std::size_t>(record.type)];
      orders += record.type == orders::EventType::kCreated;
      if (accepted() == 1) first = last = record.event_time;
      first = std::min(first, record.event_time);
      last = std::max(last, record.event_time);
      return;
    case Expected::kDuplicate:
      ++duplicates;
      return;
    case Expected::kIgnored:
      ++ignored;
      return;
    case Expected::kRejected:
      ++poison[*record.code];
      return;
  }
}

std::uint64_t Summary::accepted() const {
  return std::accumulate(events.begin(), events.end(), std::uint64_t{0});
}

std::uint64_t Summary::rejected() const {
  return std::accumulate(poison.begin(), poison.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& each) { return sum + each.second; });
}

std::string Summary::to_text() const {
  std::string out;
  auto to = std::back_inserter(out);
  fmt::format_to(to, "{} records ({:.1f} MB) in {:.2f} s, {:.0f} a second, {} orders\n", records,
                 static_cast<double>(bytes) / 1e6, seconds, rate(), orders);
  for (std::size_t i = 0; i < events.size(); ++i) {
    fmt::format_to(to, "  {:<30} {:>10}\n", kTypeNames[i], events[i]);
  }
  fmt::format_to(to, "  {:<30} {:>10}\n", "duplicates", duplicates);
  fmt::format_to(to, "  {:<30} {:>10}\n", "to be ignored", ignored);
  fmt::format_to(to, "  {:<30} {:>10}\n", "poison", rejected());
  for (const auto& [code, count] : poison) {
    fmt::format_to(to, "    {:<28} {:>10}\n", orders::name_of(code), count);
  }
  if (accepted() > 0) fmt::format_to(to, "event time from {} to {}\n", iso(first), iso(last));
  return out;
}

std::string Summary::to_json() const {
  std::string out;
  auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"records":{},"bytes":{},"seconds":{:.6f},"rate":{:.1f},"orders":{},)",
                 records, bytes, seconds, rate(), orders);
  fmt::format_to(to, R"("accepted":{},"events":{{)", accepted());
  for (std::size_t i = 0; i < events.size(); ++i) {
    fmt::format_to(to, R"({}"{}":{})", i == 0 ? "" : ",", kTypeNames[i], events[i]);
  }
  fmt::format_to(to, R"(}},"duplicates":{},"ignored":{},"rejected":{},"poison":{{)", duplicates,
                 ignored, rejected());
  bool is_first = true;
  for (const auto& [code, count] : poison) {
    fmt::format_to(to, R"({}"{}":{})", is_first ? "" : ",", orders::name_of(code), count);
    is_first = false;
  }
  out += '}';
  if (accepted() > 0) {
    fmt::format_to(to, R"(,"first_event":"{}","last_event":"{}")", iso(first), iso(last));
  }
  out += '}';
  return out;
}

Result<Summary> pour(EventStream& stream, RecordSink& sink, const Clock& clock,
                     const PourOptions& options) {
  Summary summary;
  GeneratedRecord record;
  const Tick start = clock.tick();
  Tick progress = start;
  while (!(options.stop && options.stop()) && stream.next(record)) {
    if (options.rate > 0) {
      const Tick due = start + microseconds(static_cast<std::int64_t>(
                                   static_cast<double>(summary.records) * 1e6 / options.rate));
      if (const auto early = due - clock.tick(); early > kPaceSlack) sink.pause(early);
    }
    LENSART_TRY(sink.write(record));
    summary.add(record);
    if (options.on_progress && (options.rate > 0 || summary.records % kClockStride == 0)) {
      const Tick now = clock.tick();
      if (now - progress >= kProgressEvery) {
        summary.seconds = seconds_between(start, now);
        options.on_progress(summary);
        progress = now;
      }
    }
  }
  LENSART_TRY(sink.finish());
  summary.seconds = seconds_between(start, clock.tick());
  return summary;
}

}  // namespace lensart::generate
