/// Is it still the log we read? (docs/contract.md §5, promise 6)
#pragma once

#include <chrono>
#include <span>

#include "graph/error.hpp"
#include "nodes/kafka/kafka_handle.hpp"
#include "storage/epoch.hpp"

namespace lensart::nodes {

/// Fetches the last record read of each partition again and compares its hash: a topic made anew
/// that has grown past our position would look right by its offsets alone. A partition whose log
/// now starts above that record, but not above our position, has merely expired: nothing to
/// compare.
///
/// Fails with kStateMismatch naming the partition, kBrokerDown when the records do not come in
/// time.
Result<Unit> check_kafka_log(const KafkaClientOptions& client,
                             std::span<const storage::SourcePosition> positions,
                             std::chrono::milliseconds patience);

}  // namespace lensart::nodes
