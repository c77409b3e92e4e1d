/// What the program wants of Kafka, from the configuration: clients and topics.
#pragma once

#include <vector>

#include "apps/config/config.hpp"
#include "apps/generate/record_sink.hpp"
#include "nodes/kafka/admin.hpp"
#include "nodes/kafka/kafka_handle.hpp"

namespace lensart::app {

/// Brokers and the operator's properties for a client of this role, logging through spdlog with
/// every secret of `config` masked.
nodes::KafkaClientOptions kafka_options(const Config& config, nodes::KafkaRole role);

/// The four topics of events, the dead letters and the replays (docs/contract.md §1).
std::vector<nodes::TopicSpec> topic_specs(const Config& config);

/// The four topics by what they carry.
generate::TopicNames topic_names(const Config& config);

}  // namespace lensart::app
