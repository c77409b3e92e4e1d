#include "nodes/kafka/admin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

namespace lensart::nodes {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How often a new topic's leaders are asked for.
constexpr milliseconds kLeaderPoll{20};

bool has_leaders(const rd_kafka_metadata_t& metadata, const TopicSpec& spec) {
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata.topics[i];
    if (spec.name != topic.topic) continue;
    return topic.err == RD_KAFKA_RESP_ERR_NO_ERROR && topic.partition_cnt > 0 &&
           std::all_of(topic.partitions, topic.partitions + topic.partition_cnt,
                       [](const rd_kafka_metadata_partition_t& p) { return p.leader >= 0; });
  }
  return false;
}

void note_differences(const TopicSpec& spec, const TopicDescription& found,
                      std::vector<TopicDifference>& out) {
  if (found.partitions != spec.partitions) {
    out.push_back({spec.name, "partitions", std::to_string(spec.partitions),
                   std::to_string(found.partitions)});
  }
  for (const auto& [name, wanted] : spec.config) {
    const auto there = found.config.find(name);
    const std::string value = there == found.config.end() ? "" : there->second;
    if (value != wanted) out.push_back({spec.name, name, wanted, value});
  }
}

}  // namespace

Result<KafkaAdmin> KafkaAdmin::open(KafkaClientOptions options, milliseconds timeout) {
  options.required["allow.auto.create.topics"] = "false";
  LENSART_ASSIGN(KafkaClient client, KafkaClient::open(KafkaRole::kProducer, options));
  return KafkaAdmin(std::move(client), timeout);
}

Result<KafkaMetadata> KafkaAdmin::metadata() {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(client_.get(), 1, nullptr, &raw, timeout_ms());
  rd_kafka_poll(client_.get(), 0);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(client_.error(code, "asking for the topics"));
  }
  return KafkaMetadata(raw);
}

Result<std::map<std::string, std::int32_t>> KafkaAdmin::partitions() {
  LENSART_ASSIGN(const KafkaMetadata found, metadata());
  std::map<std::string, std::int32_t> result;
  for (int i = 0; i < found->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = found->topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) result[topic.topic] = topic.partition_cnt;
  }
  return result;
}

Result<std::string> KafkaAdmin::cluster_id() {
  char* raw = rd_kafka_clusterid(client_.get(), timeout_ms());
  rd_kafka_poll(client_.get(), 0);
  if (raw == nullptr) {
    return tl::unexpected(client_.error(RD_KAFKA_RESP_ERR__TIMED_OUT, "asking for the cluster id"));
  }
  std::string id(raw);
  rd_kafka_mem_free(client_.get(), raw);
  return id;
}

Result<std::vector<PartitionRange>> KafkaAdmin::ranges(std::span<const std::string> topics) {
  LENSART_ASSIGN(const auto counts, partitions());
  std::vector<PartitionRange> result;
  for (const std::string& topic : topics) {
    const auto found = counts.find(topic);
    if (found == counts.end()) {
      return fail(Errc::kFatal, fmt::format("Kafka at \"{}\" has no topic {}: run `lensart init`",
                                            client_.brokers(), topic));
    }
    for (std::int32_t partition = 0; partition < found->second; ++partition) {
      PartitionRange range{topic, partition, 0, 0};
      const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
          client_.get(), topic.c_str(), partition, &range.begin, &range.end, timeout_ms());
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return tl::unexpected(
            client_.error(code, fmt::format("asking for the offsets of {}/{}", topic, partition)));
      }
      result.push_back(std::move(range));
    }
  }
  return result;
}

Result<KafkaAdminOptions> KafkaAdmin::options(rd_kafka_admin_op_t operation) {
  KafkaAdminOptions made(rd_kafka_AdminOptions_new(client_.get(), operation));
  std::array<char, 256> reason{};
  const rd_kafka_resp_err_t code = rd_kafka_AdminOptions_set_request_timeout(
      made.get(), timeout_ms(), reason.data(), reason.size());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(client_.error(code, "setting a timeout", reason.data()));
  }
  return made;
}

Result<KafkaEvent> KafkaAdmin::await(rd_kafka_queue_t* queue, std::string_view doing) {
  // The request has a timeout of its own; a little more, so that its answer tells the reason.
  KafkaEvent event(rd_kafka_queue_poll(queue, timeout_ms() + 1000));
  rd_kafka_poll(client_.get(), 0);
  if (!event) return tl::unexpected(client_.error(RD_KAFKA_RESP_ERR__TIMED_OUT, doing));
  const rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(client_.error(code, doing, rd_kafka_event_error_string(event.get())));
  }
  return event;
}

Result<Unit> KafkaAdmin::create(std::span<const TopicSpec> missing, EnsuredTopics& ensured) {
  std::vector<KafkaNewTopic> topics;
  std::vector<rd_kafka_NewTopic_t*> raw;
  std::array<char, 512> reason{};
  for (const TopicSpec& spec : missing) {
    const int replication = spec.replication == 0 ? -1 : spec.replication;
    topics.emplace_back(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, replication,
                                              reason.data(), reason.size()));
    if (!topics.back()) {
      return fail(Errc::kBadConfig, fmt::format("topic {}: {}", spec.name, reason.data()));
    }
    for (const auto& [name, value] : spec.config) {
      rd_kafka_NewTopic_set_config(topics.back().get(), name.c_str(), value.c_str());
    }
    raw.push_back(topics.back().get());
  }
  LENSART_ASSIGN(const KafkaAdminOptions how, options(RD_KAFKA_ADMIN_OP_CREATETOPICS));
  const KafkaQueue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_CreateTopics(client_.get(), raw.data(), raw.size(), how.get(), queue.get());
  LENSART_ASSIGN(const KafkaEvent event, await(queue.get(), "creating topics"));
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    const char* name = rd_kafka_topic_result_name(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ensured.created.emplace_back(name);
    } else if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      ensured.existed.emplace_back(name);  // somebody was faster
    } else {
      const char* why = rd_kafka_topic_result_error_string(results[i]);
      return tl::unexpected(
          client_.error(code, fmt::format("creating topic {}", name), why == nullptr ? "" : why));
    }
  }
  return Unit{};
}

