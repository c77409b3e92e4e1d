#include "apps/audit/difference_query.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "storage/postgres/connection.hpp"

namespace lensart::app {

namespace {

using storage::ColumnSpec;
using storage::quoted_identifier;
using storage::TableSpec;

std::string columns(const TableSpec& table, std::string_view prefix, std::size_t from,
                    std::size_t until) {
  std::vector<std::string> names;
  for (std::size_t i = from; i < until; ++i) {
    names.push_back(fmt::format("{}{}", prefix, quoted_identifier(table.columns[i].name)));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string keyed(const TableSpec& table, std::string_view name, std::string_view expected) {
  const std::string first = quoted_identifier(table.columns[0].name);
  std::vector<std::string> on;
  std::vector<std::string> key;
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    const std::string column = quoted_identifier(table.columns[i].name);
    on.push_back(fmt::format("e.{0} = a.{0}", column));
    key.push_back(fmt::format("coalesce(e.{0}, a.{0})::text", column));
  }
  std::vector<std::string> fields;
  for (std::size_t i = table.key_columns; i < table.columns.size(); ++i) {
    const std::string column = quoted_identifier(table.columns[i].name);
    fields.push_back(
        fmt::format("('{0}', e.{1}::text, a.{1}::text)", table.columns[i].name, column));
  }
  return fmt::format(
      "WITH expected AS ({expected}), actual AS (SELECT {all} FROM {name}) "
      "SELECT CASE WHEN a.{first} IS NULL THEN 'missing' WHEN e.{first} IS NULL THEN 'extra' "
      "ELSE 'differs' END AS problem, concat_ws('/', {key}) AS key, "
      "coalesce(format('%s is %s, should be %s', field.name, coalesce(quote_literal(field.actual), "
      "'NULL'), "
      "coalesce(quote_literal(field.expected), 'NULL')), '') AS detail "
      "FROM expected e FULL JOIN actual a ON {on} "
      "LEFT JOIN LATERAL (VALUES {fields}) AS field (name, expected, actual) "
      "ON e.{first} IS NOT NULL AND a.{first} IS NOT NULL AND field.expected IS DISTINCT FROM "
      "field.actual "
      "WHERE a.{first} IS NULL OR e.{first} IS NULL OR ({expected_columns}) IS DISTINCT FROM "
      "({actual_columns})",
      fmt::arg("expected", expected), fmt::arg("all", columns(table, "", 0, table.columns.size())),
      fmt::arg("name", name), fmt::arg("first", first), fmt::arg("key", fmt::join(key, ", ")),
      fmt::arg("on", fmt::join(on, " AND ")), fmt::arg("fields", fmt::join(fields, ", ")),
      fmt::arg("expected_columns", columns(table, "e.", table.key_columns, table.columns.size())),
      fmt::arg("actual_columns", columns(table, "a.", table.key_columns, table.columns.size())));
}

std::string bag(const TableSpec& table, std::string_view name, std::string_view expected) {
  const std::string all = columns(table, "", 0, table.columns.size());
  std::vector<std::string> shown;
  for (std::size_t i = table.key_columns; i < table.columns.size(); ++i) {
    const std::string column = quoted_identifier(table.columns[i].name);
    shown.push_back(
        fmt::format("'{}=' || coalesce({}::text, 'NULL')", table.columns[i].name, column));
  }
  return fmt::format(
      "WITH both_sides AS (SELECT {all}, 1 AS sign FROM ({expected}) expected UNION ALL "
      "SELECT {all}, -1 FROM {name}) "
      "SELECT CASE WHEN sum(sign) > 0 THEN 'missing' ELSE 'extra' END AS problem, "
      "concat_ws('/', {key}) AS key, concat_ws(', ', {shown}) || ' (times ' || abs(sum(sign)) || "
      "')' AS detail "
      "FROM both_sides GROUP BY {all} HAVING sum(sign) <> 0",
      fmt::arg("all", all), fmt::arg("expected", expected), fmt::arg("name", name),
      fmt::arg("key", columns(table, "", 0, table.key_columns)),
      fmt::arg("shown", fmt::join(shown, ", ")));
}

}  // namespace

std::string difference_query(const TableSpec& table, std::string_view qualified_name,
                             std::string_view expected) {
  return table.conflation == storage::Conflation::kReplaceAll
             ? bag(table, qualified_name, expected)
             : keyed(table, qualified_name, expected);
}

}  // namespace lensart::app
