/// Differences between what the tables must be and what they are, for a person to read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/model/model.hpp"
#include "tests/model/table.hpp"

namespace lensart::support {

struct TableDifference {
  std::string table;
  std::size_t expected_rows = 0;
  std::size_t missing = 0;            ///< rows that must be there and are not
  std::size_t extra = 0;              ///< rows that must not be there
  std::size_t different = 0;          ///< rows of the same key
  std::vector<std::string> examples;  ///< the first of each

  bool empty() const { return missing + extra + different == 0; }
  /// `orders_raw: 1200 rows, 0 missing, 0 extra, 0 different`, then the examples.
  std::string describe() const;
};

TableDifference compare(const model::Table& expected, const model::Table& actual,
                        std::size_t most_examples = 20);

/// Tables by position. REQUIRES: the same tables in the same order.
std::vector<TableDifference> compare_all(const std::vector<model::Table>& expected,
                                         const std::vector<model::Table>& actual);
bool all_empty(const std::vector<TableDifference>& differences);
std::string describe(const std::vector<TableDifference>& differences);

/// The clocks that were recorded with the last epoch; nothing is −∞.
struct RecordedClocks {
  std::optional<Instant> timer_clock;
  std::optional<Instant> watermark;
};

/// What the contract leaves to arrival, as these tables and clocks tell it.
model::Hints hints_from(const std::vector<model::Table>& actual, const RecordedClocks& clocks);

/// The tables without the sliding windows that are past their retention: some may still be there.
std::vector<model::Table> without_old_windows(std::vector<model::Table> actual,
                                              const RecordedClocks& clocks,
                                              const model::Settings& settings);

/// The table of this name. Throws std::out_of_range if there is none.
const model::Table& table_named(const std::vector<model::Table>& tables, std::string_view name);

/// The partitions whose account does not add up: consumed = accepted + duplicate + ignored +
/// dead-lettered. Empty if all do.
std::vector<std::string> broken_accounts(const model::Table& accounts);

}  // namespace lensart::support
