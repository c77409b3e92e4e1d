#include "storage/protocol/relay_protocol.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/storage/relay_simulation.hpp"

namespace lensart::storage {
namespace {

using namespace std::chrono_literals;

ChainRecord record(EpochNumber number, std::uint64_t bytes = 100) {
  ChainRecord out;
  out.number = number;
  out.id.bytes[0] = static_cast<std::uint8_t>(number + 1);
  out.outbox_bytes = bytes;
  return out;
}

class RelayProtocolTest : public ::testing::Test {
 protected:
  void start(int lanes, std::vector<EpochNumber> positions, EpochNumber newest) {
    StartPlan plan;
    plan.lanes = lanes;
    plan.positions = std::move(positions);
    for (EpochNumber i = 0; i <= newest; ++i) chain.push_back(record(i));
    protocol.start(plan, chain, Tick{});
  }
  void apply_all() {
    while (auto task = protocol.next_task()) protocol.on_applied(*task, Tick{});
  }
  LaneRow row(EpochNumber epoch) const { return {0, 1, epoch, chain[epoch].id, ours}; }

  std::vector<ChainRecord> chain;
  Incarnation ours = random_incarnation();
  RelayProtocol protocol{RelayLimits{1000, 60s, 250}};
};

TEST_F(RelayProtocolTest, AnIdlePipelineHasNoTask) {
  start(1, {3}, 3);
  EXPECT_TRUE(protocol.idle());
  EXPECT_FALSE(protocol.next_task().has_value());
}

TEST_F(RelayProtocolTest, SeveralEpochsGoInOneGroupUpToItsBytes) {
  start(1, {0}, 20);
  const auto task = protocol.next_task();
  ASSERT_TRUE(task.has_value());
  EXPECT_EQ(task->from, 0U);
  EXPECT_EQ(task->to, 10U);
}

TEST_F(RelayProtocolTest, AnEpochLargerThanAGroupGoesAlone) {
  start(1, {0}, 0);
  protocol.on_durable(record(1, 5000));
  protocol.on_durable(record(2, 10));
  EXPECT_EQ(protocol.next_task()->to, 1U);
}

TEST_F(RelayProtocolTest, LaggingLanesAreLevelledBeforeANewGroup) {
  start(2, {2, 5}, 9);
  const auto task = protocol.next_task();
  ASSERT_TRUE(task.has_value());
  EXPECT_EQ(task->lane, 0);
  EXPECT_EQ(task->to, 5U);
  EXPECT_FALSE(protocol.next_task().has_value()) << "lane 1 must wait";
  protocol.on_applied(*task, Tick{});
  EXPECT_EQ(protocol.next_task()->to, 9U);
}

TEST_F(RelayProtocolTest, ALostAnswerIsSettledByTheRow) {
  start(1, {0}, 2);
  const LaneTask task = *protocol.next_task();
  protocol.on_unknown(task);
  EXPECT_FALSE(protocol.next_task().has_value()) << "nothing moves before the row was asked";
  EXPECT_EQ(protocol.on_row(task, row(2), ours, Tick{}).value(), Settled::kApplied);
  EXPECT_TRUE(protocol.idle());
}

TEST_F(RelayProtocolTest, ARowThatDidNotMoveIsTriedAgain) {
  start(1, {0}, 2);
  const LaneTask task = *protocol.next_task();
  protocol.on_unknown(task);
  EXPECT_EQ(protocol.on_row(task, row(0), ours, Tick{}).value(), Settled::kNotApplied);
  EXPECT_EQ(protocol.next_task()->to, 2U);
}

TEST_F(RelayProtocolTest, AnotherIncarnationInTheRowMeansFenced) {
  start(1, {0}, 2);
  const LaneTask task = *protocol.next_task();
  LaneRow foreign = row(0);
  foreign.incarnation = random_incarnation();
  EXPECT_EQ(protocol.on_row(task, foreign, ours, Tick{}).error().code, Errc::kFenced);
  EXPECT_EQ(protocol.on_row(task, std::nullopt, ours, Tick{}).error().code, Errc::kFenced);
}

TEST_F(RelayProtocolTest, AnIdWeNeverSentIsAMismatch) {
  start(1, {0}, 2);
  const LaneTask task = *protocol.next_task();
  LaneRow strange = row(2);
  strange.id.bytes[5] = 9;
  EXPECT_EQ(protocol.on_row(task, strange, ours, Tick{}).error().code, Errc::kStateMismatch);
}

TEST_F(RelayProtocolTest, AppliedEpochsAreKeptForAWhileThenTrimmedToTheLowestLane) {
  start(1, {0}, 4);
  apply_all();
  EXPECT_EQ(protocol.trim_target(Tick{} + 1s), 2U) << "250 bytes may be kept: epochs 3 and 4";
  EXPECT_EQ(protocol.trim_target(Tick{} + 61s), 4U);
}

TEST_F(RelayProtocolTest, AYoungEpochIsKeptHoweverOldTheOneBeforeIs) {
  start(1, {3}, 3);
  protocol.on_durable(record(4));
  protocol.on_applied(*protocol.next_task(), Tick{} + 100s);
  EXPECT_EQ(protocol.trim_target(Tick{} + 159s), 3U) << "a database at 3 needs the outbox of 4";
  EXPECT_EQ(protocol.trim_target(Tick{} + 160s), 4U);
}

TEST_F(RelayProtocolTest, OutstandingBytesAreThoseSomeLaneHasNotApplied) {
  start(2, {1, 3}, 3);
  EXPECT_EQ(protocol.outstanding_bytes(), 200U);
  apply_all();
  EXPECT_EQ(protocol.outstanding_bytes(), 0U);
}

/// LENSART_SIMULATIONS raises the count for a campaign.
int simulations() {
  const char* text = std::getenv("LENSART_SIMULATIONS");
  return text == nullptr ? 20'000 : std::atoi(text);
}

TEST(RelaySimulationTest, EveryCrashScheduleAppliesEachEpochExactlyOnce) {
  long crashes = 0;
  long settled = 0;
  for (int seed = 1; seed <= simulations(); ++seed) {
    RelaySimulation simulation(static_cast<std::uint64_t>(seed), {});
    ASSERT_EQ(simulation.run(120), "") << "seed " << seed;
    crashes += simulation.crashes();
    settled += simulation.settled();
  }
  std::printf("%d schedules, %ld crashes, %ld lost answers settled\n", simulations(), crashes,
              settled);
  EXPECT_GT(crashes, simulations());
  EXPECT_GT(settled, simulations() / 10);
}

TEST(RelaySimulationTest, WithoutTheEpochConditionTheSimulationFails) {
  int caught = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    RelaySimulation simulation(seed, {.without_guard = true});
    caught += simulation.run(120).empty() ? 0 : 1;
  }
  EXPECT_GT(caught, 20);
}

}  // namespace
}  // namespace lensart::storage
