// The clients against a real broker and a real database: what is written can be read back as it
// was.

#include "tests/support/stack.hpp"

#include <gtest/gtest.h>

#include "tests/corpus/corpus.hpp"
#include "tests/model/json.hpp"
#include "tests/model/text.hpp"
#include "tests/support/kafka_log.hpp"
#include "tests/support/postgres_tables.hpp"

namespace lensart::support {
namespace {

using model::TopicKind;

template <class T>
std::string why(const Result<T>& result) {
  return result ? "" : result.error().message;
}

class StackTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto stack = Stack::from_environment();
    ASSERT_TRUE(stack) << why(stack);
    auto workspace = Workspace::create(*stack);
    ASSERT_TRUE(workspace) << why(workspace);
    workspace_.emplace(std::move(*workspace));
  }

  void create_topics() {
    const auto created = workspace_->create_topics();
    ASSERT_TRUE(created) << why(created);
  }

  const std::string& brokers() const { return workspace_->stack().brokers; }
  const std::string& topic() const { return workspace_->topic(TopicKind::kOrderCreated); }

  Database connect() {
    auto database = Database::connect(workspace_->stack().dsn);
    EXPECT_TRUE(database) << why(database);
    return std::move(*database);
  }

  std::optional<Workspace> workspace_;
};

TEST_F(StackTest, ALogReadsBackAsItWasWritten) {
  create_topics();
  auto writer = LogWriter::open(brokers());
  ASSERT_TRUE(writer) << why(writer);
  const std::vector<std::pair<std::int32_t, std::optional<std::string>>> sent = {
      {0, "first"}, {0, std::nullopt}, {0, ""}, {2, std::string("\x00\xFF{", 3)}, {0, "last"}};
  std::vector<Delivery> deliveries;
  for (const auto& [partition, payload] : sent) {
    const auto queued = writer->send(topic(), partition, payload, [&](const Delivery& delivery) {
      deliveries.push_back(delivery);
    });
    ASSERT_TRUE(queued) << why(queued);
  }
  const auto flushed = writer->flush();
  ASSERT_TRUE(flushed) << why(flushed);
  EXPECT_EQ(deliveries.size(), sent.size());

  const auto records = read_topic(brokers(), topic());
  ASSERT_TRUE(records) << why(records);
  ASSERT_EQ(records->size(), sent.size());
  EXPECT_EQ(records->at(0).payload, "first");
  EXPECT_EQ(records->at(1).payload, std::nullopt);
  EXPECT_EQ(records->at(2).payload, "");
  EXPECT_EQ(records->at(3).payload, "last");
  EXPECT_EQ(records->at(3).offset, 3);
  EXPECT_EQ(records->at(4).payload, sent[3].second);
  EXPECT_EQ(records->at(4).partition, 2);
  EXPECT_TRUE(records->at(0).appended);
}

TEST_F(StackTest, OffsetsFollowWhatIsWrittenAndDeleted) {
  create_topics();
  auto writer = LogWriter::open(brokers());
  ASSERT_TRUE(writer) << why(writer);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(writer->send(topic(), 1, "x"));
  ASSERT_TRUE(writer->flush());
  ASSERT_TRUE(delete_records(brokers(), topic(), 1, 4));
  const auto ranges = offset_ranges(brokers(), topic());
  ASSERT_TRUE(ranges) << why(ranges);
  EXPECT_EQ(ranges->at(0).size(), 0);
  EXPECT_EQ(ranges->at(1).begin, 4);
  EXPECT_EQ(ranges->at(1).end, 10);
  EXPECT_EQ(read_topic(brokers(), topic())->size(), 6U);
}

TEST_F(StackTest, AWorkspaceLeavesNothingBehind) {
  create_topics();
  auto database = connect();
  ASSERT_TRUE(database.execute("CREATE SCHEMA " + quote_identifier(workspace_->schema())));
  const std::string schema = workspace_->schema();
  const std::string gone = topic();
  const auto directory = workspace_->directory();
  const Stack stack = workspace_->stack();
  workspace_.reset();
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_EQ(*database.query_one("SELECT count(*) FROM pg_namespace WHERE nspname = " +
                                quote_literal(schema)),
            "0");
  EXPECT_FALSE(offset_ranges(stack.brokers, gone));
}

