#include "apps/export/flink_sql.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apps/config/checks.hpp"
#include "apps/config/values.hpp"
#include "apps/export/embedded.hpp"
#include "apps/export/expressions.hpp"
#include "apps/export/jdbc_url.hpp"
#include "apps/export/kafka_properties.hpp"
#include "apps/export/sinks.hpp"
#include "apps/export/template.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app {

namespace {

using Tables = std::vector<const storage::TableSpec*>;

std::function<std::string(const std::string&)> always(std::string text) {
  return [text = std::move(text)](const std::string&) { return text; };
}

bool has_job(const PipelineConfig& pipeline, std::string_view job) {
  return std::find(pipeline.jobs.begin(), pipeline.jobs.end(), job) != pipeline.jobs.end();
}

/// What 3-views.sql has for a table, in the order in which the views build on each other.
std::vector<std::string> view_templates(const PipelineConfig& pipeline) {
  std::vector<std::string> names = {"events", "orders_raw", "orders", "order_items_analytics",
                                    "orders_processed"};
  if (has_job(pipeline, "status")) names.emplace_back("order_status_history");
  if (has_job(pipeline, "metrics")) {
    names.insert(names.end(), {"metrics", "order_metrics", "order_metrics_sliding"});
  }
  return names;
}

std::vector<std::string> lost_in_translation(const Config& config) {
  std::vector<std::string> warnings;
  const PipelineConfig& pipeline = config.pipeline;
  if (pipeline.allowed_lateness) {
    warnings.push_back(fmt::format(
        "pipeline.allowed_lateness = \"{}\": Flink SQL counts every event in the metrics, however "
        "late; they agree with the pipeline's only with \"unlimited\"",
        format_duration(*pipeline.allowed_lateness)));
  }
  if (pipeline.state_ttl) {
    warnings.push_back(fmt::format(
        "pipeline.state_ttl = \"{}\": state is kept for ever, and no event is expired_order",
        format_duration(*pipeline.state_ttl)));
  }
  if (has_job(pipeline, "metrics")) {
    warnings.push_back(fmt::format("retention.sliding = \"{}\": sliding windows are kept for ever",
                                   format_duration(config.retention.sliding)));
  }
  if (has_job(pipeline, "status")) {
    warnings.push_back(fmt::format(
        "pipeline.jobs: status: of its tables only order_status_history is written; nothing looks "
        "for stuck orders (pipeline.stuck_after = \"{}\")",
        format_duration(pipeline.stuck_after)));
  }
  if (has_job(pipeline, "product_sales_hourly")) {
    warnings.emplace_back("pipeline.jobs: product_sales_hourly is not exported");
  }
  warnings.push_back(
      fmt::format("pipeline.max_payload = \"{}\": not judged; and there are no dead letters: what "
                  "is unusable is "
                  "dropped",
                  format_size(pipeline.max_payload)));
  return warnings;
}

std::string line_numbers() {
  std::string all;
  for (int i = 0; i < 1000; ++i) all += fmt::format("{}{:03}", i > 0 ? "," : "", i);
  return all;
}

std::string property_lines(const flink::JavaProperties& java) {
  std::string lines;
  for (const auto& [name, value] : java.properties) {
    lines +=
        fmt::format("  {} = {},\n", flink::literal("properties." + name), flink::literal(value));
  }
  return lines;
}

void add_expressions(Fillings& fillings, const Config& config) {
  const PipelineConfig& pipeline = config.pipeline;
  fillings["once"] = flink::once;
  fillings["micros_of"] = flink::micros_of;
  fillings["instant_of"] = flink::instant_of;
  fillings["instant_of_seconds"] = flink::instant_of_seconds;
  fillings["day_of"] = flink::day_of;
  fillings["hour_of"] = flink::hour_of;
  fillings["has_no_nul"] = flink::has_no_nul;
  fillings["has_whole_surrogates"] = flink::has_whole_surrogates;
  fillings["max_future_seconds"] = always(fmt::format(
      "{}", std::chrono::duration_cast<std::chrono::seconds>(pipeline.max_future).count()));
  fillings["is_known"] = [&](const std::string& x) { return flink::is_known(pipeline, x); };
  fillings["is_terminal"] = [&](const std::string& x) { return flink::is_terminal(pipeline, x); };
  fillings["rank_of"] = [&](const std::string& x) { return flink::rank_of(pipeline, x); };
  fillings["status_column"] = [&](const std::string& x) {
    return flink::mapped(pipeline.status_map, x);
  };
  fillings["payment_column"] = [&](const std::string& x) {
    return flink::mapped(pipeline.payment_map, x);
  };
  fillings["session_gap_micros"] = always(fmt::format("{}", pipeline.session_gap.count()));
  fillings["zero_total"] = always(config.validation.allow_zero_total ? ">=" : ">");
  fillings["line_numbers"] = always(line_numbers());
}

void add_kafka(Fillings& fillings, const Config& config, const flink::JavaProperties& java) {
  const KafkaTopicsConfig& topics = config.kafka.topics;
  fillings["topics"] = always(flink::literal(
      fmt::format("{};{};{};{};{}", topics.order_created, topics.order_updated,
                  topics.order_cancelled, topics.order_events, config.kafka.replay_topic)));
  fillings["order_created"] = always(flink::literal(topics.order_created));
  fillings["order_updated"] = always(flink::literal(topics.order_updated));
  fillings["order_cancelled"] = always(flink::literal(topics.order_cancelled));
  fillings["order_events"] = always(flink::literal(topics.order_events));
  fillings["replay_topic"] = always(flink::literal(config.kafka.replay_topic));
  fillings["brokers"] = always(flink::literal(config.kafka.brokers));
  fillings["group"] = always(flink::literal(config.kafka.group + "-flink"));
  fillings["kafka_properties"] = always(property_lines(java));
}

std::string sql_of_sinks(const Tables& tables, const flink::JdbcTarget& target,
                         const std::string& schema) {
  std::string text =
      "-- The tables in PostgreSQL, written by key. Instants and JSON go in as texts, which\n"
      "-- stringtype=unspecified in the URL makes PostgreSQL read as what the column is.\n";
  for (const auto* table : tables) text += "\n" + flink::create_sink(*table, target, schema);
  return text;
}

std::string sql_of_job(const Tables& tables) {
  std::string text = "-- One job for all tables.\n\nEXECUTE STATEMENT SET\nBEGIN\n";
  for (const auto* table : tables) text += flink::insert_into_sink(*table);
  return text + "END;\n";
}

/// A word that a shell takes as it is.
std::string shell_word(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  const bool plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
      std::string::npos;
  return plain ? text : out + "'";
}

std::string warnings_section(const std::vector<std::string>& warnings) {
  if (warnings.empty()) return "";
  std::string text = "\n## What the configuration asks and this job does not do\n\n";
  for (const std::string& warning : warnings) text += fmt::format("* {}\n", warning);
  return text;
}

Result<Unit> check_schema(const Config& config, const std::string& schema) {
  if (const auto complaint = check_schema_name("", schema)) {
    return fail(Errc::kBadUsage, fmt::format("--schema {}: {}; {}", in_quotes(schema),
                                             complaint->what, complaint->remedy));
  }
  if (schema == config.postgres.schema) {
    return fail(Errc::kBadUsage,
                fmt::format("--schema {}: holds the pipeline's own tables (postgres.schema); name "
                            "another for the job, such as \"flink\"",
                            in_quotes(schema)));
  }
  return Unit{};
}

}  // namespace

