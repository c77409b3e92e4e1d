// The gateway between its clients and the tables: a real broker, the real pipeline behind it.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/http/raw_client.hpp"
#include "tests/integration/old_client.hpp"
#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using app::RawClient;
using model::TopicKind;
using std::chrono::seconds;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* kJson = "Content-Type: application/json\r\n";
constexpr const char* kRest =
    R"("branch_id":2,"total_price":"1750000.00","order_status":"Đang xử lý",)"
    R"("payment_status":"Chưa thanh toán","payment_method":"COD","order_details":[{"product_id":37,)"
    R"("quantity":1,"total_price":"1750000.00"}],"metadata":[])";

std::uint16_t free_port() {
  const int handle = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(handle, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(handle);
  return ntohs(address.sin_port);
}

class GatewayCommandTest : public testing::Test {
 protected:
  GatewayCommandTest() {
    pipeline_.set("LENSART_GATEWAY_LISTEN", fmt::format("127.0.0.1:{}", port_));
    pipeline_.set("LENSART_GATEWAY_AUTH", "none");
  }

  Process start_gateway(const Environment& more = {}) const {
    auto process = pipeline_.start({"gateway"}, more);
    EXPECT_TRUE(wait_until([&] { return !process.is_running() || is_ready(); }));
    EXPECT_TRUE(process.is_running()) << process.stderr_text();
    return process;
  }
  bool is_ready() const {
    return http_get(fmt::format("127.0.0.1:{}", port_), "/readyz").status == 200;
  }

  std::string post(const std::string& path, const std::string& body,
                   const std::string& headers = kJson) const {
    RawClient client(port_);
    client.send(
        fmt::format("POST /api/kafka/{} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}"
                    "\r\n\r\n{}",
                    path, headers, body.size(), body));
    return client.read_response();
  }

  /// `key payload` of each record of a topic.
  std::vector<std::string> records(TopicKind kind) const {
    std::vector<std::string> all;
    for (const auto& record :
         need(support::read_topic(pipeline_.stack().brokers, pipeline_.topic(kind)))) {
      all.push_back(record.key.value_or("-") + " " + record.payload.value_or("null"));
    }
    return all;
  }

  std::string raw_events() const {
    return pipeline_.ask(
        "SELECT string_agg(event_id || ' ' || event_type || ' ' || order_id, ', ' ORDER BY "
        "event_id) FROM " +
        pipeline_.schema() + ".orders_raw");
  }

  Pipeline pipeline_;
  std::uint16_t port_ = free_port();
};

std::string envelope(const std::string& type, const std::string& id, const std::string& data) {
  return fmt::format(
      R"({{"event_type":"{}","event_id":"{}","timestamp":"2025-11-20T10:30:02+07:00","data":{}}})",
      type, id, data);
}

std::string with_id(const std::string& id, const std::string& rest) {
  return fmt::format(R"({{"event_id":"{}","timestamp":"2025-11-20T10:30:02+07:00",{}}})", id, rest);
}

TEST_F(GatewayCommandTest, EventsOfEveryPathAreInKafkaAsTheContractHasThemAndThenInTheTables) {
  auto gateway = start_gateway();
  const std::string order = R"("id":1042,)" + std::string(kRest);
  const auto expect_sent = [&](const std::string& path, const std::string& body,
                               const std::string& type, const std::string& id) {
    EXPECT_THAT(
        post("events/" + path, body),
        AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
              HasSubstr(fmt::format(R"({{"status":"success","message":"Event sent to Kafka",)"
                                    R"("event_type":"{}","order_id":1042,"event_id":"{}"}})",
                                    type, id))));
  };
  expect_sent("order-created", with_id("e1", order), "order.created", "e1");
  expect_sent("order-updated", with_id("e2", R"("data":{)" + order + "}"), "order.updated", "e2");
  expect_sent("order-cancelled", with_id("e3", R"("order":{)" + order + "}"), "order.cancelled",
              "e3");
  expect_sent("order-status-changed",
              with_id("e4", R"("order_id":1042,"old_status":"a","new_status":"Đã giao")"),
              "order.status_changed", "e4");
  const std::string paid = R"({"order_id":1042,"new_payment_status":"Đã thanh toán"})";
  expect_sent("generic",
              with_id("e5", R"("event_type":"order.payment_status_changed","data":)" + paid),
              "order.payment_status_changed", "e5");
  expect_sent(
      "send",
      with_id("e6", fmt::format(R"("event_type":"order.updated","topic":"{}","data":{{{}}})",
                                pipeline_.topic(TopicKind::kOrderUpdated), order)),
      "order.updated", "e6");
  EXPECT_THAT(post("test-connection", "", ""),
              AllOf(StartsWith("HTTP/1.1 200 "),
                    HasSubstr(R"("kafka_brokers":")" + pipeline_.stack().brokers + '"')));

  const std::string data = "{" + order + "}";
  EXPECT_THAT(records(TopicKind::kOrderCreated),
              ElementsAre("1042 " + envelope("order.created", "e1", data)));
  EXPECT_THAT(records(TopicKind::kOrderUpdated),
              ElementsAre("1042 " + envelope("order.updated", "e2", data),
                          "1042 " + envelope("order.updated", "e6", data)))
      << "one order's events are in one partition, in their order";
  EXPECT_THAT(records(TopicKind::kOrderCancelled),
              ElementsAre("1042 " + envelope("order.cancelled", "e3", data)));
  EXPECT_THAT(records(TopicKind::kOrderEvents),
              AllOf(SizeIs(3),
                    Contains("1042 " + envelope("order.status_changed", "e4",
                                                R"({"order_id":1042,"old_status":"a","new_status":)"
                                                R"("Đã giao"})")),
                    Contains("1042 " + envelope("order.payment_status_changed", "e5", paid)),
                    Contains(StartsWith(R"(- {"event_type":"test.connection","event_id":"evt_)"))));
  expect_exit(pipeline_.run_to_end(), 0);
  EXPECT_EQ(raw_events(),
            "e1 order.created 1042, e2 order.updated 1042, e3 order.cancelled 1042, "
            "e4 order.status_changed 1042, e5 order.payment_status_changed 1042, "
            "e6 order.updated 1042");
  expect_all_is_well(pipeline_);
  gateway.send_signal(SIGTERM);
  const auto ended = gateway.wait(seconds(10));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 0) << gateway.stderr_text();
}

TEST_F(GatewayCommandTest, WhatIsRefusedNeverReachesKafka) {
  // printf %s first | sha256sum
  const auto gateway =
      start_gateway({{"LENSART_GATEWAY_AUTH", "token"},
                     {"LENSART_GATEWAY_TOKENS",
                      "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"},
                     {"LENSART_GATEWAY_RATE_LIMIT", "5"},
                     {"LENSART_GATEWAY_MAX_BODY", "4KiB"}});
  const std::string token = "Authorization: Bearer first\r\n";
  const std::string order = R"({"id":1,)" + std::string(kRest) + "}";
  EXPECT_THAT(post("events/order-created", order), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(
      post("events/order-created", order, kJson + std::string("Authorization: Bearer x\r\n")),
      StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(post("events/order-created", std::string(5000, ' '), kJson + token),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(post("events/order-created", order, token), StartsWith("HTTP/1.1 415 "));
  EXPECT_THAT(post("events/order-created", R"({"id":1})", kJson + token),
              AllOf(StartsWith("HTTP/1.1 422 "), HasSubstr(R"("errors":{"branch_id":[)")));
  EXPECT_TRUE(wait_until([&] {
    return post("events/order-created", "{}", kJson + token).starts_with("HTTP/1.1 429 ");
  }));
  EXPECT_EQ(pipeline_.records_in_topics(), 0);
}

TEST_F(GatewayCommandTest, WhileTheBrokerIsAwayItSays503AndTheRepeatCountsOnce) {
  auto gateway = start_gateway({{"LENSART_KAFKA_PRODUCER_PROPERTIES_DELIVERY_TIMEOUT_MS", "1000"}});
  const std::string order = with_id("e1", R"("id":7,)" + std::string(kRest));
  EXPECT_THAT(post("events/order-created", order), StartsWith("HTTP/1.1 200 "));
  need(pipeline_.stack().stop(support::Service::kKafka));
  const std::string second = with_id("e2", R"("id":7,)" + std::string(kRest));
  EXPECT_THAT(post("events/order-updated", second),
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 2\r\n"),
                    HasSubstr(R"("status":"error")"), HasSubstr(R"("event_id":"e2")")));
  EXPECT_THAT(post("test-connection", "", ""), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(post("events/order-created", order), StartsWith("HTTP/1.1 200 "))
      << "it was acknowledged before";
  EXPECT_TRUE(wait_until([&] { return !is_ready(); }));
  EXPECT_EQ(http_get(fmt::format("127.0.0.1:{}", port_), "/livez").status, 200);
  need(pipeline_.stack().start(support::Service::kKafka));
  EXPECT_TRUE(wait_until([&] {
    return post("events/order-updated", second).starts_with("HTTP/1.1 200 ");
  })) << gateway.stderr_text();
  EXPECT_TRUE(wait_until([&] { return is_ready(); }));
  expect_exit(pipeline_.run_to_end(), 0);
  EXPECT_EQ(raw_events(), "e1 order.created 7, e2 order.updated 7");
  expect_all_is_well(pipeline_);
}

TEST_F(GatewayCommandTest, InsideThePipelinesProcessAnEventGoesFromRequestToTable) {
  auto run = pipeline_.start({"run"}, {{"LENSART_GATEWAY_ENABLED", "true"}});
  ASSERT_TRUE(pipeline_.wait_ready(run)) << run.stderr_text();
  ASSERT_TRUE(wait_until([&] { return is_ready(); }));
  EXPECT_THAT(post("events/order-created", with_id("e1", R"("id":3,)" + std::string(kRest))),
              StartsWith("HTTP/1.1 200 "));
  auto database = pipeline_.database();
  EXPECT_TRUE(wait_until([&] { return pipeline_.consumed(database) == 1; }));
  EXPECT_EQ(raw_events(), "e1 order.created 3");
  EXPECT_EQ(metric(pipeline_.get("/metrics").body, "lensart_gateway_requests_total"), 1);
  run.send_signal(SIGTERM);
  const auto ended = run.wait(seconds(20));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 0) << run.stderr_text();
}

TEST_F(GatewayCommandTest, TokensAreDemandedUnlessItListensOnLoopbackAlone) {
  const auto open = pipeline_.command({"gateway"}, {{"LENSART_GATEWAY_LISTEN", "0.0.0.0:0"}});
  expect_exit(open, 78);
  EXPECT_THAT(open.stderr_text, HasSubstr("gateway.auth \"none\" is refused off loopback"));
  const auto without = pipeline_.command({"gateway"}, {{"LENSART_GATEWAY_AUTH", "token"}});
  expect_exit(without, 78);
  EXPECT_THAT(without.stderr_text, HasSubstr("gateway.tokens is empty"));
}

class ClientsTest : public GatewayCommandTest, public testing::WithParamInterface<const char*> {};

TEST_P(ClientsTest, OrderOfAPhpClientIsInTheTables) {
  const auto gateway = start_gateway();
  support::ProcessOptions options;
  options.command = {"php",
                     LENSART_DRIVE_CLIENT,
                     GetParam(),
                     fmt::format("http://127.0.0.1:{}", port_),
                     "",
                     "orderCreated",
                     R"([{"id":9,)" + std::string(kRest) + R"(}, "php-1"])"};
  const auto finished = need(support::run_process(std::move(options), seconds(60)));
  EXPECT_THAT(finished.stdout_text, HasSubstr(R"("event_id":"php-1"})")) << finished.stderr_text;
  expect_exit(pipeline_.run_to_end(), 0);
  EXPECT_EQ(raw_events(), "php-1 order.created 9");
}

INSTANTIATE_TEST_SUITE_P(Php, ClientsTest, testing::Values("laravel", "plain"),
                         [](const auto& client) { return std::string(client.param); });

/// A payload as the shop writes it, a year earlier, lest this machine's clock be behind it.
std::string sample(const std::string& name) {
  std::ifstream file(std::string(LENSART_SAMPLES) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  std::string payload = text.str();
  for (auto at = payload.find("2026-"); at != payload.npos; at = payload.find("2026-", at)) {
    payload.replace(at, 5, "2025-");
  }
  return payload;
}

TEST_F(GatewayCommandTest, OldClientsRequestsAreStillTakenByTheBrokerAndThePipeline) {
  const auto send = [&](TopicKind kind, const char* name) {
    return produce_as_old_client(pipeline_.stack().brokers, pipeline_.topic(kind), sample(name));
  };
  EXPECT_EQ(send(TopicKind::kOrderCreated, "order-created.envelope.json"), 0);
  EXPECT_EQ(send(TopicKind::kOrderCreated, "order-created.walk-in.json"), 1);
  EXPECT_EQ(send(TopicKind::kOrderUpdated, "order-updated.envelope.json"), 0);
  EXPECT_EQ(send(TopicKind::kOrderEvents, "order-events.status-changed.json"), 0);
  const auto all = need(
      support::read_topic(pipeline_.stack().brokers, pipeline_.topic(TopicKind::kOrderCreated)));
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].partition, 0);
  EXPECT_EQ(all[0].key, std::nullopt);
  EXPECT_EQ(all[0].payload, sample("order-created.envelope.json"));
  expect_exit(pipeline_.run_to_end(), 0);
  EXPECT_EQ(raw_events(),
            "evt_6b046c89a61795.04114447 order.created 1042, "
            "evt_6b046c89a61e01.27267135 order.updated 1042, "
            "evt_6b046c89a62000.10565676 order.status_changed 1042, "
            "evt_6b046c89a62418.25458637 order.created 1044");
  expect_all_is_well(pipeline_);
}

}  // namespace
}  // namespace lensart::integration
