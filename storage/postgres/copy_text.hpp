/// Cells as COPY's text format and as parameters have them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "storage/row.hpp"
#include "storage/table_spec.hpp"

namespace lensart::storage {

/// One line of COPY … FROM STDIN for a row, its end of line included.
void append_copy_line(std::string& out, std::span<const ColumnSpec> columns, std::string_view row);

/// A cell as SQL text input (not escaped), for parameters and messages; NULL is "NULL".
std::string cell_text(const Cell& cell);

/// An instant as an SQL expression of type timestamptz.
std::string instant_literal(const std::optional<Instant>& instant);

/// The SQL type a column of the sink is cast to.
std::string_view sql_type(ColumnType type);

}  // namespace lensart::storage
