// What is taken from the run, and how far it is believed: expired orders, clocks, lateness, jobs.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/model/accepted_events.hpp"

namespace lensart::model {
namespace {

using namespace std::chrono_literals;
using testing::Test;

/// Order 7 was created 401 days before the watermark, order 8 lately.
class Arrival : public Test {
 protected:
  Arrival() {
    hints.watermark = at(0h);
    hints.timer_clock = at(0h);
    record(0, "old", 7, at(0h) - days(401));
    record(0, "young", 8, at(-1h));
  }

  static std::chrono::microseconds days(int count) { return std::chrono::hours(24 * count); }

  Coordinates record(std::int32_t partition, const std::string& id, std::int64_t order_id,
                     Instant timestamp) {
    const Coordinates coordinates{"order-created", partition, next_offset_[partition]++};
    log_.push_back(
        {TopicKind::kOrderCreated, coordinates,
         fmt::format(R"({{"event_type":"order.created","event_id":"{}","timestamp":"{}",)"
                     R"("data":{{"id":{},"branch_id":1,"total_price":1,)"
                     R"("order_status":"","payment_status":""}}}})",
                     id, print_instant(timestamp), order_id),
         std::nullopt});
    return coordinates;
  }
  /// Through the replay topic.
  Coordinates replay(const Coordinates& of, const std::string& id, std::int64_t order_id,
                     Instant timestamp, bool too_late = false) {
    record(0, id, order_id, timestamp);
    --next_offset_[0];
    LogRecord& record = log_.back();
    record.at = {"replays", 0, next_replay_++};
    record.replay = Replayed{std::nullopt, true, of, too_late};
    return record.at;
  }
  Reading read() const { return read_log(log_, hints, at(24h), settings); }
  /// The codes of the dead letters.
  std::vector<std::string> letters() const {
    std::vector<std::string> codes;
    for (const DeadLetter& letter : read().dead_letters) codes.push_back(letter.code);
    return codes;
  }

  using Codes = std::vector<std::string>;
  Hints hints;
  Settings settings;

  std::vector<LogRecord> log_;

