// `lensart init --roles`: the writer can run the pipeline and nothing more, the reader can read and
// nothing more, and what a migrator makes later is theirs to use as well.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using testing::HasSubstr;

class RolesTest : public testing::Test {
 protected:
  void SetUp() override {
    expect_exit(init_roles(), 0);
    auto admin = need(Database::connect(pipeline.stack().admin_dsn));
    for (const char* kind : {"migrator", "writer", "reader"}) {
      need(admin.execute(
          fmt::format("CREATE ROLE {} LOGIN IN ROLE {}_{}", login(kind), prefix, kind)));
    }
  }
  void TearDown() override {
    auto admin = need(Database::connect(pipeline.stack().admin_dsn));
    for (const std::string role :
         {"login_migrator", "login_writer", "login_reader", "migrator", "writer", "reader"}) {
      const std::string name = prefix + "_" + role;
      need(admin.execute(fmt::format("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", name)));
    }
  }

  Finished init_roles() const {
    return pipeline.command({"init", "--roles", "--role-prefix", prefix},
                            {{"LENSART_POSTGRES_DSN", pipeline.stack().admin_dsn}});
  }
  std::string login(const std::string& kind) const { return prefix + "_login_" + kind; }
  std::string dsn(const std::string& kind) const {
    return pipeline.stack().dsn + " user=" + login(kind);
  }
  Environment as(const std::string& kind) const { return {{"LENSART_POSTGRES_DSN", dsn(kind)}}; }

  /// The server's words, empty where the statement was carried out.
  std::string refusal(const std::string& kind, const std::string& sql) const {
    auto database = need(Database::connect(dsn(kind)));
    need(database.execute("SET search_path = " + pipeline.schema()));
    const auto done = database.execute(sql);
    return done ? "" : done.error().message;
  }

  Pipeline pipeline;
  std::string prefix = fmt::format("lensart_t{}", ::getpid());
};

TEST_F(RolesTest, TheWriterRunsReplaysAndRebuildsAndTheReaderAuditsIt) {
  pipeline.set("LENSART_PIPELINE_JOBS",
               R"(["orders", "status", "metrics", "product_sales_hourly"])");
  pipeline.set("LENSART_SINK_LANES", "2");
  Stream stream;
  stream.events = 3'000;
  stream.poison = 0.1;
  stream.duplicates = 0.1;
  pipeline.generate(stream);
  expect_exit(pipeline.run_to_end(as("writer")), 0);
  stream.seed = 2;
  pipeline.generate(stream);  // of the same days: nearly all too late
  expect_exit(pipeline.run_to_end(as("writer")), 0);
  expect_exit(pipeline.command({"dlq", "replay", "--code", "too_late", "--yes"}, as("writer")), 0);
  expect_exit(pipeline.run_to_end(as("writer")), 0);
  auto admin = need(Database::connect(pipeline.stack().admin_dsn));
  EXPECT_NE(
      need(admin.query_one("SELECT count(*) FROM " + pipeline.schema() + ".pipeline_replays")),
      "0");
  expect_exit(pipeline.command({"verify"}, as("reader")), 0);
  expect_exit(pipeline.command({"rebuild"}, as("writer")), 0);
  expect_exit(pipeline.run_to_end(as("writer")), 0);
  expect_exit(pipeline.command({"verify"}, as("reader")), 0);
  const Finished doctor = pipeline.command({"doctor", "--lang", "en"}, as("writer"));
  EXPECT_THAT(doctor.stdout_text, HasSubstr("the user may do all that the pipeline does"));
}

TEST_F(RolesTest, TheWriterMakesNoTablesAndTheLogStaysAsItWasWritten) {
  for (const char* sql : {"CREATE TABLE mine (a int)", "ALTER TABLE orders_raw ADD COLUMN a int",
                          "DROP TABLE order_metrics", "CREATE INDEX ON orders_raw (user_id)",
                          "ALTER TABLE orders_raw DISABLE TRIGGER ALL",
                          "CREATE OR REPLACE VIEW v_recent_orders AS SELECT 1"}) {
    EXPECT_THAT(refusal("writer", sql), testing::ContainsRegex("permission denied|must be owner"))
        << sql;
  }
  for (const char* sql :
       {"DELETE FROM orders_raw", "UPDATE orders_raw SET total_price = 0", "TRUNCATE orders_raw",
        "UPDATE dead_letters SET payload = ''", "DELETE FROM pipeline_settings",
        "DELETE FROM schema_migrations", "UPDATE pipeline_replays SET too_late = false"}) {
    EXPECT_THAT(refusal("writer", sql), HasSubstr("permission denied")) << sql;
  }
  EXPECT_EQ(refusal("writer", "DELETE FROM order_metrics"), "")
      << "a derived table can be made anew";
}

