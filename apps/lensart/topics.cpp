#include "apps/lensart/topics.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <string>

#include "apps/config/secrets.hpp"

namespace lensart::app {
namespace {

constexpr std::int32_t kEventPartitions = 3;
constexpr std::chrono::days kEventRetention{7};
constexpr std::chrono::days kDeadLetterRetention{30};
constexpr std::uint64_t kMaxMessageBytes = 2 * kMiB;
/// A dead letter carries the message whole and its headers beside it.
constexpr std::uint64_t kHeaderRoomBytes = 64 * kKiB;

nodes::TopicSpec spec(std::string name, std::int32_t partitions,
                      std::chrono::milliseconds retention, std::uint64_t max_message_bytes) {
  return {std::move(name),
          partitions,
          0,
          {{"cleanup.policy", "delete"},
           {"max.message.bytes", std::to_string(max_message_bytes)},
           {"message.timestamp.type", "LogAppendTime"},
           {"retention.ms", std::to_string(retention.count())}}};
}

spdlog::level::level_enum level_of(nodes::KafkaLogLevel level) {
  switch (level) {
    case nodes::KafkaLogLevel::kError:
    case nodes::KafkaLogLevel::kWarning:
      // A lost connection is librdkafka's error and our normal life: it comes back by itself, and
      // what it keeps us from doing is an error where it happens.
      return spdlog::level::warn;
    case nodes::KafkaLogLevel::kNotice:
    case nodes::KafkaLogLevel::kInfo:
      return spdlog::level::info;
    case nodes::KafkaLogLevel::kDebug:
      return spdlog::level::debug;
  }
  return spdlog::level::info;
}

}  // namespace

nodes::KafkaClientOptions kafka_options(const Config& config, nodes::KafkaRole role) {
  nodes::KafkaClientOptions options;
  options.brokers = config.kafka.brokers;
  options.defaults["client.id"] = config.pipeline.name;
  options.layers.push_back({"kafka.properties", config.kafka.properties});
  if (role == nodes::KafkaRole::kProducer) {
    options.layers.push_back({"kafka.producer.properties", config.kafka.producer.properties});
  } else {
    options.layers.push_back({"kafka.consumer.properties", config.kafka.consumer.properties});
  }
  options.log = [shared = std::make_shared<const Config>(config)](
                    nodes::KafkaLogLevel level, std::string_view facility, std::string_view text) {
    spdlog::log(level_of(level), "kafka: {}: {}", facility,
                without_secrets(*shared, std::string(text)));
  };
  return options;
}

std::vector<nodes::TopicSpec> topic_specs(const Config& config) {
  std::vector<nodes::TopicSpec> specs;
  const KafkaTopicsConfig& topics = config.kafka.topics;
  for (const std::string& name :
       {topics.order_created, topics.order_updated, topics.order_cancelled, topics.order_events}) {
    specs.push_back(spec(name, kEventPartitions, kEventRetention, kMaxMessageBytes));
  }
  specs.push_back(
      spec(config.kafka.dlq_topic, 1, kDeadLetterRetention, kMaxMessageBytes + kHeaderRoomBytes));
  // A replayed event's envelope carries the original and its coordinates.
  specs.push_back(
      spec(config.kafka.replay_topic, 1, kEventRetention, kMaxMessageBytes + kHeaderRoomBytes));
  return specs;
}

generate::TopicNames topic_names(const Config& config) {
  const KafkaTopicsConfig& topics = config.kafka.topics;
  return {topics.order_created, topics.order_updated, topics.order_cancelled, topics.order_events};
}

}  // namespace lensart::app
