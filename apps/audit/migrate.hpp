/// Brings a schema to the version this program needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app {

struct MigrationReport {
  std::int64_t before = 0;
  std::int64_t now = 0;
  std::vector<std::string> applied;  ///< names of the migrations that ran for the first time
};

/// Runs the numbered migrations, each in a transaction, one such run at a time. Idempotent. Fails
/// with kBadConfig when the schema is newer than the program.
Result<MigrationReport> migrate(storage::Connection& connection, const std::string& schema);

/// `text` with {schema} and {pipeline} put in, each quoted for SQL.
std::string with_names(std::string_view text, const storage::Connection& connection,
                       const std::string& schema, const std::string& pipeline);

}  // namespace lensart::app