Result<Unit> KafkaAdmin::await_leaders(std::span<const TopicSpec> specs) {
  const auto give_up = steady_clock::now() + timeout_;
  while (true) {
    LENSART_ASSIGN(const KafkaMetadata found, metadata());
    const auto waiting = std::find_if(specs.begin(), specs.end(), [&](const TopicSpec& spec) {
      return !has_leaders(*found, spec);
    });
    if (waiting == specs.end()) return Unit{};
    if (steady_clock::now() >= give_up) {
      return tl::unexpected(client_.error(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                                          fmt::format("waiting for topic {}", waiting->name)));
    }
    // The broker announces a leader to nobody: asking again is the only way.
    std::this_thread::sleep_for(kLeaderPoll);
  }
}

Result<EnsuredTopics> KafkaAdmin::ensure_topics(std::span<const TopicSpec> specs) {
  LENSART_ASSIGN(const auto there, partitions());
  EnsuredTopics ensured;
  std::vector<TopicSpec> missing;
  for (const TopicSpec& spec : specs) {
    if (there.contains(spec.name)) {
      ensured.existed.push_back(spec.name);
    } else {
      missing.push_back(spec);
    }
  }
  if (!missing.empty()) LENSART_TRY(create(missing, ensured));
  LENSART_TRY(await_leaders(specs));
  LENSART_ASSIGN(const auto described, describe(ensured.existed));
  for (const TopicDescription& found : described) {
    const auto spec = std::find_if(specs.begin(), specs.end(),
                                   [&](const TopicSpec& each) { return each.name == found.name; });
    if (spec != specs.end()) note_differences(*spec, found, ensured.differences);
  }
  return ensured;
}

Result<std::vector<TopicDescription>> KafkaAdmin::describe(std::span<const std::string> topics) {
  if (topics.empty()) return std::vector<TopicDescription>{};
  LENSART_ASSIGN(const KafkaMetadata found, metadata());
  std::vector<TopicDescription> described;
  for (int i = 0; i < found->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = found->topics[i];
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (std::find(topics.begin(), topics.end(), topic.topic) == topics.end()) continue;
    TopicDescription each;
    each.name = topic.topic;
    each.partitions = topic.partition_cnt;
    each.replication = topic.partition_cnt > 0 ? topic.partitions[0].replica_cnt : 0;
    described.push_back(std::move(each));
  }
  if (!described.empty()) LENSART_TRY(read_configs(described));
  return described;
}

Result<Unit> KafkaAdmin::read_configs(std::vector<TopicDescription>& topics) {
  std::vector<KafkaConfigResource> resources;
  std::vector<rd_kafka_ConfigResource_t*> raw;
  for (const TopicDescription& topic : topics) {
    resources.emplace_back(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str()));
    raw.push_back(resources.back().get());
  }
  LENSART_ASSIGN(const KafkaAdminOptions how, options(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  const KafkaQueue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_DescribeConfigs(client_.get(), raw.data(), raw.size(), how.get(), queue.get());
  LENSART_ASSIGN(const KafkaEvent event, await(queue.get(), "reading the topics' settings"));
  std::size_t count = 0;
  const auto* results = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = rd_kafka_ConfigResource_name(results[i]);
    const rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(results[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return tl::unexpected(
          client_.error(code, fmt::format("reading the settings of topic {}", name)));
    }
    const auto topic = std::find_if(topics.begin(), topics.end(),
                                    [&](const TopicDescription& t) { return t.name == name; });
    if (topic == topics.end()) continue;
    std::size_t entries = 0;
    const auto* configs = rd_kafka_ConfigResource_configs(results[i], &entries);
    for (std::size_t k = 0; k < entries; ++k) {
      const char* value = rd_kafka_ConfigEntry_value(configs[k]);
      if (value != nullptr) topic->config[rd_kafka_ConfigEntry_name(configs[k])] = value;
    }
  }
  return Unit{};
}

Result<Unit> KafkaAdmin::delete_topics(std::span<const std::string> topics) {
  if (topics.empty()) return Unit{};
  using DeleteTopic = KafkaOwner<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy>;
  std::vector<DeleteTopic> owned;
  std::vector<rd_kafka_DeleteTopic_t*> raw;
  for (const std::string& topic : topics) {
    owned.emplace_back(rd_kafka_DeleteTopic_new(topic.c_str()));
    raw.push_back(owned.back().get());
  }
  LENSART_ASSIGN(const KafkaAdminOptions how, options(RD_KAFKA_ADMIN_OP_DELETETOPICS));
  const KafkaQueue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_DeleteTopics(client_.get(), raw.data(), raw.size(), how.get(), queue.get());
  LENSART_ASSIGN(const KafkaEvent event, await(queue.get(), "deleting topics"));
  std::size_t count = 0;
  const auto* results =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      return tl::unexpected(client_.error(
          code, fmt::format("deleting topic {}", rd_kafka_topic_result_name(results[i]))));
    }
  }
  return Unit{};
}

}  // namespace lensart::nodes
