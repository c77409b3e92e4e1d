#include "nodes/operators/keyed_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "tests/nodes/cached_texts.hpp"

namespace lensart::nodes {
namespace {

using ::testing::ElementsAre;

class KeyedCacheTest : public CachedTexts<KeyedCache<Text>> {
 protected:
  void write(std::int64_t key, const std::string& text) {
    auto txn = store->read();
    (*cache->find(key, *txn))->text = text;
    cache->mark(key, newest() + 1);
  }
  /// Closes the epoch and makes it durable; returns the keys it changed.
  std::vector<std::int64_t> commit_epoch() {
    std::vector<std::int64_t> keys;
    storage::EpochCommit epoch = next_epoch();
    epoch.changes.resize(1);
    cache->close_epoch([&](std::int64_t key, const Text& value) {
      keys.push_back(key);
      put(epoch.changes[0], table, key, value);
    });
    commit(epoch);
    return keys;
  }
};

TEST_F(KeyedCacheTest, AnUnknownKeyIsANewValue) {
  EXPECT_EQ(read(1), "");
  EXPECT_EQ(cache->size(), 1U);
}

TEST_F(KeyedCacheTest, AnEpochsChangesComeOnceEachInTheOrderOfTheirKeys) {
  write(3, "c");
  write(1, "a");
  write(3, "cc");
  read(2);
  EXPECT_THAT(commit_epoch(), ElementsAre(1, 3));
  EXPECT_THAT(commit_epoch(), ElementsAre());
  write(1, "aa");
  EXPECT_THAT(commit_epoch(), ElementsAre(1));
}

TEST_F(KeyedCacheTest, WhatIsNotDurableStaysHoweverSmallTheBudget) {
  start(0);
  write(1, "a");
  const EpochNumber open_epoch = newest() + 1;
  cache->shrink(open_epoch - 1);
  EXPECT_EQ(read(1), "a");
  EXPECT_EQ(cache->size(), 1U);
  commit_epoch();
  cache->shrink(open_epoch);
  EXPECT_EQ(cache->size(), 0U);
  EXPECT_EQ(cache->used_bytes(), 0U);
  EXPECT_EQ(read(1), "a") << "from the tree";
}

TEST_F(KeyedCacheTest, WhatCouldNotGoBecauseItWasNotDurableGoesOnceItIs) {
  start(0);
  for (std::int64_t key = 0; key < 5; ++key) write(key, "x");
  for (int i = 0; i < 3; ++i) cache->shrink(newest());
  EXPECT_EQ(cache->size(), 5U);
  read(5);
  cache->shrink(newest());
  EXPECT_EQ(cache->size(), 5U) << "what nothing holds goes still";
  commit_epoch();
  read(6);
  cache->shrink(newest());
  EXPECT_EQ(cache->size(), 0U);
}

TEST_F(KeyedCacheTest, TheLeastRecentlyUsedGoFirstAndOnlyAsManyAsNeeded) {
  start(3300);
  for (std::int64_t key = 0; key < 5; ++key) write(key, std::string(900, 'x'));
  commit_epoch();
  read(0);
  cache->shrink(newest());
  EXPECT_LE(cache->used_bytes(), 3300U);
  ASSERT_EQ(cache->size(), 3U) << "no more than needed";
  for (const std::int64_t kept : {3, 4, 0}) read(kept);
  EXPECT_EQ(cache->size(), 3U) << "the latest three were there";
  read(1);
  EXPECT_EQ(cache->size(), 4U);
}

TEST_F(KeyedCacheTest, WithinTheBudgetNothingGoes) {
  for (std::int64_t key = 0; key < 5; ++key) write(key, "x");
  commit_epoch();
  cache->shrink(newest());
  EXPECT_EQ(cache->size(), 5U);
}

TEST_F(KeyedCacheTest, AValueThatGrowsCountsAsWhatItIs) {
  write(1, "x");
  const std::size_t before = cache->used_bytes();
  write(1, std::string(1001, 'x'));
  EXPECT_EQ(cache->used_bytes(), before + 1000);
  write(1, "");
  EXPECT_EQ(cache->used_bytes(), before - 1);
}

TEST_F(KeyedCacheTest, ADamagedValueIsCorruptionEachTimeItIsAskedFor) {
  expect_that_damage_is_found_each_time();
}

TEST_F(KeyedCacheTest, AReadThatFailedIsTriedAgain) { expect_that_a_failed_read_is_tried_again(); }

RC_GTEST_FIXTURE_PROP(KeyedCacheTest, AnySequenceEqualsAMap, ()) {
  store.reset();
  std::filesystem::remove_all(options().directory);
  start(*rc::gen::element<std::size_t>(0, 300, 1000, 100'000));
  std::map<std::int64_t, std::string> model;
  const auto steps = *rc::gen::inRange(0, 80);
  for (int i = 0; i < steps; ++i) {
    const auto key = *rc::gen::inRange<std::int64_t>(0, 8);
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
        commit_epoch();
        break;
      case 1:
        cache->shrink(newest());
        break;
      case 2:
      case 3:
      case 4:
        model[key] =
            std::string(*rc::gen::inRange<std::size_t>(0, 200), static_cast<char>('a' + i % 26));
        write(key, model[key]);
        break;
      default:
        RC_ASSERT(read(key) == (model.contains(key) ? model[key] : ""));
    }
  }
  commit_epoch();
  cache->shrink(newest());
  for (const auto& [key, value] : model) RC_ASSERT(read(key) == value);
}

}  // namespace
}  // namespace lensart::nodes
