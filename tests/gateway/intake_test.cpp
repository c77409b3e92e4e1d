// What of a request becomes the envelope, and what becomes of everything that is wrong with it.

#include <gmock/gmock.h>

#include "apps/gateway/event_intake.hpp"
#include "apps/gateway/rate_limiter.hpp"
#include "apps/gateway/recent_ids.hpp"
#include "graph/time_zone.hpp"

namespace lensart::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kOrder =
    R"("branch_id":2,"total_price":"1750000.00","order_status":"\u0110ang x\u1eed l\u00fd",)"
    R"("payment_status":"x","note":null,"order_details":[{"product_id":37,"quantity":1,)"
    R"("total_price":1.50}],"metadata":[])";
/// The same as the envelope has it.
constexpr const char* kWritten =
    R"("branch_id":2,"total_price":"1750000.00","order_status":"Đang xử lý",)"
    R"("payment_status":"x","note":null,"order_details":[{"product_id":37,"quantity":1,)"
    R"("total_price":1.50}],"metadata":[])";
constexpr const char* kHead =
    R"({"event_type":"order.created","event_id":"made","timestamp":"2026-11-20T03:30:02.000007Z",)";

class IntakeTest : public ::testing::Test {
 protected:
  IntakeTest()
      : zone(*TimeZone::find("Asia/Ho_Chi_Minh")),
        intake({{.zone = &zone}, {"created", "updated", "cancelled", "events"}, [] {
                  return std::string("made");
                }}) {}

  /// The envelope, or each error as `field: message`.
  std::string envelope(EventKind kind, const std::string& body) {
    auto read = intake.read(kind, body, now);
    if (!read) {
      std::string all;
      for (const auto& error : read.error().errors)
        all += error.field + ": " + error.message + "\n";
      return all;
    }
    event = std::move(*read);
    return event.envelope;
  }
  std::string created(const std::string& body) { return envelope(EventKind::kOrderCreated, body); }
  std::string status(const std::string& body) {
    return envelope(EventKind::kOrderStatusChanged, body);
  }
  std::string generic(const std::string& body) { return envelope(EventKind::kGeneric, body); }

  std::vector<std::string> fields(EventKind kind, const std::string& body) {
    std::vector<std::string> names;
    const auto read = intake.read(kind, body, now);
    if (read) return {"accepted"};
    for (const auto& error : read.error().errors) {
      EXPECT_THAT(error.message, HasSubstr(error.field == "body" ? ":" : error.field));
      names.push_back(error.field);
    }
    return names;
  }

