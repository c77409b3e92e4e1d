#include "storage/id_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "storage/codec.hpp"
#include "tests/storage/hex.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::storage {
namespace {

using ::testing::HasSubstr;

IdHash id_of(std::uint64_t number) { return hash_id("event-" + std::to_string(number), 42); }

class IdIndexTest : public StateFixture {
 protected:
  void SetUp() override { start(); }

  /// As a process does: opens the state and gives the lane what the log holds.
  void start() {
    lane.reset();
    index.reset();
    close();
    open();
    auto opened = IdIndex::open(*store);
    ASSERT_TRUE(opened) << opened.error().message;
    index = std::move(*opened);
    lane = std::make_unique<IdLane>(*index);
    accepted.clear();
    for (const IdHash& id : index->take_recent()) lane->restore(id);
    lane->refresh();
  }
  bool insert(std::uint64_t number) {
    auto txn = store->read();
    const auto fresh = lane->insert(*txn, id_of(number));
    EXPECT_TRUE(fresh) << fresh.error().message;
    if (fresh && *fresh) accepted.push_back(id_of(number));
    return fresh && *fresh;
  }
  /// How many of [from, until) are new.
  std::uint64_t insert(std::uint64_t from, std::uint64_t until) {
    std::uint64_t fresh = 0;
    auto txn = store->read();
    for (std::uint64_t number = from; number < until; ++number) {
      if (!*lane->insert(*txn, id_of(number))) continue;
      accepted.push_back(id_of(number));
      ++fresh;
    }
    return fresh;
  }
  /// Closes the epoch: what is new goes into the log.
  EpochNumber close_epoch() {
    EpochCommit epoch = next_epoch();
    epoch.changes.resize(1);
    index->log(epoch.changes[0], epoch.number, 0, std::exchange(accepted, {}));
    commit(epoch);
    return epoch.number;
  }
  /// A new generation of ids; the old one becomes a segment.
  void freeze_and_seal() {
    const EpochNumber until = close_epoch();
    lane->freeze(until);
    const auto sealed = index->seal(until);
    ASSERT_TRUE(sealed) << sealed.error().message;
    lane->refresh();
  }
  /// Every key and value of a tree.
  std::vector<std::pair<std::string, std::string>> tree(const char* name) {
    std::vector<std::pair<std::string, std::string>> out;
    const Table table = *store->table(name);
    auto txn = store->read();
    EXPECT_TRUE(txn->scan(table, "", [&](std::string_view key, std::string_view value) {
      out.emplace_back(key, value);
      return true;
    }));
    return out;
  }
  void put(const char* name, std::string_view key, std::string_view value) {
    const Table table = *store->table(name);
    ASSERT_TRUE(store->write([&](WriteTransaction& txn) { return txn.put(table, key, value); }));
  }

