/// `lensart verify`: every table recomputed from `orders_raw`, with SQL alone, in the database
/// (docs/contract.md §5, promise 2).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app {

struct AuditOptions {
  std::string schema;  ///< whose tables are held against the log
  /// Whose log it is (orders_raw and pipeline_settings), when this pipeline has never run in
  /// `schema`: then something else wrote its tables, out of the same topics
  /// (docs/export-flink-sql.md). Empty: there is no other.
  std::string home_schema = {};
  std::string pipeline;
  std::vector<std::string> checks;   ///< by name; empty: all whose jobs run
  std::size_t shown_per_check = 20;  ///< differences kept to be shown
  /// Called before each check: its name, how many are done, and of how many. May be empty.
  std::function<void(const std::string&, std::size_t, std::size_t)> on_check = {};
};

struct Difference {
  std::string problem;  ///< missing, extra, differs, …; `known` is listed and does not count
  std::string key;
  std::string detail;
};

struct CheckResult {
  std::string name;
  std::uint64_t differences = 0;
  std::uint64_t known = 0;
  std::vector<Difference> shown;
  double seconds = 0;
};

struct AuditReport {
  std::string log_schema;  ///< whose orders_raw the tables were recomputed from
  std::int64_t epoch = 0;  ///< that the tables stand at
  std::int64_t rows = 0;   ///< of orders_raw
  std::vector<CheckResult> checks;
  std::uint64_t differences() const;
};

/// The names `AuditOptions::checks` may have.
std::vector<std::string> audit_checks();

/// The log is that of `schema`, or of `home_schema` where `schema` has none of this pipeline. Then
/// orders_raw is compared with it, but for the coordinates in Kafka (of copies in different
/// partitions any may count), and there are no accounts to check.
///
/// In one snapshot, in which all sink lanes stand at one epoch; waits for such a moment beside a
/// live pipeline. Fails with kStateMismatch when there is none ("a group is half applied"),
/// kBadUsage for an unknown check, or one of a table whose job is off (pipeline.jobs).
Result<AuditReport> audit(storage::Connection& connection, const AuditOptions& options);

}  // namespace lensart::app
