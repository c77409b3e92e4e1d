/// librdkafka's properties as Kafka's Java client names them.
#pragma once

#include <string>
#include <vector>

#include "apps/config/config.hpp"

namespace lensart::app::flink {

/// Never holds a secret: a SASL password is the variable ${FLINK_KAFKA_PASSWORD}.
struct JavaProperties {
  TextMap properties;
  bool wants_password = false;
  std::vector<std::string> warnings;  ///< what could not be carried over
};

/// Of `kafka.properties` and, over them, `kafka.consumer.properties`.
JavaProperties java_properties(const KafkaConfig& kafka);

}  // namespace lensart::app::flink
