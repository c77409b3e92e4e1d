#include "apps/audit/audit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <numeric>
#include <set>
#include <thread>

#include "apps/audit/difference_query.hpp"
#include "apps/audit/migrate.hpp"
#include "apps/jobs/tables.hpp"
#include "sql/embedded.hpp"

namespace lensart::app {

namespace {

constexpr int kSnapshotTries = 100;
constexpr auto kSnapshotPause = std::chrono::milliseconds(50);

/// Files of sql/audit that are no check of their own.
bool is_check(std::string_view name) { return name != "session"; }

/// The job that fills the table of a check; empty for the log's own checks, which always apply. A
/// table whose job is off (`pipeline.jobs`) is empty, or left over from another pipeline: to
/// compare it would say nothing, so its check is skipped.
std::string_view job_of(std::string_view check) {
  if (check == "orders_raw" || check == "accounts") return {};
  if (check == "product_sales_hourly") return "product_sales_hourly";
  if (check.starts_with("order_metrics")) return "metrics";
  if (check.starts_with("order_status_") || check == "order_anomalies") return "status";
  return "orders";
}

/// The rows of the table that its check covers, as an SQL condition; empty: all of them.
std::string_view covered_rows(std::string_view check) {
  if (check != "order_metrics_sliding") return {};
  return "window_end >= (SELECT {schema}.lensart_sliding_from({pipeline}))";
}

/// orders_raw of the audited schema against that of the log's.
std::string log_difference_query(const AuditOptions& options, const std::string& log_schema) {
  storage::TableSpec table = *jobs::tables().find(jobs::kOrdersRaw);
  std::erase_if(table.columns, [&](const storage::ColumnSpec& column) {
    return std::find(table.identity.begin(), table.identity.end(), column.name) !=
           table.identity.end();
  });
  const std::string expected =
      fmt::format("SELECT * FROM {}.orders_raw", storage::quoted_identifier(log_schema));
  return difference_query(table, storage::quoted_identifier(options.schema), expected);
}

std::string query_for(std::string_view check, const storage::Connection& connection,
                      const AuditOptions& options, const std::string& log_schema) {
  const auto named = [&](std::string_view text) {
    return with_names(text, connection, log_schema, options.pipeline);
  };
  const std::string text = named(sql::audit(check));
  if (check == "orders_raw" && log_schema != options.schema) {
    return log_difference_query(options, log_schema);
  }
  // The log's own checks return what is wrong; a derived table's text returns what it must hold.
  if (check == "orders_raw" || check == "accounts") return text;
  const storage::TableSpec* table = jobs::tables().find(check);
  assert(table != nullptr);  // a derived table's check has the table's name
  return difference_query(*table, storage::quoted_identifier(options.schema), text,
                          named(covered_rows(check)));
}

/// Whether the pipeline has run in the schema. One without our tables is no error.
Result<bool> has_run_in(storage::Connection& connection, const AuditOptions& options,
                        const std::string& schema) {
  const std::string table = storage::quoted_identifier(schema) + ".pipeline_epochs";
  LENSART_ASSIGN(const storage::Rows exists,
                 connection.query("SELECT to_regclass($1) IS NOT NULL", {table}));
  if (exists.text(0, 0) != "t") return false;
  LENSART_ASSIGN(const storage::Rows rows,
                 connection.query(fmt::format("SELECT count(*) FROM {} WHERE pipeline = $1", table),
                                  {options.pipeline}));
  return rows.number(0, 0) > 0;
}

Result<std::string> log_schema_of(storage::Connection& connection, const AuditOptions& options) {
  LENSART_ASSIGN(const bool own, has_run_in(connection, options, options.schema));
  if (own) return options.schema;
  std::string also;
  if (!options.home_schema.empty() && options.home_schema != options.schema) {
    LENSART_ASSIGN(const bool home, has_run_in(connection, options, options.home_schema));
    if (home) return options.home_schema;
    also = fmt::format(", nor does postgres.schema = \"{}\"", options.home_schema);
  }
  return fail(
      Errc::kStateMismatch,
      fmt::format("schema \"{}\" holds nothing of pipeline.name = \"{}\"{}: it has never run there",
                  options.schema, options.pipeline, also));
}

/// A snapshot in which every lane stands at the same epoch, and that epoch.
Result<std::int64_t> take_snapshot(storage::Connection& connection, const AuditOptions& options,
                                   const std::string& log_schema) {
  for (int tries = 0; tries < kSnapshotTries; ++tries) {
    LENSART_TRY(connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    LENSART_ASSIGN(
        const storage::Rows lanes,
        connection.query(fmt::format("SELECT count(*), coalesce(min(epoch), 0), "
                                     "coalesce(max(epoch), 0) FROM {}.pipeline_epochs WHERE "
                                     "pipeline = $1",
                                     storage::quoted_identifier(log_schema)),
                         {options.pipeline}));
    if (lanes.number(0, 1) == lanes.number(0, 2)) return lanes.number(0, 1);
    LENSART_TRY(connection.run("ROLLBACK"));
    std::this_thread::sleep_for(kSnapshotPause);
  }
  return fail(Errc::kStateMismatch,
              "a group of epochs is half applied; start the pipeline (lensart run), "
              "which finishes it, and verify again");
}

Result<CheckResult> run_check(storage::Connection& connection, const std::string& name,
                              const AuditOptions& options, const std::string& log_schema) {
  const auto began = std::chrono::steady_clock::now();
  CheckResult result;
  result.name = name;
  // The count and the first rows, without carrying every difference here.
  const std::string sql = fmt::format(
      "WITH found AS MATERIALIZED ({}) SELECT problem, key, detail, count(*) FILTER (WHERE problem "
      "<> "
      "'known') OVER (), count(*) FILTER (WHERE problem = 'known') OVER () FROM found ORDER BY "
      "problem = 'known' LIMIT {}",
      query_for(name, connection, options, log_schema), options.shown_per_check);
  LENSART_ASSIGN(const storage::Rows rows, connection.query(sql));
  for (int i = 0; i < rows.count(); ++i) {
    result.shown.push_back(
        {std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), std::string(rows.text(i, 2))});
    result.differences = static_cast<std::uint64_t>(rows.number(i, 3));
    result.known = static_cast<std::uint64_t>(rows.number(i, 4));
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return result;
}

/// The checks to run: those asked for, or all, but for the tables of jobs that are off.
Result<std::vector<std::string>> wanted_checks(storage::Connection& connection,
                                               const AuditOptions& options,
                                               const std::string& log_schema) {
  LENSART_ASSIGN(const storage::Rows rows,
                 connection.query(fmt::format("SELECT jsonb_array_elements_text(settings -> 'jobs')"
                                              " FROM {}.pipeline_settings WHERE pipeline = $1",
                                              storage::quoted_identifier(log_schema)),
                                  {options.pipeline}));
  // Settings that are gone are named by the check of orders_raw.
  std::set<std::string, std::less<>> jobs = {"", "orders"};
  for (int i = 0; i < rows.count(); ++i) jobs.emplace(rows.text(i, 0));
  std::vector<std::string> wanted;
  for (const std::string& name : options.checks.empty() ? audit_checks() : options.checks) {
    if (name == "accounts" && log_schema != options.schema) {
      if (options.checks.empty()) continue;
      return fail(Errc::kBadUsage,
                  fmt::format("--tables accounts: the pipeline has never run in schema \"{}\", so "
                              "it has no accounts there; leave it out",
                              options.schema));
    }
    if (jobs.contains(job_of(name))) {
      wanted.push_back(name);
    } else if (!options.checks.empty()) {
      return fail(Errc::kBadUsage,
                  fmt::format("--tables {}: nothing fills it, for pipeline.jobs does not name {}",
                              name, job_of(name)));
    }
  }
  return wanted;
}

}  // namespace

std::uint64_t AuditReport::differences() const {
  return std::accumulate(
      checks.begin(), checks.end(), std::uint64_t{0},
      [](std::uint64_t sum, const CheckResult& check) { return sum + check.differences; });
}

std::vector<std::string> audit_checks() {
  std::vector<std::string> names;
  for (const sql::SqlFile& file : sql::audits()) {
    if (is_check(file.name)) names.emplace_back(file.name);
  }
  return names;
}

Result<AuditReport> audit(storage::Connection& connection, const AuditOptions& options) {
  const std::vector<std::string> known = audit_checks();
  for (const std::string& name : options.checks) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return fail(Errc::kBadUsage, fmt::format("--tables {}: there is no such check; there are {}",
                                               name, fmt::join(known, ", ")));
    }
  }
  AuditReport report;
  LENSART_ASSIGN(report.log_schema, log_schema_of(connection, options));
  LENSART_ASSIGN(report.epoch, take_snapshot(connection, options, report.log_schema));
  LENSART_ASSIGN(const std::vector<std::string> wanted,
                 wanted_checks(connection, options, report.log_schema));
  LENSART_TRY(connection.run(std::string(sql::audit("session"))));
  LENSART_ASSIGN(const storage::Rows rows,
                 connection.query(fmt::format("SELECT count(*) FROM {}.orders_raw",
                                              storage::quoted_identifier(report.log_schema))));
  report.rows = rows.number(0, 0);
  for (const std::string& name : wanted) {
    if (options.on_check) options.on_check(name, report.checks.size(), wanted.size());
    LENSART_ASSIGN(CheckResult result, run_check(connection, name, options, report.log_schema));
    report.checks.push_back(std::move(result));
  }
  LENSART_TRY(connection.run("COMMIT"));
  return report;
}

}  // namespace lensart::app
