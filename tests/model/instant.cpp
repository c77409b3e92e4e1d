#include "tests/model/instant.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace lensart::model {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::seconds;

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the parts of a text one by one from its front.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  /// Exactly `count` digits.
  bool number(int count, int& value) {
    value = 0;
    for (int i = 0; i < count; ++i) {
      if (rest_.empty() || !is_digit(rest_.front())) return false;
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return true;
  }

  bool take(char wanted) {
    if (!next_is(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// The fraction after the point: one to nine digits, of which six count.
  bool fraction(int& micros) {
    micros = 0;
    int digits = 0;
    for (; !rest_.empty() && is_digit(rest_.front()); ++digits, rest_.remove_prefix(1)) {
      if (digits < 6) micros = micros * 10 + (rest_.front() - '0');
    }
    for (int i = digits; i < 6; ++i) micros *= 10;
    return digits >= 1 && digits <= 9;
  }

  bool next_is(char wanted) const { return !rest_.empty() && rest_.front() == wanted; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// `Z`, `±HH:MM`, `±HHMM` or `±HH`, up to the end of the text.
std::optional<std::chrono::minutes> read_offset(Reader& text) {
  if (text.take('Z')) return text.at_end() ? std::optional(std::chrono::minutes(0)) : std::nullopt;
  const bool west = text.next_is('-');
  if (!text.take('-') && !text.take('+')) return std::nullopt;
  int hours = 0;
  int minutes = 0;
  if (!text.number(2, hours)) return std::nullopt;
  if (!text.at_end()) {
    text.take(':');
    if (!text.number(2, minutes)) return std::nullopt;
  }
  if (!text.at_end() || hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(hours * 60 + minutes);
  return west ? -offset : offset;
}

/// The offset glibc knows for an instant in the zone of TZ.
seconds glibc_offset(Instant instant) {
  const time_t at = std::chrono::floor<seconds>(instant).time_since_epoch().count();
  tm local{};
  localtime_r(&at, &local);
  return seconds(local.tm_gmtoff);
}

std::string print_date(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace

Zone::Zone(const std::string& iana_name) {
  if (iana_name.empty() || !std::filesystem::is_regular_file("/usr/share/zoneinfo/" + iana_name)) {
    throw std::runtime_error("no time zone '" + iana_name + "'");
  }
  const char* before = std::getenv("TZ");
  const std::optional<std::string> old = before ? std::optional<std::string>(before) : std::nullopt;
  setenv("TZ", iana_name.c_str(), 1);
  tzset();
  const Instant from = std::chrono::sys_days(std::chrono::year(1999) / 1 / 1);
  const Instant until = std::chrono::sys_days(std::chrono::year(2102) / 1 / 1);
  offsets_.emplace_back(from, glibc_offset(from));
  for (Instant at = from; at < until; at += hours(6)) {
    const seconds offset = glibc_offset(at + hours(6));
    if (offset == offsets_.back().second) continue;
    Instant low = at;  // still the old offset
    Instant high = at + hours(6);
    while (high - low > seconds(1)) {
      const Instant middle = low + std::chrono::floor<seconds>((high - low) / 2);
      (glibc_offset(middle) == offset ? high : low) = middle;
    }
    offsets_.emplace_back(high, offset);
  }
  if (old) {
    setenv("TZ", old->c_str(), 1);
  } else {
    unsetenv("TZ");
  }
  tzset();
}

seconds Zone::offset_at(Instant instant) const {
  const auto later = std::find_if(offsets_.begin() + 1, offsets_.end(),
                                  [&](const auto& entry) { return entry.first > instant; });
  return std::prev(later)->second;
}

Instant Zone::to_instant(microseconds local) const {
  // The two offsets around that day; the same one, unless they change thereabouts.
  const seconds before = offset_at(Instant(local - hours(24)));
  const seconds after = offset_at(Instant(local + hours(24)));
  const Instant by_before(local - before);
  const Instant by_after(local - after);
  const bool before_holds = offset_at(by_before) == before;
  const bool after_holds = offset_at(by_after) == after;
  if (before_holds && after_holds) return std::max(by_before, by_after);
  return after_holds ? by_after : by_before;
}

std::string Zone::date_of(Instant instant) const {
  return print_date(std::chrono::floor<std::chrono::days>(instant + offset_at(instant)));
}

std::int64_t Zone::hour_of(Instant instant) const {
  const Instant wall = instant + offset_at(instant);
  return std::chrono::floor<hours>(wall - std::chrono::floor<std::chrono::days>(wall)).count();
}

std::optional<Instant> parse_instant(std::string_view text, const Zone& zone) {
  Reader reader(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
  if (!reader.number(4, year) || !reader.take('-') || !reader.number(2, month) ||
      !reader.take('-') || !reader.number(2, day)) {
    return std::nullopt;
  }
  if (!reader.take('T') && !reader.take(' ')) return std::nullopt;
  if (!reader.number(2, hour) || !reader.take(':') || !reader.number(2, minute) ||
      !reader.take(':') || !reader.number(2, second)) {
    return std::nullopt;
  }
  if (reader.take('.') && !reader.fraction(micros)) return std::nullopt;
  const std::chrono::year_month_day calendar{std::chrono::year(year),
                                             std::chrono::month(static_cast<unsigned>(month)),
                                             std::chrono::day(static_cast<unsigned>(day))};
  if (!calendar.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;

  const microseconds local = std::chrono::sys_days(calendar).time_since_epoch() + hours(hour) +
                             std::chrono::minutes(minute) + seconds(second) + microseconds(micros);
  Instant instant;
  if (reader.at_end()) {
    instant = zone.to_instant(local);
  } else {
    const auto offset = read_offset(reader);
    if (!offset) return std::nullopt;
    instant = Instant{local - *offset};
  }
  const Instant from = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
  const Instant before = std::chrono::sys_days(std::chrono::year(2101) / 1 / 1);
  if (instant < from || instant >= before) return std::nullopt;
  return instant;
}

std::string print_instant(Instant instant) {
  const auto midnight = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::hh_mm_ss<microseconds> time{instant - midnight};
  return fmt::format("{}T{:02}:{:02}:{:02}.{:06}Z", print_date(midnight), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

}  // namespace lensart::model
