#include "nodes/source/kafka_log_check.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <map>
#include <string>
#include <utility>

namespace lensart::nodes {

namespace {

using Wanted = std::map<std::pair<std::string, std::int32_t>, const storage::SourcePosition*>;

tl::unexpected<Error> another_log(const storage::SourcePosition& position) {
  return fail(
      Errc::kStateMismatch,
      fmt::format(
          "{0}/{1}: the record at offset {2} is not the one this state read there: the topic "
          "was made anew. If that is known, `lensart run --accept-gap {0}/{1}` reads it from "
          "its beginning",
          position.topic, position.partition, position.last_offset));
}

/// True when `message` settles its partition.
Result<bool> judge(const KafkaClient& client, const rd_kafka_message_t& message,
                   const storage::SourcePosition& position) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return another_log(position);
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (is_passing(message.err)) return false;
    return tl::unexpected(
        client.error(message.err, "reading the last record again", position.topic));
  }
  if (message.offset != position.last_offset) return true;  // compacted or expired meanwhile
  if (XXH3_64bits(message.payload, message.len) != position.last_hash) return another_log(position);
  return true;
}

}  // namespace

Result<Unit> check_kafka_log(const KafkaClientOptions& options,
                             std::span<const storage::SourcePosition> positions,
                             std::chrono::milliseconds patience) {
  if (positions.empty()) return Unit{};
  KafkaClientOptions own = options;
  own.defaults = {{"fetch.message.max.bytes", "4096"}, {"fetch.wait.max.ms", "10"}};
  own.required = {{"group.id", "lensart-log-check"},
                  {"enable.auto.commit", "false"},
                  {"auto.offset.reset", "earliest"},
                  {"enable.partition.eof", "true"}};
  LENSART_ASSIGN(const KafkaClient client, KafkaClient::open(KafkaRole::kConsumer, own));
  rd_kafka_poll_set_consumer(client.get());
  Wanted wanted;
  const KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const storage::SourcePosition& position : positions) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto rc =
        rd_kafka_query_watermark_offsets(client.get(), position.topic.c_str(), position.partition,
                                         &low, &high, static_cast<int>(patience.count()));
    if (rc != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return tl::unexpected(client.error(rc, "asking where a partition begins", position.topic));
    }
    if (low > position.last_offset) continue;
    wanted.emplace(std::pair{position.topic, position.partition}, &position);
    rd_kafka_topic_partition_list_add(list.get(), position.topic.c_str(), position.partition)
        ->offset = position.last_offset;
  }
  if (wanted.empty()) return Unit{};
  rd_kafka_assign(client.get(), list.get());
  const auto deadline = std::chrono::steady_clock::now() + patience;
  Result<Unit> verdict = Unit{};
  while (verdict && !wanted.empty() && std::chrono::steady_clock::now() < deadline) {
    const KafkaMessage message(rd_kafka_consumer_poll(client.get(), 100));
    if (!message || message->rkt == nullptr) continue;
    const auto found = wanted.find({rd_kafka_topic_name(message->rkt), message->partition});
    if (found == wanted.end()) continue;
    const auto settled = judge(client, *message, *found->second);
    if (!settled) {
      verdict = tl::unexpected(settled.error());
    } else if (*settled) {
      wanted.erase(found);
    }
  }
  rd_kafka_assign(client.get(), nullptr);
  rd_kafka_consumer_close(client.get());
  if (verdict && !wanted.empty()) {
    return fail(
        Errc::kBrokerDown,
        fmt::format("the broker did not give the last record of {}/{} again within "
                    "{} ms",
                    wanted.begin()->first.first, wanted.begin()->first.second, patience.count()));
  }
  return verdict;
}

}  // namespace lensart::nodes
