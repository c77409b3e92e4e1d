#include "apps/export/flink_sql.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "apps/jobs/tables.hpp"
#include "tests/export/statements.hpp"

namespace lensart::app {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class FlinkSqlTest : public testing::Test {
 protected:
  FlinkSqlTest() {
    config.postgres.dsn = "host=db port=5432 dbname=shop user=lensart password=hunter2";
  }

  FlinkSqlExport exported(const std::string& schema = "flink") {
    FlinkSqlOptions options;
    options.schema = schema;
    options.version = "lensart 0";
    auto result = export_flink_sql(config, options);
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(*result) : FlinkSqlExport{};
  }

  static std::string text(const FlinkSqlExport& all, std::string_view name) {
    for (const ExportedFile& file : all.files) {
      if (file.name == name) return file.text;
    }
    ADD_FAILURE() << "no file " << name;
    return {};
  }

  /// The statements of all files that Flink reads.
  static std::vector<Statement> statements(const FlinkSqlExport& all) {
    std::vector<Statement> found;
    for (const ExportedFile& file : all.files) {
      if (!file.name.ends_with(".sql") || file.name == "postgres.sql") continue;
      for (Statement& one : read_statements(file.text)) found.push_back(std::move(one));
    }
    return found;
  }

  static Statement statement(const FlinkSqlExport& all, const std::string& start) {
    for (Statement& one : statements(all)) {
      if (one.text.starts_with(start)) return one;
    }
    ADD_FAILURE() << "no statement begins with " << start;
    return {};
  }

  static std::vector<std::string> literals(const FlinkSqlExport& all) {
    std::vector<std::string> found;
    for (const Statement& one : statements(all)) {
      found.insert(found.end(), one.literals.begin(), one.literals.end());
    }
    return found;
  }

