// `lensart explain` and `lensart state stats`: what they say agrees with the tables, whether an
// instance runs or not.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using Json = nlohmann::json;

class ExplainTest : public testing::Test {
 protected:
  void SetUp() override {
    Stream stream;
    stream.events = 1'000;
    stream.poison = 0.1;
    stream.duplicates = 0.1;
    pipeline.generate(stream);
    expect_exit(pipeline.run_to_end(), 0);
    // Further events of the same days for some of the orders, and for new ones: nearly all too
    // late.
    stream.events = 500;
    stream.seed = 2;
    pipeline.generate(stream);
    expect_exit(pipeline.run_to_end(), 0);
    database = pipeline.database();
    need(database->execute("SET search_path = " + pipeline.schema()));
  }

  Json explain(Arguments arguments) const {
    arguments.insert(arguments.begin(), "explain");
    arguments.emplace_back("--json");
    const Finished finished = pipeline.command(arguments);
    expect_exit(finished, 0);
    Json answer = Json::parse(finished.stdout_text, nullptr, false);
    EXPECT_TRUE(answer.is_object()) << finished.stdout_text;
    return answer;
  }
  std::string ask(const std::string& select, const std::string& rest) {
    return need(database->query_one(fmt::format("SELECT ({})::text {}", select, rest)));
  }

  /// Whether what is said of an order is what the tables hold.
  void expect_true_of(const std::string& id) {
    SCOPED_TRACE("order " + id);
    const Json life = explain({"order", id});
    const std::string of_order = "WHERE order_id = " + id;
    EXPECT_EQ(std::to_string(life["events"].size()),
              ask("count(*)", "FROM orders_raw " + of_order));
    EXPECT_EQ(std::to_string(life["dead_letters"].size()),
              ask("count(*)", "FROM dead_letters " + of_order));
    std::map<std::string, std::string> shown;
    for (const Json& event : life["events"]) {
      for (const Json& change : event["changed"]) {
        const std::string column = change["column"];
        EXPECT_EQ(change["from"].is_string() ? change["from"] : Json(""), shown[column]) << column;
        shown[column] = change["to"];
      }
    }
    for (const char* column : {"order_status", "payment_status", "total_price", "branch_id"}) {
      EXPECT_EQ(shown[column], ask(column, "FROM orders_processed " + of_order)) << column;
    }
    EXPECT_TRUE(life["state"]["known"]);
    const Json& counts = life["counts_in"];
    if (counts.is_null()) {
      EXPECT_TRUE(life["counts_not_because"].is_string());
      return;
    }
    const Json window = explain({"window", counts["metric_date"].get<std::string>(),
                                 counts["metric_hour"].dump(), counts["branch_id"].dump()});
    const auto& orders = window["orders"];
    EXPECT_EQ(std::count_if(orders.begin(), orders.end(),
                            [&](const Json& order) {
                              return order["order_id"].dump() == id && order["counts"] == true &&
                                     order["total_price"] == counts["total_price"];
                            }),
              1);
  }

  Pipeline pipeline;
  std::optional<Database> database;
};

TEST_F(ExplainTest, AnOrdersLifeEndsInWhatTheTablesHold) {
  ASSERT_GT(std::stoi(ask("count(*)", "FROM orders_raw WHERE too_late")), 10);
  for (const char* which :
       {"FROM orders_raw WHERE too_late AND order_id IN (SELECT order_id FROM orders_processed)",
        "FROM dead_letters WHERE code <> 'too_late' AND order_id IN (SELECT order_id FROM "
        "orders_processed)",
        "FROM order_status_history WHERE anomaly IS NOT NULL",
        "FROM order_anomalies WHERE kind = 'stuck' AND order_id IN (SELECT order_id FROM "
        "orders_processed)"}) {
    expect_true_of(ask("min(order_id)", which));
  }
}

TEST_F(ExplainTest, AWindowsOrdersAddUpToItsRow) {
  int windows = 0;
  for (int i = 0; i < 12; ++i) {
    const std::string row = fmt::format(
        "FROM (SELECT * FROM order_metrics ORDER BY total_orders DESC, metric_date, "
        "metric_hour, branch_id OFFSET {} LIMIT 1) x",
        i * 7);
    if (ask("count(*)", row) == "0") break;
    const Json window = explain(
        {"window", ask("metric_date", row), ask("metric_hour", row), ask("branch_id", row)});
    std::int64_t orders = 0;
    std::int64_t cents = 0;
    for (const Json& order : window["orders"]) {
      if (order["counts"] != true) continue;
      ++orders;
      std::string price = order["total_price"];
      price.erase(price.find('.'), 1);
      cents += std::stoll(price);
    }
    EXPECT_EQ(std::to_string(orders), ask("total_orders", row));
    EXPECT_EQ(fmt::format("{}.{:02}", cents / 100, cents % 100), ask("total_revenue", row));
    EXPECT_EQ(window["row"]["total_orders"], orders);
    ++windows;
  }
  EXPECT_GT(windows, 5);
}

TEST_F(ExplainTest, TheRunningInstanceIsAskedAndSaysTheSame) {
  const std::string id = ask("min(order_id)", "FROM orders_processed");
  Json stopped = explain({"order", id});
  EXPECT_EQ(stopped["state"]["live"], false);
  Process process = pipeline.start({"run"});
  ASSERT_TRUE(pipeline.wait_ready(process));
  Json live = explain({"order", id});
  EXPECT_EQ(live["state"]["live"], true);
  EXPECT_EQ(live["moment"]["live"], true);
  for (Json* life : {&stopped, &live}) {
    (*life)["state"].erase("live");
    life->erase("moment");
  }
  EXPECT_EQ(stopped, live);
  const Finished stats = pipeline.command({"state", "stats"});
  expect_exit(stats, 0);
  EXPECT_NE(stats.stdout_text.find("(live)"), std::string::npos) << stats.stdout_text;
  // What cannot be killed softly leaves its socket behind; that is no instance.
  process.kill();
  EXPECT_EQ(explain({"order", id})["state"]["live"], false);
}

TEST_F(ExplainTest, WhatCannotBeMeantIsRefusedByName) {
  expect_exit(pipeline.command({"explain", "order", "999999999"}), 1);
  for (const Arguments& wrong :
       {Arguments{"explain", "order", "abc"}, Arguments{"explain", "order", "0"},
        Arguments{"explain", "window", "2026-13-01", "9", "1"},
        Arguments{"explain", "window", "2026-11-01", "24", "1"},
        Arguments{"explain", "window", "2026-11-01", "9", "x"}, Arguments{"explain"}}) {
    const Finished refused = pipeline.command(wrong);
    EXPECT_EQ(refused.status.code, 64) << refused.stdout_text << refused.stderr_text;
  }
  const Finished order = pipeline.command({"explain", "order", "abc"});
  EXPECT_NE(order.stderr_text.find("ID abc"), std::string::npos) << order.stderr_text;
}

}  // namespace
}  // namespace lensart::integration
