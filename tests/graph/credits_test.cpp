#include "graph/credits.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace lensart {
namespace {

TEST(Credits, AreTakenUntilNothingIsLeftAndComeBack) {
  Credits credits(100);
  EXPECT_TRUE(credits.available());
  EXPECT_TRUE(credits.try_take(60));
  EXPECT_TRUE(credits.try_take(40));
  EXPECT_EQ(credits.used_bytes(), 100U);
  EXPECT_FALSE(credits.available());
  EXPECT_FALSE(credits.try_take(1));
  EXPECT_EQ(credits.used_bytes(), 100U) << "a refused take takes nothing";
  credits.give_back(60);
  EXPECT_TRUE(credits.try_take(1));
}

TEST(Credits, ABatchLargerThanTheLimitPassesAlone) {
  Credits credits(100);
  EXPECT_TRUE(credits.try_take(500));
  EXPECT_FALSE(credits.available());
  credits.give_back(400);
  EXPECT_FALSE(credits.available()) << "still at the limit";
  credits.give_back(1);
  EXPECT_TRUE(credits.available());
}

TEST(Credits, WithoutALimitNothingPasses) {
  Credits credits(0);
  EXPECT_FALSE(credits.try_take(1));
}

TEST(Credits, NoneIsLostBetweenOneTakerAndManyGivers) {
  constexpr int kGivers = 3;
  constexpr int kTimes = 20'000;
  Credits credits(1'000);
  std::atomic<int> taken{0};
  std::vector<std::thread> givers;
  for (int i = 0; i < kGivers; ++i) {
    givers.emplace_back([&] {
      for (int given = 0; given < kTimes;) {
        if (taken.fetch_sub(1) > 0) {
          credits.give_back(7);
          ++given;
        } else {
          taken.fetch_add(1);
          std::this_thread::yield();
        }
      }
    });
  }
  for (int i = 0; i < kGivers * kTimes;) {
    if (credits.try_take(7)) {
      ++i;
      taken.fetch_add(1);
    } else {
      std::this_thread::yield();
    }
    ASSERT_LE(credits.used_bytes(), 1'006U);
  }
  for (std::thread& giver : givers) giver.join();
  EXPECT_EQ(credits.used_bytes(), 0U);
}

}  // namespace
}  // namespace lensart
