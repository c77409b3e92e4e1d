// Small segments of ids become one, whatever is read and whenever it stops meanwhile.

#include "storage/id_merge.hpp"

#include <gtest/gtest.h>

#include <set>

#include "storage/codec.hpp"
#include "tests/storage/id_index_fixture.hpp"

namespace lensart::storage {
namespace {

/// A segment of so many ids that four of them are merged at once.
class IdMergeTest : public IdIndexTest {
 protected:
  static constexpr std::uint64_t kIds = 12'000;  // three chunks

  void add_generation() {
    ASSERT_EQ(insert(next, next + kIds), kIds);
    next += kIds;
    freeze_and_seal();
  }
  void merge_some() {
    const auto merged = index->merge_some();
    ASSERT_TRUE(merged) << merged.error().message;
  }
  /// Until nothing is to be done; the lane looks again each time.
  void merge_all() {
    for (int i = 0; i < 100; ++i) {
      merge_some();
      lane->refresh();
    }
  }
  std::set<std::uint64_t> numbers_on_disk() {
    std::set<std::uint64_t> out;
    for (const auto& [key, value] : tree("id_segments")) out.insert(key_to_u64(key));
    return out;
  }
  void expect_all_known() {
    EXPECT_EQ(insert(0, next), 0U);
    EXPECT_EQ(insert(next, next + 1'000), 1'000U);
    for (std::uint64_t id = next; id < next + 1'000; ++id) lane->forget(id_of(id));
  }

  std::uint64_t next = 0;
};

TEST_F(IdMergeTest, FourSegmentsBecomeOneWithAllTheirIds) {
  for (int i = 0; i < 3; ++i) add_generation();
  merge_all();
  EXPECT_EQ(index->segments()->segments.size(), 3U) << "three are few enough";
  add_generation();
  merge_all();
  ASSERT_EQ(index->segments()->segments.size(), 1U);
  EXPECT_EQ(index->segments()->segments[0]->ids, 4 * kIds);
  EXPECT_EQ(numbers_on_disk(), std::set<std::uint64_t>{5});
  expect_all_known();
  start();
  EXPECT_EQ(index->segments()->segments.size(), 1U);
  expect_all_known();
}

TEST_F(IdMergeTest, EveryIdIsKnownAfterEachStretchAndToALaneThatHasNotLookedAgain) {
  for (int i = 0; i < 4; ++i) add_generation();
  for (int i = 0; i < 12; ++i) {
    merge_some();
    expect_all_known();  // through the segments of the beginning
  }
  EXPECT_EQ(numbers_on_disk().size(), 5U) << "what the lane looks at is not erased";
  lane->refresh();
  expect_all_known();
  merge_all();
  EXPECT_EQ(numbers_on_disk(), std::set<std::uint64_t>{5});
}

TEST_F(IdMergeTest, AMergeThatAStopCutShortIsBegunAgain) {
  for (int i = 0; i < 4; ++i) add_generation();
  merge_some();
  EXPECT_TRUE(numbers_on_disk().contains(5)) << "the first stretch is on the disk";
  start();
  EXPECT_EQ(index->segments()->segments.size(), 4U);
  expect_all_known();
  merge_all();
  ASSERT_EQ(index->segments()->segments.size(), 1U);
  EXPECT_EQ(numbers_on_disk().size(), 1U);
  expect_all_known();
}

TEST_F(IdMergeTest, WhatAMergeReplacedIsErasedAfterAStopToo) {
  for (int i = 0; i < 4; ++i) add_generation();
  for (int i = 0; i < 12; ++i) merge_some();  // the lane still looks at the four
  EXPECT_EQ(numbers_on_disk().size(), 5U);
  start();
  EXPECT_EQ(index->segments()->segments.size(), 1U);
  expect_all_known();
  merge_all();
  EXPECT_EQ(numbers_on_disk(), std::set<std::uint64_t>{5});
  expect_all_known();
}

TEST_F(IdMergeTest, WhatSaysThatOthersAreReplacedIsErasedAfterThem) {
  for (int i = 0; i < 4; ++i) add_generation();
  for (int i = 0; i < 12; ++i) merge_some();  // 5 is made of 1 to 4, which the lane still looks at
  for (const auto& [key, value] : tree("id_segments")) {  // and 9, as if merged from 5 in its turn
    if (key_to_u64(key) != 5) continue;
    std::string five;
    ByteWriter(five).number(std::uint64_t{5});
    const bool is_sources = key == segment_key(5, kSourcesChunk);
    put("id_segments", key_of(9) + key.substr(8), is_sources ? seal(1, five) : value);
  }
  start();
  ASSERT_EQ(index->segments()->segments.size(), 1U);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(numbers_on_disk().size(), 6U - static_cast<std::size_t>(i));
    EXPECT_TRUE(numbers_on_disk().contains(5)) << "a stop now would bring 1 to 4 back to life";
    merge_some();
  }
  EXPECT_EQ(numbers_on_disk(), std::set<std::uint64_t>{9});
  expect_all_known();
}

TEST_F(IdMergeTest, AnEpochOfManyIdsMergesAsManyStretches) {
  for (int i = 0; i < 4; ++i) add_generation();
  ASSERT_TRUE(index->merge_some(4 * kIds));
  EXPECT_EQ(index->segments()->segments.size(), 1U) << "at once";
}

TEST_F(IdMergeTest, ASegmentSealedDuringAMergeStays) {
  for (int i = 0; i < 4; ++i) add_generation();
  merge_some();
  add_generation();
  merge_all();
  EXPECT_EQ(index->segments()->segments.size(), 2U);
  expect_all_known();
  start();
  expect_all_known();
}

TEST_F(IdMergeTest, ADamagedSourceStopsTheMerge) {
  for (int i = 0; i < 4; ++i) add_generation();
  const auto [key, value] = tree("id_segments").at(1);
  put("id_segments", key, value.substr(1));
  const auto merged = index->merge_some();
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, Errc::kStateCorrupt);
}

TEST(SegmentsToMerge, TakesFourOfOneSizeAndNoLargeOnes) {
  const auto segment = [](std::uint64_t ids) {
    auto out = std::make_shared<IdSegment>();
    out->ids = ids;
    return out;
  };
  constexpr std::uint64_t kGeneration = kIdsAGeneration;
  SegmentList all{segment(1), segment(kGeneration), segment(4 * kGeneration),
                  segment(2 * kGeneration - 1)};
  EXPECT_TRUE(segments_to_merge(all).empty());
  all.push_back(segment(2 * kGeneration));
  all.push_back(segment(8 * kGeneration - 1));
  EXPECT_TRUE(segments_to_merge(all).empty());
  all.push_back(segment(3 * kGeneration));
  EXPECT_EQ(segments_to_merge(all), (SegmentList{all[2], all[4], all[5], all[6]}));
  EXPECT_TRUE(segments_to_merge({4, segment(8 * kGeneration)}).empty());
  EXPECT_EQ(segments_to_merge({4, segment(0)}).size(), 4U);
}

}  // namespace
}  // namespace lensart::storage
