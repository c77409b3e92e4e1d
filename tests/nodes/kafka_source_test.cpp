// The source against a real broker.

#include "nodes/source/kafka_source.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "nodes/kafka/producer.hpp"
#include "nodes/source/kafka_layout.hpp"
#include "tests/support/kafka_log.hpp"
#include "tests/support/stack.hpp"

namespace lensart::nodes {
namespace {

using namespace std::chrono_literals;

constexpr std::int32_t kPartitions = 16;
constexpr int kMessagesAPartition = 50;
constexpr std::size_t kMessageBytes = 60'000;

class KafkaSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto stack = support::Stack::from_environment();
    ASSERT_TRUE(stack) << stack.error().message;
    brokers_ = stack->brokers;
    topic_ = "test-source-" + std::to_string(getpid());
    const auto made = support::create_topics(brokers_, {{topic_, kPartitions, {}}});
    ASSERT_TRUE(made) << made.error().message;
  }
  void TearDown() override { EXPECT_TRUE(support::delete_topics(brokers_, {topic_})); }

  /// As much into each partition, in batches as large as a client makes them.
  void fill() const {
    ProducerOptions options;
    options.client.brokers = brokers_;
    options.linger = 50ms;
    auto producer = Producer::open(std::move(options));
    ASSERT_TRUE(producer) << producer.error().message;
    const std::string payload(kMessageBytes, 'x');
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
      for (int i = 0; i < kMessagesAPartition; ++i) {
        OutgoingMessage message;
        message.topic = topic_;
        message.partition = partition;
        message.payload = payload;
        ASSERT_TRUE((*producer)->produce(message));
      }
    }
    ASSERT_TRUE((*producer)->flush(30s));
    ASSERT_EQ((*producer)->counts().acknowledged,
              static_cast<std::uint64_t>(kPartitions) * kMessagesAPartition);
  }

  std::string brokers_;
  std::string topic_;
};

TEST_F(KafkaSourceTest, ABacklogIsReadFromAllPartitionsAlike) {
  ASSERT_NO_FATAL_FAILURE(fill());
  KafkaSourceOptions options;
  options.client.brokers = brokers_;
  options.group = topic_;
  options.topics = {topic_};
  SourceDirectory directory;
  SystemClock clock;
  auto source = KafkaSource::open(options, directory, clock);
  ASSERT_TRUE(source) << source.error().message;
  ASSERT_TRUE((*source)->start({}));
  // Far more than the queue of prefetched records holds, and far less than there is.
  const std::size_t half = kPartitions * kMessagesAPartition / 2;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  for (std::size_t read = 0; read < half && std::chrono::steady_clock::now() < deadline;) {
    RecordBatch batch;
    ASSERT_TRUE((*source)->poll(batch, {}));
    read += batch.records.size();
    if (batch.records.empty()) std::this_thread::sleep_for(1ms);
  }
  for (std::uint32_t partition = 0; partition < kPartitions; ++partition) {
    EXPECT_GT((*source)->next_offset(partition), 0) << "partition " << partition << " waits";
  }
}

TEST_F(KafkaSourceTest, ATopicThatIsJustBeingMadeIsAskedForAgain) {
  KafkaClientOptions options;
  options.brokers = brokers_;
  const auto client = KafkaClient::open(KafkaRole::kConsumer, options);
  ASSERT_TRUE(client) << client.error().message;
  const std::string late = topic_ + "-late";
  const auto never = ask_range(*client, late, 0, 300ms, SystemClock());
  EXPECT_FALSE(never);
  std::thread maker([&] {
    std::this_thread::sleep_for(300ms);
    EXPECT_TRUE(support::create_topics(brokers_, {{late, 1, {}}}));
  });
  const auto range = ask_range(*client, late, 0, 10s, SystemClock());
  maker.join();
  EXPECT_TRUE(support::delete_topics(brokers_, {late}));
  ASSERT_TRUE(range) << range.error().message;
  EXPECT_EQ(range->begin, 0);
  EXPECT_EQ(range->end, 0);
}

}  // namespace
}  // namespace lensart::nodes
