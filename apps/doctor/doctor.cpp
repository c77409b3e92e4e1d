#include "apps/doctor/doctor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apps/api/attention.hpp"
#include "apps/audit/migrate.hpp"
#include "apps/audit/roles.hpp"
#include "apps/config/effective.hpp"
#include "apps/doctor/attention_finding.hpp"
#include "apps/doctor/probe.hpp"
#include "apps/doctor/state_probe.hpp"
#include "apps/explain/ask_state.hpp"
#include "apps/explain/database.hpp"
#include "apps/http/http_client.hpp"
#include "apps/pipeline/options.hpp"
#include "nodes/kafka/admin.hpp"
#include "sql/embedded.hpp"

namespace lensart::app {

namespace {

/// What the database knows and whoever helps may see: no event, no letter, no address in it.
struct Query {
  const char* file;
  const char* sql;
};
constexpr Query kQueries[] = {
    {"database-epochs.json",
     "SELECT lane, lanes, epoch, encode(epoch_id, 'hex') AS epoch_id, offsets, watermark, "
     "timer_clock, applied_at FROM {schema}.pipeline_epochs WHERE pipeline = {pipeline} ORDER BY "
     "lane"},
    {"database-accounts.json",
     "SELECT topic, partition, min(first_offset) AS first_offset, max(last_offset) AS last_offset, "
     "sum(consumed) AS consumed, sum(accepted) AS accepted, sum(duplicate) AS duplicate, "
     "sum(ignored) AS ignored, sum(dead_lettered) AS dead_lettered, sum(skipped) AS skipped FROM "
     "{schema}.pipeline_accounts WHERE pipeline = {pipeline} GROUP BY topic, partition ORDER BY "
     "topic, partition"},
    {"database-letters.json",
     "SELECT code, count(*) AS letters, count(*) FILTER (WHERE sent_at IS NULL) AS unsent, "
     "min(occurred_at) AS first, max(occurred_at) AS last FROM {schema}.dead_letters GROUP BY code "
     "ORDER BY code"},
    {"database-schema.json",
     "SELECT version, name, applied_at FROM {schema}.schema_migrations ORDER BY version"},
    {"database-tables.json",
     "SELECT c.relname AS table, pg_get_userbyid(c.relowner) AS owner, c.reltuples::bigint AS "
     "rows, "
     "pg_total_relation_size(c.oid) AS bytes FROM pg_class c WHERE c.relkind = 'r' AND "
     "c.relnamespace = to_regnamespace($schema${schema}$schema$) ORDER BY c.relname"},
};

class Examiner {
 public:
  Examiner(const LoadedConfig& loaded, const DoctorOptions& options)
      : loaded_(loaded), config_(loaded.config), options_(options) {}

  Examination examine() {
    look_at_configuration();
    add(probe_kafka(config_, options_.patience));
    const bool has_database = config_.sink.kind == SinkKind::kPostgres;
    if (has_database) add(probe_postgres(config_, options_.patience));
    const bool database_answers = has_database && !has("postgres_unreachable");
    state_ = look_at_state(config_);
    add(std::exchange(state_.findings, {}));
    if (database_answers) look_at_database();
    if (!has("kafka_unreachable") && !state_.running()) look_at_backlog();
    for (Finding& finding : instance_findings(config_, state_, options_.version)) {
      // What was found from outside needs no second line.
      const bool known = has(finding.code) ||
                         (finding.code == "kafka_away" && has("kafka_unreachable")) ||
                         (finding.code == "database_away" && has("postgres_unreachable"));
      if (!known) out_.findings.push_back(std::move(finding));
    }
    take_state();
    return std::move(out_);
  }

