// Time zones against Howard Hinnant's date library, as far as that one goes (2037), and past it
// against what PostgreSQL 15 answers.

#include "graph/time_zone.hpp"

#include <date/tz.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace lensart {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;

LocalMicros local(int y, int m, int d, int h, int min, int s = 0) {
  return LocalMicros(
      (sys_days(year(y) / m / d) + hours(h) + minutes(min) + seconds(s)).time_since_epoch());
}
Instant utc(int y, int m, int d, int h, int min, int s = 0) {
  return Instant(local(y, m, d, h, min, s).time_since_epoch());
}

TEST(TimeZoneTest, ZonesThatDoNotExistAreRefusedByName) {
  for (const char* name :
       {"", "Asia/Saigon2", "Asia", "../../../etc/passwd", "/etc/passwd", "Asia/", "zone.tab",
        "tzdata.zi", "right/UTC", "leapseconds", "Asia/Ho Chi Minh"}) {
    const auto zone = TimeZone::find(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_EQ(zone.error().code, Errc::kBadConfig);
    EXPECT_NE(zone.error().message.find("Asia/Ho_Chi_Minh"), std::string::npos);
  }
}

TEST(TimeZoneTest, ALocalTimeThatOccursTwiceIsTheLater) {
  const auto berlin = TimeZone::find("Europe/Berlin").value();
  EXPECT_EQ(berlin.to_instant(local(2026, 10, 25, 1, 59, 59)), utc(2026, 10, 24, 23, 59, 59));
  EXPECT_EQ(berlin.to_instant(local(2026, 10, 25, 2, 0)), utc(2026, 10, 25, 1, 0));
  EXPECT_EQ(berlin.to_instant(local(2026, 10, 25, 2, 59, 59)), utc(2026, 10, 25, 1, 59, 59));
  EXPECT_EQ(berlin.to_instant(local(2026, 10, 25, 3, 0)), utc(2026, 10, 25, 2, 0));
}

TEST(TimeZoneTest, ALocalTimeThatIsSkippedHasTheOffsetBefore) {
  const auto berlin = TimeZone::find("Europe/Berlin").value();
  EXPECT_EQ(berlin.to_instant(local(2026, 3, 29, 2, 0)), utc(2026, 3, 29, 1, 0));
  EXPECT_EQ(berlin.to_instant(local(2026, 3, 29, 2, 30)), utc(2026, 3, 29, 1, 30));
  EXPECT_EQ(berlin.to_instant(local(2026, 3, 29, 3, 0)), utc(2026, 3, 29, 1, 0));
  const auto apia = TimeZone::find("Pacific/Apia").value();  // a whole day was skipped
  EXPECT_EQ(apia.to_instant(local(2011, 12, 30, 12, 0)), utc(2011, 12, 30, 22, 0));
}

// Each expectation is PostgreSQL 15's: extract(epoch from timestamp '…' at time zone '…').
TEST(TimeZoneTest, SummerTimeGoesOnPastTheLastYearThatIsWrittenDown) {
  const auto berlin = TimeZone::find("Europe/Berlin").value();
  EXPECT_EQ(berlin.to_instant(local(2050, 7, 1, 12, 0)), utc(2050, 7, 1, 10, 0));
  EXPECT_EQ(berlin.to_instant(local(2050, 12, 1, 12, 0)), utc(2050, 12, 1, 11, 0));
  EXPECT_EQ(berlin.to_instant(local(2100, 3, 28, 1, 59, 59)), utc(2100, 3, 28, 0, 59, 59));
  EXPECT_EQ(berlin.to_instant(local(2100, 3, 28, 3, 0)), utc(2100, 3, 28, 1, 0));
  EXPECT_EQ(berlin.to_instant(local(2100, 10, 31, 2, 30)), utc(2100, 10, 31, 1, 30));
  const auto sydney = TimeZone::find("Australia/Sydney").value();
  EXPECT_EQ(sydney.to_instant(local(2099, 1, 1, 0, 0)), utc(2098, 12, 31, 13, 0));
  EXPECT_EQ(sydney.to_instant(local(2099, 7, 1, 0, 0)), utc(2099, 6, 30, 14, 0));
}

std::chrono::sys_seconds to_std(date::sys_seconds at) {
  return std::chrono::sys_seconds(at.time_since_epoch());
}

/// Compares around `at`, from both sides of every edge that a change of offset has.
void expect_same_around(const date::time_zone& reference, const TimeZone& zone,
                        date::sys_seconds at) {
  for (const auto step : {-7201, -3601, -1801, -1, 0, 1, 1799, 1800, 3599, 3600, 7199, 7200}) {
    const date::sys_seconds instant = at + seconds(step);
    const auto expected = reference.to_local(instant).time_since_epoch();
    ASSERT_EQ(zone.to_local(to_std(instant)).time_since_epoch(), expected) << zone.name();

    const date::local_seconds wall{expected};
    const auto info = reference.get_info(wall);
    const auto offset =
        info.result == date::local_info::ambiguous ? info.second.offset : info.first.offset;
    ASSERT_EQ(zone.to_instant(LocalMicros(expected)).time_since_epoch(), expected - offset)
        << zone.name() << ' ' << wall.time_since_epoch().count();
  }
}

TEST(TimeZoneTest, EveryZoneOfTheSystemAgreesWithTheDateLibraryUntil2037) {
  const date::sys_seconds until = date::sys_days(date::year(2037) / 1 / 1);
  int zones = 0;
  for (const date::time_zone& reference : date::get_tzdb().zones) {
    const auto zone = TimeZone::find(reference.name());
    if (!zone) continue;  // those that count leap seconds; refused by name above
    ++zones;
    for (date::sys_seconds at = date::sys_days(date::year(2000) / 1 / 1); at < until;) {
      expect_same_around(reference, *zone, at);
      at = std::min(reference.get_info(at).end, at + date::days(400));
    }
  }
  EXPECT_GT(zones, 400);
}

}  // namespace
}  // namespace lensart
