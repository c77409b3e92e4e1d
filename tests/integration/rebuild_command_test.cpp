// What a refused start names must mend it: `lensart rebuild` and `lensart state adopt`.

#include <fmt/format.h>

#include <csignal>
#include <filesystem>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

class RebuildTest : public testing::Test {
 protected:
  void SetUp() override { read(1); }

  /// More events, read to the end.
  void read(std::uint64_t seed) {
    Stream stream;
    stream.events = 1'200;
    stream.seed = seed;
    stream.first_order = seed * 10'000;
    stream.disorder = "3h";
    pipeline.generate(stream);
    expect_exit(pipeline.run_to_end(), 0);
  }
  void meddle(const std::string& sql) {
    pipeline.execute("SET search_path = " + pipeline.schema() + "; " + sql);
  }

  Pipeline pipeline;
};

TEST_F(RebuildTest, DerivedTablesAreMadeAnewAndThePipelineGoesOn) {
  meddle(
      "DELETE FROM orders_processed WHERE order_id % 3 = 0; "
      "UPDATE order_metrics SET total_revenue = total_revenue + 0.01; "
      "DELETE FROM order_metrics_sliding WHERE branch_id = 1; "
      "UPDATE order_status_sessions SET changes = changes + 1; TRUNCATE order_anomalies");
  ASSERT_EQ(pipeline.verify().status.code, 1);
  expect_exit(pipeline.command({"rebuild"}), 0);
  expect_all_is_well(pipeline);
  read(2);
  expect_all_is_well(pipeline);
}

TEST_F(RebuildTest, OneTableIsMadeAnewAlone) {
  meddle("UPDATE order_metrics SET total_orders = total_orders + 1");
  expect_exit(pipeline.command({"rebuild", "--tables", "order_metrics"}), 0);
  expect_all_is_well(pipeline);
  const Finished unknown = pipeline.command({"rebuild", "--tables", "orders_row"});
  EXPECT_EQ(unknown.status.code, 64) << unknown.stderr_text;
}

TEST_F(RebuildTest, ChangedSettingsAreRefusedUntilItIsDone) {
  pipeline.set("LENSART_PIPELINE_SESSION_GAP", "10m");
  expect_exit(pipeline.run_to_end(), 76);
  expect_exit(pipeline.command({"rebuild"}), 0);
  expect_exit(pipeline.run_to_end(), 0);
  expect_exit(pipeline.verify(), 0);
}

TEST_F(RebuildTest, IsRefusedWhileAnInstanceRuns) {
  Process process = pipeline.start({"run"});
  ASSERT_TRUE(pipeline.wait_ready(process));
  expect_exit(pipeline.command({"rebuild"}), 75);
  expect_exit(pipeline.command({"state", "adopt", "--yes"}), 75);
  process.send_signal(SIGTERM);
  process.wait(std::chrono::minutes(1));
  expect_all_is_well(pipeline);
}

TEST_F(RebuildTest, ALostStateIsAdoptedFromTheDatabase) {
  std::filesystem::remove_all(pipeline.workspace().state_directory());
  expect_exit(pipeline.run_to_end(), 76);
  std::filesystem::remove_all(pipeline.workspace().state_directory());
  const Finished shown = pipeline.command({"state", "adopt"});
  EXPECT_EQ(shown.status.code, 1) << shown.stdout_text << shown.stderr_text;
  EXPECT_NE(shown.stdout_text.find("database: epoch"), std::string::npos) << shown.stdout_text;
  expect_exit(pipeline.command({"state", "adopt", "--yes"}), 0);
  expect_exit(pipeline.run_to_end(), 0);
  expect_all_is_well(pipeline);
  read(2);
  expect_all_is_well(pipeline);
}

}  // namespace
}  // namespace lensart::integration
