/// The audit's comparisons, made from the table registry.
#pragma once

#include <string>
#include <string_view>

#include "storage/table_spec.hpp"

namespace lensart::app {

/// Compares `expected` (a SELECT with the table's columns by name) with the table of `schema` (a
/// quoted identifier): rows of (problem, key, detail), where problem is `missing`, `extra` or
/// `differs`; or `known`, where PostgreSQL refused the row, or the one it belongs to, and a dead
/// letter says so. A bag (kReplaceAll) is compared as one: how often each row stands on either
/// side. `covered`: an SQL condition for the rows of the table that are compared; empty: all.
std::string difference_query(const storage::TableSpec& table, std::string_view schema,
                             std::string_view expected, std::string_view covered = {});

}  // namespace lensart::app