  std::unique_ptr<IdIndex> index;
  std::unique_ptr<IdLane> lane;
  std::vector<IdHash> accepted;  ///< since the last close of an epoch
};

TEST_F(IdIndexTest, AnIdIsNewOnce) {
  EXPECT_TRUE(insert(1));
  EXPECT_FALSE(insert(1));
  EXPECT_TRUE(insert(2));
  EXPECT_EQ(accepted.size(), 2U);
}

TEST_F(IdIndexTest, AnIdThatWasForgottenIsNewAgain) {
  insert(1);
  lane->forget(id_of(1));
  EXPECT_TRUE(insert(1));
  EXPECT_FALSE(insert(1));
}

TEST_F(IdIndexTest, AnIdOfAFrozenGenerationIsForgottenToo) {
  insert(1);
  insert(2);
  lane->freeze(1);
  lane->forget(id_of(1));
  EXPECT_TRUE(insert(1));
  EXPECT_FALSE(insert(2));
}

TEST_F(IdIndexTest, IdsOfTheLogAreKnownAfterAReopen) {
  insert(1);
  close_epoch();
  start();
  EXPECT_FALSE(insert(1));
  EXPECT_TRUE(insert(2));
}

TEST_F(IdIndexTest, IdsOfAnEpochThatWasNotCommittedAreNewAgainAfterAReopen) {
  insert(1);
  start();
  EXPECT_TRUE(insert(1));
}

TEST_F(IdIndexTest, AFrozenGenerationIsKnownBeforeItIsSealed) {
  insert(1);
  const EpochNumber until = close_epoch();
  lane->freeze(until);
  lane->refresh();
  EXPECT_FALSE(insert(1));
  EXPECT_TRUE(insert(2));
  ASSERT_TRUE(index->seal(until));
  EXPECT_FALSE(insert(1)) << "the lane has not looked since";
  lane->refresh();
  EXPECT_FALSE(insert(1));
  EXPECT_FALSE(insert(2)) << "of the generation after";
}

TEST_F(IdIndexTest, SealingMovesTheLogIntoASegment) {
  insert(0, 10'000);
  freeze_and_seal();
  EXPECT_TRUE(tree("ids").empty());
  ASSERT_EQ(index->segments()->segments.size(), 1U);
  EXPECT_EQ(index->segments()->segments[0]->ids, 10'000U);
  EXPECT_EQ(insert(0, 10'000), 0U);
  EXPECT_EQ(insert(10'000, 11'000), 1'000U);
}

TEST_F(IdIndexTest, SealingLeavesLaterEpochsInTheLog) {
  insert(1);
  const EpochNumber until = close_epoch();
  insert(2);
  close_epoch();
  ASSERT_TRUE(index->seal(until));
  EXPECT_EQ(tree("ids").size(), 1U);
  EXPECT_EQ(index->segments()->segments.at(0)->ids, 1U);
  start();
  EXPECT_FALSE(insert(1));
  EXPECT_FALSE(insert(2));
}

TEST_F(IdIndexTest, SealingAnEmptyLogMakesNoSegment) {
  freeze_and_seal();
  EXPECT_TRUE(index->segments()->segments.empty());
}

TEST_F(IdIndexTest, SeveralSegmentsAndTheLogAreKnownAcrossReopens) {
  for (std::uint64_t generation = 0; generation < 4; ++generation) {
    EXPECT_EQ(insert(generation * 5'000, (generation + 1) * 5'000), 5'000U);
    freeze_and_seal();
    start();
  }
  insert(20'000, 21'000);
  close_epoch();
  start();
  EXPECT_EQ(index->segments()->segments.size(), 4U);
  EXPECT_EQ(insert(0, 21'000), 0U);
  EXPECT_EQ(insert(21'000, 22'000), 1'000U);
}

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
  /// Until nothing is to be done; the lane looks again each time. How many stretches it took.
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

TEST_F(IdIndexTest, ADamagedSegmentIsCorruptionWhetherReadAtOpenOrAtALookUp) {
  insert(0, 5'000);
  freeze_and_seal();
  for (const auto& [key, value] : tree("id_segments")) {
    std::string damaged = value;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    put("id_segments", key, damaged);
    const auto opened = IdIndex::open(*store);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::kStateCorrupt);
    EXPECT_THAT(opened.error().message, HasSubstr("lensart state adopt"));
    put("id_segments", key, value);
  }
  const auto [key, value] = tree("id_segments").front();
  put("id_segments", key, "damaged");
  auto txn = store->read();
  int corrupt = 0;
  for (std::uint64_t number = 0; number < 5'000; ++number) {
    const auto fresh = lane->insert(*txn, id_of(number));
    if (fresh) {
      ASSERT_FALSE(*fresh) << "an id of the damaged chunk was taken for new";
    } else {
      ASSERT_EQ(fresh.error().code, Errc::kStateCorrupt);
      ++corrupt;
    }
  }
  EXPECT_EQ(corrupt, 4'000);
}

TEST_F(IdIndexTest, AChunkThatIsGoneIsCorruptionAtTheLookUp) {
  insert(0, 5'000);
  freeze_and_seal();
  const Table table = *store->table("id_segments");
  const std::string key = tree("id_segments").at(1).first;
  ASSERT_TRUE(store->write([&](WriteTransaction& txn) -> Result<Unit> {
    LENSART_TRY(txn.erase(table, key));
    return Unit{};
  }));
  auto txn = store->read();
  int corrupt = 0;
  for (std::uint64_t number = 0; number < 5'000; ++number) {
    const auto fresh = lane->insert(*txn, id_of(number));
    corrupt += fresh ? 0 : 1;
    ASSERT_TRUE(!fresh || !*fresh);
  }
  EXPECT_EQ(corrupt, 1'000);
}

TEST_F(IdIndexTest, ADamagedLogIsCorruption) {
  insert(0, 10);
  const EpochNumber until = close_epoch();
  const auto [key, value] = tree("ids").front();
  put("ids", key, value.substr(0, value.size() - 1));
  EXPECT_EQ(index->seal(until).error().code, Errc::kStateCorrupt);
  const auto opened = IdIndex::open(*store);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::kStateCorrupt);
}

TEST_F(IdIndexTest, LongLogsOfAnEpochAreCutIntoChunksOfEachLane) {
  ChangeSet changes;
  std::vector<IdHash> ids(9'000);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = id_of(i);
  index->log(changes, 0x0102, 3, ids);
  ASSERT_EQ(changes.items.size(), 3U);
  EXPECT_EQ(hex(changes.at(changes.items[0]).key),
            "0000000000000102"
            "00030000");
  EXPECT_EQ(hex(changes.at(changes.items[2]).key),
            "0000000000000102"
            "00030002");
}

TEST_F(IdIndexTest, GoldenBytesOfLogAndSegment) {
  ChangeSet changes;
  index->log(changes, 1, 0, {{0x0102, 0x0304}});
  const StateChange logged = changes.at(changes.items.at(0));
  EXPECT_EQ(hex(logged.key),
            "0000000000000001"
            "00000000");
  EXPECT_EQ(hex_unsigned(*logged.value),
            "01"
            "0201000000000000"
            "0403000000000000");
  put("ids", logged.key, *logged.value);
  ASSERT_TRUE(index->seal(1));
  const auto segment = tree("id_segments");
  ASSERT_EQ(segment.size(), 2U);
  EXPECT_EQ(hex(segment[0].first),
            "0000000000000001"
            "00000000");
  EXPECT_EQ(segment[0].second, *logged.value);
  EXPECT_EQ(hex(segment[1].first),
            "0000000000000001"
            "80000000")
      << "the filter";
  EXPECT_EQ(hex_unsigned(segment[1].second),
            "010001000000000008000002000000400000008000000002000040000000004000");
}

TEST(IdHash, GoldenHashOfAnId) {
  const IdHash id = hash_id("lensart", 42);
  EXPECT_EQ(hex(key_of(id.high)) + hex(key_of(id.low)), "220d1ccfbe7a3d72364e1f17ddabdfc9");
  EXPECT_NE(hash_id("lensart", 43), id) << "keyed by the state's secret";
}

RC_GTEST_PROP(BlockFilterProperty, HasNoFalseNegatives, ()) {
  const auto count = *rc::gen::inRange<std::uint64_t>(0, 3'000);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  BlockFilter filter(count);
  for (std::uint64_t i = 0; i < count; ++i) filter.add(hash_id(std::to_string(i), seed));
  const BlockFilter copy(filter.bytes());
  for (std::uint64_t i = 0; i < count; ++i) {
    RC_ASSERT(filter.may_contain(hash_id(std::to_string(i), seed)));
    RC_ASSERT(copy.may_contain(hash_id(std::to_string(i), seed)));
  }
}

TEST(BlockFilter, IsWrongAboutOneInAHundredAtMost) {
  constexpr std::uint64_t kIds = 50'000;
  BlockFilter filter(kIds);
  for (std::uint64_t i = 0; i < kIds; ++i) filter.add(id_of(i));
  std::uint64_t wrong = 0;
  for (std::uint64_t i = kIds; i < 2 * kIds; ++i) wrong += filter.may_contain(id_of(i)) ? 1 : 0;
  EXPECT_LT(wrong, kIds / 100);
}

RC_GTEST_PROP(LaneOfProperty, LanesPartitionTheSpaceByRanges, (std::uint64_t a, std::uint64_t b)) {
  const auto lanes = *rc::gen::inRange<std::size_t>(1, 64);
  const std::size_t lane_a = lane_of({a, 0}, lanes);
  const std::size_t lane_b = lane_of({b, 0}, lanes);
  RC_ASSERT(lane_a < lanes);
  RC_ASSERT(a > b || lane_a <= lane_b);
}

TEST(LaneOf, TheEndsOfTheSpaceLieInTheFirstAndTheLastLane) {
  EXPECT_EQ(lane_of({0, 0}, 7), 0U);
  EXPECT_EQ(lane_of({~std::uint64_t{0}, 0}, 7), 6U);
}

TEST(LaneOf, LanesGetEqualShares) {
  std::vector<int> shares(5);
  for (std::uint64_t i = 0; i < 50'000; ++i) ++shares[lane_of(id_of(i), 5)];
  for (const int share : shares) EXPECT_NEAR(share, 10'000, 500);
}

}  // namespace
}  // namespace lensart::storage
