#include "apps/export/sinks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "apps/export/expressions.hpp"
#include "apps/jobs/tables.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app::flink {

namespace {

using storage::ColumnSpec;
using storage::ColumnType;
using storage::TableSpec;

/// What Flink SQL can fill, and the job that asks for it.
constexpr std::array<std::pair<std::uint8_t, std::string_view>, 6> kExpressible = {
    {{jobs::kOrdersRaw, "orders"},
     {jobs::kOrdersProcessed, "orders"},
     {jobs::kOrderItems, "orders"},
     {jobs::kStatusHistory, "status"},
     {jobs::kOrderMetrics, "metrics"},
     {jobs::kOrderMetricsSliding, "metrics"}}};

bool is_bag(const TableSpec& table) { return table.conflation == storage::Conflation::kReplaceAll; }

std::string_view type_of(ColumnType type) {
  switch (type) {
    case ColumnType::kBigint:
      return "BIGINT";
    case ColumnType::kText:
    case ColumnType::kJson:
    case ColumnType::kInstant:  // the JDBC connector has no TIMESTAMP WITH LOCAL TIME ZONE
      return "STRING";
    case ColumnType::kDate:
      return "DATE";
    case ColumnType::kMoney:
      return "DECIMAL(15, 2)";
    case ColumnType::kBigMoney:
      return "DECIMAL(20, 2)";
    case ColumnType::kBoolean:
      return "BOOLEAN";
    case ColumnType::kBytes:
      return "BYTES";
  }
  std::abort();
}

std::vector<std::string> names(const TableSpec& table) {
  std::vector<std::string> all;
  for (const ColumnSpec& column : table.columns) all.emplace_back(column.name);
  if (is_bag(table)) all.insert(all.begin() + 1, std::string(kLineNumber));
  return all;
}

std::vector<std::string> key(const TableSpec& table) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < table.key_columns; ++i) all.emplace_back(table.columns[i].name);
  if (is_bag(table)) all.emplace_back(kLineNumber);
  return all;
}

}  // namespace

std::vector<const TableSpec*> exported_tables(const PipelineConfig& pipeline) {
  std::vector<const TableSpec*> tables;
  for (const TableSpec& table : jobs::tables().tables()) {
    const auto found = std::find_if(kExpressible.begin(), kExpressible.end(),
                                    [&](const auto& pair) { return pair.first == table.id; });
    if (found == kExpressible.end()) continue;
    const bool is_on =
        found->second == "orders" ||
        std::find(pipeline.jobs.begin(), pipeline.jobs.end(), found->second) != pipeline.jobs.end();
    if (is_on) tables.push_back(&table);
  }
  return tables;
}

std::string create_sink(const TableSpec& table, const JdbcTarget& target,
                        const std::string& schema) {
  std::string columns;
  for (const ColumnSpec& column : table.columns) {
    columns += fmt::format("  {} {},\n", column.name, type_of(column.type));
    if (is_bag(table) && &column == &table.columns.front()) {
      columns += fmt::format("  {} INTEGER,\n", kLineNumber);
    }
  }
  return fmt::format(
      "CREATE TABLE {name} (\n{columns}  PRIMARY KEY ({key}) NOT ENFORCED\n) WITH (\n"
      "  'connector' = 'jdbc',\n"
      "  'url' = {url},\n"
      "  'table-name' = {table},\n"
      "  'username' = {user},\n"
      "  'password' = '${{FLINK_POSTGRES_PASSWORD}}',\n"
      "  'sink.buffer-flush.max-rows' = '5000',\n"
      "  'sink.buffer-flush.interval' = '1 s',\n"
      "  'sink.max-retries' = '5'\n);\n",
      fmt::arg("name", table.name), fmt::arg("columns", columns),
      fmt::arg("key", fmt::join(key(table), ", ")), fmt::arg("url", literal(target.url)),
      fmt::arg("table",
               literal(fmt::format("{}.{}", storage::quoted_identifier(schema), table.name))),
      fmt::arg("user", literal(target.user)));
}

std::string insert_into_sink(const TableSpec& table) {
  const std::string columns = fmt::format("{}", fmt::join(names(table), ", "));
  return fmt::format("INSERT INTO {0} ({1})\nSELECT {1}\n  FROM {0}_rows;\n", table.name, columns);
}

std::string normalising_triggers(const std::vector<const TableSpec*>& tables,
                                 const std::string& schema) {
  const std::string quoted = storage::quoted_identifier(schema);
  std::string out;
  for (const TableSpec* table : tables) {
    std::string assignments;
    for (const ColumnSpec& column : table->columns) {
      if (column.type != ColumnType::kText) continue;
      assignments += fmt::format("  NEW.{0} := {1}.lensart_text(NEW.{0});\n", column.name, quoted);
    }
    if (assignments.empty()) continue;
    out += fmt::format(
        "CREATE OR REPLACE FUNCTION {schema}.flink_normalise_{table}() RETURNS trigger\n"
        "LANGUAGE plpgsql AS $function$\nBEGIN\n{assignments}  RETURN NEW;\nEND\n$function$;\n"
        "CREATE OR REPLACE TRIGGER flink_normalise BEFORE INSERT OR UPDATE ON {schema}.{table}\n"
        "  FOR EACH ROW EXECUTE FUNCTION {schema}.flink_normalise_{table}();\n\n",
        fmt::arg("schema", quoted), fmt::arg("table", table->name),
        fmt::arg("assignments", assignments));
  }
  return out;
}

}  // namespace lensart::app::flink
