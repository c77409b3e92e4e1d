/// From the configuration to the options of the parts. One place, so that commands agree.
#pragma once

#include "apps/config/config.hpp"
#include "apps/jobs/order_jobs.hpp"
#include "graph/time_zone.hpp"
#include "nodes/sink/letter_sender.hpp"
#include "nodes/source/pump.hpp"
#include "storage/postgres/relay.hpp"
#include "storage/state_store.hpp"

namespace lensart::app {

/// The four topics, in the order their index is given out.
std::vector<std::string> source_topics(const Config& config);

storage::StateStoreOptions state_options(const Config& config);
/// The maps, ranks and gaps of the configuration.
orders::StatusRules status_rules(const Config& config);
jobs::OrderJobsOptions job_options(const Config& config, const TimeZone& zone);
nodes::PumpOptions pump_options(const Config& config, bool until_end);
/// Fails with kBadConfig when the password file cannot be read.
Result<storage::ConnectionOptions> connection_options(const Config& config);
Result<storage::RelayOptions> relay_options(const Config& config);

/// Bytes of raw records in flight at most, from poll to durable.
std::size_t credit_limit_bytes(const Config& config);

}  // namespace lensart::app
