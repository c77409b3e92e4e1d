#include "apps/orders/instant_text.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

namespace lensart::orders {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;

constexpr Instant kFirst = sys_days(year(2000) / 1 / 1);
constexpr Instant kPastLast = sys_days(year(2101) / 1 / 1);

/// Reads from left to right; once something does not fit, `is_sound` stays false.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool is_sound() const { return sound_; }
  bool at_end() const { return rest_.empty(); }

  unsigned digits(std::size_t count) {
    unsigned value = 0;
    if (rest_.size() < count) return broken();
    for (std::size_t i = 0; i < count; ++i) {
      const auto digit = static_cast<unsigned>(rest_[i]) - '0';
      if (digit > 9) return broken();
      value = value * 10 + digit;
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void need(bool taken) { sound_ = sound_ && taken; }

  /// The digits behind the point, cut to microseconds.
  microseconds fraction() {
    std::int64_t value = 0;
    std::size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      if (count < 6) value = value * 10 + (rest_[count] - '0');
    }
    need(count >= 1 && count <= 9);
    rest_.remove_prefix(count);
    for (; count < 6; ++count) value *= 10;
    return microseconds(value);
  }

 private:
  unsigned broken() {
    sound_ = false;
    return 0;
  }

  std::string_view rest_;
  bool sound_ = true;
};

/// What stands behind the sign: `07`, `0700` or `07:00`.
minutes parse_offset(Scanner& scanner) {
  const unsigned hour = scanner.digits(2);
  unsigned minute = 0;
  if (scanner.take(':') || !scanner.at_end()) minute = scanner.digits(2);
  scanner.need(hour <= 23 && minute <= 59);
  return hours(hour) + minutes(minute);
}

}  // namespace

std::optional<Instant> parse_instant(std::string_view text, const TimeZone& zone) {
  Scanner scanner(text);
  const unsigned year_number = scanner.digits(4);
  scanner.need(scanner.take('-'));
  const unsigned month = scanner.digits(2);
  scanner.need(scanner.take('-'));
  const unsigned day = scanner.digits(2);
  scanner.need(scanner.take('T') || scanner.take(' '));
  const unsigned hour = scanner.digits(2);
  scanner.need(scanner.take(':'));
  const unsigned minute = scanner.digits(2);
  scanner.need(scanner.take(':'));
  const unsigned second = scanner.digits(2);
  const microseconds fraction = scanner.take('.') ? scanner.fraction() : microseconds(0);

  const auto date =
      year(static_cast<int>(year_number)) / static_cast<int>(month) / static_cast<int>(day);
  scanner.need(date.ok() && hour <= 23 && minute <= 59 && second <= 59);
  if (!scanner.is_sound()) return std::nullopt;
  const microseconds wall = sys_days(date).time_since_epoch() + hours(hour) + minutes(minute) +
                            seconds(second) + fraction;

  Instant instant{wall};
  if (scanner.at_end()) {
    instant = zone.to_instant(LocalMicros(wall));
  } else if (scanner.take('+')) {
    instant -= parse_offset(scanner);
  } else if (scanner.take('-')) {
    instant += parse_offset(scanner);
  } else {
    scanner.need(scanner.take('Z'));
  }
  if (!scanner.is_sound() || !scanner.at_end()) return std::nullopt;
  if (instant < kFirst || instant >= kPastLast) return std::nullopt;
  return instant;
}

std::string utc_text(Instant instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace lensart::orders
