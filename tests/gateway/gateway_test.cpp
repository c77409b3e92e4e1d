// The gateway over HTTP, with a Kafka that answers when it is told to.

#include "apps/gateway/gateway.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "apps/gateway/kafka_publisher.hpp"
#include "graph/time_zone.hpp"
#include "tests/gateway/fake_kafka.hpp"
#include "tests/http/raw_client.hpp"

namespace lensart::gateway {
namespace {

using namespace std::chrono_literals;
using app::RawClient;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kOrder =
    R"({"event_id":"evt_1","id":7,"branch_id":2,"total_price":5,"order_status":"a",)"
    R"("payment_status":"b"})";
// printf %s first | sha256sum
constexpr const char* kFirst = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";
constexpr const char* kSecond = "16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4";

class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest() : zone(*TimeZone::find("UTC")) {
    options.listen = "127.0.0.1:0";
    options.max_body_bytes = 10'000;
    options.brokers = "kafka-1:9092";
    options.intake = {{.zone = &zone}, {"created", "updated", "cancelled", "events"}, {}};
  }

  void start() {
    auto started = Gateway::start(options, kafka, clock);
    ASSERT_TRUE(started.has_value()) << started.error().message;
    gateway = std::move(*started);
  }

  static std::string request(const std::string& path, const std::string& body,
                             const std::string& headers = "Content-Type: application/json\r\n") {
    return fmt::format(
        "POST /api/kafka/{} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n"
        "\r\n{}",
        path, headers, body.size(), body);
  }
  std::string post(const std::string& path, const std::string& body,
                   const std::string& headers = "Content-Type: application/json\r\n") const {
    RawClient client(gateway->port());
    client.send(request(path, body, headers));
    return client.read_response();
  }
  std::string get(const std::string& path) const { return RawClient(gateway->port()).get(path); }

  TimeZone zone;
  SystemClock clock;
  FakeKafka kafka;
  GatewayOptions options;
  std::unique_ptr<Gateway> gateway;
};

TEST_F(GatewayTest, OrderIsAnsweredAsTheApplicationKnowsIt) {
  start();
  EXPECT_THAT(post("events/order-created", kOrder),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                    EndsWith("\r\n\r\n{\"status\":\"success\",\"message\":\"Event sent to Kafka\","
                             "\"event_type\":\"order.created\",\"order_id\":7,"
                             "\"event_id\":\"evt_1\"}\n")));
  const auto& sent = kafka.wait_for(1);
  EXPECT_EQ(sent.topic, orders::Topic::kOrderCreated);
  EXPECT_EQ(sent.key, "7");
  EXPECT_THAT(sent.payload, StartsWith(R"({"event_type":"order.created","event_id":"evt_1",)"));
}