 private:
  void add(Findings findings) {
    for (Finding& finding : findings) out_.findings.push_back(std::move(finding));
  }
  bool has(std::string_view code) const {
    return std::any_of(out_.findings.begin(), out_.findings.end(),
                       [&](const Finding& finding) { return finding.code == code; });
  }
  void take(std::string name, const Json& json) {
    out_.evidence.emplace_back(std::move(name),
                               json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  }

  void look_at_configuration() {
    out_.evidence.emplace_back("configuration.toml", effective_text(loaded_));
    out_.findings.push_back({"configuration",
                             Finding::Verdict::kGood,
                             loaded_.file ? "configuration_good" : "configuration_defaults",
                             {{"file", loaded_.file ? loaded_.file->string() : std::string()}}});
  }

  void look_at_database() {
    auto options = connection_options(config_);
    if (!options) return;
    options->application_name = "lensart/doctor";
    auto connection = storage::Connection::open(*options);
    if (!connection) return;  // it answered a moment ago; the running instance will say more
    look_at_clock(*connection);
    if (has("schema_missing")) return;
    if (const auto missing = missing_rights(*connection, config_.postgres.schema); !missing) {
      add({{"postgres rights",
            Finding::Verdict::kWarning,
            "database_odd",
            {{"message", missing.error().message}},
            "read_message"}});
    } else if (!missing->empty()) {
      add({{"postgres rights",
            Finding::Verdict::kWarning,
            "rights_missing",
            {{"rights", fmt::format("{}", fmt::join(*missing, ", "))}},
            "grant_rights"}});
    } else {
      add({{"postgres rights", Finding::Verdict::kGood, "rights_there"}});
    }
    add(lineage_findings(config_, state_, *connection));
    look_at_stuck_orders(*connection);
    for (const Query& query : kQueries) {
      take(query.file, or_error(rows_as_json(*connection, config_, query.sql, {})));
    }
  }

  void look_at_clock(storage::Connection& connection) {
    const auto before = std::chrono::system_clock::now();
    const auto rows =
        connection.query("SELECT (extract(epoch FROM clock_timestamp()) * 1e6)::bigint");
    const auto after = std::chrono::system_clock::now();
    if (!rows) return;
    // The server looked somewhere in between.
    const auto ours =
        std::chrono::duration_cast<Duration>((before + (after - before) / 2).time_since_epoch());
    const Duration offset = Duration(rows->number(0, 0)) - ours;
    if (auto item = clocks_attention(offset)) {
      add_attention(out_.findings, "clocks", std::move(item));
    } else {
      add({{"clocks", Finding::Verdict::kGood, "clocks_agree", {{"seconds", seconds_of(offset)}}}});
    }
  }

  void look_at_stuck_orders(storage::Connection& connection) {
    if (state_.running()) return;  // then it is in its own list
    const auto rows = connection.query(with_names(sql::console("stuck"), connection,
                                                  config_.postgres.schema, config_.pipeline.name));
    if (!rows || rows->count() != 1) return;
    StuckOrders stuck;
    stuck.orders = static_cast<std::uint64_t>(rows->number(0, 0));
    stuck.order_id = rows->number(0, 1);
    stuck.status = rows->text(0, 2);
    stuck.since = rows->text(0, 3);
    add_attention(out_.findings, "instance", stuck_attention(stuck));
  }

  /// Nobody runs: what waits, and whether Kafka still has what comes next.
  void look_at_backlog() {
    if (has("state_locked") || has("topic_missing")) return;
    auto admin = nodes::KafkaAdmin::open(
        options_.kafka, std::chrono::ceil<std::chrono::milliseconds>(options_.patience));
    if (!admin) return;
    look_at_cluster(*admin);
    const std::vector<std::string> topics = source_topics(config_);
    const auto ranges = admin->ranges(topics);
    if (!ranges) return;
    std::int64_t events = 0;
    for (const nodes::PartitionRange& range : *ranges) events += unread_of(range);
    if (events > 0) {
      add({{"instance",
            Finding::Verdict::kWarning,
            "not_running_behind",
            {{"events", events}},
            "run"}});
    } else {
      add({{"instance", Finding::Verdict::kNote, "not_running", {}, "run"}});
    }
  }

  void look_at_cluster(nodes::KafkaAdmin& admin) {
    if (!state_.store || !state_.store->binding()) return;
    const std::string& known = state_.store->binding()->kafka_cluster_id;
    const auto found = admin.cluster_id();
    if (!found || known.empty() || known == *found) return;
    add({{"kafka cluster",
          Finding::Verdict::kFailure,
          "kafka_other",
          {{"known", known}, {"found", *found}},
          "point_kafka_back",
          exit_code_for(Errc::kStateMismatch)}});
  }

  std::int64_t unread_of(const nodes::PartitionRange& range) {
    std::int64_t next = range.begin;
    if (state_.store) {
      for (const storage::SourcePosition& position : state_.store->positions()) {
        if (position.topic == range.topic && position.partition == range.partition) {
          next = position.next_offset;
        }
      }
    }
    if (next < range.begin || next > range.end) {
      add({{"kafka topic " + range.topic,
            Finding::Verdict::kFailure,
            "offsets_gone",
            {{"topic", range.topic},
             {"partition", range.partition},
             {"offset", next},
             {"begin", range.begin},
             {"end", range.end}},
            "accept_gap",
            exit_code_for(Errc::kStateMismatch)}});
    }
    return std::max<std::int64_t>(0, range.end - std::max(next, range.begin));
  }

  void take_state() {
    const auto also = [&](const char* name, const std::optional<Json>& json) {
      if (json) take(name, *json);
    };
    if (state_.store) {
      take("state.json", or_error(answer_from(*state_.store, config_, "stats")));
      take("moment.json", or_error(answer_from(*state_.store, config_, "moment")));
    }
    also("state.json", state_.stats);
    also("moment.json", state_.moment);
    also("overview.json", state_.overview);
    also("epochs.json", state_.epochs);
    const std::string address = http_address(config_);
    if (!state_.running() || address.empty()) return;
    for (const auto& [path, name] :
         {std::pair("/readyz", "readyz.json"), {"/metrics", "metrics.txt"}}) {
      const auto reply = http_get(address + path);
      out_.evidence.emplace_back(name, reply ? reply->body : reply.error().message + "\n");
    }
  }

  const LoadedConfig& loaded_;
  const Config& config_;
  const DoctorOptions& options_;
  StateLook state_;
  Examination out_;
};

}  // namespace

Examination examine(const LoadedConfig& loaded, const DoctorOptions& options) {
  return Examiner(loaded, options).examine();
}

}  // namespace lensart::app
