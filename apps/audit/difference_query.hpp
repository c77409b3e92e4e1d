/// The audit's comparisons, made from the table registry.
#pragma once

#include <string>
#include <string_view>

#include "storage/table_spec.hpp"

namespace lensart::app {

/// Compares `expected` (a SELECT with the table's columns by name) with the table: rows of
/// (problem, key, detail), where problem is `missing`, `extra` or `differs`. A bag (kReplaceAll) is
/// compared as one: how often each row stands on either side.
std::string difference_query(const storage::TableSpec& table, std::string_view qualified_name,
                             std::string_view expected);

}  // namespace lensart::app