Result<FlinkSqlExport> export_flink_sql(const Config& config, const FlinkSqlOptions& options) {
  LENSART_TRY(check_schema(config, options.schema));
  LENSART_ASSIGN(const flink::JdbcTarget target, flink::jdbc_target(config.postgres.dsn));
  const flink::JavaProperties java = flink::java_properties(config.kafka);
  const Tables tables = flink::exported_tables(config.pipeline);

  FlinkSqlExport result;
  result.warnings = lost_in_translation(config);
  result.warnings.insert(result.warnings.end(), java.warnings.begin(), java.warnings.end());
  result.warnings.insert(result.warnings.end(), target.warnings.begin(), target.warnings.end());
  for (const auto* table : tables) result.tables.emplace_back(table->name);

  Fillings fillings;
  add_expressions(fillings, config);
  add_kafka(fillings, config, java);
  fillings["job_name"] = always(flink::literal(config.pipeline.name + " on Flink SQL"));
  fillings["time_zone"] = always(flink::literal(config.pipeline.time_zone));
  fillings["schema"] = always(storage::quoted_identifier(options.schema));
  fillings["schema_literal"] = always(flink::literal(storage::quoted_identifier(options.schema)));
  fillings["schema_name"] = always(options.schema);
  fillings["schema_shell"] = always(shell_word(options.schema));
  fillings["triggers"] = always(flink::normalising_triggers(tables, options.schema));
  fillings["version"] = always(options.version);
  fillings["pipeline"] = always(config.pipeline.name);
  fillings["table_list"] = always(fmt::format("{}", fmt::join(result.tables, ",")));
  fillings["tables"] = always(fmt::format("* `{}`", fmt::join(result.tables, "`\n* `")));
  fillings["warnings"] = always(warnings_section(result.warnings));

  const auto filled = [&](std::string_view name) {
    return fill_template(export_template(name), fillings);
  };
  std::string views;
  for (const std::string& name : view_templates(config.pipeline)) {
    views += (views.empty() ? "" : "\n") + filled(name + ".sql");
  }
  result.files = {{"1-settings.sql", filled("settings.sql")},
                  {"2-sources.sql", filled("sources.sql")},
                  {"3-views.sql", std::move(views)},
                  {"4-sinks.sql", sql_of_sinks(tables, target, options.schema)},
                  {"5-insert.sql", sql_of_job(tables)},
                  {"postgres.sql", filled("postgres.sql")},
                  {"submit.sh", filled("submit.sh"), true},
                  {"README.md", filled("README.md")}};
  return result;
}

}  // namespace lensart::app
