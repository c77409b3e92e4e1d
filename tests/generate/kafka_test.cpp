#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <thread>

#include "nodes/kafka/admin.hpp"
#include "nodes/kafka/producer.hpp"
#include "tests/support/kafka_log.hpp"
#include "tests/support/stack.hpp"

namespace lensart::nodes {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

class KafkaTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto stack = support::Stack::from_environment();
    ASSERT_TRUE(stack) << stack.error().message;
    client_.brokers = stack->brokers;
    auto admin = KafkaAdmin::open(client_);
    ASSERT_TRUE(admin) << admin.error().message;
    admin_.emplace(std::move(*admin));
  }
  void TearDown() override {
    if (!admin_) return;
    const auto deleted = admin_->delete_topics(topics_);
    EXPECT_TRUE(deleted) << deleted.error().message;
  }

  TopicSpec topic(std::string_view name, std::int32_t partitions = 3) {
    const auto moment = std::chrono::steady_clock::now().time_since_epoch().count();
    topics_.push_back("test-" + std::to_string(getpid()) + "-" + std::to_string(moment) + "-" +
                      std::string(name));
    return {topics_.back(), partitions, 0, {{"max.message.bytes", "2097152"}}};
  }
  void create(const TopicSpec& spec) {
    const auto ensured = admin_->ensure_topics(std::array{spec});
    ASSERT_TRUE(ensured) << ensured.error().message;
  }
  std::unique_ptr<Producer> producer(ProducerOptions options = {}) {
    options.client = client_;
    auto opened = Producer::open(std::move(options));
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  std::int64_t stored(const TopicSpec& spec) {
    auto ranges = admin_->ranges(std::array{spec.name});
    // A partition of a topic that was made a moment ago may have no leader yet, on a busy machine.
    for (int i = 0; i < 100 && !ranges && ranges.error().code == Errc::kBrokerDown; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      ranges = admin_->ranges(std::array{spec.name});
    }
    EXPECT_TRUE(ranges) << ranges.error().message;
    if (!ranges) return -1;
    std::int64_t count = 0;
    for (const PartitionRange& range : *ranges) count += range.end - range.begin;
    return count;
  }

  KafkaClientOptions client_;
  std::optional<KafkaAdmin> admin_;
  std::vector<std::string> topics_;
};

TEST_F(KafkaTest, EnsuringTopicsTwiceCreatesThemOnce) {
  const std::vector<TopicSpec> specs = {topic("a"), topic("b", 1)};
  const auto first = admin_->ensure_topics(specs);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_THAT(first->created, UnorderedElementsAre(specs[0].name, specs[1].name));
  EXPECT_THAT(first->existed, IsEmpty());
  const auto second = admin_->ensure_topics(specs);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_THAT(second->created, IsEmpty());
  EXPECT_THAT(second->existed, UnorderedElementsAre(specs[0].name, specs[1].name));
  EXPECT_THAT(second->differences, IsEmpty());
}

TEST_F(KafkaTest, ATopicThatDiffersIsReportedAndLeftAlone) {
  TopicSpec spec = topic("a", 2);
  create(spec);
  spec.partitions = 3;
  spec.config["max.message.bytes"] = "1000";
  const auto ensured = admin_->ensure_topics(std::array{spec});
  ASSERT_TRUE(ensured) << ensured.error().message;
  ASSERT_EQ(ensured->differences.size(), 2U);
  EXPECT_EQ(ensured->differences[0].what, "partitions");
  EXPECT_EQ(ensured->differences[0].found, "2");
  EXPECT_EQ(ensured->differences[1].what, "max.message.bytes");
  EXPECT_EQ(ensured->differences[1].found, "2097152");
  const auto described = admin_->describe(std::array{spec.name});
  ASSERT_TRUE(described);
  EXPECT_EQ(described->at(0).partitions, 2);
}

TEST_F(KafkaTest, EveryMessageIsDeliveredWhereItWasSentTo) {
  const TopicSpec spec = topic("many");
  create(spec);
  std::set<std::uint64_t> tags;
  ProducerOptions options;
  options.max_waiting_messages = 100;  // so that the queue fills up and produce() has to wait
  options.on_delivery = [&](const Delivery& delivery) {
    EXPECT_TRUE(delivery.acknowledged);
    EXPECT_EQ(delivery.partition, static_cast<std::int32_t>(delivery.tag % 3));
    EXPECT_TRUE(tags.insert(delivery.tag).second);
  };
  const auto out = producer(std::move(options));
  const std::array headers = {Header{"code", "bad_json"}, Header{"empty", ""}};
  for (std::uint64_t i = 0; i < 5000; ++i) {
    OutgoingMessage message{spec.name, static_cast<std::int32_t>(i % 3), {}, {}, "payload", i};
    if (i % 2 == 0) message.key = "key";
    if (i % 3 == 0) message.headers = headers;
    if (i % 5 == 0) message.payload = "";
    if (i % 7 == 0) message.payload.reset();
    const auto sent = out->produce(message);
    ASSERT_TRUE(sent) << sent.error().message;
  }
  const auto flushed = out->flush(30s);
  ASSERT_TRUE(flushed) << flushed.error().message;
  EXPECT_EQ(tags.size(), 5000U);
  EXPECT_EQ(out->counts().acknowledged, 5000U);
  EXPECT_EQ(out->counts().failed, 0U);
  EXPECT_EQ(stored(spec), 5000);
}