  TimeZone zone;
  EventIntake intake;
  // 2026-11-20 03:30:02.000007 UTC
  Instant now{std::chrono::microseconds{1'795'145'402'000'007}};
  IncomingEvent event;
};

TEST_F(IntakeTest, OrderMayStandAtTheTopUnderDataOrUnderOrder) {
  const auto expected = std::string(kHead) + R"("data":{"id":1042,)" + kWritten + "}}";
  const auto order = std::string(R"("id":1042,)") + kOrder;
  EXPECT_EQ(created("{" + order + "}"), expected);
  EXPECT_EQ(event.order_id, 1042);
  EXPECT_EQ(event.event_type, "order.created");
  EXPECT_EQ(event.event_id, "made");
  EXPECT_EQ(event.topic, orders::Topic::kOrderCreated);
  EXPECT_EQ(created(R"({"data":{)" + order + "}}"), expected);
  EXPECT_EQ(created(R"( {"order" : {)" + order + R"(}, "data":null} )"), expected);
  EXPECT_EQ(created(R"({"event_type":"order.created","event_id":"","timestamp":null,)" + order +
                    R"(,"order":null})"),
            expected);
}

TEST_F(IntakeTest, IdAndTimestampThatAreGivenAreKept) {
  EXPECT_THAT(
      created(R"({"event_id":"evt_1","timestamp":"2026-11-20T10:30:02+07:00","order_id":7,)" +
              std::string(kOrder) + "}"),
      StartsWith(R"({"event_type":"order.created","event_id":"evt_1",)"
                 R"("timestamp":"2026-11-20T10:30:02+07:00","data":{"order_id":7,"branch)"));
  EXPECT_EQ(event.event_id, "evt_1");
  EXPECT_EQ(event.order_id, 7);
}

TEST_F(IntakeTest, EachPathHasItsTypeAndTopic) {
  const auto body = R"({"id":1,)" + std::string(kOrder) + "}";
  EXPECT_THAT(envelope(EventKind::kOrderUpdated, body), StartsWith(R"({"event_type":"order.upd)"));
  EXPECT_EQ(event.topic, orders::Topic::kOrderUpdated);
  EXPECT_THAT(envelope(EventKind::kOrderCancelled, body),
              StartsWith(R"({"event_type":"order.can)"));
  EXPECT_EQ(event.topic, orders::Topic::kOrderCancelled);
  EXPECT_THAT(fields(EventKind::kOrderUpdated,
                     R"({"event_type":"order.created","id":1,)" + std::string(kOrder) + "}"),
              ElementsAre("event_type"));
}

TEST_F(IntakeTest, StatusChangeNeedsTheOrdersIdAndItsNewStatus) {
  const std::string head = R"({"event_type":"order.status_changed","event_id":"made",)"
                           R"("timestamp":"2026-11-20T03:30:02.000007Z","data":)";
  EXPECT_EQ(status(R"({"order_id":"5","old_status":"a","new_status":"b"})"),
            head + R"({"order_id":"5","old_status":"a","new_status":"b"}})");
  EXPECT_EQ(event.order_id, 5);
  EXPECT_EQ(event.topic, orders::Topic::kOrderEvents);
  EXPECT_EQ(status(R"({"data":{"id":5,"order":[]},"new_status":"b","event_id":null})"),
            head + R"({"id":5,"order":[],"new_status":"b"}})");
  EXPECT_THAT(fields(EventKind::kOrderStatusChanged, "{}"), ElementsAre("order_id", "new_status"));
  EXPECT_THAT(fields(EventKind::kOrderStatusChanged, R"({"data":{}})"),
              ElementsAre("data.order_id", "data.new_status"));
  EXPECT_THAT(fields(EventKind::kOrderStatusChanged, R"({"data":"x"})"), ElementsAre("data"));
}

TEST_F(IntakeTest, StatusChangeMayCarryTheOrderInAnyPlace) {
  const std::string order = R"("id":5,)" + std::string(kOrder);
  const std::string written = R"("order":{"id":5,)" + std::string(kWritten) + "}";
  const std::string change = R"("old_status":"a","new_status":"b")";
  EXPECT_THAT(status("{" + change + R"(,"order":{)" + order + "}}"),
              HasSubstr(R"("data":{)" + change + "," + written + R"(,"order_id":5}})"));
  EXPECT_THAT(status("{" + order + "," + change + "}"),
              HasSubstr(R"("data":{"id":5,)" + change + "," + written + "}}"));
  EXPECT_THAT(status(R"({"data":{)" + order + "}," + change + "}"),
              HasSubstr(R"("data":{"id":5,)" + change + "," + written + "}}"));
  EXPECT_THAT(status(R"({"data":{"order_id":5},)" + change + R"(,"order":{)" + order + "}}"),
              HasSubstr(R"("data":{"order_id":5,)" + change + "," + written + "}}"));
}

TEST_F(IntakeTest, GenericPublishesWhatItIsGiven) {
  EXPECT_EQ(generic(R"({"event_type":"order.payment_status_changed","data":{"order_id":9,)"
                    R"("new_payment_status":"paid"},"note":"not ours"})"),
            R"({"event_type":"order.payment_status_changed","event_id":"made",)"
            R"("timestamp":"2026-11-20T03:30:02.000007Z","data":{"order_id":9,)"
            R"("new_payment_status":"paid"}})");
  EXPECT_EQ(event.order_id, 9);
  EXPECT_THAT(generic(R"({"event_type":"order.created","topic":"created","data":{"id":1,)" +
                      std::string(kOrder) + "}}"),
              StartsWith(kHead));
  EXPECT_EQ(event.topic, orders::Topic::kOrderCreated);
}

TEST_F(IntakeTest, GenericTypesThatThePipelineIgnoresGoToOrderEvents) {
  EXPECT_THAT(generic(R"({"event_type":"cart.opened","event_id":"c1","data":[1e400,"\u0001\"é"]})"),
              HasSubstr(R"("data":[1e400,"\u0001\"é"]})"));
  EXPECT_EQ(event.event_type, "cart.opened");
  EXPECT_EQ(event.event_id, "c1");
  EXPECT_EQ(event.order_id, std::nullopt);
  EXPECT_EQ(event.topic, orders::Topic::kOrderEvents);
  EXPECT_THAT(fields(EventKind::kGeneric, R"({"event_type":"cart.opened","event_id":7,"data":{}})"),
              ElementsAre("event_id"));
}

TEST_F(IntakeTest, GenericWithoutTypeOrDataOrForAnotherTopicIsRefused) {
  EXPECT_THAT(fields(EventKind::kGeneric, "{}"), ElementsAre("data", "event_type"));
  EXPECT_THAT(fields(EventKind::kGeneric, R"({"event_type":["order.created"],"data":{}})"),
              ElementsAre("event_type"));
  EXPECT_THAT(fields(EventKind::kGeneric, R"({"event_type":"x","topic":"elsewhere","data":{}})"),
              ElementsAre("topic"));
  EXPECT_THAT(
      fields(EventKind::kGeneric, R"({"event_type":"cart.opened","topic":"created","data":1})"),
      Contains("event_type"));
  EXPECT_THAT(generic(R"({"event_type":"order.created","topic":"updated","data":{"id":1,)" +
                      std::string(kOrder) + "}}"),
              HasSubstr("event_type: event_type is \"order.created\""));
}

TEST_F(IntakeTest, EveryBrokenRuleIsNamedAsTheRequestHasIt) {
  const std::string body =
      R"("id":0,"total_price":"1.001","order_status":5,"payment_status":"x","branch_id":1,)"
      R"("order_details":[{"product_id":1,"quantity":1,"total_price":1},{"product_id":1,)"
      R"("quantity":0}],"date":"yesterday")";
  EXPECT_THAT(fields(EventKind::kOrderCreated, "{" + body + "}"),
              ElementsAre("order_details.1.total_price", "order_status", "date", "id",
                          "total_price", "order_details.1.quantity"));
  EXPECT_THAT(fields(EventKind::kOrderCreated, R"({"order":{)" + body + "}}"),
              ElementsAre("order.order_details.1.total_price", "order.order_status", "order.date",
                          "order.id", "order.total_price", "order.order_details.1.quantity"));
  EXPECT_THAT(fields(EventKind::kOrderStatusChanged, "{" + body + R"(,"new_status":"b"})"),
              ElementsAre("order_details.1.total_price", "order_status", "date", "id",
                          "total_price", "order_details.1.quantity"));
  EXPECT_THAT(created(R"({"data":{"id":1}})"),
              StartsWith("data.branch_id: data.branch_id is missing: send it\n"));
  EXPECT_THAT(fields(EventKind::kOrderCreated, R"({"order":1,"event_id":7,"timestamp":"x"})"),
              ElementsAre("event_id", "order", "timestamp"));
  EXPECT_THAT(
      fields(EventKind::kOrderCreated, R"({"id":1,"order_id":2,)" + std::string(kOrder) + "}"),
      ElementsAre("order_id"));
}

TEST_F(IntakeTest, FieldsThatStandTwiceAreFoundWhereverTheyStand) {
  const std::string order = R"("id":1,)" + std::string(kOrder);
  EXPECT_THAT(fields(EventKind::kOrderCreated, R"({"note":"a",)" + order + "}"),
              ElementsAre("note"));
  EXPECT_THAT(
      fields(EventKind::kOrderCreated, R"({"event_id":"a","event_id":"b","data":{)" + order + "}}"),
      ElementsAre("event_id"));
  EXPECT_THAT(fields(EventKind::kOrderCreated, R"({"data":{)" + order + R"(},"data":{}})"),
              ElementsAre("data"));
  EXPECT_THAT(
      fields(EventKind::kOrderStatusChanged, R"({"data":{"id":1,"new_status":"b"},"data":{}})"),
      ElementsAre("data"));
}

TEST_F(IntakeTest, WhatIsNoJsonObjectIsAnErrorOfTheBody) {
  for (const auto* body : {"", "[]", "nonsense", "{\"id\":1", "\"text\"", "{\"a\":\"\\ud800\"}",
                           "{\"a\":\"\xff\"}", "\xef\xbb\xbf{}"}) {
    EXPECT_THAT(fields(EventKind::kOrderCreated, body), ElementsAre("body")) << body;
  }
  EXPECT_THAT(
      fields(EventKind::kOrderCreated, R"({"a\u0000":1,"id":1,)" + std::string(kOrder) + "}"),
      SizeIs(1));
  std::string deep(31, '[');
  EXPECT_THAT(fields(EventKind::kGeneric,
                     R"({"event_type":"x","data":)" + deep + std::string(31, ']') + "}"),
              ElementsAre("accepted"));
  deep += '[';
  EXPECT_THAT(fields(EventKind::kGeneric,
                     R"({"event_type":"x","data":)" + deep + std::string(32, ']') + "}"),
              ElementsAre("body"));
}

TEST_F(IntakeTest, PayloadsLimitHoldsForTheEnvelope) {
  const auto body = R"({"id":1,"address":")" + std::string(1024 * 1024 - 300, 'a') + "\"," +
                    std::string(kOrder) + "}";
  ASSERT_LT(body.size(), 1024U * 1024U);
  const auto read = intake.read(EventKind::kOrderCreated, body, now);
  ASSERT_FALSE(read.has_value());
  EXPECT_TRUE(read.error().is_too_large);
}

TEST_F(IntakeTest, EventFromTheFutureIsRefused) {
  EXPECT_THAT(fields(EventKind::kOrderCreated,
                     R"({"timestamp":"2026-11-20T04:30:03Z","id":1,)" + std::string(kOrder) + "}"),
              ElementsAre("timestamp"));
}

TEST_F(IntakeTest, IdsMadeAreRandom) {
  EventIntake other({{.zone = &zone}, {"a", "b", "c", "d"}, {}});
  const auto first = other.connection_test(now);
  EXPECT_THAT(first.event_id, MatchesRegex("evt_[0-9a-f]{32}"));
  EXPECT_NE(first.event_id, other.connection_test(now).event_id);
  EXPECT_EQ(first.envelope,
            R"({"event_type":"test.connection","event_id":")" + first.event_id +
                R"(","timestamp":"2026-11-20T03:30:02.000007Z","data":{"test":true}})");
}

