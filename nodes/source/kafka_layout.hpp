/// What the brokers have of the topics: which partitions, and where they begin and end.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graph/clock.hpp"
#include "nodes/kafka/kafka_handle.hpp"

namespace lensart::nodes {

/// As index into `topics` and number, in order. Fails with kBrokerDown, or with kBadConfig when a
/// topic is missing.
Result<std::vector<std::pair<std::uint32_t, std::int32_t>>> list_partitions(
    const KafkaClient& client, const std::vector<std::string>& topics,
    std::chrono::milliseconds patience);

struct OffsetRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;  ///< exclusive
};

/// Asks again while the answer is one that passes: for a moment after a topic was made, the leader
/// that the metadata names does not know that it leads, or knows no such partition.
Result<OffsetRange> ask_range(const KafkaClient& client, const std::string& topic,
                              std::int32_t partition, std::chrono::milliseconds patience,
                              const Clock& clock);

}  // namespace lensart::nodes
