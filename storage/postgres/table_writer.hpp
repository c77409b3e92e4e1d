/// How the changes of one table go into PostgreSQL: every statement is made from its TableSpec.
///
/// The measured recipe (docs/adr/0003-how-rows-go-in.md): rows known to be new by COPY straight
/// into the table; changed ones by COPY into a temporary table and UPDATE … FROM.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/error.hpp"
#include "storage/lane_group.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/table_spec.hpp"

namespace lensart::storage {

/// Fast: trusts what the state says of the rows in the database. Careful: finds out by itself,
/// costs more, and is right whatever somebody did to the tables by hand.
enum class WriteMode : std::uint8_t { kFast, kCareful };

/// The statements of one table in one schema. Immutable.
struct TableStatements {
  TableStatements(const TableSpec& spec, const std::string& schema);

  const TableSpec* table;
  std::string name;   ///< "schema"."table"
  std::string stage;  ///< its temporary twin
  std::string create_stage;
  std::string clear_stage;
  std::string copy_into;
  std::string copy_stage;
  std::string update_from_stage;
  std::string insert_from_stage;  ///< what update leaves over, or ON CONFLICT's doing
  std::string delete_by_stage;
  std::string apply_function;  ///< the staged rows through `TableSpec::batch_function`
  std::string foreign_rows;    ///< kAppend: how many staged rows stand there as somebody else's
  std::string missing_keys;    ///< of the staged rows: those the table does not have
};

/// Writes inside a transaction that somebody else began. Threads: one.
class TableWriter {
 public:
  TableWriter(Connection& connection, const TableStatements& statements)
      : connection_(connection), sql_(statements) {}

  /// Fails with kRowsMissing (fast mode found a row gone, or there already), kRowRefused,
  /// kStateMismatch (an appended key stands there with another identity), kDatabaseDown.
  Result<Unit> apply(std::span<const KeyChange* const> changes, WriteMode mode);

  /// Of the keys that `changes` update: those without a row in the table, as encoded keys.
  Result<std::vector<std::string>> missing(std::span<const KeyChange* const> changes);

 private:
  using Selected = std::vector<const KeyChange*>;
  Result<Unit> append(std::span<const KeyChange* const> changes, WriteMode mode);
  Result<Unit> last_rows(std::span<const KeyChange* const> changes, WriteMode mode);
  Result<Unit> replace_all(std::span<const KeyChange* const> changes, WriteMode mode);
  Result<Unit> through_stage(std::span<const KeyChange* const> changes, const std::string& then);
  Result<std::int64_t> copy(const std::string& sql, std::span<const KeyChange* const> changes);
  Result<Unit> delete_keys(std::span<const KeyChange* const> changes);
  Result<Unit> stage_keys(std::span<const KeyChange* const> changes);

  Connection& connection_;
  const TableStatements& sql_;
};

}  // namespace lensart::storage