TEST(RateLimiterTest, EachTokenHasASecondsWorthAndThenItsRate) {
  RateLimiter limiter(1);
  Tick now{};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limiter.take(0, 10, now), std::nullopt);
  EXPECT_EQ(limiter.take(0, 10, now), 1s);
  EXPECT_EQ(limiter.take(-1, 10, now), std::nullopt) << "another one's bucket";
  now += 100ms;
  EXPECT_EQ(limiter.take(0, 10, now), std::nullopt);
  EXPECT_EQ(limiter.take(0, 10, now), 1s);
  now += 60s;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limiter.take(0, 10, now), std::nullopt);
  EXPECT_EQ(limiter.take(0, 10, now), 1s) << "no more than a second's worth is saved up";
  EXPECT_EQ(limiter.take(0, 0, now), std::nullopt) << "0 is no limit";
}

TEST(RecentIdsTest, TheLatestAreRememberedAndTheOldestForgotten) {
  RecentIds ids(2);
  for (const auto* id : {"a", "b", "c", "d"}) ids.add(id);
  EXPECT_TRUE(ids.holds("c"));
  EXPECT_TRUE(ids.holds("d"));
  ids.add("e");
  EXPECT_FALSE(ids.holds("a"));
  EXPECT_TRUE(ids.holds("d"));
  EXPECT_TRUE(ids.holds("e"));
}

}  // namespace
}  // namespace lensart::gateway
