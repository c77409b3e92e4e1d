#include "storage/id_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "storage/codec.hpp"
#include "tests/storage/hex.hpp"
#include "tests/storage/id_index_fixture.hpp"

namespace lensart::storage {
namespace {

using ::testing::HasSubstr;

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

TEST_F(IdIndexTest, ALogOfSeveralStretchesMakesOneSegment) {
  for (std::uint64_t at = 0; at < 100'000; at += 20'000) {
    insert(at, at + 20'000);
    if (at < 80'000) close_epoch();
  }
  freeze_and_seal();
  EXPECT_TRUE(tree("ids").empty());
  for (const bool opened_anew : {false, true}) {
    if (opened_anew) start();
    ASSERT_EQ(index->segments()->segments.size(), 1U);
    EXPECT_EQ(index->segments()->segments[0]->ids, 100'000U);
    EXPECT_EQ(insert(0, 100'000), 0U);
  }
}

TEST_F(IdIndexTest, ASegmentThatACrashEndedIsLitterAndItsIdsAreInTheLog) {
  insert(0, 50'000);
  const EpochNumber until = close_epoch();
  const auto log = tree("ids");
  ASSERT_TRUE(index->seal(until));
  // As before the last transaction: the log, and of the segment what comes before its filter.
  const Table segments = *store->table("id_segments");
  ASSERT_TRUE(store->write([&](WriteTransaction& txn) -> Result<Unit> {
    LENSART_TRY(txn.erase_range(segments, segment_key(1, kFilterChunks), key_of(2)));
    return Unit{};
  }));
  for (const auto& [key, value] : log) put("ids", key, value);
  ASSERT_FALSE(tree("id_segments").empty());
  start();
  EXPECT_TRUE(index->segments()->segments.empty());
  EXPECT_EQ(insert(0, 50'000), 0U);
  freeze_and_seal();
  ASSERT_TRUE(index->merge_some());
  ASSERT_EQ(index->segments()->segments.size(), 1U);
  EXPECT_EQ(index->segments()->segments[0]->number, 2U);
  EXPECT_EQ(key_to_u64(tree("id_segments").front().first), 2U) << "the litter is gone";
  EXPECT_EQ(insert(0, 50'000), 0U);
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
  std::size_t corrupt = 0;
  for (std::uint64_t number = 0; number < 5'000; ++number) {
    const auto fresh = lane->insert(*txn, id_of(number));
    if (fresh) {
      ASSERT_FALSE(*fresh) << "an id of the damaged chunk was taken for new";
    } else {
      ASSERT_EQ(fresh.error().code, Errc::kStateCorrupt);
      ++corrupt;
    }
  }
  EXPECT_EQ(corrupt, kIdsPerChunk);
}

TEST_F(IdIndexTest, AChunkOfTheFilterThatIsGoneIsCorruptionWhetherAtOpenOrAtALookUp) {
  for (std::uint64_t at = 0; at < 100'000; at += 20'000) {  // a filter of three chunks
    insert(at, at + 20'000);
    close_epoch();
  }
  freeze_and_seal();
  const auto [key, value] = tree("id_segments").back();
  ASSERT_EQ(key, segment_key(1, kFilterChunks + 2));
  const Table table = *store->table("id_segments");
  ASSERT_TRUE(store->write([&, key = key](WriteTransaction& txn) -> Result<Unit> {
    LENSART_TRY(txn.erase(table, key));
    return Unit{};
  }));
  auto txn = store->read();
  int corrupt = 0;
  for (std::uint64_t number = 0; number < 100'000; ++number) {
    const auto fresh = lane->insert(*txn, id_of(number));
    corrupt += fresh ? 0 : 1;
    ASSERT_TRUE(!fresh || !*fresh) << "an id of the chunk was taken for new";
  }
  EXPECT_NEAR(corrupt, 18'000, 1'000);
  txn->reset();
  const auto opened = IdIndex::open(*store);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::kStateCorrupt);
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
  std::vector<IdHash> ids(2'500);
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
