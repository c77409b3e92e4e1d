// The reference model on small cases worked out by hand.

#include "tests/model/model.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/model/text.hpp"

namespace lensart::model {
namespace {

const Settings kSettings;
const Instant kNow{std::chrono::hours(24 * 20'000)};

/// A log written line by line; orders have branch 1 and total 10.00 unless told.
class Log {
 public:
  struct Order {
    std::string status = "new";
    std::string payment = "unpaid";
    std::string note = "null";
    std::string lines = "[]";
  };

  Log& in(std::int32_t partition) {
    partition_ = partition;
    return *this;
  }

  Log& created(const std::string& id, const std::string& time, const Order& order) {
    return snapshot("order.created", TopicKind::kOrderCreated, id, time, order);
  }
  Log& updated(const std::string& id, const std::string& time, const Order& order) {
    return snapshot("order.updated", TopicKind::kOrderUpdated, id, time, order);
  }
  Log& cancelled(const std::string& id, const std::string& time, const Order& order) {
    return snapshot("order.cancelled", TopicKind::kOrderCancelled, id, time, order);
  }
  Log& status(const std::string& id, const std::string& time, const std::string& to,
              const std::string& order = "null") {
    return event("order.status_changed", TopicKind::kOrderEvents, id, time,
                 fmt::format(R"({{"order_id":7,"new_status":"{}","order":{}}})", to, order));
  }
  Log& payment(const std::string& id, const std::string& time, const std::string& to,
               const std::string& order = "null") {
    return event(
        "order.payment_status_changed", TopicKind::kOrderEvents, id, time,
        fmt::format(R"({{"order_id":7,"new_payment_status":"{}","order":{}}})", to, order));
  }
  Log& bytes(TopicKind kind, std::optional<std::string> payload) {
    const std::string topic = "topic" + std::to_string(static_cast<int>(kind));
    const std::int64_t offset = next_offset_[{topic, partition_}]++;
    records_.push_back({kind, {topic, partition_, offset}, std::move(payload), std::nullopt});
    return *this;
  }

  static std::string body(const Order& order) {
    return fmt::format(
        R"({{"id":7,"branch_id":1,"total_price":10,"order_status":"{}","payment_status":"{}",)"
        R"("note":{},"order_details":{}}})",
        order.status, order.payment, order.note, order.lines);
  }

  Reading read(const Hints& hints = {}, Instant now = kNow) const {
    return read_log(records_, hints, now, kSettings);
  }
  Table processed() const { return orders_processed(read().accepted); }

 private:
  Log& snapshot(const std::string& type, TopicKind kind, const std::string& id,
                const std::string& time, const Order& order) {
    return event(type, kind, id, time, body(order));
  }
  Log& event(const std::string& type, TopicKind kind, const std::string& id,
             const std::string& time, const std::string& data) {
    return bytes(kind, fmt::format(R"({{"event_type":"{}","event_id":"{}",)"
                                   R"("timestamp":"2024-05-01T{}Z","data":{}}})",
                                   type, id, time, data));
  }

  std::int32_t partition_ = 0;
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> next_offset_;
  std::vector<LogRecord> records_;
};

std::string at(std::string_view time) { return fmt::format("2024-05-01T{}.000000Z", time); }

TEST(OrdersProcessed, TheLatestEventWinsInWhateverOrderTheyArrive) {
  Log log;
  log.updated("b", "12:00:00", {.status = "late", .note = "\"second\""});
  log.created("a", "11:00:00", {.status = "early", .note = "\"first\""});
  EXPECT_EQ(log.processed().at("7", "order_status"), "late");
  EXPECT_EQ(log.processed().at("7", "note"), "second");
}

TEST(OrdersProcessed, OfOneInstantTheRankDecides) {
  Log log;
  log.cancelled("a", "12:00:00", {});
  log.status("b", "12:00:00", "moved");
  log.payment("c", "12:00:00", "paid", Log::body({.status = "seen by payment"}));
  log.updated("d", "12:00:00", {.status = "updated", .note = "\"updated\""});
  log.created("e", "12:00:00", {.status = "created", .note = "\"created\""});
  const Table table = log.processed();
  EXPECT_EQ(table.at("7", "order_status"), "Đã hủy");
  // The cancelled event's snapshot ranks last of all, and it writes the payment status again.
  EXPECT_EQ(table.at("7", "note"), std::nullopt);
  EXPECT_EQ(table.at("7", "payment_status"), "unpaid");
}

TEST(OrdersProcessed, OfOneInstantAndRankTheEventIdsBytesDecide) {
  Log log;
  log.updated("é", "12:00:00", {.status = "two bytes"});
  log.updated("z", "12:00:00", {.status = "z"});
  log.updated("Z", "12:00:00", {.status = "Z"});
  log.updated("z ", "12:00:00", {.status = "z and a blank"});
  EXPECT_EQ(log.processed().at("7", "order_status"), "two bytes");
}

TEST(OrdersProcessed, ThreeGroupsHaveTheirOwnLastWriter) {
  Log log;
  log.created("a", "10:00:00", {.status = "s1", .payment = "p1", .note = "\"n1\""});
  log.status("b", "11:00:00", "s2");
  log.payment("c", "12:00:00", "p2");
  const Table table = log.processed();
  EXPECT_EQ(table.at("7", "note"), "n1");
  EXPECT_EQ(table.at("7", "order_status"), "s2");
  EXPECT_EQ(table.at("7", "payment_status"), "p2");
}

TEST(OrdersProcessed, AStatusEventsSnapshotWritesPaymentButNotItsOwnStatus) {
  Log log;
  log.status("a", "11:00:00", "s2",
             Log::body({.status = "ignored", .payment = "p1", .note = "\"n1\""}));
  const Table table = log.processed();
  EXPECT_EQ(table.at("7", "order_status"), "s2");
  EXPECT_EQ(table.at("7", "payment_status"), "p1");
  EXPECT_EQ(table.at("7", "note"), "n1");
}

TEST(OrdersProcessed, APaymentEventsSnapshotWritesTheStatusButNotItsOwnPayment) {
  Log log;
  log.status("a", "11:00:00", "s2");
  log.payment("b", "12:00:00", "p2", Log::body({.status = "s3", .payment = "ignored"}));
  const Table table = log.processed();
  EXPECT_EQ(table.at("7", "order_status"), "s3");
  EXPECT_EQ(table.at("7", "payment_status"), "p2");
}

TEST(OrdersProcessed, ASnapshotIsWrittenWholeNullsToo) {
  Log log;
  log.created("a", "11:00:00", {.note = "\"first\""});
  log.updated("b", "12:00:00", {.note = "null"});
  EXPECT_EQ(log.processed().at("7", "note"), std::nullopt);
}

TEST(OrdersProcessed, ALaterEventTakesACancellationBack) {
  Log log;
  log.cancelled("a", "11:00:00", {});
  log.status("b", "12:00:00", "Đang giao hàng");
  EXPECT_EQ(log.processed().at("7", "order_status"), "Đang giao hàng");
}

TEST(OrdersProcessed, AnOrderWithoutASnapshotHasNoRow) {
  Log log;
  log.status("a", "11:00:00", "s1").payment("b", "12:00:00", "p1");
  EXPECT_TRUE(log.processed().rows().empty());
  EXPECT_EQ(orders_raw(log.read().accepted).rows().size(), 2U);
}

TEST(OrdersProcessed, WritesBeforeTheFirstSnapshotCount) {
  Log log;
  log.created("a", "10:00:00", {.status = "s1", .payment = "p1"});
  log.payment("b", "11:00:00", "p2");
  log.status("c", "09:00:00", "s0");
  const Table table = log.processed();
  EXPECT_EQ(table.at("7", "payment_status"), "p2");
  EXPECT_EQ(table.at("7", "order_status"), "s1");
}

TEST(OrdersProcessed, CreatedAtIsTheEarliestCreatedEvent) {
  Log log;
  log.status("a", "09:00:00", "s1");
  log.created("b", "11:00:00", {});
  log.created("c", "10:00:00", {});
  log.payment("d", "12:00:00", "p");
  EXPECT_EQ(log.processed().at("7", "created_at"), at("10:00:00"));
  EXPECT_EQ(log.processed().at("7", "updated_at"), at("12:00:00"));
}

TEST(OrdersProcessed, CreatedAtIsTheEarliestEventWhereNoneCreated) {
  Log log;
  log.updated("a", "10:00:00", {});
  log.payment("b", "09:00:00", "p");
  EXPECT_EQ(log.processed().at("7", "created_at"), at("09:00:00"));
}

TEST(OrderItems, AreTheLatestSnapshotsAndOthersDisappear) {
  const std::string first = R"([{"product_id":1,"quantity":2,"total_price":"10.00"},)"
                            R"({"product_id":2,"quantity":3,"total_price":"10.00"}])";
  const std::string second = R"([{"product_id":2,"quantity":3,"total_price":"10.00"},)"
                             R"({"product_id":2,"quantity":3,"total_price":"10.00"}])";
  Log log;
  log.updated("b", "12:00:00", {.lines = second}).created("a", "11:00:00", {.lines = first});
  const Table items = order_items(log.read().accepted, kSettings.zone);
  ASSERT_EQ(items.rows().size(), 2U);
  for (const auto& [key, row] : items.rows()) {
    EXPECT_EQ(row.at(1), "2");
    EXPECT_EQ(row.at(5), "3.33");
  }
  EXPECT_EQ(log.processed().at("7", "items_count"), "6");
}

TEST(Duplicates, WithinAPartitionTheLowestOffsetCounts) {
  Log log;
  log.created("a", "11:00:00", {.note = "\"first\""});
  log.created("a", "12:00:00", {.note = "\"second\""});
  const Reading reading = log.read();
  EXPECT_EQ(orders_raw(reading.accepted).at("a", "kafka_offset"), "0");
  EXPECT_EQ(orders_processed(reading.accepted).at("7", "note"), "first");
  EXPECT_EQ(accounts(reading).at("topic0|0", "duplicate"), "1");
}

TEST(Duplicates, AcrossPartitionsTheHintDecidesBetweenTheLowestOfEach) {
  Log log;
  log.in(0).created("a", "11:00:00", {}).created("a", "11:00:00", {});
  log.in(1).created("a", "12:00:00", {});
  Hints hints;
  EXPECT_EQ(orders_raw(log.read(hints).accepted).at("a", "kafka_partition"), "0");
  hints.accepted = {{"topic0", 1, 0}};
  EXPECT_EQ(orders_raw(log.read(hints).accepted).at("a", "kafka_partition"), "1");
  hints.accepted = {{"topic0", 0, 1}};  // not the lowest of its partition: not to be believed
  EXPECT_EQ(orders_raw(log.read(hints).accepted).at("a", "kafka_offset"), "0");
}

TEST(Duplicates, AreFoundAcrossTypesAndTopicsAndByNormalForm) {
  Log log;
  log.created("\xC3\xA9", "11:00:00", {}).status("e\xCC\x81", "12:00:00", "s");
  EXPECT_EQ(log.read().accepted.size(), 1U);
}

TEST(Duplicates, ARejectedOrIgnoredEventLeavesItsIdFree) {
  Log log;
  log.bytes(TopicKind::kOrderCreated, R"({"event_type":"order.created","event_id":"a"})");
  log.bytes(TopicKind::kOrderEvents, R"({"event_type":"test","event_id":"a"})");
  log.bytes(TopicKind::kOrderEvents, R"({"event_type":"test","event_id":"a"})");
  log.created("a", "11:00:00", {});
  log.bytes(TopicKind::kOrderCreated, R"({"event_type":"order.created","event_id":"a"})");
  const Reading reading = log.read();
  EXPECT_EQ(reading.accepted.size(), 1U);
  EXPECT_EQ(accounts(reading).at("topic0|0", "dead_lettered"), "2");
  EXPECT_EQ(accounts(reading).at("topic0|0", "duplicate"), "0");
  EXPECT_EQ(accounts(reading).at("topic3|0", "ignored"), "2");
}

TEST(DeadLetters, KeepTheBytesAndTellANullValueFromAnEmptyOne) {
  Log log;
  log.bytes(TopicKind::kOrderCreated, std::nullopt);
  log.bytes(TopicKind::kOrderCreated, "");
  log.bytes(TopicKind::kOrderCreated, std::string("\x00\xFF", 2));
  const Table letters = dead_letters(log.read().dead_letters);
  EXPECT_EQ(letters.at("topic0|0|0|bad_json|", "payload"), std::nullopt);
  EXPECT_EQ(letters.at("topic0|0|1|bad_json|", "payload"), "");
  EXPECT_EQ(letters.at("topic0|0|2|bad_json|", "payload"), "00ff");
}

TEST(Accounts, EveryRecordIsInOneColumn) {
  Log log;
  log.created("a", "11:00:00", {}).created("a", "11:00:00", {}).in(1).created("b", "11:00:00", {});
  log.bytes(TopicKind::kOrderCreated, "{").bytes(TopicKind::kOrderEvents, R"({"event_type":""})");
  const Table table = accounts(log.read());
  ASSERT_EQ(table.rows().size(), 3U);
  for (const auto& [key, row] : table.rows()) {
    EXPECT_EQ(std::stoi(*row[2]),
              std::stoi(*row[3]) + std::stoi(*row[4]) + std::stoi(*row[5]) + std::stoi(*row[6]))
        << key;
  }
}

TEST(Hints, AnEventIsInTheFutureOnlyIfTheBrokersClockAllowsIt) {
  Log log;
  log.created("a", "11:00:00", {});
  Hints hints;
  hints.in_future = {{"topic0", 0, 0}};
  // Without a broker's time the run is believed; without a hint the clock of the comparison rules.
  EXPECT_EQ(log.read(hints).accepted.size(), 0U);
  EXPECT_EQ(log.read({}).accepted.size(), 1U);
  EXPECT_EQ(log.read({}, Instant{}).accepted.size(), 0U);
}

TEST(Hints, ATooLateEventIsAcceptedAndALetterBesides) {
  Log log;
  log.created("a", "11:00:00", {});
  Hints hints;
  hints.too_late = {{"topic0", 0, 0}};
  const Reading reading = log.read(hints);
  EXPECT_EQ(orders_raw(reading.accepted).at("a", "too_late"), "true");
  EXPECT_EQ(accounts(reading).at("topic0|0", "accepted"), "1");
  EXPECT_EQ(accounts(reading).at("topic0|0", "dead_lettered"), "0");
  EXPECT_EQ(reading.dead_letters.at(0).code, "too_late");
}

TEST(Zones, ALocalTimeThatOccursTwiceIsTheLaterOne) {
  // Berlin, 2024-10-27: 02:30 comes at +02:00 and again at +01:00.
  const Zone berlin("Europe/Berlin");
  EXPECT_EQ(print_instant(*parse_instant("2024-10-27 02:30:00", berlin)),
            "2024-10-27T01:30:00.000000Z");
}

TEST(Zones, ALocalTimeThatIsSkippedIsReadWithTheOffsetBefore) {
  // Berlin, 2024-03-31: from 02:00 at +01:00 to 03:00 at +02:00.
  const Zone berlin("Europe/Berlin");
  EXPECT_EQ(print_instant(*parse_instant("2024-03-31 02:30:00", berlin)),
            "2024-03-31T01:30:00.000000Z");
}

TEST(LetterTexts, AreCutByCodePointsAfterNormalising) {
  EXPECT_EQ(to_letter_text("e\xCC\x81xyz", 2), "éx");
  EXPECT_EQ(to_letter_text(std::string("a\0b", 3), 3),
            "a\xEF\xBF\xBD"
            "b");
}

}  // namespace
}  // namespace lensart::model