TEST_F(StackTest, TablesAreReadAsTheModelPrintsThemAndThoseThatAreNotThereAreEmpty) {
  auto database = connect();
  const std::string& schema = workspace_->schema();
  const auto made = database.execute(
      "CREATE SCHEMA " + quote_identifier(schema) +
      "; SET search_path = " + quote_identifier(schema) +
      "; CREATE TABLE pipeline_epochs (pipeline text, watermark timestamptz, timer_clock "
      "timestamptz); INSERT INTO pipeline_epochs VALUES ('a', NULL, "
      "'2026-11-20T10:30:00.000001+07'), ('a', NULL, '2026-11-20T10:30:00.000001+07')"
      "; CREATE TABLE order_anomalies (id bigint, order_id bigint, kind text, status text, since "
      "timestamptz, resolved_at timestamptz); INSERT INTO order_anomalies VALUES (1, 7, 'stuck', "
      "'', '2026-11-20T10:30:00+07', NULL)"
      "; CREATE TABLE product_sales_hourly (sale_date date, sale_hour bigint, product_id bigint, "
      "orders bigint, quantity bigint, revenue numeric(20,2)); INSERT INTO product_sales_hourly "
      "VALUES ('2026-11-20', 0, 1, 2, 3, 99999999999999900)");
  ASSERT_TRUE(made) << why(made);
  const auto clocks = read_clocks(database, schema, "a");
  ASSERT_TRUE(clocks) << why(clocks);
  EXPECT_EQ(clocks->watermark, std::nullopt);
  EXPECT_EQ(model::print_instant(clocks->timer_clock.value()), "2026-11-20T03:30:00.000001Z");
  const auto none = read_clocks(database, schema, "b");
  ASSERT_TRUE(none) << why(none);
  EXPECT_EQ(none->timer_clock, std::nullopt);

  const auto tables = read_tables(database, schema, "a");
  ASSERT_TRUE(tables) << why(tables);
  EXPECT_EQ(tables->size(), model::all_shapes().size());
  EXPECT_TRUE(table_named(*tables, "orders_raw").rows().empty());
  const auto& anomalies = table_named(*tables, "order_anomalies");
  EXPECT_EQ(anomalies.at("7|stuck||2026-11-20T03:30:00.000000Z", "resolved_at"), std::nullopt);
  const auto& sales = table_named(*tables, "product_sales_hourly");
  EXPECT_EQ(sales.at("2026-11-20|0|1", "revenue"), "99999999999999900.00");
}

TEST_F(StackTest, PostgresTakesEveryPayloadThatIsAcceptedAsTheSameJson) {
  auto database = connect();
  ASSERT_TRUE(database.execute("CREATE TEMPORARY TABLE kept (number int, event_data jsonb)"));
  const Instant now = SystemClock().wall();
  const model::Settings settings;
  std::vector<std::string> expected;
  for (const corpus::Case& one : corpus::all_cases(now)) {
    if (one.outcome != "accepted") continue;
    const auto inserted =
        database.execute("INSERT INTO kept VALUES (" + std::to_string(expected.size()) + ", " +
                         quote_literal(*one.payload) + "::jsonb)");
    EXPECT_TRUE(inserted) << one.name << ": " << why(inserted).substr(0, 500);
    expected.push_back(model::judge(one.topic, *one.payload, now, settings).canonical_payload);
  }
  const auto rows = database.query_all("SELECT event_data::text FROM kept ORDER BY number");
  ASSERT_TRUE(rows) << why(rows);
  ASSERT_EQ(rows->size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto value = model::parse_json(rows->at(i).at(0).value());
    ASSERT_TRUE(value) << rows->at(i).at(0)->substr(0, 500);
    EXPECT_EQ(model::canonical_json(*value), expected[i]);
  }
}

TEST_F(StackTest, PostgresAndTheModelAgreeOnInstants) {
  auto database = connect();
  ASSERT_TRUE(database.execute("SET TimeZone = 'UTC'"));
  for (const char* name : {"Asia/Ho_Chi_Minh", "Europe/Berlin", "America/St_Johns",
                           "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago"}) {
    const model::Zone zone(name);
    // Every half an hour of the days on which some zone changes its clock, near and far.
    for (const char* day : {"2000-03-26", "2024-03-31", "2024-10-27", "2024-04-07", "2024-10-06",
                            "2024-03-10", "2024-11-03", "2024-09-08", "2061-03-27", "2061-10-30",
                            "2099-04-05", "2099-10-04", "2100-03-14", "2100-11-07", "2026-02-15"}) {
      const auto rows = database.query_all(
          "SELECT to_char(local, 'YYYY-MM-DD HH24:MI:SS'), to_char(local AT TIME ZONE " +
          quote_literal(name) + R"(, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM generate_series(')" +
          day + " 00:00:00'::timestamp, '" + day + " 23:30:00', '30 minutes') AS local");
      ASSERT_TRUE(rows) << why(rows);
      for (const auto& row : *rows) {
        EXPECT_EQ(model::print_instant(*model::parse_instant(*row.at(0), zone)), *row.at(1))
            << name << " " << *row.at(0);
      }
    }
  }
}

TEST_F(StackTest, AStoppedServiceComesBackAtTheSameAddress) {
  const Stack& stack = workspace_->stack();
  ASSERT_FALSE(stack.directory.empty());
  auto stopped = stack.stop(Service::kPostgres);
  ASSERT_TRUE(stopped) << why(stopped);
  EXPECT_FALSE(Database::connect(stack.dsn));
  auto started = stack.start(Service::kPostgres);
  ASSERT_TRUE(started) << why(started);
  EXPECT_TRUE(Database::connect(stack.dsn));
}

}  // namespace
}  // namespace lensart::support
