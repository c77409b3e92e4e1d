#include "graph/time_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

namespace lensart {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

// Read here and not through a library: the ones at hand stop at a file's last written transition,
// which is in 2037, while PostgreSQL goes on by the rule in its last line.

/// The offset from each change on. `local_from` is the first wall-clock reading of that offset:
/// past a gap and at the start of the second pass through an overlap, which is the contract's rule.
struct TimeZone::Offsets {
  struct Span {
    Instant from;
    LocalMicros local_from;
    seconds offset;
  };
  std::vector<Span> spans;  ///< never empty; the first one also stands for all times before it
};

namespace {

constexpr std::string_view kDatabase = "/usr/share/zoneinfo/";
constexpr std::chrono::year kLastYear{2102};
constexpr std::size_t kHeaderBytes = 44;

/// Big-endian numbers out of a zone file. REQUIRES: the caller has checked the size.
std::int64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  const unsigned shift = static_cast<unsigned>(64 - 8 * size);
  return static_cast<std::int64_t>(value << shift) >> shift;
}

struct Header {
  std::size_t leap_seconds;
  std::size_t changes;
  std::size_t types;
  std::size_t data_bytes;
};

std::optional<Header> header_at(std::string_view file, std::size_t at, std::size_t time_bytes) {
  if (file.size() < at + kHeaderBytes || file.substr(at, 4) != "TZif" || file[at + 4] < '2') {
    return std::nullopt;
  }
  const auto count = [&](std::size_t index) {
    return static_cast<std::size_t>(number_at(file, at + 20 + 4 * index, 4) & 0xFFFF'FFFF);
  };
  const std::size_t utc = count(0), standard = count(1), leap = count(2), changes = count(3);
  const std::size_t types = count(4), characters = count(5);
  const std::size_t bytes = changes * (time_bytes + 1) + types * 6 + characters +
                            leap * (time_bytes + 4) + standard + utc;
  if (file.size() < at + kHeaderBytes + bytes) return std::nullopt;
  return Header{leap, changes, types, bytes};
}

bool is_zone_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  return !name.empty() && name.front() != '/' && std::all_of(name.begin(), name.end(), allowed);
}

/// The rule at the end of a zone file, by which its offsets go on for ever, in POSIX's `TZ` syntax:
/// `CET-1CEST,M3.5.0,M10.5.0/3`: offsets are seconds east of Greenwich.
class TzRule {
 public:
  /// Nothing when `text` is not such a rule.
  static std::optional<TzRule> parse(std::string_view text);

  struct Change {
    std::chrono::sys_seconds at;
    std::chrono::seconds offset;  ///< in force from then on
  };

  bool has_summer_time() const { return has_summer_time_; }
  Change to_summer(std::chrono::year year) const;
  Change to_standard(std::chrono::year year) const;

 private:
  friend class TzRuleParser;

  struct Day {
    enum class Kind : std::uint8_t { kJulianWithoutLeap, kDayOfYear, kWeekdayOfMonth };
    Kind kind = Kind::kDayOfYear;
    int day = 0;    ///< of the year, or of the week (0 is Sunday)
    int week = 0;   ///< 1 to 5, where 5 is the last
    int month = 0;  ///< 1 to 12
    std::chrono::seconds time{};
  };

  static std::chrono::local_seconds local_time_of(const Day& day, std::chrono::year year);

  bool has_summer_time_ = false;
  std::chrono::seconds standard_{};
  std::chrono::seconds summer_{};
  Day summer_from_;
  Day summer_until_;
};

/// Takes a rule apart from left to right; once something does not fit, `ok_` stays false.
class TzRuleParser {
 public:
  explicit TzRuleParser(std::string_view text) : rest_(text) {}

  std::optional<TzRule> parse() {
    TzRule rule;
    name();
    rule.standard_ = -duration();  // POSIX counts west of Greenwich
    if (ok_ && !rest_.empty()) {
      rule.has_summer_time_ = true;
      name();
      rule.summer_ = rest_.starts_with(',') ? rule.standard_ + hours(1) : -duration();
      rule.summer_from_ = day();
      rule.summer_until_ = day();
    }
    if (!ok_ || !rest_.empty()) return std::nullopt;
    return rule;
  }

