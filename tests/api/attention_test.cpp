// Which figures deserve somebody's attention, and what is said of them.

#include <gmock/gmock.h>

#include "tests/api/simulated_pipeline.hpp"

namespace lensart::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AttentionTest : public ::testing::Test {
 protected:
  SimulatedPipeline pipeline;
};

TEST_F(AttentionTest, APipelineAtWorkNeedsNone) {
  pipeline.flow(50);
  pipeline.pass(600);
  EXPECT_THAT(pipeline.codes(), IsEmpty());
}

TEST_F(AttentionTest, ADatabaseThatIsAwayIsNamedWithItsMessageAndTime) {
  pipeline.flow(50);
  pipeline.pass(60);
  pipeline.now.sink.trouble = "connection refused";
  pipeline.now.sink.outbox_bytes = 900;
  pipeline.now.paused = true;
  pipeline.flow(0);
  pipeline.now.partitions[0].lag = 5000;
  pipeline.pass(31);
  ASSERT_THAT(pipeline.codes(), ElementsAre("database_away"));
  EXPECT_EQ(pipeline.attention.front().remedy, "start_database");
  const Json parameters = pipeline.parameters_of("database_away");
  EXPECT_EQ(parameters["message"], "connection refused");
  EXPECT_EQ(parameters["seconds"], 30.0);
  EXPECT_EQ(parameters["outbox_bytes"], 900);
}

TEST_F(AttentionTest, ItEndsWithItsCauseAndBeginsAnewWithIt) {
  pipeline.now.sink.trouble = "gone";
  pipeline.pass(10);
  const Instant first = pipeline.attention.front().since;
  pipeline.now.sink.trouble.clear();
  pipeline.pass();
  EXPECT_THAT(pipeline.codes(), IsEmpty());
  pipeline.now.sink.trouble = "gone";
  pipeline.pass();
  EXPECT_EQ(pipeline.attention.front().since - first, std::chrono::seconds(11));
}

TEST_F(AttentionTest, AWorseThingComesFirstAndOfEqualsTheNewer) {
  pipeline.stuck = StuckOrders{1, 7, "Đang giao hàng", "2026-11-18T00:00:00Z"};
  pipeline.pass(5);
  pipeline.now.clock_offset = std::chrono::seconds(-20);
  pipeline.pass(5);
  pipeline.now.source_trouble = "no broker answers";
  pipeline.pass();
  EXPECT_THAT(pipeline.codes(), ElementsAre("kafka_away", "clock_skew", "stuck_orders"));
  EXPECT_EQ(pipeline.parameters_of("clock_skew")["seconds"], -20.0);
  EXPECT_EQ(pipeline.parameters_of("stuck_orders")["order_id"], 7);
}

TEST_F(AttentionTest, APartitionThatIsNotReadIsStalledOnceNothingElseHindersReading) {
  pipeline.flow(50, {1});
  pipeline.now.partitions[1].lag = 200;
  pipeline.now.paused = true;
  pipeline.pass(60);
  EXPECT_THAT(pipeline.codes(), IsEmpty());
  pipeline.now.paused = false;
  pipeline.pass(9);
  EXPECT_THAT(pipeline.codes(), IsEmpty());
  pipeline.pass();
  ASSERT_THAT(pipeline.codes(), ElementsAre("partition_stalled"));
  const Json parameters = pipeline.parameters_of("partition_stalled");
  EXPECT_EQ(parameters["partition"], 1);
  EXPECT_EQ(parameters["events"], 200);
}

TEST_F(AttentionTest, APartitionFallsQuietWhileOthersGoOn) {
  pipeline.flow(2);
  pipeline.pass(60);
  pipeline.flow(2, {2});
  pipeline.pass(29);
  EXPECT_THAT(pipeline.codes(), IsEmpty());
  pipeline.pass(1);
  ASSERT_THAT(pipeline.codes(), ElementsAre("partition_quiet"));
  EXPECT_EQ(pipeline.parameters_of("partition_quiet")["partition"], 2);
  EXPECT_EQ(pipeline.parameters_of("partition_quiet")["events_elsewhere"], 120);
}

TEST_F(AttentionTest, AQuietTopicOrOneWithFewEventsIsNothingOdd) {
  pipeline.flow(2);
  pipeline.pass(60);
  pipeline.flow(0);
  pipeline.pass(600);
  EXPECT_THAT(pipeline.codes(), IsEmpty());
  // A few events that happen to fall into two of the three.
  pipeline.now.partitions[0].next_offset += 15;
  pipeline.now.partitions[1].next_offset += 15;
  pipeline.pass(60);
  EXPECT_THAT(pipeline.codes(), IsEmpty());
}

TEST_F(AttentionTest, AProducerThatOnlyKnowsOnePartitionIsNothingOdd) {
  pipeline.flow(50, {1, 2});
  pipeline.pass(600);
  EXPECT_THAT(pipeline.codes(), IsEmpty());
}

TEST_F(AttentionTest, AnOldPartitionHoldsTheWatermarkBackUnlessItIsIdle) {
  pipeline.flow(50, {0});
  auto& old = pipeline.now.partitions[0];
  old.highest = pipeline.now.at - std::chrono::hours(3);
  old.holds_watermark = true;
  pipeline.pass(11);
  ASSERT_THAT(pipeline.codes(), ElementsAre("watermark_held"));
  EXPECT_EQ(pipeline.parameters_of("watermark_held")["partition"], 0);
  EXPECT_GE(pipeline.parameters_of("watermark_held")["behind_seconds"].get<double>(), 3 * 3600);
  old.idle = true;
  pipeline.pass();
  EXPECT_THAT(pipeline.codes(), IsEmpty());
}

