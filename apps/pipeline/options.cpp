#include "apps/pipeline/options.hpp"

#include <algorithm>

#include "apps/config/effective.hpp"
#include "apps/config/secrets.hpp"
#include "sql/embedded.hpp"

namespace lensart::app {

namespace {

std::chrono::milliseconds millis(Duration duration) {
  return std::chrono::ceil<std::chrono::milliseconds>(duration);
}

}  // namespace

std::vector<std::string> source_topics(const Config& config) {
  const KafkaTopicsConfig& topics = config.kafka.topics;
  return {topics.order_created, topics.order_updated, topics.order_cancelled, topics.order_events,
          config.kafka.replay_topic};
}

storage::StateStoreOptions state_options(const Config& config) {
  storage::StateStoreOptions options;
  options.directory = config.state.directory;
  options.pipeline = config.pipeline.name;
  options.fingerprint = settings_fingerprint(config);
  options.max_size_bytes = config.state.max_size;
  return options;
}

namespace {

orders::StatusColumn status_column(std::string_view name) {
  using orders::StatusColumn;
  if (name == "pending") return StatusColumn::kPending;
  if (name == "processing") return StatusColumn::kProcessing;
  if (name == "completed") return StatusColumn::kCompleted;
  return StatusColumn::kCancelled;  // the schema lets nothing else through
}

}  // namespace

orders::StatusRules status_rules(const Config& config) {
  const PipelineConfig& pipeline = config.pipeline;
  orders::StatusRules rules;
  const auto& ranks = pipeline.status_ranks;
  const auto& terminal = pipeline.terminal_statuses;
  for (const auto& [status, column] : pipeline.status_map) {
    orders::StatusMeaning meaning;
    meaning.column = status_column(column);
    const auto rank = std::find(ranks.begin(), ranks.end(), status);
    if (rank != ranks.end()) meaning.rank = static_cast<int>(rank - ranks.begin());
    meaning.terminal = std::find(terminal.begin(), terminal.end(), status) != terminal.end();
    rules.statuses.add(status, meaning);
  }
  for (const auto& [method, column] : pipeline.payment_map) {
    rules.payments.add(
        method, column == "cash" ? orders::PaymentColumn::kCash : orders::PaymentColumn::kOnline);
  }
  rules.stuck_after = pipeline.stuck_after;
  rules.session_gap = pipeline.session_gap;
  return rules;
}

jobs::OrderJobsOptions job_options(const Config& config, const TimeZone& zone) {
  jobs::OrderJobsOptions options;
  options.pipeline = config.pipeline.name;
  options.rules.max_payload_bytes = config.pipeline.max_payload;
  options.rules.max_future = config.pipeline.max_future;
  options.rules.allow_zero_total = config.validation.allow_zero_total;
  options.rules.zone = &zone;
  options.status_rules = status_rules(config);
  options.jobs.insert(config.pipeline.jobs.begin(), config.pipeline.jobs.end());
  options.allowed_lateness = config.pipeline.allowed_lateness;
  options.state_ttl = config.pipeline.state_ttl;
  options.sliding_retention = config.retention.sliding;
  options.topics = {orders::Topic::kOrderCreated, orders::Topic::kOrderUpdated,
                    orders::Topic::kOrderCancelled, orders::Topic::kOrderEvents,
                    orders::Topic::kReplay};
  options.sink_lanes = config.sink.lanes;
  options.id_lanes = config.node("deduplicate").lanes.value_or(config.pool.threads);
  options.order_lanes = config.node("orders").lanes.value_or(config.pool.threads);
  options.parse_concurrency = config.node("parse").concurrency.value_or(0);
  options.window_lanes = config.node("windows").lanes.value_or(1);
  for (const char* name : {"parse", "deduplicate", "orders", "windows", "close"}) {
    if (const auto priority = config.node(name).priority) options.priorities[name] = *priority;
  }
  options.cache_bytes = config.state.cache;
  options.max_out_of_orderness = config.pipeline.max_out_of_orderness;
  return options;
}

nodes::PumpOptions pump_options(const Config& config, bool until_end) {
  nodes::PumpOptions options;
  options.poll.max_records = config.node("source").batch.value_or(512);
  options.max_batches_in_flow = config.node("source").queue.value_or(16);
  options.cut.min_time = config.pipeline.epoch_min_time;
  options.cut.max_time = config.pipeline.epoch_max_time;
  options.cut.max_records = config.pipeline.epoch_max_records;
  options.cut.max_bytes = config.pipeline.epoch_max_bytes;
  options.cut.outbox_max_bytes = config.sink.outbox_max;
  options.idle_timeout = config.pipeline.idle_timeout;
  options.max_out_of_orderness = config.pipeline.max_out_of_orderness;
  options.max_future = config.pipeline.max_future;
  options.until_end = until_end;
  return options;
}

std::size_t credit_limit_bytes(const Config& config) {
  // The open epoch and the one under way to the disk.
  return 2 * config.pipeline.epoch_max_bytes + (1 << 20);
}

Result<storage::ConnectionOptions> connection_options(const Config& config) {
  storage::ConnectionOptions options;
  LENSART_ASSIGN(options.dsn, postgres_connection_string(config.postgres));
  return options;
}

Result<storage::RelayOptions> relay_options(const Config& config) {
  storage::RelayOptions options;
  LENSART_ASSIGN(options.session.connection, connection_options(config));
  options.session.pipeline = config.pipeline.name;
  options.session.schema = config.postgres.schema;
  options.session.lanes = static_cast<int>(config.sink.lanes);
  options.session.settings_json = settings_json(config);
  options.session.settings_fingerprint = settings_fingerprint(config);
  options.session.schema_version = static_cast<std::int64_t>(sql::migrations().size());
  options.limits.keep_max_bytes = config.sink.outbox_max / 4;
  options.connections = std::min<std::size_t>(2, config.sink.lanes);
  options.max_refusals = config.sink.max_refusals;
  options.keep_accounts = std::chrono::ceil<std::chrono::seconds>(config.retention.accounts);
  options.retry_initial = millis(config.retry.initial);
  options.retry_max = millis(config.retry.max);
  options.start_timeout = millis(config.start_timeout);
  return options;
}

}  // namespace lensart::app
