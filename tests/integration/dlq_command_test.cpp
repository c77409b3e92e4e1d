// Dead letters through the program: found, shown whatever they hold, edited, replayed; and however
// often that is done, each counts once.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "apps/orders/replay_envelope.hpp"
#include "graph/clock.hpp"
#include "tests/integration/scenario.hpp"
#include "tests/model/instant.hpp"

namespace lensart::integration {
namespace {

using Json = nlohmann::json;
using model::TopicKind;
using testing::HasSubstr;
using testing::Not;

std::string created(const std::string& id, int order_id, const std::string& total,
                    const std::string& timestamp = "2025-06-01T10:00:00Z") {
  return fmt::format(R"({{"event_type":"order.created","event_id":"{}","timestamp":"{}",)"
                     R"("data":{{"id":{},"branch_id":1,"total_price":"{}",)"
                     R"("order_status":"Đã giao","payment_status":"paid","unread":0.10}}}})",
                     id, timestamp, order_id, total);
}

class DlqCommandTest : public testing::Test {
 protected:
  void run() { expect_exit(pipeline_.run_to_end(), 0); }
  void send(const std::optional<std::string>& payload, int partition = 0,
            TopicKind kind = TopicKind::kOrderCreated) {
    pipeline_.send(kind, partition, payload);
  }
  /// What is not the program's own doing: a message of the replay topic.
  void send_replay(const std::string& payload, int partition, std::int64_t offset) {
    auto writer = need(support::LogWriter::open(pipeline_.stack().brokers));
    need(writer.send(
        pipeline_.workspace().replay_topic(), 0,
        orders::replay_header(orders::Topic::kOrderCreated,
                              orders::OriginalRecord{topic(), partition, offset, false}) +
            payload));
    need(writer.flush());
  }
  Finished dlq(Arguments arguments, int code = 0) {
    arguments.insert(arguments.begin(), "dlq");
    const Finished done = pipeline_.command(std::move(arguments));
    expect_exit(done, code);
    return done;
  }
  Json dlq_json(Arguments arguments, int code = 0) {
    arguments.emplace_back("--json");
    return Json::parse(dlq(std::move(arguments), code).stdout_text);
  }
  /// The verdicts, in their order.
  std::string replayed(Arguments arguments, int code = 0) {
    arguments.insert(arguments.begin(), "replay");
    const Json answer = dlq_json(std::move(arguments), code);
    std::string verdicts;
    for (const Json& result : answer["results"]) {
      verdicts += (verdicts.empty() ? "" : " ") + result["verdict"].get<std::string>();
    }
    return verdicts;
  }

