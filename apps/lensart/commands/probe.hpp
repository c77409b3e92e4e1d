/// Asks Kafka and PostgreSQL whether they are there and fit for use; changes nothing in them.
#pragma once

#include <string>
#include <vector>

#include "apps/config/config.hpp"

namespace lensart::app {

/// What one look at a service found.
struct Finding {
  enum class Verdict { kGood, kWarning, kUnreachable };
  std::string subject;  ///< "kafka", "kafka topic order-created", "postgres"
  Verdict verdict = Verdict::kGood;
  std::string detail;
  std::string remedy;  ///< empty when all is well
};

/// Metadata of the brokers and of the six topics. Waits at most `patience`.
std::vector<Finding> probe_kafka(const Config& config, Duration patience);
/// Connection, server version, settings that endanger the promises, schema. At most `patience`.
std::vector<Finding> probe_postgres(const Config& config, Duration patience);

}  // namespace lensart::app
