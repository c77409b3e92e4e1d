// The source against a real broker.

#include "nodes/source/kafka_source.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <utility>

#include "nodes/kafka/producer.hpp"
#include "nodes/source/kafka_layout.hpp"
#include "tests/support/kafka_log.hpp"
#include "tests/support/stack.hpp"

namespace lensart::nodes {
namespace {

using namespace std::chrono_literals;

constexpr std::int32_t kPartitions = 16;
constexpr int kMessagesAPartition = 100;
constexpr std::size_t kMessageBytes = 60'000;

/// The system's, and as much later as the test says.
class LaterClock final : public Clock {
 public:
  Instant wall() const override { return system_.wall() + later; }
  Tick tick() const override { return system_.tick() + later; }

  Duration later{0};

 private:
  SystemClock system_;
};

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
    std::vector<std::int32_t> partitions;
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
      partitions.insert(partitions.end(), kMessagesAPartition, partition);
    }
    write(partitions, kMessageBytes);
  }
  /// One message into each of `partitions`, in this order; each begins with its place in it.
  void write(const std::vector<std::int32_t>& partitions, std::size_t bytes) const {
    ProducerOptions options;
    options.client.brokers = brokers_;
    options.linger = 50ms;
    auto producer = Producer::open(std::move(options));
    ASSERT_TRUE(producer) << producer.error().message;
    std::string payload(bytes, 'x');
    for (std::size_t place = 0; place < partitions.size(); ++place) {
      std::memcpy(payload.data(), &place, sizeof(place));
      OutgoingMessage message;
      message.topic = topic_;
      message.partition = partitions[place];
      message.payload = payload;
      ASSERT_TRUE((*producer)->produce(message));
    }
    ASSERT_TRUE((*producer)->flush(30s));
    ASSERT_EQ((*producer)->counts().acknowledged, partitions.size());
  }
  void give_topic_partitions(std::size_t count) const {
    KafkaClientOptions options;
    options.brokers = brokers_;
    const auto client = KafkaClient::open(KafkaRole::kConsumer, options);
    ASSERT_TRUE(client) << client.error().message;
    const KafkaQueue queue(rd_kafka_queue_new(client->get()));
    rd_kafka_NewPartitions_t* more = rd_kafka_NewPartitions_new(topic_.c_str(), count, nullptr, 0);
    rd_kafka_CreatePartitions(client->get(), &more, 1, nullptr, queue.get());
    const KafkaEvent answer(rd_kafka_queue_poll(queue.get(), 10'000));
    rd_kafka_NewPartitions_destroy(more);
    ASSERT_TRUE(answer);
    ASSERT_EQ(rd_kafka_event_error(answer.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  /// Until so many records have been read in all.
  void read_up_to(KafkaSource& source, std::int64_t records) const {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    for (std::int64_t read = 0; read < records;) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "after " << read;
      RecordBatch batch;
      ASSERT_TRUE(source.poll(batch, {}));
      if (batch.records.empty()) std::this_thread::sleep_for(1ms);
      read = 0;
      for (std::uint32_t i = 0; i < directory_.size(); ++i) read += source.next_offset(i);
    }
  }
  std::unique_ptr<KafkaSource> open_source() {
    KafkaSourceOptions options;
    options.client.brokers = brokers_;
    options.group = topic_;
    options.topics = {topic_};
    auto source = KafkaSource::open(options, directory_, clock_);
    EXPECT_TRUE(source) << source.error().message;
    return source ? std::move(*source) : nullptr;
  }

  SourceDirectory directory_;
  LaterClock clock_;
  std::string brokers_;
  std::string topic_;
};

TEST_F(KafkaSourceTest, ABacklogIsReadFromAllPartitionsAlike) {
  ASSERT_NO_FATAL_FAILURE(fill());
  const auto source = open_source();
  ASSERT_TRUE(source && source->start({}));
  // Far more than the queue of prefetched records holds, and far less than there is.
  const std::size_t half = kPartitions * kMessagesAPartition / 2;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  for (std::size_t read = 0; read < half && std::chrono::steady_clock::now() < deadline;) {
    RecordBatch batch;
    ASSERT_TRUE(source->poll(batch, {}));
    read += batch.records.size();
    if (batch.records.empty()) std::this_thread::sleep_for(1ms);
  }
  for (std::uint32_t partition = 0; partition < kPartitions; ++partition) {
    EXPECT_GT(source->next_offset(partition), 0) << "partition " << partition << " waits";
  }
}

/// Three large partitions, and nine of a seventh of their size.
TEST_F(KafkaSourceTest, UnequalPartitionsAreReadInTheOrderOfWritingToTheirEnds) {
  constexpr std::size_t kWritten = 72'000;
  constexpr std::uint32_t kRead = 12;
  std::vector<std::int32_t> partitions;
  for (std::int32_t place = 0; std::cmp_less(partitions.size(), kWritten); ++place) {
    const std::int32_t turn = place % 30;
    partitions.push_back(turn < 21 ? turn % 3 : turn - 18);
  }
  std::vector<std::int64_t> written(kPartitions, 0);
  for (const std::int32_t partition : partitions) ++written[static_cast<std::size_t>(partition)];
  ASSERT_NO_FATAL_FAILURE(write(partitions, 2'500));
  const auto source = open_source();
  ASSERT_TRUE(source && source->start({}));
  std::vector<std::size_t> last(kRead, 0);  // the place of each partition's last record read
  std::size_t widest = 0;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  for (std::size_t read = 0; read < kWritten;) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    EXPECT_FALSE(source->reached_start_end());
    RecordBatch batch;
    ASSERT_TRUE(source->poll(batch, {}));
    for (const RawRecord& record : batch.records) {
      std::memcpy(&last[record.source], batch.payload(record).data(), sizeof(std::size_t));
    }
    read += batch.records.size();
    std::size_t oldest = kWritten;
    std::size_t newest = 0;
    for (std::uint32_t partition = 0; partition < kRead; ++partition) {
      const std::int64_t behind = written[partition] - source->next_offset(partition);
      EXPECT_FALSE(behind > 0 && source->at_end(partition)) << partition;
      EXPECT_EQ(behind == 0, source->at_start_end(partition)) << partition;
      if (behind <= ReadingOrder::kNearEnd) continue;
      oldest = std::min(oldest, last[partition]);
      newest = std::max(newest, last[partition]);
    }
    if (newest > oldest) widest = std::max(widest, newest - oldest);
    if (batch.records.empty()) std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(source->reached_start_end());
  // A run of a small one is a sixth of it. Read alike, the small ones are at their ends when the
  // large ones are at a seventh.
  EXPECT_LT(widest, kWritten * 5 / 8);
}

TEST_F(KafkaSourceTest, PartitionsAddedWhileABacklogIsReadAreReadWithTheOthers) {
  constexpr std::int64_t kEach = 2'000;
  std::vector<std::int32_t> partitions;
  for (std::int64_t place = 0; place < kPartitions * kEach; ++place) {
    partitions.push_back(static_cast<std::int32_t>(place % kPartitions));
  }
  ASSERT_NO_FATAL_FAILURE(write(partitions, 2'500));
  const auto source = open_source();
  ASSERT_TRUE(source && source->start({}));
  ASSERT_NO_FATAL_FAILURE(read_up_to(*source, 5 * kEach));
  ASSERT_NO_FATAL_FAILURE(give_topic_partitions(kPartitions + 1));
  ASSERT_NO_FATAL_FAILURE(write(std::vector<std::int32_t>(kEach, kPartitions), 2'500));
  clock_.later = 1min;  // it is time to look for new ones
  ASSERT_NO_FATAL_FAILURE(read_up_to(*source, (kPartitions + 1) * kEach));
  for (std::uint32_t partition = 0; partition <= kPartitions; ++partition) {
    EXPECT_EQ(source->next_offset(partition), kEach) << partition;
  }
  EXPECT_TRUE(source->reached_start_end());
}

/// A few partitions are read, slowly, and the others are paused: nothing but a question tells how
/// far those have grown.
TEST_F(KafkaSourceTest, TheLagOfEveryPartitionGrowsWhileABacklogIsRead) {
  constexpr std::int64_t kEach = 1'000;
  constexpr std::int64_t kMore = 5;
  const auto to_each = [](std::int64_t records) {
    std::vector<std::int32_t> partitions;
    for (std::int64_t place = 0; place < kPartitions * records; ++place) {
      partitions.push_back(static_cast<std::int32_t>(place % kPartitions));
    }
    return partitions;
  };
  ASSERT_NO_FATAL_FAILURE(write(to_each(kEach), 6'000));
  const auto source = open_source();
  ASSERT_TRUE(source && source->start({}));
  const auto all_have_grown = [&] {
    const std::vector<std::int64_t> lags = source->lags();
    for (std::uint32_t partition = 0; partition < kPartitions; ++partition) {
      const std::int64_t end = source->next_offset(partition) + lags[partition];
      if (end != kEach + kMore) return false;
    }
    return true;
  };
  bool grown = false;
  for (int poll = 0; !grown && poll < 10 + 70; ++poll) {  // too few for a turn of each
    if (poll == 10) {
      ASSERT_NO_FATAL_FAILURE(write(to_each(kMore), 100));
    }
    RecordBatch batch;
    ASSERT_TRUE(source->poll(batch, {.max_bytes = 100'000}));
    grown = all_have_grown();
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_TRUE(grown);
  int unread = 0;
  for (std::uint32_t partition = 0; partition < kPartitions; ++partition) {
    unread += source->next_offset(partition) == 0 ? 1 : 0;
  }
  EXPECT_GT(unread, 0) << "all were read meanwhile, which tells how far they have grown";
}

TEST_F(KafkaSourceTest, ATopicThatIsJustBeingMadeIsAskedForAgain) {
  KafkaClientOptions options;
  options.brokers = brokers_;
  const auto client = KafkaClient::open(KafkaRole::kConsumer, options);
  ASSERT_TRUE(client) << client.error().message;
  const std::string late = topic_ + "-late";
  const auto never = ask_range(*client, late, 0, 300ms, clock_);
  EXPECT_FALSE(never);
  std::thread maker([&] {
    std::this_thread::sleep_for(300ms);
    EXPECT_TRUE(support::create_topics(brokers_, {{late, 1, {}}}));
  });
  const auto range = ask_range(*client, late, 0, 10s, clock_);
  maker.join();
  EXPECT_TRUE(support::delete_topics(brokers_, {late}));
  ASSERT_TRUE(range) << range.error().message;
  EXPECT_EQ(range->begin, 0);
  EXPECT_EQ(range->end, 0);
}

}  // namespace
}  // namespace lensart::nodes
