/// Queries whose rows are answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/config/config.hpp"
#include "apps/explain/answer.hpp"
#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app {

/// The rows of a query as an array of objects. `sql` holds {schema} and {pipeline} as the files of
/// sql/ do. Money must be cast to text: a JSON number is no exact one.
Result<Json> rows_as_json(storage::Connection& connection, const Config& config,
                          std::string_view sql, const std::vector<std::string>& parameters);

/// An answer that may fail without the rest falling with it.
inline Json or_error(const Result<Json>& answer) {
  return answer ? *answer : Json{{"error", answer.error().message}};
}

}  // namespace lensart::app
