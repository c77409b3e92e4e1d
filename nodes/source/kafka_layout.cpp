#include "nodes/source/kafka_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace lensart::nodes {

namespace {

constexpr auto kAskAgainAfter = std::chrono::milliseconds(50);

bool is_passing_of_new_topic(rd_kafka_resp_err_t code) {
  return is_passing(code) || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

}  // namespace

Result<std::vector<std::pair<std::uint32_t, std::int32_t>>> list_partitions(
    const KafkaClient& client, const std::vector<std::string>& topics,
    std::chrono::milliseconds patience) {
  std::vector<std::pair<std::uint32_t, std::int32_t>> found;
  const rd_kafka_metadata_t* raw = nullptr;
  const auto rc =
      rd_kafka_metadata(client.get(), 1, nullptr, &raw, static_cast<int>(patience.count()));
  const KafkaMetadata metadata(raw);
  if (rc != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(client.error(rc, "listing the topics"));
  }
  for (std::uint32_t index = 0; index < topics.size(); ++index) {
    bool exists = false;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      const rd_kafka_metadata_topic& topic = metadata->topics[i];
      if (topics[index] != topic.topic || topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      exists = topic.partition_cnt > 0;
      for (int p = 0; p < topic.partition_cnt; ++p)
        found.emplace_back(index, topic.partitions[p].id);
    }
    if (!exists) {
      return fail(Errc::kBadConfig,
                  fmt::format("topic \"{}\" does not exist; run `lensart init`, or set "
                              "kafka.topics.* to the topics' names",
                              topics[index]));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<OffsetRange> ask_range(const KafkaClient& client, const std::string& topic,
                              std::int32_t partition, std::chrono::milliseconds patience,
                              const Clock& clock) {
  using std::chrono::milliseconds;
  const Tick deadline = clock.tick() + patience;
  for (milliseconds left = patience;;) {
    OffsetRange range;
    const auto rc =
        rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition, &range.begin,
                                         &range.end, static_cast<int>(left.count()));
    if (rc == RD_KAFKA_RESP_ERR_NO_ERROR) return range;
    left = std::chrono::duration_cast<milliseconds>(deadline - clock.tick()) - kAskAgainAfter;
    if (!is_passing_of_new_topic(rc) || left <= milliseconds(0)) {
      return tl::unexpected(client.error(rc, "asking where a partition begins and ends", topic));
    }
    std::this_thread::sleep_for(kAskAgainAfter);
  }
}

}  // namespace lensart::nodes
