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

TEST_F(RebuildTest, OneOrderIsMadeAnewAloneWhateverItsRowsHaveBecome) {
  const std::string order = pipeline.ask(
      "SELECT order_id FROM " + pipeline.schema() +
      ".order_status_history GROUP BY order_id HAVING count(*) > 1 ORDER BY order_id LIMIT 1");
  meddle(fmt::format(
      "UPDATE orders_processed SET total_price = total_price + 1 WHERE order_id = {0}; "
      "INSERT INTO order_items_analytics (order_id, product_id, quantity, unit_price, total_price, "
      "branch_id) VALUES ({0}, 1, 1, 1, 1, 1); "
      "DELETE FROM order_status_history WHERE id = (SELECT min(id) FROM order_status_history WHERE "
      "order_id = {0}); UPDATE order_status_history SET event_id = 'x ''y' WHERE id = "
      "(SELECT max(id) FROM order_status_history WHERE order_id = {0}); "
      "UPDATE order_status_sessions SET changes = changes + 1 WHERE order_id = {0}; "
      "INSERT INTO order_anomalies (order_id, kind, status, since) VALUES ({0}, 'stuck', 'é', "
      "'2020-01-01 00:00:00.000001Z')",
      order));
  ASSERT_EQ(pipeline.verify().status.code, 1);
  const Finished killed = pipeline.command(
      {"rebuild", "--order", order}, {{"LENSART_FAILPOINTS", "rebuild.order.durable=kill@1"}});
  EXPECT_EQ(killed.status.signal, SIGKILL) << killed.stderr_text;
  expect_exit(pipeline.command({"rebuild", "--order", order}), 0);
  expect_all_is_well(pipeline);
  meddle("DELETE FROM orders_processed WHERE order_id = " + order);
  expect_exit(pipeline.command({"rebuild", "--order", order}), 0);
  expect_all_is_well(pipeline);
  read(2);
  expect_all_is_well(pipeline);
}

TEST_F(RebuildTest, OneOrderFollowsALogThatSomebodyHasMended) {
  const std::string order = pipeline.ask(
      "SELECT order_id FROM " + pipeline.schema() +
      ".orders_raw WHERE event_data ? 'data' AND branch_id IS NOT NULL AND NOT too_late GROUP BY "
      "order_id HAVING count(*) > 1 ORDER BY order_id LIMIT 1");
  const auto all = [&](const std::string& where) {
    return "UPDATE orders_raw SET branch_id = 77, event_data = jsonb_set(event_data, CASE WHEN "
           "event_type IN ('order.status_changed', 'order.payment_status_changed') THEN "
           "'{data,order,branch_id}'::text[] ELSE '{data,branch_id}' END, '77') WHERE " +
           where + " AND branch_id IS NOT NULL AND event_data ? 'data'";
  };
  meddle(all("order_id = " + order));
  ASSERT_EQ(pipeline.verify().status.code, 1);
  expect_exit(pipeline.command({"rebuild", "--order", order}), 0);
  EXPECT_EQ(pipeline.verify().stdout_text.find("orders_processed  differ"), std::string::npos);
  expect_exit(pipeline.verify(), 0);
  read(2);  // the state holds what the log says, so further events change what they must
  expect_exit(pipeline.verify(), 0);
  meddle("DELETE FROM orders_raw WHERE order_id = " + order);
  expect_exit(pipeline.command({"rebuild", "--order", order}), 0);
  expect_exit(pipeline.command({"verify", "--tables",
                                "orders_processed,order_items_analytics,order_status_history,"
                                "order_status_sessions,order_anomalies,order_metrics,"
                                "order_metrics_sliding"}),
              0);
  expect_exit(pipeline.command({"rebuild", "--order", order}), 1);
  expect_exit(pipeline.command({"rebuild", "--order", "0"}), 64);
  expect_exit(pipeline.command({"rebuild", "--order", order, "--tables", "order_metrics"}), 64);
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
  expect_exit(pipeline.command({"rebuild", "--order", "1"}), 75);
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