TEST_F(AttentionTest, ABurstOfBrokenEventsIsNamedByItsMostFrequentRule) {
  pipeline.flow(50);
  pipeline.pass(400);
  pipeline.now.letters[static_cast<std::size_t>(orders::Code::kBadPrice)] += 1'500;
  pipeline.now.letters[static_cast<std::size_t>(orders::Code::kBadJson)] += 500;
  pipeline.now.outcomes[0][3] += 2'000;
  pipeline.pass();
  ASSERT_THAT(pipeline.codes(), ElementsAre("dead_letter_burst"));
  const Json parameters = pipeline.parameters_of("dead_letter_burst");
  EXPECT_EQ(parameters["code"], "bad_price");
  EXPECT_EQ(parameters["events"], 1'500);
  EXPECT_EQ(parameters["refused"], 2'000);
  pipeline.pass(320);
  EXPECT_THAT(pipeline.codes(), IsEmpty());
}

TEST_F(AttentionTest, AFewBrokenEventsAmongManyAreNoBurst) {
  pipeline.flow(50);
  pipeline.pass(100);
  pipeline.now.letters[0] += 15;
  pipeline.pass();
  EXPECT_THAT(pipeline.codes(), IsEmpty());
}

TEST_F(AttentionTest, LateEventsAreNoBurstButALineOfTheirOwn) {
  pipeline.flow(1);
  pipeline.pass(100);
  pipeline.now.letters[static_cast<std::size_t>(orders::Code::kTooLate)] += 30;
  pipeline.pass();
  EXPECT_THAT(pipeline.codes(), ElementsAre("late_events"));
}

TEST_F(AttentionTest, ABacklogIsBeingWorkedOffOrDoesNotGetSmaller) {
  auto& partition = pipeline.now.partitions[0];
  partition.appended_at = pipeline.now.at - std::chrono::minutes(10);
  partition.lag = 100'000;
  pipeline.each_second = [](Readings& readings) {
    readings.partitions[0].next_offset += 100;
    *readings.partitions[0].lag -= 100;
  };
  pipeline.pass(60);
  ASSERT_THAT(pipeline.codes(), ElementsAre("catching_up"));
  EXPECT_NEAR(pipeline.parameters_of("catching_up")["events_per_second"].get<double>(), 100, 1);
  EXPECT_NEAR(pipeline.parameters_of("catching_up")["seconds_left"].get<double>(), 940, 2);
  pipeline.each_second = [](Readings& readings) { ++readings.partitions[0].next_offset; };
  pipeline.now.nodes[0].pressure = 1;
  pipeline.pass(121);
  ASSERT_THAT(pipeline.codes(), ElementsAre("lag_grows"));
  EXPECT_EQ(pipeline.parameters_of("lag_grows")["bottleneck"], "parse");
}

TEST_F(AttentionTest, SlowEventsWithoutABacklogAreNamedAndThoseOfABacklogAreNot) {
  const auto slow = [](Readings& readings) {
    readings.partitions[0].next_offset += 10;
    readings.freshness.add(20, 10);
  };
  pipeline.now.in_flight = 5'000;  // a backlog at first
  pipeline.each_second = slow;
  pipeline.pass(60);
  pipeline.now.in_flight = 10;
  pipeline.pass(60);
  EXPECT_THAT(pipeline.codes(), IsEmpty());
  pipeline.pass(1);
  EXPECT_THAT(pipeline.codes(), ElementsAre("freshness_slow"));
}

TEST_F(AttentionTest, RoomThatRunsOutIsAWarningAndThenWorse) {
  pipeline.now.state_used_bytes = 810;
  pipeline.now.disk_free_bytes = 7;
  pipeline.pass();
  EXPECT_THAT(pipeline.codes(), ElementsAre("state_nearly_full", "disk_nearly_full"));
  EXPECT_EQ(pipeline.attention.front().severity, Severity::kWarning);
  pipeline.now.state_used_bytes = 960;
  pipeline.pass();
  EXPECT_EQ(pipeline.codes().front(), "state_nearly_full");
  EXPECT_EQ(pipeline.attention.front().severity, Severity::kCritical);
}

TEST_F(AttentionTest, ReadingThatPausesForWantOfRoomIsNamedWhenTheDatabaseAnswers) {
  pipeline.now.paused = true;
  pipeline.now.sink.outbox_bytes = 990;
  pipeline.pass(10);
  EXPECT_THAT(pipeline.codes(), IsEmpty());
  pipeline.pass();
  EXPECT_THAT(pipeline.codes(), ElementsAre("source_paused"));
}

TEST_F(AttentionTest, UnsentLettersAndUnknownStatusesAreNamed) {
  pipeline.now.letters_trouble = "unknown topic";
  pipeline.pass();
  pipeline.now.unknown_statuses = 3;
  pipeline.pass();
  EXPECT_THAT(pipeline.codes(), ElementsAre("unknown_statuses", "letters_unsent"));
  EXPECT_EQ(pipeline.parameters_of("letters_unsent")["topic"], "order-events-dlq");
  pipeline.pass(3'700);
  EXPECT_THAT(pipeline.codes(), ElementsAre("letters_unsent"));
}

}  // namespace
}  // namespace lensart::app