 private:
  std::map<std::int32_t, std::int64_t> next_offset_;
  std::int64_t next_replay_ = 0;
};

TEST_F(Arrival, AReplayedLetterBecomesAnEventAtItsOldCoordinatesOnce) {
  const Coordinates broken = record(2, "bad", 0, at(0h));
  const Coordinates first = replay(broken, "good", 9, at(0h));
  const Coordinates again = replay(broken, "edited otherwise", 9, at(0h));
  hints.replayed = {{broken, first}};
  Reading reading = read();
  EXPECT_EQ(orders_raw(reading.accepted).at("good", "kafka_offset"), "0");
  EXPECT_EQ(reading.accepted.size(), 3U);
  EXPECT_EQ(replays(reading.replays).at("order-created|2|0", "replay_offset"), "0");
  const Account& account = reading.accounts.at({"replays", 0});
  EXPECT_EQ(account.accepted, 1);
  EXPECT_EQ(account.duplicate, 1);
  hints.replayed = {{broken, again}};  // the contract leaves open which of them wins
  EXPECT_EQ(read().accepted.size(), 3U);
  hints.replayed.clear();  // but not whether one does, where there is but one
  log_.pop_back();
  EXPECT_EQ(read().accepted.size(), 3U);
}

TEST_F(Arrival, AReplayThatIsRefusedLeavesNoLetter) {
  const Coordinates broken = record(2, "bad", 0, at(0h));
  replay(broken, "still bad", 0, at(0h));
  EXPECT_EQ(letters(), Codes{"bad_id"});
  EXPECT_EQ(read().accounts.at({"replays", 0}).dead_lettered, 1);
}

TEST_F(Arrival, ATooLateEventThatWasReplayedCountsAndKeepsItsLetter) {
  hints.watermark = hints.timer_clock = at(0h);
  const Coordinates late = record(0, "late", 8, at(-9h));
  hints.too_late = {late};
  EXPECT_TRUE(read().accepted.at(0).too_late);
  replay(late, "late", 8, at(-9h), true);
  const Reading reading = read();
  EXPECT_FALSE(reading.accepted.at(0).too_late);
  EXPECT_EQ(letters(), Codes{"too_late"});
  EXPECT_EQ(reading.accounts.at({"replays", 0}).duplicate, 1);
  EXPECT_EQ(replays(reading.replays).at("order-created|0|2", "too_late"), "true");
}

TEST_F(Arrival, AnEventForAnExpiredOrderIsALetterAndNothingElse) {
  const Coordinates late = record(0, "late", 7, at(0h));
  hints.expired = {{late, "data.id"}};
  const Reading reading = read();
  EXPECT_EQ(reading.accepted.size(), 2U);
  ASSERT_EQ(reading.dead_letters.size(), 1U);
  EXPECT_EQ(reading.dead_letters[0].code, "expired_order");
  EXPECT_EQ(reading.dead_letters[0].field, "data.id");
  EXPECT_EQ(reading.dead_letters[0].event_id, "late");
  EXPECT_EQ(accounts(reading).at("order-created|0", "dead_lettered"), "1");
}

TEST_F(Arrival, AnOrderThatIsYoungOrWasNeverSeenIsNotExpired) {
  hints.expired = {{record(0, "a", 8, at(0h)), ""}, {record(0, "b", 9, at(0h)), ""}};
  EXPECT_EQ(read().accepted.size(), 4U);
}

TEST_F(Arrival, AnOrderIsNotExpiredIfAnEventOfTheSameTimeWasAcceptedAfterwards) {
  record(0, "accepted", 7, at(0h));
  hints.expired = {{record(0, "late", 7, at(0h)), ""}};
  EXPECT_EQ(read().accepted.size(), 4U);
}

TEST_F(Arrival, WithoutATimeToLiveOrAWatermarkNothingExpires) {
  hints.expired = {{record(0, "late", 7, at(0h)), ""}};
  EXPECT_EQ(letters(), Codes{"expired_order"});
  settings.state_ttl.reset();
  EXPECT_EQ(letters(), Codes{});
  settings = Settings();
  hints.watermark.reset();
  EXPECT_EQ(letters(), Codes{});
}

TEST_F(Arrival, ACopyOfAnAcceptedEventIsADuplicateBeforeItIsExpired) {
  hints.expired = {{record(1, "old", 7, at(0h)), ""}, {record(0, "young", 7, at(0h)), ""}};
  EXPECT_EQ(letters(), Codes{});
  EXPECT_EQ(accounts(read()).at("order-created|0", "duplicate"), "1");
  EXPECT_EQ(accounts(read()).at("order-created|1", "duplicate"), "1");
}

TEST_F(Arrival, AnExpiredEventLeavesItsIdFreeForAnotherOrder) {
  hints.expired = {{record(1, "shared", 7, at(0h)), ""}};
  record(1, "shared", 8, at(0h));
  EXPECT_EQ(letters(), Codes{"expired_order"});
  EXPECT_EQ(read().accepted.size(), 3U);
}

TEST_F(Arrival, AFieldThatCannotBeTheOrderIdsIsNotBelieved) {
  hints.expired = {{record(0, "late", 7, at(0h)), "data.branch_id"}};
  EXPECT_EQ(read().dead_letters.at(0).field, "");
}

TEST_F(Arrival, ATooLateEventLiesBelowTheWatermarkByTheAllowedLateness) {
  hints.watermark = hints.timer_clock = at(-1h - 5min);
  hints.too_late = {record(0, "late", 8, at(-2h - 5min) - 1us)};
  EXPECT_EQ(impossible_judgements(read(), settings), Codes{});
  hints.too_late = {record(0, "in time", 8, at(-2h - 5min))};
  EXPECT_EQ(impossible_judgements(read(), settings).size(), 1U);
  hints.too_late.clear();
  EXPECT_EQ(impossible_judgements(read(), settings), Codes{});
}

TEST_F(Arrival, NothingIsTooLateWithoutALimitOrAWatermark) {
  hints.watermark = hints.timer_clock = at(-1h - 5min);
  hints.too_late = {record(0, "late", 8, at(-9h))};
  settings.allowed_lateness.reset();
  EXPECT_EQ(impossible_judgements(read(), settings).size(), 1U);
  settings = Settings();
  EXPECT_EQ(impossible_judgements(read(), settings), Codes{});
  hints.watermark.reset();
  EXPECT_EQ(impossible_judgements(read(), settings).size(), 1U);
}

TEST_F(Arrival, AWatermarkStaysBehindTheHighestEventAndBeforeTheTimerClock) {
  hints.watermark = hints.timer_clock = at(-1h - 5min);
  EXPECT_EQ(impossible_judgements(read(), settings), Codes{});
  hints.timer_clock = at(-1h - 5min) - 1us;
  EXPECT_EQ(impossible_judgements(read(), settings).size(), 1U);
  hints.watermark = hints.timer_clock = at(-1h - 5min) + 1us;
  EXPECT_EQ(impossible_judgements(read(), settings).size(), 1U);
}

TEST_F(Arrival, TheTablesOfAJobThatIsOffAreEmpty) {
  settings.jobs = {"orders"};
  const auto filled = [&] {
    std::vector<std::string> names;
    for (const Table& table : all_tables(read(), settings)) {
      if (!table.rows().empty()) names.push_back(table.shape().name);
    }
    return names;
  };
  const Codes orders = {"orders_raw", "orders_processed", "pipeline_accounts"};
  EXPECT_EQ(filled(), orders);
  settings.jobs = {"orders", "status"};
  EXPECT_EQ(filled().back(), "order_anomalies");  // the empty status, and 401 days of it
  settings.jobs = {"orders", "metrics"};
  EXPECT_EQ(filled().back(), "order_metrics_sliding");
}

TEST_F(Arrival, AllTablesAreInTheOrderOfTheirShapes) {
  settings.jobs = kAllJobs;
  const auto tables = all_tables(read(), settings);
  const auto shapes = all_shapes();
  ASSERT_EQ(tables.size(), shapes.size());
  for (std::size_t i = 0; i < shapes.size(); ++i) EXPECT_EQ(tables[i].shape().name, shapes[i].name);
}

}  // namespace
}  // namespace lensart::model