TEST_F(KafkaTest, KeyHeadersAndPayloadArriveAsTheyWereAndEmptyIsNotNull) {
  const TopicSpec spec = topic("kinds", 1);
  create(spec);
  const auto out = producer();
  const std::array headers = {Header{"code", "bad_json"}, Header{"empty", std::string_view{}}};
  const std::string bytes("a\0\xff", 3);
  ASSERT_TRUE(out->produce({spec.name, 0, "order/1/7", headers, bytes, 0}));
  ASSERT_TRUE(out->produce({spec.name, 0, std::string_view{}, {}, std::string_view{}, 0}));
  ASSERT_TRUE(out->produce({spec.name, 0, std::nullopt, {}, std::nullopt, 0}));
  ASSERT_TRUE(out->flush(30s));
  const auto records = support::read_topic(client_.brokers, spec.name);
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 3U);
  EXPECT_EQ(records->at(0).key, "order/1/7");
  EXPECT_EQ(records->at(0).payload, bytes);
  EXPECT_THAT(records->at(0).headers,
              testing::ElementsAre(testing::Pair("code", "bad_json"), testing::Pair("empty", "")));
  EXPECT_EQ(records->at(1).key, "");
  EXPECT_EQ(records->at(1).payload, "");
  EXPECT_EQ(records->at(2).key, std::nullopt);
  EXPECT_EQ(records->at(2).payload, std::nullopt);
}

TEST_F(KafkaTest, AMessageTheTopicRefusesFailsAloneAndSaysSo) {
  const TopicSpec spec = topic("large");
  create(spec);
  std::vector<Delivery> failed;
  ProducerOptions options;
  options.on_delivery = [&](const Delivery& delivery) {
    if (!delivery.acknowledged) failed.push_back(delivery);
  };
  const auto out = producer(std::move(options));
  const std::string large(2'200'000, 'x');
  ASSERT_TRUE(out->produce({spec.name, 0, {}, {}, large, 7}));
  ASSERT_TRUE(out->flush(30s));
  ASSERT_TRUE(out->produce({spec.name, 0, {}, {}, "small", 8}));
  ASSERT_TRUE(out->flush(30s));
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].tag, 7U);
  EXPECT_TRUE(failed[0].too_large);
  EXPECT_EQ(stored(spec), 1);
}

TEST_F(KafkaTest, AClusterHasOneId) {
  const auto first = admin_->cluster_id();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->empty());
  EXPECT_EQ(*admin_->cluster_id(), *first);
}

TEST_F(KafkaTest, AMissingTopicIsNamedWithItsRemedy) {
  const auto ranges = admin_->ranges(std::array<std::string, 1>{"no-such-topic"});
  ASSERT_FALSE(ranges);
  EXPECT_THAT(ranges.error().message, HasSubstr("no-such-topic"));
  EXPECT_THAT(ranges.error().message, HasSubstr("lensart init"));
}

/// Port 9 (discard) of the loopback: nobody listens.
KafkaClientOptions nobody() {
  KafkaClientOptions options;
  options.brokers = "127.0.0.1:9";
  return options;
}

TEST(KafkaWithoutBroker, IsReportedWithTheAddressAndInTime) {
  auto admin = KafkaAdmin::open(nobody(), 500ms);
  ASSERT_TRUE(admin);
  const auto id = admin->cluster_id();
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, Errc::kBrokerDown);
  EXPECT_THAT(id.error().message, HasSubstr("127.0.0.1:9"));
  EXPECT_THAT(id.error().message, HasSubstr("Connection refused"));
}

TEST(KafkaWithoutBroker, AProducersQueueStaysBoundedAndEachMessageIsSettled) {
  std::size_t settled = 0;
  ProducerOptions options;
  options.client = nobody();
  options.max_waiting_messages = 10;
  options.on_delivery = [&](const Delivery& delivery) { settled += !delivery.acknowledged; };
  auto out = Producer::open(std::move(options));
  ASSERT_TRUE(out);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE((*out)->produce({"topic", 0, {}, {}, "x", 0}));
  const auto full = (*out)->produce({"topic", 0, {}, {}, "x", 0}, 50ms);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Errc::kBrokerDown);
  EXPECT_FALSE((*out)->flush(50ms));
  (*out)->purge();
  EXPECT_EQ(settled, 10U);
  EXPECT_EQ((*out)->counts().failed, 10U);
}

TEST(KafkaProperties, AWrongOneIsNamedWithItsOriginAndNeverASecret) {
  const auto complaint = [](const std::string& name, const std::string& value) {
    ProducerOptions options;
    options.client = nobody();
    options.client.layers = {{"kafka.producer.properties", {{name, value}}}};
    const auto opened = Producer::open(std::move(options));
    return opened ? std::string("fine") : opened.error().message;
  };
  EXPECT_THAT(complaint("liner.ms", "5"), HasSubstr("kafka.producer.properties.liner.ms"));
  EXPECT_THAT(complaint("linger.ms", "soon"), HasSubstr("\"soon\""));
  EXPECT_THAT(complaint("acks", "1"), HasSubstr("exactly once needs \"all\""));
  EXPECT_THAT(complaint("bootstrap.servers", "a:1"), HasSubstr("kafka.brokers"));
  EXPECT_THAT(complaint("ssl.key.pem", "canary"), testing::Not(HasSubstr("canary")));
  EXPECT_EQ(complaint("linger.ms", "50"), "fine");
}

}  // namespace
}  // namespace lensart::nodes
