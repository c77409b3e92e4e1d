// Rule 7 of the contract's §2: every form of an instant, and what comes close to one.

#include "apps/orders/instant_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace lensart::orders {
namespace {

const TimeZone& vietnam() {
  static const TimeZone zone = TimeZone::find("Asia/Ho_Chi_Minh").value();
  return zone;
}

/// Microseconds since 1970, or -1.
std::int64_t micros(std::string_view text) {
  const auto instant = parse_instant(text, vietnam());
  return instant ? instant->time_since_epoch().count() : -1;
}

constexpr std::int64_t kNoon = 1'795'176'000'000'000;  // 2026-11-20 12:00 UTC

TEST(InstantTextTest, EveryFormOfOneInstant) {
  for (const char* text :
       {"2026-11-20T12:00:00Z", "2026-11-20 12:00:00Z", "2026-11-20T12:00:00.0Z",
        "2026-11-20T12:00:00.000000000Z", "2026-11-20T12:00:00.0000009Z",
        "2026-11-20T19:00:00+07:00", "2026-11-20T19:00:00+0700", "2026-11-20T19:00:00+07",
        "2026-11-20T19:00:00", "2026-11-20 19:00:00.000", "2026-11-20T12:00:00-00:00",
        "2026-11-20T12:00:00+00", "2026-11-21T11:59:00+23:59", "2026-11-19T12:01:00-2359",
        "2026-11-20T17:30:00+05:30"}) {
    EXPECT_EQ(micros(text), kNoon) << text;
  }
}

TEST(InstantTextTest, DigitsPastTheMicrosecondAreCut) {
  EXPECT_EQ(micros("2026-11-20T12:00:00.1Z"), kNoon + 100'000);
  EXPECT_EQ(micros("2026-11-20T12:00:00.123456Z"), kNoon + 123'456);
  EXPECT_EQ(micros("2026-11-20T12:00:00.123456999Z"), kNoon + 123'456);
}

TEST(InstantTextTest, WhatIsNoInstant) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-20",
                           "2026-11-20T",
                           "2026-11-20T12:00",
                           "2026-11-20T12:00Z",
                           "2026-11-20t12:00:00Z",
                           "2026-11-20T12:00:00z",
                           "2026-11-20  12:00:00Z",
                           " 2026-11-20T12:00:00Z",
                           "2026-11-20T12:00:00Z ",
                           "2026-11-20T12:00:00 Z",
                           "2026-11-20T12:00:00 +07:00",
                           "2026-11-20T12:00:00.Z",
                           "2026-11-20T12:00:00.1234567890Z",
                           "2026-11-20T12:00:00,5Z",
                           "2026-11-20T12:00:00+7",
                           "2026-11-20T12:00:00+07:0",
                           "2026-11-20T12:00:00+07:",
                           "2026-11-20T12:00:00+070",
                           "2026-11-20T12:00:00+07000",
                           "2026-11-20T12:00:00+07:00:00",
                           "2026-11-20T12:00:00+24:00",
                           "2026-11-20T12:00:00+23:60",
                           "2026-11-20T12:00:00-24",
                           "2026-11-20T12:00:00+",
                           "2026-11-20T12:00:00ZZ",
                           "2026-11-20T12:00:00Z+07",
                           "2026-11-20T24:00:00Z",
                           "2026-11-20T12:60:00Z",
                           "2026-11-20T12:00:60Z",
                           "2026-11-20T23:59:60Z",
                           "2026-13-01T12:00:00Z",
                           "2026-00-01T12:00:00Z",
                           "2026-11-00T12:00:00Z",
                           "2026-11-31T12:00:00Z",
                           "2026-02-29T12:00:00Z",
                           "2100-02-29T12:00:00Z",
                           "26-11-20T12:00:00Z",
                           "12026-11-20T12:00:00Z",
                           "+2026-11-20T12:00:00Z",
                           "-2026-11-20T12:00:00Z",
                           "2026/11/20T12:00:00Z",
                           "2026-11-20T1:00:00Z",
                           "20261120T120000Z",
                           "2026-11-20T12.00.00Z",
                           "now",
                           "infinity",
                           "2026-11-20T12:00:00 AM",
                           "２026-11-20T12:00:00Z",
                           "2026-1a-20T12:00:00Z"}) {
    EXPECT_EQ(micros(text), -1) << text;
  }
  EXPECT_EQ(micros(std::string_view("2026-11-20T12:00:00Z\0", 21)), -1);
}

TEST(InstantTextTest, TheYearsAreCountedInUtc) {
  EXPECT_NE(micros("2000-01-01T00:00:00Z"), -1);
  EXPECT_EQ(micros("1999-12-31T23:59:59.999999Z"), -1);
  EXPECT_NE(micros("1999-12-31T23:59:59-00:01"), -1);
  EXPECT_EQ(micros("2000-01-01T00:00:00+00:01"), -1);
  EXPECT_EQ(micros("2000-01-01T00:00:00"), -1);  // still 1999 in UTC
  EXPECT_NE(micros("2000-01-01T07:00:00"), -1);
  EXPECT_NE(micros("2100-12-31T23:59:59.999999999Z"), -1);
  EXPECT_EQ(micros("2101-01-01T00:00:00Z"), -1);
  EXPECT_NE(micros("2101-01-01T06:59:59"), -1);
  EXPECT_EQ(micros("2100-12-31T23:59:59-00:01"), -1);
  EXPECT_EQ(micros("0000-01-01T00:00:00Z"), -1);
  EXPECT_EQ(micros("9999-12-31T23:59:59Z"), -1);
}

RC_GTEST_PROP(InstantTextTest, WhatIsWrittenIsRead, ()) {
  using namespace std::chrono;
  const Instant first = sys_days(year(2000) / 1 / 1);
  const Instant past = sys_days(year(2101) / 1 / 1);
  const Instant instant{microseconds(
      *rc::gen::inRange(first.time_since_epoch().count(), past.time_since_epoch().count()))};
  const int offset = *rc::gen::inRange(-(24 * 60 - 1), 24 * 60);
  const auto wall = instant + minutes(offset);
  const auto second = floor<seconds>(wall);
  const year_month_day date{floor<days>(second)};
  const hh_mm_ss time{second - floor<days>(second)};
  const std::string text = fmt::format(
      "{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}.{:06}{}{:02}{}{:02}", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      *rc::gen::element('T', ' '), time.hours().count(), time.minutes().count(),
      time.seconds().count(), (wall - second).count(), offset < 0 ? '-' : '+',
      std::abs(offset) / 60, *rc::gen::element("", ":"), std::abs(offset) % 60);
  RC_ASSERT(parse_instant(text, vietnam()) == instant);
}

}  // namespace
}  // namespace lensart::orders
