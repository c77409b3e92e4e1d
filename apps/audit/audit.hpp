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
  std::string schema;
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
  std::int64_t epoch = 0;  ///< that the tables stand at
  std::int64_t rows = 0;   ///< of orders_raw
  std::vector<CheckResult> checks;
  std::uint64_t differences() const;
};

/// The names `AuditOptions::checks` may have.
std::vector<std::string> audit_checks();

/// In one snapshot, in which all sink lanes stand at one epoch; waits for such a moment beside a
/// live pipeline. Fails with kStateMismatch when there is none ("a group is half applied"),
/// kBadUsage for an unknown check, or one of a table whose job is off (pipeline.jobs).
Result<AuditReport> audit(storage::Connection& connection, const AuditOptions& options);

}  // namespace lensart::app