 private:
  bool take(char expected) {
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void need(char expected) { ok_ = take(expected) && ok_; }

  void name() {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (take('<')) {
      const std::size_t close = rest_.find('>');
      if (close == std::string_view::npos) {
        ok_ = false;
        return;
      }
      rest_.remove_prefix(close + 1);
      return;
    }
    std::size_t size = 0;
    while (size < rest_.size() && is_letter(rest_[size])) ++size;
    ok_ = ok_ && size > 0;
    rest_.remove_prefix(size);
  }

  int number() {
    int value = 0;
    std::size_t size = 0;
    for (; size < rest_.size() && size < 4 && rest_[size] >= '0' && rest_[size] <= '9'; ++size) {
      value = value * 10 + (rest_[size] - '0');
    }
    ok_ = ok_ && size > 0;
    rest_.remove_prefix(size);
    return value;
  }

  seconds duration() {
    const bool negative = take('-');
    if (!negative) take('+');
    seconds value = hours(number());
    if (take(':')) value += minutes(number());
    if (take(':')) value += seconds(number());
    return negative ? -value : value;
  }

  TzRule::Day day() {
    using Kind = TzRule::Day::Kind;
    TzRule::Day day;
    need(',');
    if (take('M')) {
      day.kind = Kind::kWeekdayOfMonth;
      day.month = number();
      need('.');
      day.week = number();
      need('.');
      day.day = number();
      ok_ = ok_ && day.month >= 1 && day.month <= 12 && day.week >= 1 && day.week <= 5 &&
            day.day <= 6;
    } else {
      day.kind = take('J') ? Kind::kJulianWithoutLeap : Kind::kDayOfYear;
      day.day = number();
      ok_ = ok_ && day.day <= 365 && (day.kind == Kind::kDayOfYear || day.day >= 1);
    }
    day.time = take('/') ? duration() : seconds(hours(2));
    return day;
  }

  std::string_view rest_;
  bool ok_ = true;
};

std::optional<TzRule> TzRule::parse(std::string_view text) { return TzRuleParser(text).parse(); }

std::chrono::local_seconds TzRule::local_time_of(const Day& day, std::chrono::year year) {
  using namespace std::chrono;
  const local_days new_year{year / January / 1};
  switch (day.kind) {
    case Day::Kind::kDayOfYear:
      return local_seconds(new_year + days(day.day)) + day.time;
    case Day::Kind::kJulianWithoutLeap: {
      // Day 60 is always the first of March.
      const bool past_leap_day = year.is_leap() && day.day >= 60;
      return local_seconds(new_year + days(day.day - 1 + (past_leap_day ? 1 : 0))) + day.time;
    }
    case Day::Kind::kWeekdayOfMonth:
      break;
  }
  const auto in_month = year / month(static_cast<unsigned>(day.month));
  const weekday wanted(static_cast<unsigned>(day.day));
  const local_days date = day.week == 5
                              ? local_days(in_month / wanted[last])
                              : local_days(in_month / wanted[static_cast<unsigned>(day.week)]);
  return local_seconds(date) + day.time;
}

TzRule::Change TzRule::to_summer(std::chrono::year year) const {
  const auto local = local_time_of(summer_from_, year);
  return {std::chrono::sys_seconds(local.time_since_epoch() - standard_), summer_};
}

TzRule::Change TzRule::to_standard(std::chrono::year year) const {
  const auto local = local_time_of(summer_until_, year);
  return {std::chrono::sys_seconds(local.time_since_epoch() - summer_), standard_};
}

using Changes = std::vector<TzRule::Change>;

/// Goes on where the written changes end, by the rule in the last line.
void extend(Changes& changes, const TzRule& rule) {
  const sys_seconds last_written = changes.back().at;
  if (!rule.has_summer_time()) return;
  const auto day = std::chrono::floor<std::chrono::days>(last_written);
  for (auto year = std::chrono::year_month_day(day).year(); year <= kLastYear; ++year) {
    TzRule::Change first = rule.to_summer(year);
    TzRule::Change second = rule.to_standard(year);
    if (second.at < first.at) std::swap(first, second);
    for (const TzRule::Change& change : {first, second}) {
      if (change.at > last_written) changes.push_back(change);
    }
  }
}

/// The changes of a zone file (RFC 8536, version 2 and later); empty when it is not one.
Changes read_zone_file(std::string_view file) {
  const auto old_part = header_at(file, 0, 4);
  if (!old_part) return {};
  const std::size_t start = kHeaderBytes + old_part->data_bytes;
  const auto header = header_at(file, start, 8);
  // A count of leap seconds is not the time of day that PostgreSQL means.
  if (!header || header->types == 0 || header->leap_seconds != 0) return {};

  const std::size_t times = start + kHeaderBytes;
  const std::size_t indexes = times + 8 * header->changes;
  const std::size_t types = indexes + header->changes;
  const auto offset_of = [&](std::size_t type) {
    return seconds(number_at(file, types + 6 * std::min(type, header->types - 1), 4));
  };
  // Before the first change the first type counts; far enough back for any wall clock.
  Changes changes{{std::chrono::sys_days(std::chrono::year(1) / 1 / 1), offset_of(0)}};
  for (std::size_t i = 0; i < header->changes; ++i) {
    const sys_seconds at{seconds(number_at(file, times + 8 * i, 8))};
    const auto type = static_cast<unsigned char>(file[indexes + i]);
    if (at > changes.back().at) changes.push_back({at, offset_of(type)});
  }

  std::string_view footer = file.substr(times + header->data_bytes);
  if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n') return {};
  footer = footer.substr(1, footer.size() - 2);
  if (footer.empty()) return changes;
  const auto rule = TzRule::parse(footer);
  if (!rule) return {};
  extend(changes, *rule);
  return changes;
}

}  // namespace

TimeZone::TimeZone(std::string name, std::shared_ptr<const Offsets> offsets)
    : name_(std::move(name)), offsets_(std::move(offsets)) {}

Result<TimeZone> TimeZone::find(std::string_view iana_name) {
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::kBadConfig,
                fmt::format("time zone \"{}\" {}; use an IANA name such as Asia/Ho_Chi_Minh",
                            iana_name, why));
  };
  if (!is_zone_name(iana_name)) return refuse("is not a name");
  const std::filesystem::path path = fmt::format("{}{}", kDatabase, iana_name);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return refuse(fmt::format("is not in {}", kDatabase));
  }
  std::ifstream in(path, std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const Changes changes = read_zone_file(file);
  if (changes.empty()) return refuse("has no usable file in the system's database");

  auto offsets = std::make_shared<Offsets>();
  for (const auto& [at, offset] : changes) {
    if (!offsets->spans.empty() && offsets->spans.back().offset == offset) continue;
    offsets->spans.push_back({Instant(at), LocalMicros(at.time_since_epoch() + offset), offset});
  }
  return TimeZone(std::string(iana_name), std::move(offsets));
}

Instant TimeZone::to_instant(LocalMicros local) const {
  const auto& spans = offsets_->spans;
  // Most instants are in the last span of a zone without summer time.
  auto span = spans.end() - 1;
  if (local < span->local_from) {
    span = std::upper_bound(
        spans.begin() + 1, spans.end(), local,
        [](LocalMicros time, const Offsets::Span& next) { return time < next.local_from; });
    --span;
  }
  return Instant(local.time_since_epoch() - span->offset);
}

LocalMicros TimeZone::to_local(Instant instant) const {
  const auto& spans = offsets_->spans;
  auto span = spans.end() - 1;
  if (instant < span->from) {
    span =
        std::upper_bound(spans.begin() + 1, spans.end(), instant,
                         [](Instant time, const Offsets::Span& next) { return time < next.from; });
    --span;
  }
  return LocalMicros(instant.time_since_epoch() + span->offset);
}

}  // namespace lensart
