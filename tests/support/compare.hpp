/// Differences between what the tables must be and what they are, for a person to read.
#pragma once

#include <cstddef>
#include <string>
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

/// What the contract leaves to arrival, as these tables tell it.
model::Hints hints_from(const std::vector<model::Table>& actual);

/// The partitions whose account does not add up: consumed = accepted + duplicate + ignored +
/// dead-lettered. Empty if all do.
std::vector<std::string> broken_accounts(const model::Table& accounts);

}  // namespace lensart::support
