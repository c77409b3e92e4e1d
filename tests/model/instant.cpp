#include "tests/model/instant.hpp"

#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

namespace lensart::model {

using std::chrono::microseconds;

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

}  // namespace

Zone::Zone(const std::string& iana_name) : zone_(date::locate_zone(iana_name)) {}

Instant Zone::to_instant(std::chrono::local_time<microseconds> local) const {
  const date::local_time<microseconds> same{local.time_since_epoch()};
  const date::local_info info = zone_->get_info(same);
  const auto offset =
      info.result == date::local_info::ambiguous ? info.second.offset : info.first.offset;
  return Instant{local.time_since_epoch() - offset};
}

std::string Zone::date_of(Instant instant) const {
  const auto local = instant.time_since_epoch() + zone_->get_info(instant).offset;
  const date::year_month_day day{date::floor<date::days>(date::local_time<microseconds>{local})};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
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
  const date::year_month_day calendar{date::year(year), date::month(static_cast<unsigned>(month)),
                                      date::day(static_cast<unsigned>(day))};
  if (!calendar.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;

  const microseconds local = date::sys_days(calendar).time_since_epoch() +
                             std::chrono::hours(hour) + std::chrono::minutes(minute) +
                             std::chrono::seconds(second) + microseconds(micros);
  Instant instant;
  if (reader.at_end()) {
    instant = zone.to_instant(std::chrono::local_time<microseconds>{local});
  } else {
    const auto offset = read_offset(reader);
    if (!offset) return std::nullopt;
    instant = Instant{local - *offset};
  }
  const Instant from = date::sys_days(date::year(2000) / 1 / 1);
  const Instant before = date::sys_days(date::year(2101) / 1 / 1);
  if (instant < from || instant >= before) return std::nullopt;
  return instant;
}

std::string print_instant(Instant instant) {
  const auto midnight = date::floor<date::days>(instant);
  const date::year_month_day day{midnight};
  const date::hh_mm_ss<microseconds> time{instant - midnight};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace lensart::model
