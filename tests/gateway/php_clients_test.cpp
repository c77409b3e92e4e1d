// The clients of clients/laravel, run by PHP against a gateway of the test's own.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "apps/gateway/gateway.hpp"
#include "graph/time_zone.hpp"
#include "tests/gateway/fake_kafka.hpp"
#include "tests/support/process.hpp"

namespace lensart::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr const char* kOrder =
    R"([{"id":7,"branch_id":2,"total_price":"5.00","order_status":"Đang xử lý",)"
    R"("payment_status":"b","metadata":[],"order_details":[]}])";

class PhpClientTest : public ::testing::TestWithParam<const char*> {
 protected:
  PhpClientTest() : zone(*TimeZone::find("UTC")) {
    GatewayOptions options;
    options.listen = "127.0.0.1:0";
    options.access = {app::AuthKind::kToken,
                      {"a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"},
                      {}};
    options.intake = {{.zone = &zone}, {"created", "updated", "cancelled", "events"}, {}};
    auto started = Gateway::start(options, kafka, clock);
    EXPECT_TRUE(started.has_value());
    gateway = std::move(*started);
    port = gateway->port();
  }

  /// What the client's method returned or threw.
  std::string call(const std::string& method, const std::string& arguments,
                   const std::string& token = "first", const char* tries = "4") const {
    support::ProcessOptions options;
    options.command = {"php",      LENSART_DRIVE_CLIENT,
                       GetParam(), fmt::format("http://127.0.0.1:{}", port),
                       token,      method,
                       arguments};
    options.environment = {{"TRIES", tries}};
    const auto finished = support::run_process(std::move(options), std::chrono::seconds(60));
    if (!finished) return finished.error().message;
    return finished->stdout_text + finished->stderr_text;
  }

  TimeZone zone;
  SystemClock clock;
  FakeKafka kafka;
  std::unique_ptr<Gateway> gateway;
  std::uint16_t port = 0;
};

TEST_P(PhpClientTest, OrdersArriveWithAnIdAndATimeOfTheClients) {
  EXPECT_THAT(call("orderCreated", kOrder),
              StartsWith(R"({"answer":{"status":"success","message":"Event sent to Kafka",)"
                         R"("event_type":"order.created","order_id":7,"event_id":"evt_)"));
  const auto& sent = kafka.wait_for(1);
  EXPECT_EQ(sent.key, "7");
  EXPECT_THAT(sent.payload,
              MatchesRegex(R"(\{"event_type":"order.created","event_id":"evt_[0-9a-f]{32}",)"
                           R"("timestamp":"20[-0-9]+T[:0-9]+\.[0-9]{6}Z","data":\{"id":7,.*)"
                           R"("order_status":"Đang xử lý",.*"metadata":\[\],.*)"));
}

TEST_P(PhpClientTest, ATryThatFailedIsRepeatedWithTheSameIdWhenTheServerSaysSo) {
  kafka.first = {Settled::kBusy};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(call("orderStatusChanged", R"([7,"Đã giao","Đang giao hàng"])"),
              HasSubstr(R"("event_type":"order.status_changed")"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1))
      << "Retry-After said so";
  ASSERT_EQ(kafka.count(), 2U);
  EXPECT_EQ(kafka.wait_for(1).payload, kafka.wait_for(2).payload);
}

TEST_P(PhpClientTest, WhatNoRepeatCanMendIsThrownAtOnce) {
  EXPECT_THAT(call("orderUpdated", R"([{"id":0}])"),
              AllOf(StartsWith(R"({"refused":422,"message":"order.branch_id is missing)"),
                    HasSubstr(R"("errors":{"order.branch_id":[")")));
  EXPECT_THAT(call("orderCancelled", kOrder, "wrong"), StartsWith(R"({"refused":401,)"));
  EXPECT_EQ(kafka.count(), 0U);
}

TEST_P(PhpClientTest, WhenNobodyAnswersTheEventIsHandedBackToBeKept) {
  gateway.reset();
  EXPECT_THAT(call("send", R"(["order.payment_status_changed",{"order_id":7}])", "first", "2"),
              AllOf(StartsWith(R"({"unavailable":"gateway: 0 )"),
                    HasSubstr(R"("path":"events/generic","event":{"event_id":"evt_)")));
}

TEST_P(PhpClientTest, ConnectionIsTestedAndAKeptEventIsSentAgainAsItWas) {
  EXPECT_THAT(call("testConnection", "[]"), StartsWith(R"({"answer":{"status":"success",)"));
  EXPECT_THAT(call("sendAgain", R"(["events/generic",{"event_id":"kept","event_type":"x",)"
                                R"("timestamp":"2026-01-01T00:00:00Z","data":{"a":1}}])"),
              HasSubstr(R"("event_id":"kept"})"));
  EXPECT_EQ(kafka.wait_for(2).payload,
            R"({"event_type":"x","event_id":"kept","timestamp":"2026-01-01T00:00:00Z",)"
            R"("data":{"a":1}})");
}

INSTANTIATE_TEST_SUITE_P(Clients, PhpClientTest, ::testing::Values("laravel", "plain"),
                         [](const auto& client) { return std::string(client.param); });

}  // namespace
}  // namespace lensart::gateway
