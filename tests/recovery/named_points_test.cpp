// Killed at each step of the protocol, then again while it recovers: the tables are what they would
// have been.

#include <csignal>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

struct Point {
  const char* name;
  int at;  ///< dies the n-th time it is reached
};

/// Small epochs, so that each point is reached many times and the relay has groups to be caught in.
void cut_small_epochs(Pipeline& pipeline) {
  pipeline.set("LENSART_PIPELINE_EPOCH_MAX_RECORDS", "200");
  pipeline.set("LENSART_SINK_LANES", "2");
}

bool was_killed(const Finished& finished) { return finished.status.signal == SIGKILL; }

class NamedPointTest : public testing::TestWithParam<Point> {};

TEST_P(NamedPointTest, TheTablesSurviveADeathThereAndAnotherDuringRecovery) {
  const Point point = GetParam();
  const std::string name = point.name;
  Pipeline pipeline;
  cut_small_epochs(pipeline);
  Stream stream;
  stream.events = 3'000;
  stream.poison = 0.05;
  stream.seed = chosen_seed();
  SCOPED_TRACE("LENSART_TEST_SEED=" + std::to_string(stream.seed));
  pipeline.generate(stream);

  const Finished first =
      pipeline.run_to_end({{"LENSART_FAILPOINTS", name + "=kill@" + std::to_string(point.at)}});
  ASSERT_TRUE(was_killed(first)) << "never reached: " << first.status.describe() << "\n"
                                 << first.stderr_text;
  // In recovery it may have nothing left to do there; then it ends well.
  const Finished second = pipeline.run_to_end({{"LENSART_FAILPOINTS", name + "=kill@1"}});
  if (!was_killed(second)) expect_exit(second, 0);
  // Another number of lanes is the harder recovery: half a group may stand in the old ones.
  expect_exit(pipeline.run_to_end({{"LENSART_SINK_LANES", "3"}}), 0);

  expect_all_is_well(pipeline);
  EXPECT_EQ(pipeline.letters_amiss(), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(
    EachStep, NamedPointTest,
    testing::Values(Point{"parse", 3}, Point{"commit.before", 3}, Point{"commit.inside", 3},
                    Point{"commit.after", 3}, Point{"relay.before", 3}, Point{"relay.guarded", 4},
                    Point{"relay.commit.before", 3}, Point{"relay.commit.after", 3},
                    Point{"relay.applied", 2}, Point{"letters.mark", 1}, Point{"claim.commit", 1},
                    // The very first time: there is no state to fall back on yet.
                    Point{"commit.inside", 1}, Point{"relay.commit.after", 1}),
    [](const auto& each) {
      std::string name = each.param.name;
      std::replace(name.begin(), name.end(), '.', '_');
      return name + "_" + std::to_string(each.param.at);
    });

/// The suite's own proof: take the protocol's condition away, and the comparison must notice.
class MutationTest : public testing::Test {
 protected:
  /// A guard that lets everybody pass and leaves the lane's row where it stands: rows are no longer
  /// tied to the epoch they belong to.
  static void remove_the_epoch_condition(const Pipeline& pipeline) {
    pipeline.execute("CREATE OR REPLACE FUNCTION " + pipeline.schema() + R"(.pipeline_advance(
      p_pipeline TEXT, p_lane INTEGER, p_incarnation BYTEA, p_from_id BYTEA, p_epoch BIGINT,
      p_to_id BYTEA, p_offsets JSONB, p_watermark TIMESTAMPTZ, p_timer_clock TIMESTAMPTZ)
      RETURNS void LANGUAGE plpgsql VOLATILE AS 'BEGIN END')");
  }
};

TEST_F(MutationTest, WithoutTheEpochConditionADeathAfterCommitIsNoticed) {
  Pipeline pipeline;
  cut_small_epochs(pipeline);
  Stream stream;
  stream.events = 3'000;
  pipeline.generate(stream);
  remove_the_epoch_condition(pipeline);
  ASSERT_TRUE(
      was_killed(pipeline.run_to_end({{"LENSART_FAILPOINTS", "relay.commit.after=kill@3"}})));
  const Finished again = pipeline.run_to_end();
  if (again.status.code != 0) return;  // refused: noticed, too
  EXPECT_FALSE(pipeline.compare().equal());
  EXPECT_EQ(pipeline.verify().status.code, 1);
}

}  // namespace
}  // namespace lensart::integration
