/// The table registry's vocabulary: what the sink, the audit, rebuild and export know of a table.
///
/// A job describes its tables once, as `TableSpec`s; everything that names a column in a statement
/// is made from them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lensart::storage {

enum class ColumnType : std::uint8_t {
  kBigint,
  kText,      ///< any text or varchar
  kJson,      ///< a JSON document, as text, for JSONB
  kInstant,   ///< microseconds UTC since 1970, TIMESTAMPTZ
  kDate,      ///< days since 1970, DATE
  kMoney,     ///< 64-bit hundredths, DECIMAL(15,2)
  kBigMoney,  ///< 128-bit hundredths, NUMERIC(20,2)
  kBoolean,
  kBytes,
};

struct ColumnSpec {
  std::string_view name;
  ColumnType type;
};

/// How entries of one key become one (docs/adr/0002-outbox-conflation.md).
enum class Conflation : std::uint8_t {
  kAppend,      ///< never the same key twice
  kLastRow,     ///< key → last row
  kReplaceAll,  ///< owner key → all its rows, replaced whole
  kAdd,         ///< numeric columns add up; see `TableSpec::first_added`
  kOnce,        ///< the first row of a key stays
};

struct TableSpec {
  std::uint8_t id = 0;  ///< persisted in the outbox: never reused for another table
  std::string_view name;
  Conflation conflation = Conflation::kLastRow;
  /// Spread over the raw sink lanes by key; else in the rest lane, in the order of the registry,
  /// which is the foreign-key order.
  bool spread = false;
  std::size_t key_columns = 1;  ///< the leading columns that are the key (kReplaceAll: the owner's)
  std::vector<ColumnSpec> columns;
  /// kAdd only. Columns between the key and here take the least (first) and the greatest (second).
  std::size_t first_added = 0;
  /// The table whose row must exist first; empty if none. Its key are this one's leading columns.
  std::string_view parent;
  /// kLastRow and kOnce only: rows go in through this SQL function, which takes an array for each
  /// column and knows by itself which rows are new, changed or to be deleted. Empty: by plain
  /// statements.
  std::string_view batch_function;
  /// kAppend only: what must agree for a row that stands there already to be the one we meant.
  std::vector<std::string_view> identity;
};

/// All tables of a pipeline, in foreign-key order. Immutable.
class TableRegistry {
 public:
  explicit TableRegistry(std::vector<TableSpec> tables) : tables_(std::move(tables)) {
    for (std::size_t i = 0; i < tables_.size(); ++i) by_id_[tables_[i].id] = static_cast<int>(i);
  }
  std::span<const TableSpec> tables() const { return tables_; }
  /// Null when there is none.
  const TableSpec* find(std::uint8_t id) const {
    const int at = by_id_[id];
    return at < 0 ? nullptr : &tables_[static_cast<std::size_t>(at)];
  }
  const TableSpec* find(std::string_view name) const {
    for (const TableSpec& table : tables_) {
      if (table.name == name) return &table;
    }
    return nullptr;
  }
  std::size_t index_of(std::uint8_t id) const { return static_cast<std::size_t>(by_id_[id]); }

 private:
  std::vector<TableSpec> tables_;
  std::vector<int> by_id_ = std::vector<int>(256, -1);
};

}  // namespace lensart::storage
