/// Topics: made, looked at, measured.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"
#include "nodes/kafka/kafka_handle.hpp"

namespace lensart::nodes {

/// What a topic shall be like.
struct TopicSpec {
  std::string name;
  std::int32_t partitions = 1;
  /// 0: the broker's default, or 1 where the broker is too old to have one.
  std::int32_t replication = 0;
  /// `retention.ms` and so on, spelt as the broker gives them back.
  std::map<std::string, std::string> config;
};

/// One thing about an existing topic that is not as specified.
struct TopicDifference {
  std::string topic;
  std::string what;  ///< `partitions` or the name of a setting
  std::string wanted;
  std::string found;
};

struct EnsuredTopics {
  std::vector<std::string> created;
  std::vector<std::string> existed;  ///< those that differ among them
  std::vector<TopicDifference> differences;
};

struct TopicDescription {
  std::string name;
  std::int32_t partitions = 0;
  std::int32_t replication = 0;
  std::map<std::string, std::string> config;
};

struct PartitionRange {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t begin = 0;  ///< the first offset still there
  std::int64_t end = 0;    ///< the one the next record will get
};

/// Threads: one at a time. Every call waits at most `timeout` for an answer and fails with
/// kBrokerDown when there is none.
class KafkaAdmin {
 public:
  /// Needs no broker. Fails with kBadConfig.
  static Result<KafkaAdmin> open(KafkaClientOptions options, std::chrono::milliseconds timeout =
                                                                 std::chrono::milliseconds(10'000));

  /// Creates what is missing and waits until each has leaders; changes nothing that is there.
  Result<EnsuredTopics> ensure_topics(std::span<const TopicSpec> specs);

  /// Settings and size of those topics that exist; the others are left out.
  Result<std::vector<TopicDescription>> describe(std::span<const std::string> topics);

  /// The number of partitions of each topic of the cluster.
  Result<std::map<std::string, std::int32_t>> partitions();

  Result<std::string> cluster_id();

  /// Fails with kFatal, naming the topic and `lensart init`, where a topic is not there.
  Result<std::vector<PartitionRange>> ranges(std::span<const std::string> topics);

  Result<Unit> delete_topics(std::span<const std::string> topics);

  const KafkaClient& client() const { return client_; }

 private:
  KafkaAdmin(KafkaClient client, std::chrono::milliseconds timeout)
      : client_(std::move(client)), timeout_(timeout) {}

  int timeout_ms() const { return static_cast<int>(timeout_.count()); }
  Result<KafkaMetadata> metadata();
  Result<Unit> create(std::span<const TopicSpec> missing, EnsuredTopics& ensured);
  Result<Unit> await_leaders(std::span<const TopicSpec> specs);
  Result<Unit> read_configs(std::vector<TopicDescription>& topics);
  Result<KafkaEvent> await(rd_kafka_queue_t* queue, std::string_view doing);
  Result<KafkaAdminOptions> options(rd_kafka_admin_op_t operation);

  KafkaClient client_;
  std::chrono::milliseconds timeout_;
};

}  // namespace lensart::nodes
