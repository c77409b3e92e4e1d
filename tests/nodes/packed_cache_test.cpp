#include "nodes/operators/packed_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "tests/nodes/cached_texts.hpp"

namespace lensart::nodes {
namespace {

using ::testing::ElementsAre;

class PackedCacheTest : public CachedTexts<PackedCache<Text>> {
 protected:
  void write(std::int64_t key, const std::string& text) {
    auto txn = store->read();
    (*cache->find(key, *txn))->text = text;
    cache->mark(key);
  }
  /// Closes the epoch without making it durable; returns the keys it changed.
  std::vector<std::int64_t> close() {
    std::vector<std::int64_t> keys;
    closed_.emplace(next_epoch());
    closed_->changes.resize(1);
    storage::ChangeSet& changes = closed_->changes[0];
    cache->close_epoch(closed_->number, [&](std::int64_t key, const Text& value) {
      keys.push_back(key);
      put(changes, table, key, value);
      return *changes.at(changes.items.back()).value;
    });
    return keys;
  }
  void make_durable() {
    commit(*closed_);
    cache->set_durable(newest());
  }
  std::vector<std::int64_t> commit_epoch() {
    auto keys = close();
    make_durable();
    return keys;
  }

 private:
  std::optional<storage::EpochCommit> closed_;
};

TEST_F(PackedCacheTest, AnUnknownKeyIsANewValueAndTakesNoRoomBeforeItIsChanged) {
  EXPECT_EQ(read(1), "");
  EXPECT_THAT(commit_epoch(), ElementsAre());
  EXPECT_EQ(cache->size(), 0U);
}

TEST_F(PackedCacheTest, AnEpochsChangesComeOnceEachInTheOrderOfTheirKeys) {
  write(3, "c");
  write(1, "a");
  write(3, "cc");
  read(2);
  EXPECT_THAT(commit_epoch(), ElementsAre(1, 3));
  EXPECT_THAT(commit_epoch(), ElementsAre());
  write(1, "aa");
  EXPECT_THAT(commit_epoch(), ElementsAre(1));
  EXPECT_EQ(read(3), "cc");
}

TEST_F(PackedCacheTest, WhatIsNotDurableIsFoundHoweverSmallTheBudget) {
  start(0);
  write(1, "a");
  EXPECT_THAT(close(), ElementsAre(1));
  EXPECT_EQ(read(1), "a") << "the tree has nothing of it";
  EXPECT_EQ(cache->size(), 1U);
  make_durable();
  EXPECT_EQ(cache->size(), 0U);
  commit_epoch();
  EXPECT_EQ(read(1), "a") << "from the tree";
}

TEST_F(PackedCacheTest, WhatWasReadFromTheTreeIsNotReadAgain) {
  write(1, "a");
  commit_epoch();
  start(1 << 20);
  EXPECT_EQ(read(1), "a");
  commit_epoch();
  EXPECT_EQ(cache->size(), 1U);
  write_to_the_tree(1, storage::seal(1, "behind its back"));
  EXPECT_EQ(read(1), "a");
}

TEST_F(PackedCacheTest, AForgottenValueIsReadFromTheTree) {
  write(1, "a");
  commit_epoch();
  read(1);
  write_to_the_tree(1, storage::seal(1, "b"));
  cache->forget(1);
  EXPECT_EQ(read(1), "b");
}

TEST_F(PackedCacheTest, ADamagedValueIsCorruptionEachTimeItIsAskedFor) {
  expect_that_damage_is_found_each_time();
}

TEST_F(PackedCacheTest, AReadThatFailedIsTriedAgain) { expect_that_a_failed_read_is_tried_again(); }

RC_GTEST_FIXTURE_PROP(PackedCacheTest, AnySequenceEqualsAMap, ()) {
  store.reset();
  std::filesystem::remove_all(options().directory);
  start(*rc::gen::element<std::size_t>(0, 300, 1000, 100'000));
  std::map<std::int64_t, std::string> model;
  const auto steps = *rc::gen::inRange(0, 80);
  bool open_is_durable = true;  // the epoch closed last
  for (int i = 0; i < steps; ++i) {
    const auto key = *rc::gen::inRange<std::int64_t>(0, 8);
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
        if (!open_is_durable) make_durable();
        close();
        open_is_durable = false;
        break;
      case 1:
        if (!std::exchange(open_is_durable, true)) make_durable();
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
  if (!open_is_durable) make_durable();
  commit_epoch();
  start(0);
  for (const auto& [key, value] : model) RC_ASSERT(read(key) == value);
}

}  // namespace
}  // namespace lensart::nodes