TEST_F(GatewayTest, NothingIsAnsweredBeforeKafkaAcknowledges) {
  kafka.at_once.reset();
  start();
  RawClient one(gateway->port());
  RawClient two(gateway->port());
  one.send(request("events/order-created", kOrder));
  auto& first = kafka.wait_for(1);
  two.send(request("events/generic", R"({"event_type":"cart","data":{}})"));
  auto& second = kafka.wait_for(2);
  EXPECT_EQ(second.key, std::nullopt);
  second.publication->on_settled(Settled::kAcknowledged);
  EXPECT_THAT(two.read_response(),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\"order_id\":null")));
  first.publication->on_settled(Settled::kAcknowledged);
  EXPECT_THAT(one.read_response(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(GatewayTest, WhatKafkaDidNotTakeIs503WithRetryAfterAndTheId) {
  start();
  kafka.at_once = Settled::kAway;
  EXPECT_THAT(post("events/order-created", kOrder),
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 2\r\n"),
                    HasSubstr("{\"status\":\"error\",\"message\":\"Kafka did not acknowledge"),
                    HasSubstr("\"event_id\":\"evt_1\"")));
  kafka.at_once = Settled::kBusy;
  EXPECT_THAT(post("events/order-created", kOrder),
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 1\r\n")));
  EXPECT_THAT(post("test-connection", ""), StartsWith("HTTP/1.1 503 "));
  kafka.at_once = Settled::kRefused;
  EXPECT_THAT(post("events/order-created", kOrder), StartsWith("HTTP/1.1 503 "));
  kafka.at_once = Settled::kTooLarge;
  EXPECT_THAT(post("events/order-created", kOrder), StartsWith("HTTP/1.1 413 "));
  kafka.at_once.reset();
  RawClient forgotten(gateway->port());
  forgotten.send(request("events/order-created", kOrder));
  kafka.wait_for(6).publication.reset();
  EXPECT_THAT(forgotten.read_response(), StartsWith("HTTP/1.1 500 "));
}

TEST_F(GatewayTest, RepeatOfAnAcknowledgedIdIsAnsweredWithoutASecondRecord) {
  kafka.at_once = Settled::kAway;
  start();
  EXPECT_THAT(post("events/order-created", kOrder), StartsWith("HTTP/1.1 503 "));
  kafka.at_once = Settled::kAcknowledged;
  const auto first = post("events/order-created", kOrder);
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(kafka.count(), 2U) << "one that failed is sent again";
  const auto again = post("events/order-created", kOrder);
  EXPECT_EQ(again.substr(again.find("\r\n\r\n")), first.substr(first.find("\r\n\r\n")));
  EXPECT_EQ(kafka.count(), 2U);
  EXPECT_THAT(get("/metrics"), HasSubstr("lensart_gateway_repeats_total 1"));
}

TEST_F(GatewayTest, BrokenRulesAre422InLaravelsShape) {
  start();
  const auto answer = post("events/order-created", R"({"id":1,"branch_id":0,"total_price":5})");
  EXPECT_THAT(answer,
              AllOf(StartsWith("HTTP/1.1 422 "),
                    HasSubstr("\r\n\r\n{\"message\":\"order_status is missing: send it (and "
                              "2 more errors)\",\"errors\":{\"order_status\":[\""),
                    HasSubstr("],\"payment_status\":[\""),
                    HasSubstr("],\"branch_id\":[\"branch_id is 0: an id is whole")));
  EXPECT_THAT(post("events/order-updated", "{"),
              AllOf(StartsWith("HTTP/1.1 422 "), HasSubstr("\"errors\":{\"body\":[\"")));
  EXPECT_EQ(kafka.count(), 0U);
}

TEST_F(GatewayTest, OnlyPlainJsonIsTaken) {
  start();
  for (const auto* headers :
       {"", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: application/json; charset=latin1\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"}) {
    EXPECT_THAT(post("events/order-created", kOrder, headers),
                AllOf(StartsWith("HTTP/1.1 415 "), HasSubstr("\"message\":")))
        << headers;
  }
  for (const auto* headers : {"Content-Type: Application/JSON\r\n",
                              "Content-Type: application/json; charset=\"UTF-8\"\r\n"}) {
    EXPECT_THAT(post("events/order-created", kOrder, headers), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_THAT(post("events/order-created", std::string(10'001, ' ')),
              AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("\"message\":")));
  EXPECT_THAT(get("/api/kafka/events/order-created"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(post("events/order-deleted", kOrder), StartsWith("HTTP/1.1 404 "));
}

TEST_F(GatewayTest, TokensAreAskedForEverywhereButAtTheProbes) {
  options.access = {app::AuthKind::kToken, {kFirst, kSecond}, {}};
  start();
  const std::string json = "Content-Type: application/json\r\n";
  EXPECT_THAT(post("events/order-created", kOrder),
              AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("\"message\":")));
  EXPECT_THAT(post("events/order-created", kOrder, json + "Authorization: Bearer third\r\n"),
              StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(get("/api/kafka/test-connection"), StartsWith("HTTP/1.1 401 "));
  EXPECT_EQ(kafka.count(), 0U);
  for (const auto* token : {"first", "second"}) {
    EXPECT_THAT(post("events/order-created", kOrder,
                     fmt::format("{}Authorization: Bearer {}\r\n", json, token)),
                StartsWith("HTTP/1.1 200 "));
  }
  for (const auto* path : {"/livez", "/readyz", "/metrics"}) {
    EXPECT_THAT(get(path), StartsWith("HTTP/1.1 200 "));
  }
}

TEST_F(GatewayTest, WhoAsksTooOftenIsToldWhenToComeBack) {
  options.access = {app::AuthKind::kToken, {kFirst, kSecond}, {}};
  options.rate_limit = 2;
  start();
  const auto ask = [&](const char* token) {
    return post("test-connection", "", fmt::format("Authorization: Bearer {}\r\n", token));
  };
  EXPECT_THAT(ask("first"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("first"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ask("first"), AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("Retry-After: 1\r\n"),
                                  HasSubstr("\"message\":")));
  EXPECT_THAT(ask("second"), StartsWith("HTTP/1.1 200 "));
  gateway->set_rate_limit(0);
  EXPECT_THAT(ask("first"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(GatewayTest, ConnectionTestGoesToKafkaAndBack) {
  start();
  const auto body =
      "{\"status\":\"success\",\"message\":\"Kafka acknowledged a test event\","
      "\"kafka_brokers\":\"kafka-1:9092\"}\n";
  EXPECT_THAT(get("/api/kafka/test-connection"),
              AllOf(StartsWith("HTTP/1.1 200 "), EndsWith(body)));
  EXPECT_THAT(post("test-connection", "", ""), EndsWith(body));
  const auto& sent = kafka.wait_for(2);
  EXPECT_EQ(sent.topic, orders::Topic::kOrderEvents);
  EXPECT_THAT(sent.payload, StartsWith(R"({"event_type":"test.connection","event_id":"evt_)"));
}

TEST_F(GatewayTest, ProbesAndMetricsTellHowItGoes) {
  start();
  post("events/order-created", kOrder);
  post("events/send", R"({"event_type":"cart","data":{}})");
  post("events/nothing-we-know/at/all", kOrder);
  EXPECT_THAT(get("/metrics"),
              AllOf(HasSubstr("lensart_gateway_requests_total{endpoint=\"order-created\",status="
                              "\"200\"} 1"),
                    HasSubstr("endpoint=\"generic\",status=\"200\"} 1"),
                    HasSubstr("endpoint=\"other\",status=\"404\"} 1"),
                    HasSubstr("lensart_gateway_request_duration_seconds_bucket{endpoint=\"order-"
                              "created\",le=\"0.005\"}"),
                    HasSubstr("lensart_gateway_waiting_events 3"),
                    HasSubstr("lensart_gateway_kafka_up 1"), Not(HasSubstr("livez"))));
  kafka.trouble = {"Kafka is away"};
  EXPECT_THAT(get("/readyz"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Kafka is away")));
  EXPECT_THAT(get("/livez"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(get("/metrics"), HasSubstr("lensart_gateway_kafka_up 0"));
}

TEST_F(GatewayTest, StopLetsKafkaAcknowledgeWhatIsUnderWay) {
  kafka.at_once.reset();
  start();
  RawClient one(gateway->port());
  one.send(request("events/order-created", kOrder));
  auto& sent = kafka.wait_for(1);
  std::thread stopping([&] { gateway->stop(60s); });
  sent.publication->on_settled(Settled::kAcknowledged);
  EXPECT_THAT(one.read_response(), StartsWith("HTTP/1.1 200 "));
  stopping.join();
}

TEST_F(GatewayTest, AddressInUseNamesTheGatewaysSetting) {
  start();
  options.listen = fmt::format("127.0.0.1:{}", gateway->port());
  const auto failed = Gateway::start(options, kafka, clock);
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message, StartsWith("gateway.listen = \"127.0.0.1:"));
}

/// Hears what became of one event.
class Hearing final : public Publication {
 public:
  explicit Hearing(std::optional<Settled>& settled) : settled_(settled) {}
  void on_settled(Settled settled) override { settled_ = settled; }

 private:
  std::optional<Settled>& settled_;
};

TEST(KafkaPublisherTest, EventsBeyondTheQueueAreRefusedAtOnceAndTheRestAtTheEnd) {
  KafkaPublisherOptions publisher_options;
  publisher_options.client.brokers = "127.0.0.1:1";  // nobody is there
  publisher_options.topics = {"created", "updated", "cancelled", "events"};
  publisher_options.max_waiting_events = 1;
  std::optional<Settled> first;
  std::optional<Settled> second;
  std::optional<Settled> large;
  {
    const auto publisher = *KafkaPublisher::open(publisher_options);
    publisher->publish(orders::Topic::kOrderEvents, "1", "{}", std::make_unique<Hearing>(first));
    publisher->publish(orders::Topic::kOrderEvents, "1", "{}", std::make_unique<Hearing>(second));
    publisher->publish(orders::Topic::kOrderEvents, "1", std::string(2'000'000, ' '),
                       std::make_unique<Hearing>(large));
    EXPECT_EQ(second, Settled::kBusy);
    EXPECT_EQ(large, Settled::kTooLarge);
    // The broker's refusals, which come and go meanwhile, are no events.
    for (int i = 0; i < 200; ++i) {
      ASSERT_EQ(publisher->waiting(), 1U);
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_THAT(publisher->not_ready(), SizeIs(1));
  }
  EXPECT_EQ(first, Settled::kAway);
}

TEST(KafkaPublisherTest, SettingsThatWouldLoseEventsAreRefused) {
  KafkaPublisherOptions publisher_options;
  publisher_options.client.brokers = "127.0.0.1:1";
  publisher_options.client.layers = {{"kafka.producer.properties", {{"acks", "1"}}}};
  const auto refused = KafkaPublisher::open(publisher_options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, StartsWith("kafka.producer.properties.acks = \"1\""));
}

TEST(GatewayOptionsTest, TheConfigurationSaysItAll) {
  const auto zone = *TimeZone::find("UTC");
  app::Config config;
  config.gateway.auth = app::AuthKind::kToken;
  config.gateway.tokens = {kFirst};
  config.http.hosts = {"orders.example"};
  config.kafka.topics.order_events = "elsewhere";
  config.pipeline.max_payload = 2 * app::kMiB;
  config.validation.allow_zero_total = true;
  const auto made = gateway_options(config, zone);
  EXPECT_EQ(made.listen, "127.0.0.1:8082");
  EXPECT_EQ(made.access.tokens, config.gateway.tokens);
  EXPECT_EQ(made.access.auth, app::AuthKind::kToken);
  EXPECT_EQ(made.hosts, config.http.hosts);
  EXPECT_EQ(made.rate_limit, 1000U);
  EXPECT_EQ(made.max_body_bytes, app::kMiB);
  EXPECT_EQ(made.brokers, config.kafka.brokers);
  EXPECT_EQ(made.intake.topics[3], "elsewhere");
  EXPECT_EQ(made.intake.rules.max_payload_bytes, 2 * app::kMiB);
  EXPECT_TRUE(made.intake.rules.allow_zero_total);
  KafkaPublisherOptions publisher;
  set_topics_and_bounds(config, publisher);
  EXPECT_EQ(publisher.topics, made.intake.topics);
  EXPECT_EQ(publisher.max_event_bytes, 2 * app::kMiB);
}

}  // namespace
}  // namespace lensart::gateway
