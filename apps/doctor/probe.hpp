/// Asks Kafka and PostgreSQL whether they are there and fit for use; changes nothing in them.
#pragma once

#include "apps/config/config.hpp"
#include "apps/doctor/finding.hpp"

namespace lensart::app {

/// Metadata of the brokers and of the six topics. Waits at most `patience`.
Findings probe_kafka(const Config& config, Duration patience);
/// Connection, server version, settings that endanger the promises, schema. At most `patience`.
Findings probe_postgres(const Config& config, Duration patience);

}  // namespace lensart::app
