// `lensart verify` on tables that the program itself has filled: clean, until someone meddles.

#include <fmt/format.h>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

class AuditTest : public testing::Test {
 protected:
  void SetUp() override {
    Stream stream;
    stream.events = 600;
    stream.poison = 0.1;
    pipeline.generate(stream);
    expect_exit(pipeline.run_to_end(), 0);
    expect_exit(pipeline.verify(), 0);
  }

  /// Expects the audit to find `spoil` in `check`, and nothing once `mend` has taken it back.
  void expect_found(const std::string& check, const std::string& spoil, const std::string& mend) {
    SCOPED_TRACE(spoil);
    meddle(spoil);
    const Finished found = pipeline.verify();
    EXPECT_EQ(found.status.code, 1) << found.stdout_text << found.stderr_text;
    EXPECT_NE(found.stdout_text.find("NOT CLEAN"), std::string::npos) << found.stdout_text;
    EXPECT_EQ(found.stdout_text.find(fmt::format("{:<24} {:>8} differences", check, 0)),
              std::string::npos)
        << found.stdout_text;
    meddle(mend);
    expect_exit(pipeline.verify(), 0);
  }

  void meddle(std::string sql) {
    sql.insert(0, "SET search_path = " + pipeline.schema() + "; ");
    pipeline.execute(sql);
  }

  /// A row taken out and put back, and one that is there twice under another key.
  void expect_rows_counted(const std::string& check, const std::string& table,
                           const std::string& copy_with) {
    expect_found(check,
                 fmt::format("CREATE TABLE kept AS SELECT * FROM {0} ORDER BY id LIMIT 1; DELETE "
                             "FROM {0} WHERE id IN (SELECT id FROM kept)",
                             table),
                 put_back(table));
    expect_found(check,
                 fmt::format("INSERT INTO {0} OVERRIDING SYSTEM VALUE SELECT "
                             "(jsonb_populate_record(x, '{1}')).* FROM {0} x ORDER BY id LIMIT 1",
                             table, copy_with),
                 fmt::format("DELETE FROM {} WHERE id = 99999999", table));
  }

  /// The same for a table without surrogate ids; `changed` makes of a row one of another key, which
  /// `where` finds again.
  void expect_keyed_rows_counted(const std::string& table, const std::string& changed,
                                 const std::string& where) {
    expect_found(
        table,
        fmt::format("CREATE TABLE kept AS SELECT * FROM {0} WHERE ctid = (SELECT min(ctid) FROM "
                    "{0}); DELETE FROM {0} WHERE ctid = (SELECT min(ctid) FROM {0})",
                    table),
        put_back(table));
    expect_found(table,
                 fmt::format("INSERT INTO {0} SELECT (jsonb_populate_record(x, '{1}')).* FROM {0} "
                             "x LIMIT 1",
                             table, changed),
                 fmt::format("DELETE FROM {} WHERE {}", table, where));
  }

  static std::string put_back(const std::string& table) {
    return fmt::format("INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM kept; DROP TABLE kept",
                       table);
  }

  Pipeline pipeline;
};

TEST_F(AuditTest, OneCentIsFoundInEveryTableThatHoldsMoney) {
  const auto cent = [&](const std::string& table, const std::string& column) {
    const auto change = [&](const char* sign) {
      return fmt::format(
          "UPDATE {0} SET {1} = {1} {2} 0.01 WHERE id = (SELECT min(id) FROM {0} WHERE {1} > 1)",
          table, column, sign);
    };
    expect_found(table, change("+"), change("-"));
  };
  cent("orders_raw", "total_price");
  cent("orders_processed", "total_price");
  cent("order_items_analytics", "total_price");
  cent("order_items_analytics", "unit_price");
}

