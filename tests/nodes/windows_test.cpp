// Which windows an instant belongs to, on the edges.

#include "nodes/window/windows.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "nodes/window/hour_key.hpp"
#include "nodes/window/retracting_windows.hpp"
#include "nodes/window/totals.hpp"

namespace lensart::nodes {
namespace {

using namespace std::chrono_literals;

Instant utc(int year, unsigned month, unsigned day, int hour, int minute = 0, int second = 0,
            int micros = 0) {
  const std::chrono::sys_days date(std::chrono::year(year) / static_cast<int>(month) /
                                   static_cast<int>(day));
  return date + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::microseconds(micros);
}

std::int32_t day_of(int year, unsigned month, unsigned day) {
  return static_cast<std::int32_t>(utc(year, month, day, 0).time_since_epoch() / 24h);
}

TEST(LocalHour, TurnsWithTheBusinessZoneAndNotWithUtc) {
  const TimeZone zone = TimeZone::find("Asia/Ho_Chi_Minh").value();
  const auto expect = [&](Instant at, std::int32_t day, int hour) {
    const LocalHour found = local_hour(at, zone);
    EXPECT_EQ(found.day, day);
    EXPECT_EQ(found.hour, hour);
  };
  expect(utc(2026, 11, 20, 16, 59, 59, 999'999), day_of(2026, 11, 20), 23);
  expect(utc(2026, 11, 20, 17), day_of(2026, 11, 21), 0);  // midnight there
  expect(utc(2026, 11, 20, 0), day_of(2026, 11, 20), 7);
  expect(utc(2026, 12, 31, 17), day_of(2027, 1, 1), 0);
  expect(utc(1969, 12, 31, 23), day_of(1970, 1, 1), 7);  // Ho Chi Minh City was at +08:00
}

TEST(LocalHour, OfAnHourThatTheClockShowsTwiceBothAreOne) {
  const TimeZone zone = TimeZone::find("Europe/Berlin").value();
  const LocalHour first = local_hour(utc(2026, 10, 25, 0, 30), zone);
  EXPECT_EQ(first.hour, 2);
  EXPECT_EQ(local_hour(utc(2026, 10, 25, 1, 30), zone), first);
  EXPECT_EQ(local_hour(utc(2026, 10, 25, 2, 0), zone).hour, 3);
}

std::vector<Instant> starts_of(Instant at) {
  std::vector<Instant> starts;
  SlidingWindows{}.for_each_start(at, [&](Instant start) { starts.push_back(start); });
  return starts;
}

TEST(SlidingWindows, AnInstantIsInTwelveAndTheirEndsAreOutside) {
  for (const Instant at : {utc(2026, 11, 20, 10), utc(2026, 11, 20, 10, 0, 0, 1),
                           utc(2026, 11, 20, 10, 4, 59, 999'999), utc(2000, 1, 1, 0)}) {
    const auto starts = starts_of(at);
    ASSERT_EQ(starts.size(), 12U);
    for (std::size_t i = 0; i < starts.size(); ++i) {
      EXPECT_EQ(starts[i].time_since_epoch() % 5min, 0min);
      EXPECT_LE(starts[i], at);
      EXPECT_LT(at, starts[i] + 1h);
      if (i > 0) {
        EXPECT_EQ(starts[i] - starts[i - 1], 5min);
      }
    }
  }
  EXPECT_EQ(starts_of(utc(2026, 11, 20, 10)).back(), utc(2026, 11, 20, 10));
  EXPECT_EQ(starts_of(utc(2026, 11, 20, 9, 59, 59, 999'999)).back(), utc(2026, 11, 20, 9, 55));
}

std::vector<std::pair<std::size_t, std::size_t>> sessions_of(const std::vector<Instant>& at) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for_each_session(
      at, 30min, [](Instant each) { return each; },
      [&](std::size_t first, std::size_t last) { found.emplace_back(first, last); });
  return found;
}

TEST(Sessions, ExactlyTheGapStillBelongsAndOneMicrosecondMoreDoesNot) {
  using Found = std::vector<std::pair<std::size_t, std::size_t>>;
  const Instant start = utc(2026, 11, 20, 10);
  EXPECT_EQ(sessions_of({}), Found{});
  EXPECT_EQ(sessions_of({start}), (Found{{0, 0}}));
  EXPECT_EQ(sessions_of({start, start + 30min}), (Found{{0, 1}}));
  EXPECT_EQ(sessions_of({start, start + 30min + 1us}), (Found{{0, 0}, {1, 1}}));
  // One that falls between two sessions merges them.
  EXPECT_EQ(sessions_of({start, start + 60min}), (Found{{0, 0}, {1, 1}}));
  EXPECT_EQ(sessions_of({start, start + 30min, start + 60min}), (Found{{0, 2}}));
  EXPECT_EQ(sessions_of({start, start, start}), (Found{{0, 2}}));
}

TEST(WindowDifferences, WhatIsTakenOutAndPutBackIsNothing) {
  WindowDifferences<HourKey, Totals<2>> differences;
  const HourKey key{{20'000, 7}, 3};
  differences.take_out(key, Totals<2>{{1, 500}});
  differences.put_in(key, Totals<2>{{1, 500}});
  for (const auto& lane : differences.take(4)) EXPECT_TRUE(lane.empty());
  differences.take_out(key, Totals<2>{{1, 500}});
  differences.put_in(key, Totals<2>{{1, 700}});
  std::size_t seen = 0;
  for (const auto& lane : differences.take(4)) {
    for (const auto& [found, sums] : lane) {
      EXPECT_EQ(found, key);
      EXPECT_EQ(sums, (Totals<2>{{0, 200}}));
      ++seen;
    }
  }
  EXPECT_EQ(seen, 1U);
}

TEST(Totals, SurviveTheirEncodingHoweverLarge) {
  const auto huge = static_cast<storage::Int128>(INT64_MAX) * 1'000'000;
  for (const storage::Int128 sum : {storage::Int128{0}, storage::Int128{-1}, huge, -huge}) {
    const Totals<2> totals{{1, sum}};
    const auto read = Totals<2>::decode(totals.encode());
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, totals);
    std::string damaged = totals.encode();
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 4);
    EXPECT_FALSE(Totals<2>::decode(damaged));
  }
}

TEST(HourKey, IsSortedInTheStateAsTimeGoes) {
  const HourKey early{{20'000, 23}, 9};
  const HourKey late{{20'001, 0}, 1};
  EXPECT_LT(early.encode(), late.encode());
  EXPECT_EQ(HourKey::decode(early.encode()), early);
  EXPECT_EQ(HourKey::decode(late.encode()), late);
}

}  // namespace
}  // namespace lensart::nodes
