/// Flink SQL as its SQL client reads it: statements, and the literals in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lensart::app {

struct Statement {
  std::string text;                   ///< without comments and the semicolon
  std::vector<std::string> literals;  ///< their values
};

/// Throws std::runtime_error where a quote, a parenthesis or the last statement is not closed.
std::vector<Statement> read_statements(std::string_view sql);

}  // namespace lensart::app
