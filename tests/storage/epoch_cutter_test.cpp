#include "storage/protocol/epoch_cutter.hpp"

#include <gtest/gtest.h>

namespace lensart::storage {
namespace {

using namespace std::chrono_literals;

class EpochCutterTest : public ::testing::Test {
 protected:
  static CutLimits limits() {
    CutLimits out;
    out.min_time = 5ms;
    out.max_time = 1s;
    out.max_records = 100;
    out.max_bytes = 1000;
    out.outbox_max_bytes = 5000;
    return out;
  }
  static Tick after(std::chrono::microseconds time) { return Tick{} + time; }
  bool cuts(std::chrono::microseconds time, const Downstream& downstream) const {
    return cutter.should_cut(after(time), downstream);
  }

  static constexpr Downstream kIdle{true, 0};
  static constexpr Downstream kBusy{false, 10};
  EpochCutter cutter{limits(), Tick{}};
};

TEST_F(EpochCutterTest, NothingIsCutWithoutRecords) {
  EXPECT_TRUE(cutter.empty());
  EXPECT_FALSE(cuts(1h, kIdle));
}

TEST_F(EpochCutterTest, AnIdleRelayGetsAnEpochAfterTheMinimumTime) {
  cutter.on_records(1, 1);
  EXPECT_FALSE(cuts(5ms - 1us, kIdle));
  EXPECT_TRUE(cuts(5ms, kIdle));
}

TEST_F(EpochCutterTest, ABusyRelayGetsOneAfterTheMaximumTime) {
  cutter.on_records(1, 1);
  EXPECT_FALSE(cuts(1s - 1us, kBusy));
  EXPECT_TRUE(cuts(1s, kBusy));
}

TEST_F(EpochCutterTest, ABusyRelayGetsOneOfHalfTheRecordsThatOneMayHold) {
  cutter.on_records(49, 1);
  EXPECT_FALSE(cuts(10ms, kBusy));
  cutter.on_records(1, 0);
  EXPECT_TRUE(cuts(10ms, kBusy));
}

TEST_F(EpochCutterTest, ABusyRelayGetsOneOfHalfTheBytesThatOneMayHold) {
  cutter.on_records(1, 499);
  EXPECT_FALSE(cuts(10ms, kBusy));
  cutter.on_records(1, 1);
  EXPECT_TRUE(cuts(10ms, kBusy));
}

TEST_F(EpochCutterTest, WhileTheOneBeforeIsOnItsWayToTheDiskAnEpochGrowsToItsLimit) {
  cutter.on_records(1, 500);
  cutter.on_cut(after(10ms));
  cutter.on_records(98, 999);
  EXPECT_TRUE(cutter.accepts_records());
  EXPECT_FALSE(cuts(20ms, kBusy));
  cutter.on_durable();
  EXPECT_TRUE(cuts(20ms, kBusy));
}

TEST_F(EpochCutterTest, EvenAFullEpochWaitsForTheMinimumTime) {
  cutter.on_records(100, 1000);
  EXPECT_FALSE(cuts(4ms, kBusy));
}

TEST_F(EpochCutterTest, TheNextEpochWaitsForTheOneBeforeToBeDurable) {
  cutter.on_records(100, 1000);
  cutter.on_cut(after(5ms));
  EXPECT_FALSE(cutter.previous_durable());
  cutter.on_records(100, 1000);
  EXPECT_FALSE(cuts(1h, kIdle));
  cutter.on_durable();
  EXPECT_TRUE(cuts(1h, kIdle));
}

TEST_F(EpochCutterTest, AFullEpochAcceptsNoMoreRecordsUntilItIsCut) {
  EXPECT_TRUE(cutter.accepts_records());
  cutter.on_records(100, 0);
  EXPECT_FALSE(cutter.accepts_records());
  cutter.on_cut(after(5ms));
  EXPECT_TRUE(cutter.accepts_records());
  EXPECT_EQ(cutter.open_records(), 0U);
}

TEST_F(EpochCutterTest, WithoutRoomInTheOutboxNothingIsCut) {
  cutter.on_records(1, 100);
  EXPECT_TRUE(cuts(1s, Downstream{false, 4900})) << "exactly full";
  EXPECT_FALSE(cuts(1s, Downstream{false, 4901}));
}

TEST_F(EpochCutterTest, AnEpochLargerThanTheOutboxPassesWhenTheOutboxIsEmpty) {
  cutter.on_records(1, 6000);
  EXPECT_FALSE(cuts(1s, Downstream{false, 1}));
  EXPECT_TRUE(cuts(1s, kIdle));
}

TEST_F(EpochCutterTest, AnEmptyEpochIsCutWhenOneIsWantedAndThenNoMore) {
  cutter.request_empty();
  EXPECT_FALSE(cutter.empty());
  EXPECT_FALSE(cuts(1ms, kIdle));
  EXPECT_TRUE(cuts(5ms, kIdle));
  cutter.on_cut(after(5ms));
  cutter.on_durable();
  EXPECT_TRUE(cutter.empty());
  EXPECT_FALSE(cuts(1h, kIdle));
}

TEST_F(EpochCutterTest, TimesAreCountedFromTheLastCut) {
  cutter.on_records(1, 1);
  cutter.on_cut(after(10s));
  cutter.on_durable();
  cutter.on_records(1, 1);
  EXPECT_FALSE(cuts(10s + 4ms, kIdle));
  EXPECT_TRUE(cuts(10s + 5ms, kIdle));
}

TEST_F(EpochCutterTest, TimeMattersFirstAtTheMinimumThenAtTheMaximum) {
  cutter.on_records(1, 1);
  EXPECT_EQ(cutter.until_time_matters(after(0ms)), 5ms);
  EXPECT_EQ(cutter.until_time_matters(after(3ms)), 2ms);
  EXPECT_EQ(cutter.until_time_matters(after(990ms)), 10ms);
}

TEST_F(EpochCutterTest, TimeIsLookedAtEveryTenthOfASecondAtLeastAndNeverInThePast) {
  EXPECT_EQ(cutter.until_time_matters(after(0ms)), 100ms);
  cutter.on_records(1, 1);
  EXPECT_EQ(cutter.until_time_matters(after(6ms)), 100ms);
  EXPECT_EQ(cutter.until_time_matters(after(2s)), 0ms);
  cutter.on_cut(after(2s));
  EXPECT_EQ(cutter.until_time_matters(after(9s)), 100ms) << "the one before is not durable";
}

}  // namespace
}  // namespace lensart::storage