  std::string topic(TopicKind kind = TopicKind::kOrderCreated) const {
    return pipeline_.topic(kind);
  }
  std::string place(int partition, std::int64_t offset) const {
    return fmt::format("{}/{}/{}", topic(), partition, offset);
  }
  std::string patch(const std::string& operations) const {
    const auto path = pipeline_.workspace().directory() / "patch.json";
    std::ofstream(path, std::ios::binary) << operations;
    return path.string();
  }
  std::string replace(const std::string& path, const std::string& value) const {
    return patch(fmt::format(R"([{{"op":"replace","path":"{}","value":{}}}])", path, value));
  }
  std::string ask(std::string sql) const {  // "count(*) FROM @table": @ is the schema
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
  std::string letters() const {
    return ask("count(*) || ' ' || count(replayed_at) FROM @dead_letters");
  }
  std::int64_t in_replay_topic() const {
    return pipeline_.records_in(pipeline_.workspace().replay_topic());
  }

  Pipeline pipeline_;
};

TEST_F(DlqCommandTest, APoisonLetterEditedAndReplayedIsAcceptedOnce) {
  send(created("good", 1, "5.00"));
  send(created("poison", 2, "1.234"));
  send(created("poison too", 3, "-1"));
  run();
  const std::string edit = replace("/data/total_price", R"("1.23")");
  EXPECT_EQ(replayed({place(0, 1), "--dry-run"}, 1), "would_be_refused");
  EXPECT_EQ(replayed({place(0, 1), "--dry-run", "--edit", edit}), "would_be_accepted");
  EXPECT_EQ(in_replay_topic(), 0);
  EXPECT_EQ(letters(), "2 0");

  EXPECT_EQ(replayed({place(0, 1), place(0, 2), "--yes"}, 1), "refused refused");
  EXPECT_EQ(in_replay_topic(), 0) << "what breaks a rule still is not sent";
  EXPECT_EQ(replayed({place(0, 1), "--yes", "--edit", edit}), "sent");
  EXPECT_EQ(replayed({place(0, 1), "--yes", "--edit", edit}), "sent") << "nobody has read it yet";
  run();
  EXPECT_EQ(ask("total_price FROM @orders_processed WHERE order_id = 2"), "1.23");
  EXPECT_EQ(ask("kafka_topic || '/' || kafka_partition || '/' || kafka_offset || ' ' || "
                "(event_data #>> '{data,unread}') FROM @orders_raw WHERE event_id = 'poison'"),
            place(0, 1) + " 0.10");
  EXPECT_EQ(letters(), "2 1");
  EXPECT_EQ(replay_account(), "1/1/0/0");
  EXPECT_EQ(replayed({place(0, 1), "--yes", "--edit", edit}), "already_accepted");
  EXPECT_THAT(dlq({"show", place(0, 1)}).stdout_text, HasSubstr("event poison is accepted since"));

  // Whatever else somebody makes of the letter: it has become an event, and becomes no other.
  send_replay(created("another", 7, "9.00"), 0, 1);
  run();
  EXPECT_EQ(replay_account(), "1/2/0/0");
  EXPECT_EQ(ask("count(*) FROM @orders_raw"), "2");
  expect_all_is_well(pipeline_);
  // Also for a state made anew from the tables.
  std::filesystem::remove_all(pipeline_.workspace().state_directory());
  expect_exit(pipeline_.command({"state", "adopt", "--yes"}), 0);
  send_replay(created("one more", 8, "9.00"), 0, 1);
  run();
  EXPECT_EQ(replay_account(), "1/3/0/0");
  expect_all_is_well(pipeline_);
}

TEST_F(DlqCommandTest, WhatIsRefusedAgainAddsNoLetterAndIsInTheBooks) {
  const std::string later = created(
      "later", 3, "5.00", model::print_instant(SystemClock().wall() + std::chrono::hours(3)));
  send(created("poison", 2, "1.234"));
  send(later);
  run();
  send_replay(created("poison", 2, "1.234"), 0, 0);
  send_replay("{", 0, 0);
  send_replay(later, 0, 1);
  run();
  EXPECT_EQ(letters(), "2 0");
  EXPECT_EQ(replay_account(), "0/0/0/3");
  expect_all_is_well(pipeline_);
  // When its time has come it is let in as it is, and moves no watermark.
  const std::string watermark = "coalesce(max(watermark)::text, '') FROM @pipeline_epochs";
  const std::string before = ask(watermark);
  pipeline_.set("LENSART_PIPELINE_MAX_FUTURE", "4h");
  EXPECT_EQ(replayed({"--code", "timestamp_in_future", "--yes"}), "sent");
  run();
  EXPECT_EQ(replay_account(), "1/0/0/3");
  EXPECT_EQ(ask(watermark), before);
  expect_exit(pipeline_.verify(), 0);
}

TEST_F(DlqCommandTest, ATooLateEventReplayedCountsInTheMetrics) {
  for (int partition = 0; partition < 3; ++partition) {
    send(created(fmt::format("live {}", partition), 10 + partition, "5.00"), partition);
  }
  run();
  send(created("late", 1, "7.00", "2025-06-01T03:00:00Z"));
  run();
  const std::string hour =
      "coalesce(sum(total_revenue), 0) FROM @order_metrics WHERE metric_hour = 10";
  EXPECT_EQ(ask("too_late FROM @orders_raw WHERE event_id = 'late'"), "t");
  EXPECT_EQ(ask(hour), "0");
  EXPECT_EQ(replayed({place(0, 1), "--yes", "--edit", replace("/data/total_price", "1")}, 1),
            "cannot_be_patched");
  EXPECT_EQ(replayed({"--code", "too_late", "--dry-run"}), "would_be_accepted");
  EXPECT_EQ(ask("too_late FROM @orders_raw WHERE event_id = 'late'"), "t");
  // With several sink lanes the flag is in another than the letter.
  pipeline_.set("LENSART_SINK_LANES", "3");
  EXPECT_EQ(replayed({"--code", "too_late", "--yes"}), "sent");
  EXPECT_EQ(replayed({"--code", "too_late", "--yes"}), "sent");
  run();
  EXPECT_EQ(ask("too_late FROM @orders_raw WHERE event_id = 'late'"), "f");
  EXPECT_EQ(ask(hour), "7.00");
  EXPECT_EQ(letters(), "1 1");
  EXPECT_EQ(replay_account(), "0/2/0/0");
  EXPECT_EQ(replayed({place(0, 1), "--yes"}), "already_accepted");
  EXPECT_EQ(replayed({"--all", "--yes"}), "");
  expect_all_is_well(pipeline_);
}

TEST_F(DlqCommandTest, LettersAreFoundByWhatIsAskedOfThem) {
  for (int i = 0; i < 7; ++i) send(created(fmt::format("price {}", i), 100 + i, "x"), i % 3);
  send(created("ID seven", 0, "1.00"));
  send(R"({"event_type":"order.cancelled"})", 1, TopicKind::kOrderCreated);
  send("{", 2, TopicKind::kOrderEvents);
  run();
  const auto count = [&](Arguments arguments) {
    arguments.insert(arguments.begin(), "list");
    return dlq_json(std::move(arguments))["letters"].size();
  };
  EXPECT_EQ(count({}), 10U);
  EXPECT_EQ(count({"--code", "bad_type"}), 7U);
  EXPECT_EQ(count({"--topic", topic(TopicKind::kOrderEvents)}), 1U);
  EXPECT_EQ(count({"--order", "103"}), 1U);
  EXPECT_EQ(count({"--event", "price 3"}), 1U);
  EXPECT_EQ(count({"--text", "PRICE 3"}), 1U) << "in an event id, in any case of letters";
  EXPECT_EQ(count({"--text", "total_PRICE"}), 7U);
  EXPECT_EQ(count({"--text", "%"}), 0U) << "no pattern";
  EXPECT_EQ(count({"--since", "2099-01-01"}), 0U);
  EXPECT_EQ(count({"--until", "2099-01-01", "--since", "2020-01-01T00:00:00Z"}), 10U);
  EXPECT_EQ(count({"--replayed"}), 0U);
  EXPECT_EQ(count({"--not-replayed", "--code", "bad_id"}), 1U);
  const Json page = dlq_json({"list", "--limit", "1"});
  EXPECT_EQ(page["codes"][0]["code"], "bad_type");
  EXPECT_EQ(page["codes"][0]["letters"], 7);
  // A page at a time, each letter once.
  std::set<std::string> seen;
  std::string after;
  for (int pages = 0; pages < 10; ++pages) {
    Arguments arguments = {"list", "--limit", "3"};
    if (!after.empty()) arguments.insert(arguments.end(), {"--after", after});
    const Json next = dlq_json(arguments);
    for (const Json& letter : next["letters"]) {
      seen.insert(fmt::format("{}{}{}", letter["topic"].dump(), letter["partition"].dump(),
                              letter["offset"].dump()));
    }
    if (next["next"].is_null()) break;
    after = next["next"];
  }
  EXPECT_EQ(seen.size(), 10U);
  EXPECT_THAT(dlq({"list"}).stdout_text, HasSubstr("10 dead letters: 7 bad_type, 1 bad_id"));
  // An event sent to another topic's rules.
  EXPECT_EQ(replayed({"--code", "wrong_topic", "--dry-run", "--as", "order_cancelled"}, 1),
            "would_be_refused");
}

TEST_F(DlqCommandTest, WhateverAPayloadHoldsItIsShown) {
  std::string deep(200'000, '[');
  const std::vector<std::optional<std::string>> payloads = {
      std::nullopt,
      std::string(),
      std::string("\xFF\xFE\0\x1b[2J", 7),
      std::string("{\"a\":\"\x1b[2J\xC2\x9B\"}"),
      std::string(1 << 20, 'x') + "y",
      R"({"event_type":"order.created","\u001b[2J":"\u009b","data":{}})",
      deep,
      R"({"event_type":"order.created","event_type":"order.created"})"};
  for (const auto& payload : payloads) send(payload);
  run();
  EXPECT_EQ(letters(), fmt::format("{} 0", payloads.size()));
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    SCOPED_TRACE(i);
    const std::string where = place(0, static_cast<std::int64_t>(i));
    const std::string text = dlq({"show", where}).stdout_text;
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    const Json detail = dlq_json({"show", where});
    EXPECT_EQ(detail["payload"].is_null(), !payloads[i].has_value());
  }
  EXPECT_EQ(dlq_json({"show", place(0, 2)})["payload"]["base64"], "//4AG1sySg==");
  EXPECT_EQ(dlq_json({"show", place(0, 5)})["letters"][0]["letter"]["code"], "missing_field");
  EXPECT_EQ(replayed({"--all", "--dry-run"}, 1),
            "would_be_refused would_be_refused would_be_refused would_be_refused would_be_refused "
            "would_be_refused would_be_refused would_be_refused");
  EXPECT_EQ(replayed({"--all", "--yes", "--edit", replace("/a", "1")}, 1).find("sent"),
            std::string::npos);
  // Even the record without a value may become an event, by a patch that makes it one.
  EXPECT_EQ(replayed({place(0, 0), "--yes", "--edit", replace("", created("made", 1, "1.00"))}),
            "sent");
  EXPECT_EQ(replayed({place(0, 2), "--yes", "--edit", replace("", created("too", 2, "1.00"))}),
            "sent");
  run();
  EXPECT_EQ(ask("count(*) FROM @orders_processed"), "2");
  EXPECT_EQ(replay_account(), "2/0/0/0");
  expect_all_is_well(pipeline_);
}

TEST_F(DlqCommandTest, ARunningPipelineAppliesTheReplayOfAnImport) {
  Process process = pipeline_.start({"run"});
  ASSERT_TRUE(pipeline_.wait_ready(process)) << process.stderr_text();
  auto writer = need(support::LogWriter::open(pipeline_.stack().brokers));
  const std::string& replays = pipeline_.workspace().replay_topic();
  need(writer.send(
      replays, 0,
      orders::replay_header(orders::Topic::kOrderCreated) + created("imported", 1, "x")));
  need(writer.flush());
  ASSERT_TRUE(wait_until([&] { return letters() == "1 0"; }));
  EXPECT_THAT(dlq({"show", replays + "/0/0"}).stdout_text,
              HasSubstr(">     \"total_price\": \"x\""));
  EXPECT_EQ(
      replayed({replays + "/0/0", "--yes", "--edit", replace("/data/total_price", R"("2.00")")}),
      "sent");
  EXPECT_TRUE(wait_until([&] { return letters() == "1 1"; })) << process.stderr_text();
  process.send_signal(SIGTERM);
  ASSERT_TRUE(process.wait(std::chrono::seconds(20)));
  EXPECT_EQ(ask("kafka_topic || kafka_offset FROM @orders_raw"), replays + "0");
  EXPECT_EQ(replay_account(), "1/0/0/1");
  expect_all_is_well(pipeline_);

  // What the command line must say, and what there must be.
  dlq({"replay", replays + "/0/0"}, 64);
  dlq({"replay", "--yes"}, 64);
  dlq({"replay", replays + "/0/0", "--all", "--yes"}, 64);
  dlq({"replay", "nowhere", "--yes"}, 64);
  dlq({"replay", "--all", "--yes", "--edit", "no-such-file"}, 64);
  dlq({"replay", "--all", "--yes", "--edit", patch("{}")}, 64);
  dlq({"list", "--code", "bad_luck"}, 64);
  dlq({"list", "--since", "yesterday"}, 64);
  dlq({"list", "--after", "xyz"}, 64);
  dlq({"show", topic() + "/0/99"}, 1);
  EXPECT_EQ(replayed({place(0, 99), "--yes"}, 1), "not_found");
  dlq({"replay", place(0, 99), "--yes", "--set", "kafka.brokers=127.0.0.1:1"}, 69);
  dlq({"replay", place(0, 99), "--yes", "--set", "kafka.replay_topic=no-such-topic"}, 78);
}

}  // namespace
}  // namespace lensart::integration