TEST_F(AuditTest, AMissingAndAnExtraRowAreFoundInEveryTable) {
  expect_rows_counted("accounts", "orders_raw",
                      R"({"id": 99999999, "event_id": "nobody sent this"})");
  expect_rows_counted("order_items_analytics", "order_items_analytics", R"({"id": 99999999})");
  expect_found("orders_processed",
               "CREATE TABLE kept AS SELECT * FROM orders_processed ORDER BY id LIMIT 1; CREATE "
               "TABLE kept_items AS SELECT * FROM order_items_analytics WHERE order_id IN (SELECT "
               "order_id FROM kept); CREATE TABLE kept_history AS SELECT * FROM "
               "order_status_history WHERE order_id IN (SELECT order_id FROM kept); DELETE FROM "
               "orders_processed WHERE id IN (SELECT id FROM kept)",
               put_back("orders_processed") +
                   "; INSERT INTO order_items_analytics OVERRIDING SYSTEM VALUE SELECT * FROM "
                   "kept_items; INSERT INTO order_status_history OVERRIDING SYSTEM VALUE SELECT * "
                   "FROM kept_history; DROP TABLE kept_items, kept_history");
  expect_found("orders_processed",
               "INSERT INTO orders_processed OVERRIDING SYSTEM VALUE SELECT "
               "(jsonb_populate_record(x, '{\"id\": 99999999, \"order_id\": 99999999}')).* FROM "
               "orders_processed x ORDER BY id LIMIT 1",
               "DELETE FROM orders_processed WHERE id = 99999999");
}

TEST_F(AuditTest, AMissingAndAnExtraRowAreFoundInEveryTableOfTheOtherJobs) {
  expect_rows_counted("order_status_history", "order_status_history",
                      R"({"id": 99999999, "event_id": "nobody sent this"})");
  expect_keyed_rows_counted("order_status_sessions", R"({"order_id": 99999999})",
                            "order_id = 99999999");
  expect_keyed_rows_counted("order_anomalies", R"({"order_id": 99999999})", "order_id = 99999999");
  expect_keyed_rows_counted("order_metrics", R"({"branch_id": 99999999})", "branch_id = 99999999");
  expect_keyed_rows_counted("order_metrics_sliding", R"({"branch_id": 99999999})",
                            "branch_id = 99999999");
}

TEST_F(AuditTest, ASecondACentAndAStatusAreFoundInTheTablesOfTheOtherJobs) {
  const auto changed = [&](const std::string& table, const std::string& column,
                           const std::string& by) {
    const auto change = [&](const char* sign) {
      return fmt::format(
          "UPDATE {0} SET {1} = {1} {2} {3} WHERE {1} IS NOT NULL AND ctid = (SELECT "
          "max(ctid) FROM {0} WHERE {1} IS NOT NULL)",
          table, column, sign, by);
    };
    expect_found(table, change("+"), change("-"));
  };
  changed("order_metrics", "total_revenue", "0.01");
  changed("order_metrics", "cash_orders", "1");
  changed("order_metrics_sliding", "total_revenue", "0.01");
  changed("order_metrics_sliding", "avg_order_value", "0.01");
  changed("order_status_history", "processing_time_seconds", "1");
  changed("order_status_sessions", "changes", "1");
  changed("order_status_sessions", "ended_at", "interval '1 microsecond'");
  changed("order_anomalies", "resolved_at", "interval '1 microsecond'");
}

TEST_F(AuditTest, AnAccountThatSaysMoreThanThereIsIsFound) {
  const std::string one =
      "WHERE (topic, partition) = (SELECT topic, partition FROM pipeline_accounts WHERE accepted > "
      "0 ORDER BY 1, 2 LIMIT 1)";
  expect_found(
      "accounts",
      "UPDATE pipeline_accounts SET accepted = accepted + 1, consumed = consumed + 1 " + one,
      "UPDATE pipeline_accounts SET accepted = accepted - 1, consumed = consumed - 1 " + one);
}