  Config config;
};

TEST_F(FlinkSqlTest, EachFileIsStatementsThatAreClosed) {
  const FlinkSqlExport all = exported();
  for (const Statement& one : statements(all)) {
    EXPECT_TRUE(one.text.starts_with("SET '") || one.text.starts_with("CREATE TABLE ") ||
                one.text.starts_with("CREATE VIEW ") ||
                one.text.starts_with("EXECUTE STATEMENT SET\nBEGIN\n"))
        << one.text;
    EXPECT_THAT(one.text, Not(HasSubstr("{{")));
  }
  EXPECT_TRUE(statements(all).back().text.starts_with("EXECUTE"));
}

TEST_F(FlinkSqlTest, EveryTableAndColumnOfTheRegistryIsThere) {
  const FlinkSqlExport all = exported();
  EXPECT_THAT(all.tables,
              ElementsAre("orders_raw", "orders_processed", "order_items_analytics",
                          "order_status_history", "order_metrics", "order_metrics_sliding"));
  const std::string insert = statement(all, "EXECUTE").text;
  for (const std::string& name : all.tables) {
    const storage::TableSpec* table = jobs::tables().find(name);
    ASSERT_NE(table, nullptr) << name;
    const std::string sink = statement(all, fmt::format("CREATE TABLE {} (", name)).text;
    const std::string view = statement(all, fmt::format("CREATE VIEW {}_rows AS", name)).text;
    EXPECT_THAT(insert, HasSubstr(fmt::format("INSERT INTO {} (", name)));
    for (const storage::ColumnSpec& column : table->columns) {
      EXPECT_THAT(sink, HasSubstr(fmt::format("\n  {} ", column.name))) << name;
      EXPECT_THAT(view, HasSubstr(std::string(column.name))) << name;
      EXPECT_THAT(insert, HasSubstr(std::string(column.name))) << name;
    }
  }
}

TEST_F(FlinkSqlTest, NoFileHoldsAPassword) {
  config.kafka.properties = {{"security.protocol", "sasl_ssl"},
                             {"sasl.mechanism", "SCRAM-SHA-512"},
                             {"sasl.username", "shop \"x\""},
                             {"sasl.password", "hunter2"},
                             {"ssl.key.password", "hunter2"}};
  const FlinkSqlExport all = exported();
  for (const ExportedFile& file : all.files) {
    EXPECT_THAT(file.text, Not(HasSubstr("hunter2"))) << file.name;
  }
  for (const std::string& warning : all.warnings) EXPECT_THAT(warning, Not(HasSubstr("hunter2")));
  EXPECT_THAT(all.warnings, Contains(HasSubstr("ssl.key.password is not carried over")));
  const Statement source = statement(all, "CREATE TABLE kafka_events");
  EXPECT_THAT(source.literals,
              AllOf(Contains("SASL_SSL"),
                    Contains("org.apache.kafka.common.security.scram.ScramLoginModule required "
                             "username=\"shop \\\"x\\\"\" password=\"${FLINK_KAFKA_PASSWORD}\";")));
  EXPECT_THAT(statement(all, "CREATE TABLE orders_raw").literals,
              Contains("${FLINK_POSTGRES_PASSWORD}"));
}

TEST_F(FlinkSqlTest, TheConfigurationIsMapped) {
  config.kafka.brokers = "k1:9092,k2:9092";
  config.kafka.group = "shop";
  config.kafka.topics.order_created = "shop.created";
  config.pipeline.time_zone = "Europe/Berlin";
  config.pipeline.session_gap = std::chrono::minutes(7);
  config.validation.allow_zero_total = true;
  const FlinkSqlExport all = exported();
  EXPECT_THAT(
      statement(all, "CREATE TABLE kafka_events").literals,
      AllOf(
          Contains("k1:9092,k2:9092"), Contains("shop-flink"),
          Contains("shop.created;order-updated;order-cancelled;order-events;order-events-replay")));
  EXPECT_THAT(literals(all), Contains("Europe/Berlin"));
  EXPECT_THAT(text(all, "3-views.sql"), AllOf(HasSubstr("micros - before_micros > 420000000"),
                                              HasSubstr("total_price >= 0")));
  EXPECT_EQ(statement(all, "CREATE TABLE orders_raw").text,
            "CREATE TABLE orders_raw (\n"
            "  event_id STRING,\n  event_type STRING,\n  order_id BIGINT,\n  user_id BIGINT,\n"
            "  branch_id BIGINT,\n  total_price DECIMAL(15, 2),\n  order_status STRING,\n"
            "  payment_status STRING,\n  payment_method STRING,\n  event_data STRING,\n"
            "  event_timestamp STRING,\n  kafka_topic STRING,\n  kafka_partition BIGINT,\n"
            "  kafka_offset BIGINT,\n  too_late BOOLEAN,\n  PRIMARY KEY (event_id) NOT ENFORCED\n"
            ") WITH (\n  'connector' = 'jdbc',\n"
            "  'url' = 'jdbc:postgresql://db:5432/shop?stringtype=unspecified"
            "&reWriteBatchedInserts=true&ApplicationName=lensart-flink-sql',\n"
            "  'table-name' = '\"flink\".orders_raw',\n  'username' = 'lensart',\n"
            "  'password' = '${FLINK_POSTGRES_PASSWORD}',\n"
            "  'sink.buffer-flush.max-rows' = '5000',\n  'sink.buffer-flush.interval' = '1 s',\n"
            "  'sink.max-retries' = '5'\n)");
}

TEST_F(FlinkSqlTest, MapsRanksAndTerminalStatusesBecomeCases) {
  config.pipeline.status_map = {{"neu", "pending"}, {"weg", "completed"}};
  config.pipeline.status_ranks = {"neu", "weg"};
  config.pipeline.terminal_statuses = {"weg"};
  config.pipeline.payment_map = {{"bar", "cash"}};
  const std::string views = text(exported(), "3-views.sql");
  EXPECT_THAT(
      views,
      AllOf(
          HasSubstr("CASE order_status WHEN 'neu' THEN 'pending' WHEN 'weg' THEN 'completed' END"),
          HasSubstr("CASE counted_method WHEN 'bar' THEN 'cash' END"),
          HasSubstr("CASE c.new_status WHEN 'neu' THEN 1 WHEN 'weg' THEN 2 END"),
          HasSubstr("c.from_status IN ('weg')")));
}

TEST_F(FlinkSqlTest, EmptyListsAreStillSql) {
  config.pipeline.status_map.clear();
  config.pipeline.payment_map.clear();
  config.pipeline.status_ranks.clear();
  config.pipeline.terminal_statuses.clear();
  const std::string views = text(exported(), "3-views.sql");
  EXPECT_THAT(views, AllOf(Not(HasSubstr("IN ()")), Not(HasSubstr("CASE order_status END"))));
}

TEST_F(FlinkSqlTest, HostileValuesStayValues) {
  const std::string evil = "a'; DROP TABLE x; -- {{once}} ${LENSART}";
  config.pipeline.name = evil;
  config.pipeline.status_map = {{evil, "pending"}};
  config.pipeline.status_ranks = {evil};
  config.kafka.group = evil;
  const FlinkSqlExport all = exported("o\"dd'; schema");
  EXPECT_THAT(literals(all),
              AllOf(Contains(evil), Contains(evil + " on Flink SQL"), Contains(evil + "-flink"),
                    Contains("\"o\"\"dd'; schema\".orders_raw")));
  EXPECT_EQ(statements(all).size(), statements(exported()).size());
  EXPECT_THAT(text(all, "postgres.sql"),
              AllOf(HasSubstr("ALTER TABLE \"o\"\"dd'; schema\".order_items_analytics"),
                    HasSubstr("'\"o\"\"dd''; schema\"'::regnamespace")));
  EXPECT_THAT(text(all, "README.md"), HasSubstr("postgres.schema='o\"dd'\\''; schema' init"));
}

TEST_F(FlinkSqlTest, ALineBreakInANameDoesNotEndAComment) {
  const std::string schema = "a\nDROP TABLE x";
  for (const ExportedFile& file : exported(schema).files) {
    if (!file.name.ends_with(".sql")) continue;
    for (auto at = file.text.find(schema); at != std::string::npos;
         at = file.text.find(schema, at + 1)) {
      EXPECT_EQ(file.text[at - 1], '"') << file.name << ": " << file.text.substr(at - 20, 60);
    }
  }
}

TEST_F(FlinkSqlTest, OnlyTheTablesOfJobsThatRunAreExported) {
  config.pipeline.jobs = {"orders"};
  const FlinkSqlExport all = exported();
  EXPECT_THAT(all.tables, ElementsAre("orders_raw", "orders_processed", "order_items_analytics"));
  EXPECT_THAT(text(all, "3-views.sql"), Not(HasSubstr("order_metrics")));
  EXPECT_THAT(text(all, "5-insert.sql"), Not(HasSubstr("order_status_history")));
}

TEST_F(FlinkSqlTest, WhatIsLostIsSaidInTheReadmeToo) {
  config.pipeline.jobs.emplace_back("product_sales_hourly");
  const FlinkSqlExport all = exported();
  EXPECT_THAT(all.warnings, AllOf(Contains(HasSubstr("pipeline.allowed_lateness = \"1h\"")),
                                  Contains(HasSubstr("pipeline.state_ttl = \"400d\"")),
                                  Contains(HasSubstr("retention.sliding")),
                                  Contains(HasSubstr("pipeline.stuck_after = \"24h\"")),
                                  Contains(HasSubstr("product_sales_hourly"))));
  for (const std::string& warning : all.warnings) {
    EXPECT_THAT(text(all, "README.md"), HasSubstr("* " + warning + "\n"));
  }
  config.pipeline.allowed_lateness.reset();
  EXPECT_THAT(exported().warnings, Not(Contains(HasSubstr("allowed_lateness ="))));
}

TEST_F(FlinkSqlTest, ThePipelinesOwnSchemaIsRefused) {
  FlinkSqlOptions options;
  options.schema = "public";
  const auto refused = export_flink_sql(config, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kBadUsage);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("--schema \"public\""), HasSubstr("name another")));
  options.schema = "pg_x";
  EXPECT_FALSE(export_flink_sql(config, options));
}

}  // namespace
}  // namespace lensart::app
