#include "graph/watermark.hpp"

#include <gtest/gtest.h>

namespace lensart {
namespace {

using namespace std::chrono_literals;

Instant at(std::chrono::microseconds time) { return Instant{time}; }

class WatermarkTest : public ::testing::Test {
 protected:
  DataWatermark watermark{5min};
};

TEST_F(WatermarkTest, WithoutSourcesItIsMinusInfinity) {
  EXPECT_EQ(watermark.value(), std::nullopt);
  EXPECT_EQ(watermark.advance(), std::nullopt);
}

TEST_F(WatermarkTest, ItIsTheHighestTimestampLessTheDisorderAllowed) {
  watermark.observe(0, at(10min));
  EXPECT_EQ(watermark.advance(), at(5min));
  EXPECT_EQ(watermark.value(), at(5min));
}

TEST_F(WatermarkTest, ObservingAloneDoesNotMoveIt) {
  watermark.observe(0, at(10min));
  EXPECT_EQ(watermark.value(), std::nullopt);
}

TEST_F(WatermarkTest, OnlyTheHighestOfASourceCounts) {
  watermark.observe(0, at(10min));
  watermark.observe(0, at(7min));
  EXPECT_EQ(watermark.highest(0), at(10min));
  EXPECT_EQ(watermark.advance(), at(5min));
}

TEST_F(WatermarkTest, ItIsTheLowestOverTheSources) {
  watermark.observe(0, at(10min));
  watermark.observe(1, at(8min));
  watermark.observe(2, at(20min));
  EXPECT_EQ(watermark.advance(), at(3min));
}

TEST_F(WatermarkTest, ABusySourceWithoutAnAcceptedEventHoldsItWhereItWas) {
  watermark.observe(0, at(10min));
  watermark.set_idle(1, false);
  EXPECT_EQ(watermark.advance(), std::nullopt) << "at minus infinity";
  watermark.restore(at(1min));
  EXPECT_EQ(watermark.advance(), at(1min)) << "where a restart left it";
}

TEST_F(WatermarkTest, ASourceThatBecomesIdleNoLongerHoldsIt) {
  watermark.observe(0, at(10min));
  watermark.set_idle(1, true);
  EXPECT_EQ(watermark.advance(), at(5min));
}

TEST_F(WatermarkTest, AnIdleSourceIsLeftOutHoweverLowItsTimestamp) {
  watermark.observe(0, at(10min));
  watermark.observe(1, at(6min));
  watermark.set_idle(1, true);
  EXPECT_EQ(watermark.advance(), at(5min));
}

TEST_F(WatermarkTest, AnIdleSourceIsLeftOutHoweverHighItsTimestamp) {
  watermark.observe(0, at(10min));
  watermark.observe(1, at(60min));
  watermark.set_idle(1, true);
  EXPECT_EQ(watermark.advance(), at(5min));
}

TEST_F(WatermarkTest, WhenAllAreIdleItIsTheHighestOfThem) {
  watermark.observe(0, at(10min));
  watermark.observe(1, at(60min));
  watermark.set_idle(0, true);
  watermark.set_idle(1, true);
  watermark.set_idle(2, true);
  EXPECT_EQ(watermark.advance(), at(55min));
}

TEST_F(WatermarkTest, WhenAllAreIdleAndNothingWasAcceptedItStaysWhereItWas) {
  watermark.set_idle(0, true);
  EXPECT_EQ(watermark.advance(), std::nullopt);
  watermark.restore(at(1min));
  EXPECT_EQ(watermark.advance(), at(1min));
}

TEST_F(WatermarkTest, ItNeverGoesBackWhenASourceWakesWithOldEvents) {
  watermark.observe(0, at(60min));
  watermark.set_idle(1, true);
  EXPECT_EQ(watermark.advance(), at(55min));
  watermark.set_idle(1, false);
  watermark.observe(1, at(10min));
  EXPECT_EQ(watermark.advance(), at(55min));
  watermark.observe(1, at(61min));
  EXPECT_EQ(watermark.advance(), at(55min)) << "the lowest is at 60 min now";
  watermark.observe(0, at(70min));
  EXPECT_EQ(watermark.advance(), at(56min));
}

TEST_F(WatermarkTest, ASourceThatAwakesCountsAgain) {
  watermark.observe(0, at(60min));
  watermark.observe(1, at(10min));
  EXPECT_EQ(watermark.advance(), at(5min));
  watermark.set_idle(1, true);
  watermark.set_idle(1, false);
  EXPECT_EQ(watermark.advance(), at(5min));
}

TEST_F(WatermarkTest, ARestartKnowsItAndEachSourcesHighest) {
  watermark.restore(at(20min));
  watermark.restore_highest(0, at(25min));
  watermark.restore_highest(1, at(30min));
  EXPECT_EQ(watermark.value(), at(20min));
  EXPECT_EQ(watermark.advance(), at(20min));
  watermark.observe(0, at(29min));
  EXPECT_EQ(watermark.advance(), at(24min));
}

TEST_F(WatermarkTest, ASourceNeverSeenHasNoHighest) {
  EXPECT_EQ(watermark.highest(7), std::nullopt);
  watermark.restore_highest(7, std::nullopt);
  EXPECT_EQ(watermark.highest(7), std::nullopt);
}

}  // namespace
}  // namespace lensart