TEST_F(RolesTest, TheReaderReadsEveryTableAndViewAndWritesNone) {
  auto database = pipeline.database();
  const auto relations = need(database.query_all(fmt::format(
      "SELECT relname, relkind FROM pg_class WHERE relnamespace = {}::regnamespace AND relkind IN "
      "('r', 'v')",
      support::quote_literal(pipeline.schema()))));
  ASSERT_GT(relations.size(), 15U);
  for (const auto& relation : relations) {
    const std::string name = *relation[0];
    EXPECT_EQ(refusal("reader", "SELECT * FROM " + name + " LIMIT 1"), "") << name;
    if (*relation[1] == "v") continue;
    for (const std::string& sql :
         {"DELETE FROM " + name, "TRUNCATE " + name, "INSERT INTO " + name + " DEFAULT VALUES"}) {
      EXPECT_THAT(refusal("reader", sql), HasSubstr("permission denied")) << sql;
    }
  }
  EXPECT_THAT(refusal("reader", "CREATE TABLE mine (a int)"), HasSubstr("permission denied"));
  expect_exit(pipeline.run_to_end(as("reader")), 1);
}

TEST_F(RolesTest, AMigratorBringsTheSchemaUpAndWhatItMakesIsForTheOthersToo) {
  expect_exit(pipeline.command({"init"}, as("migrator")), 0);
  EXPECT_EQ(
      refusal("migrator", fmt::format("SET ROLE {}_migrator; CREATE TABLE later (a int)", prefix)),
      "");
  EXPECT_EQ(refusal("reader", "SELECT * FROM later"), "");
  EXPECT_THAT(refusal("reader", "INSERT INTO later VALUES (1)"), HasSubstr("permission denied"));
  EXPECT_EQ(refusal("writer", "INSERT INTO later VALUES (1)"), "");
  // A migration that is still to come belongs to the migrators, whoever of them runs it.
  auto admin = need(Database::connect(pipeline.stack().admin_dsn));
  need(admin.execute(
      fmt::format("SET search_path = {}; DROP VIEW v_orders_waiting", pipeline.schema())));
  expect_exit(pipeline.command({"init"}, as("migrator")), 0);
  EXPECT_EQ(pipeline.ask(fmt::format("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = "
                                     "'{}.v_orders_waiting'::regclass",
                                     pipeline.schema())),
            prefix + "_migrator");
  EXPECT_EQ(refusal("reader", "SELECT * FROM v_orders_waiting"), "");
}

TEST_F(RolesTest, OnceMoreItPutsRightWhatWasChangedByHand) {
  auto admin = need(Database::connect(pipeline.stack().admin_dsn));
  need(admin.execute(
      fmt::format("SET search_path = {}; GRANT DELETE ON orders_raw TO {}_writer; REVOKE SELECT ON "
                  "order_metrics FROM {}_reader; REVOKE INSERT ON orders_raw FROM {}_writer",
                  pipeline.schema(), prefix, prefix, prefix)));
  const Finished lacking = pipeline.command({"doctor", "--lang", "en"}, as("writer"));
  expect_exit(lacking, 1);
  EXPECT_THAT(lacking.stdout_text, HasSubstr("the user lacks INSERT on orders_raw"));
  expect_exit(init_roles(), 0);
  EXPECT_THAT(refusal("writer", "DELETE FROM orders_raw"), HasSubstr("permission denied"));
  EXPECT_EQ(refusal("reader", "SELECT * FROM order_metrics"), "");
}

TEST_F(RolesTest, WhoMayNotMakeRolesIsToldWhoMay) {
  const Finished refused =
      pipeline.command({"init", "--roles", "--role-prefix", prefix + "_x"}, as("migrator"));
  expect_exit(refused, 78);
  EXPECT_THAT(refused.stderr_text, HasSubstr("CREATEROLE"));
  expect_exit(pipeline.command({"init", "--roles", "--role-prefix", "Big Letters"}), 64);
}

}  // namespace
}  // namespace lensart::integration