TEST_F(AuditTest, AccountsOlderThanTheirRetentionBecomeADayEachAndStillAddUp) {
  // Of five in the morning, forty days ago; and the pipeline has not looked for two hours.
  meddle(
      "UPDATE pipeline_accounts SET minute = date_trunc('day', minute AT TIME ZONE 'UTC') AT TIME "
      "ZONE 'UTC' - interval '40 days' + interval '5 hours' + (minute - date_trunc('hour', "
      "minute)); UPDATE pipeline_epochs SET applied_at = applied_at - interval '2 hours'");
  const std::string old =
      "FROM " + pipeline.schema() + ".pipeline_accounts WHERE minute < now() - interval '30 days'";
  const std::string sums =
      "SELECT concat_ws(' ', sum(consumed), sum(accepted), sum(duplicate), "
      "sum(ignored), sum(dead_lettered), min(first_offset)) " +
      old;
  const std::string minutes = "SELECT count(*) " + old +
                              " AND minute <> date_trunc('day', minute AT TIME ZONE 'UTC') AT "
                              "TIME ZONE 'UTC'";
  const std::string before = pipeline.ask(sums);
  const std::string unfolded = pipeline.ask(minutes);
  ASSERT_NE(unfolded, "0");

  Stream more;
  more.events = 100;
  more.first_order = 5'000'000;
  more.poison = 0;
  pipeline.generate(more);
  expect_exit(pipeline.run_to_end({{"LENSART_RETENTION_ACCOUNTS", "50d"}}), 0);
  EXPECT_EQ(pipeline.ask(minutes), unfolded) << "they are to be kept for longer";

  meddle("UPDATE pipeline_epochs SET applied_at = applied_at - interval '2 hours'");
  more.first_order = 6'000'000;
  more.seed = 2;
  pipeline.generate(more);
  expect_exit(pipeline.run_to_end(), 0);
  EXPECT_EQ(pipeline.ask(minutes), "0");
  EXPECT_EQ(pipeline.ask(sums), before);
  EXPECT_EQ(pipeline.ask("SELECT count(*) - count(DISTINCT (topic, partition)) " + old), "0");
  expect_exit(pipeline.verify(), 0);
}

TEST_F(AuditTest, TablesThatSomethingElseWroteAreHeldAgainstOurLog) {
  const std::string other = "other_" + pipeline.ask("SELECT md5(random()::text)");
  const auto verify = [&](const std::string& tables) {
    return pipeline.command({"verify", "--schema", other, "--tables", tables});
  };
  expect_exit(pipeline.command({"--set", "postgres.schema=" + other, "init"}), 0);
  expect_exit(verify("orders_raw,orders_processed,order_metrics"), 1);

  // What each table shares with its copy but for the surrogate key and the times of writing.
  const std::string raw =
      "event_id, event_type, order_id, user_id, branch_id, total_price, order_status, "
      "payment_status, payment_method, event_data, event_timestamp, kafka_topic, kafka_partition";
  pipeline.execute(fmt::format(
      "INSERT INTO {0}.orders_raw ({2}, kafka_offset) SELECT {2}, kafka_offset + 1 FROM "
      "{1}.orders_raw; INSERT INTO {0}.orders_processed OVERRIDING SYSTEM VALUE SELECT * FROM "
      "{1}.orders_processed; INSERT INTO {0}.order_metrics SELECT * FROM {1}.order_metrics",
      other, pipeline.schema(), raw));
  const Finished same = verify("orders_raw,orders_processed,order_metrics");
  expect_exit(same, 0);
  EXPECT_NE(same.stdout_text.find("events in schema"), std::string::npos) << same.stdout_text;

  pipeline.execute("UPDATE " + other +
                   ".orders_raw SET total_price = total_price + 0.01 WHERE "
                   "id = (SELECT min(id) FROM " +
                   other + ".orders_raw WHERE total_price > 0)");
  expect_exit(verify("orders_raw"), 1);
  expect_exit(verify("orders_processed"), 0);
  expect_exit(verify("accounts"), 64);
  pipeline.execute("DROP SCHEMA " + other + " CASCADE");
}

TEST_F(AuditTest, ASchemaWithoutTablesIsSaid) {
  const Finished finished =
      pipeline.command({"verify", "--schema", "no_such_schema", "--tables", "orders_processed"});
  EXPECT_NE(finished.status.code, 0);
  EXPECT_NE(finished.stderr_text.find("no_such_schema"), std::string::npos) << finished.stderr_text;
}

}  // namespace
}  // namespace lensart::integration
