// The first load: orders older than anything Kafka holds, through the program.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "apps/orders/replay_envelope.hpp"
#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using testing::HasSubstr;

constexpr int kOrders = 400;
/// Orders whose status changes are in Kafka, but whose snapshots are not.
constexpr int kWaiting = 3;

/// Placed long before anything else here: hour after hour from 2022 on.
std::string order(int id) {
  return fmt::format(
      R"({{"id":{},"branch_id":{},"user_id":7,"user_name":"An","total_price":"1000.50",)"
      R"("order_status":"Đã giao","payment_status":"paid","payment_method":"COD",)"
      R"("created_at":"2022-03-{:02} {:02}:30:00+07:00","order_details":)"
      R"([{{"product_id":1,"product_name":"Lens","quantity":2,"total_price":"1000.50"}}]}})",
      id, 1 + id % 3, 1 + id / 24 % 28, id % 24);
}

std::string snapshot_event(const std::string& id, int order_id, const std::string& timestamp) {
  return fmt::format(
      R"({{"event_type":"order.created","event_id":"{}","timestamp":"{}","data":{{"id":{},)"
      R"("branch_id":1,"total_price":"5.00","order_status":"Đã giao","payment_status":"paid"}}}})",
      id, timestamp, order_id);
}

class ImportCommandTest : public testing::Test {
 protected:
  /// A pipeline whose watermark is at its day: 2025, three years after the orders to come.
  void live_through_2025() {
    for (int partition = 0; partition < 3; ++partition) {
      pipeline_.send(model::TopicKind::kOrderCreated, partition,
                     snapshot_event(fmt::format("live-{}", partition), 100'000 + partition,
                                    "2025-06-01T10:00:00Z"));
    }
    for (int id = 1; id <= kWaiting; ++id) {
      pipeline_.send(model::TopicKind::kOrderEvents, 0,
                     fmt::format(R"({{"event_type":"order.status_changed","event_id":"change-{0}",)"
                                 R"("timestamp":"2025-06-01T09:00:00Z","data":{{"order_id":{0},)"
                                 R"("old_status":"Đang giao hàng","new_status":"Đã giao"}}}})",
                                 id));
    }
    expect_exit(pipeline_.run_to_end(), 0);
  }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = pipeline_.workspace().directory() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  std::string orders_file(int first, int last) const {
    std::string lines;
    for (int id = first; id <= last; ++id) lines += order(id) + "\n";
    return write("orders.jsonl", lines);
  }

  std::string ask(const std::string& what) const {
    std::string sql = what;  // "count(*) FROM @table": @ is the schema
    for (auto at = sql.find('@'); at != std::string::npos; at = sql.find('@', at)) {
      sql.replace(at, 1, pipeline_.schema() + ".");
    }
    return pipeline_.ask("SELECT " + sql);
  }

  /// accepted/duplicate/ignored/dead-lettered of the replay topic.
  std::string replay_account() const {
    return ask(
        "sum(accepted) || '/' || sum(duplicate) || '/' || sum(ignored) || '/' || "
        "sum(dead_lettered) FROM @pipeline_accounts WHERE topic = '" +
        pipeline_.workspace().replay_topic() + "'");
  }

  std::string watermark() const { return ask("max(watermark) FROM @pipeline_epochs"); }

  std::string fingerprint() const {
    std::string all;
    for (const char* table : {"orders_raw", "orders_processed", "order_items_analytics",
                              "order_status_history", "order_metrics", "dead_letters"}) {
      all += ask(fmt::format("count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY "
                             "md5(t::text))), '') FROM @{} t",
                             table)) +
             "\n";
    }
    return all;
  }

  std::int64_t in_replay_topic() const {
    std::int64_t records = 0;
    for (const auto& [partition, range] : need(support::offset_ranges(
             pipeline_.stack().brokers, pipeline_.workspace().replay_topic()))) {
      records += range.size();
    }
    return records;
  }

  Pipeline pipeline_;
};

