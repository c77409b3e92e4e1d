#include "apps/import/seen_ids.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

namespace lensart::importing {
namespace {

TEST(SeenIds, AnswersAsASetDoes) {
  std::mt19937_64 random(7);
  SeenIds seen;
  std::set<std::int64_t> model;
  for (int i = 0; i < 20'000; ++i) {
    const auto id = static_cast<std::int64_t>(random() % 5'000) + 1;
    ASSERT_EQ(seen.insert(id), model.insert(id).second) << id;
  }
}

TEST(SeenIds, NeighboursAreOneRange) {
  SeenIds seen;
  for (std::int64_t id = 1; id <= 1'000; id += 2) EXPECT_TRUE(seen.insert(id));
  EXPECT_EQ(seen.ranges(), 500);
  for (std::int64_t id = 2; id <= 1'000; id += 2) EXPECT_TRUE(seen.insert(id));
  EXPECT_EQ(seen.ranges(), 1);
}

TEST(SeenIds, TheLargestIdIsOneLikeOthers) {
  constexpr auto kLargest = std::numeric_limits<std::int64_t>::max();
  SeenIds seen;
  EXPECT_TRUE(seen.insert(kLargest));
  EXPECT_TRUE(seen.insert(kLargest - 1));
  EXPECT_FALSE(seen.insert(kLargest));
  EXPECT_EQ(seen.ranges(), 1);
}

}  // namespace
}  // namespace lensart::importing