TEST_F(ImportCommandTest, OrdersFromBeforeTheWatermarkCountWhereTheyWerePlaced) {
  live_through_2025();
  EXPECT_EQ(ask("count(*) FROM @v_orders_waiting"), std::to_string(kWaiting));
  const std::string before = watermark();
  const Finished imported = pipeline_.command({"import", orders_file(1, kOrders)});
  expect_exit(imported, 0);
  EXPECT_THAT(imported.stdout_text, HasSubstr(fmt::format("{} sent to", kOrders)));
  expect_exit(pipeline_.run_to_end(), 0);

  EXPECT_EQ(replay_account(), fmt::format("{}/0/0/0", kOrders));
  EXPECT_EQ(watermark(), before);
  EXPECT_EQ(ask("count(*) FROM @orders_raw WHERE too_late"), "0");
  EXPECT_EQ(ask("count(*) FROM @dead_letters"), "0");
  EXPECT_EQ(ask("count(*) FROM @orders_raw WHERE event_id = 'import-' || order_id"),
            std::to_string(kOrders));
  // What waited is seen, and knows how long the order took.
  EXPECT_EQ(ask("count(*) FROM @v_orders_waiting"), "0");
  EXPECT_EQ(ask("count(*) FROM @order_status_history WHERE processing_time_seconds > 86400"),
            std::to_string(kWaiting));
  EXPECT_EQ(ask("sum(total_orders) || ' ' || sum(total_revenue) || ' ' || sum(completed_orders) || "
                "' ' || sum(cash_orders) FROM @order_metrics WHERE metric_date < '2023-01-01'"),
            fmt::format("{0} {1}.00 {0} {0}", kOrders, kOrders * 2001 / 2));
  EXPECT_EQ(ask("total_orders FROM @order_metrics WHERE metric_date = '2022-03-02' AND "
                "metric_hour = 5 AND branch_id = 3"),
            "1");  // order 29
  expect_exit(pipeline_.verify(), 0);

  // The same by the ordinary way would have been too late.
  pipeline_.send(model::TopicKind::kOrderCreated, 0,
                 snapshot_event("late", 200'000, "2022-03-01T10:00:00Z"));
  expect_exit(pipeline_.run_to_end(), 0);
  EXPECT_EQ(ask("string_agg(event_id, ' ') FROM @orders_raw WHERE too_late"), "late");
}

TEST_F(ImportCommandTest, ImportedAgainEveryOrderIsADuplicateAndNothingChanges) {
  live_through_2025();
  const std::string file = orders_file(1, kOrders);
  expect_exit(pipeline_.command({"import", file}), 0);
  expect_exit(pipeline_.run_to_end(), 0);
  const std::string before = fingerprint();
  expect_exit(pipeline_.command({"import", file}), 0);
  expect_exit(pipeline_.command({"import", orders_file(1, kOrders / 2)}), 0);
  expect_exit(pipeline_.run_to_end(), 0);
  EXPECT_EQ(fingerprint(), before);
  EXPECT_EQ(replay_account(), fmt::format("{}/{}/0/0", kOrders, kOrders + kOrders / 2));
  expect_exit(pipeline_.verify(), 0);
}

TEST_F(ImportCommandTest, AMessageWithoutEnvelopeIsADeadLetterAndItsNeighboursAreWell) {
  live_through_2025();
  expect_exit(pipeline_.command({"import", orders_file(1, 2)}), 0);
  const std::string& topic = pipeline_.workspace().replay_topic();
  auto writer = need(support::LogWriter::open(pipeline_.stack().brokers));
  const std::string raw = snapshot_event("raw", 9, "2025-06-01T10:00:00Z");
  need(writer.send(topic, 0, raw));
  need(writer.send(topic, 0, std::nullopt));
  need(writer.send(topic, 0, orders::replay_header(orders::Topic::kOrderCreated) + "{\"id\":"));
  need(writer.flush());
  expect_exit(pipeline_.command({"import", orders_file(3, 4)}), 0);
  expect_exit(pipeline_.run_to_end(), 0);
  EXPECT_EQ(replay_account(), "4/0/0/3");
  EXPECT_EQ(ask("string_agg(code || ' ' || \"offset\" || ' ' || (payload IS NULL), ', ' ORDER BY "
                "\"offset\") FROM @dead_letters WHERE topic = '" +
                topic + "'"),
            "bad_json 2 false, bad_json 3 true, bad_json 4 false");
  EXPECT_EQ(ask("count(*) FROM @orders_processed WHERE order_id IN (1, 2, 3, 4)"), "4");
  EXPECT_EQ(ask("count(*) FROM @orders_processed WHERE order_id = 9"), "0");
  EXPECT_EQ(pipeline_.letters_amiss(), std::vector<std::string>{});
  expect_exit(pipeline_.verify(), 0);
}

TEST_F(ImportCommandTest, ARunningPipelineAppliesWhatIsImported) {
  Process process = pipeline_.start({"run"});
  ASSERT_TRUE(pipeline_.wait_ready(process)) << process.stderr_text();
  expect_exit(pipeline_.command({"import", orders_file(1, 50)}), 0);
  EXPECT_TRUE(wait_until([&] { return ask("count(*) FROM @orders_processed") == "50"; }))
      << process.stderr_text();
  process.send_signal(SIGTERM);
  ASSERT_TRUE(process.wait(std::chrono::seconds(20)));
  expect_exit(pipeline_.verify(), 0);
}

TEST_F(ImportCommandTest, OneBadRowKeepsAllBackUnlessItMayBeSkipped) {
  const std::string file =
      write("mixed.jsonl", order(1) + "\n{\"id\":0}\n" + order(2) + "\n" + order(2) + "\n");
  const Finished refused = pipeline_.command({"import", file});
  expect_exit(refused, 1);
  EXPECT_THAT(refused.stderr_text, HasSubstr("line 2: id is 0:"));
  EXPECT_THAT(refused.stderr_text, HasSubstr("line 4: id 2 stood in an earlier row"));
  expect_exit(pipeline_.command({"import", file, "--dry-run", "--skip-invalid"}), 0);
  EXPECT_EQ(in_replay_topic(), 0);
  const Finished sent = pipeline_.command({"import", file, "--skip-invalid", "--json"});
  expect_exit(sent, 0);
  EXPECT_THAT(sent.stdout_text,
              HasSubstr("\"rows\": 4, \"orders\": 2, \"invalid\": 2, \"sent\": 2"));
  EXPECT_EQ(in_replay_topic(), 2);
}

TEST_F(ImportCommandTest, WithoutABrokerItEndsWith69AndWithoutItsTopicWith78) {
  const std::string file = orders_file(1, 1);
  expect_exit(pipeline_.command({"import", file, "--set", "kafka.brokers=127.0.0.1:1"}), 69);
  expect_exit(pipeline_.command({"import", file, "--set", "kafka.replay_topic=no-such-topic"}), 78);
  expect_exit(pipeline_.command({"import", "no-such-file.csv"}), 64);
  expect_exit(pipeline_.command({"import", "-"}), 64);
}

}  // namespace
}  // namespace lensart::integration
