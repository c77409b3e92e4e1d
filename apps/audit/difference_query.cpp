#include "apps/audit/difference_query.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "storage/postgres/connection.hpp"

namespace lensart::app {

namespace {

using storage::ColumnSpec;
using storage::ColumnType;
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

std::string name_of(const TableSpec& table, std::string_view schema) {
  return fmt::format("{}.{}", schema, quoted_identifier(table.name));
}

/// A key column's value as the sink spells it, whatever the session's settings: so that its dead
/// letters can be recognised.
std::string spelt(const ColumnSpec& column, const std::string& value) {
  switch (column.type) {
    case ColumnType::kInstant:
      return fmt::format(
          "replace(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '.000000', '') || "
          "'+00'",
          value);
    case ColumnType::kDate:
      return fmt::format("to_char({}, 'YYYY-MM-DD')", value);
    default:
      return value + "::text";
  }
}

/// Tables that have children have a key of one column.
constexpr std::size_t kParentKeyColumns = 1;

/// Whether a dead letter says that this key was refused, in the table or in the one it belongs to.
/// `key`: an SQL expression for each key column.
std::string is_refused(const TableSpec& table, std::string_view schema,
                       const std::vector<std::string>& key) {
  const auto among_letters = [&](std::string_view name, std::size_t key_columns) {
    std::string text;
    for (std::size_t i = 0; i < key_columns; ++i) {
      text += fmt::format(" || '{}{}=' || {}", i > 0 ? ", " : "", table.columns[i].name, key[i]);
    }
    return fmt::format(
        "'{} '{} IN (SELECT d.field FROM {}.dead_letters d WHERE d.code = 'sink_rejected')", name,
        text, schema);
  };
  const std::string own = among_letters(table.name, key.size());
  if (table.parent.empty()) return own;
  return fmt::format("({} OR {})", own, among_letters(table.parent, kParentKeyColumns));
}

std::string keyed(const TableSpec& table, std::string_view schema, std::string_view expected,
                  std::string_view covered) {
  const std::string first = quoted_identifier(table.columns[0].name);
  std::vector<std::string> on;
  std::vector<std::string> key;
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    const std::string column = quoted_identifier(table.columns[i].name);
    on.push_back(fmt::format("e.{0} = a.{0}", column));
    key.push_back(spelt(table.columns[i], fmt::format("coalesce(e.{0}, a.{0})", column)));
  }
  std::vector<std::string> fields;
  for (std::size_t i = table.key_columns; i < table.columns.size(); ++i) {
    const std::string column = quoted_identifier(table.columns[i].name);
    fields.push_back(
        fmt::format("('{0}', e.{1}::text, a.{1}::text)", table.columns[i].name, column));
  }
  return fmt::format(
      "WITH expected AS ({expected}), actual AS (SELECT {all} FROM {name} WHERE {covered}) "
      "SELECT CASE WHEN e.{first} IS NULL THEN 'extra' WHEN {refused} THEN 'known' "
      "WHEN a.{first} IS NULL THEN 'missing' ELSE 'differs' END AS problem, "
      "concat_ws('/', {key}) AS key, "
      "CASE WHEN field.name IS NULL THEN '' ELSE format('%s is %s, should be %s', field.name, "
      "coalesce(quote_literal(field.actual), 'NULL'), "
      "coalesce(quote_literal(field.expected), 'NULL')) END AS detail "
      "FROM expected e FULL JOIN actual a ON {on} "
      "LEFT JOIN LATERAL (VALUES {fields}) AS field (name, expected, actual) "
      "ON e.{first} IS NOT NULL AND a.{first} IS NOT NULL AND field.expected IS DISTINCT FROM "
      "field.actual "
      "WHERE a.{first} IS NULL OR e.{first} IS NULL OR ({expected_columns}) IS DISTINCT FROM "
      "({actual_columns})",
      fmt::arg("expected", expected), fmt::arg("all", columns(table, "", 0, table.columns.size())),
      fmt::arg("name", name_of(table, schema)), fmt::arg("covered", covered),
      fmt::arg("first", first), fmt::arg("refused", is_refused(table, schema, key)),
      fmt::arg("key", fmt::join(key, ", ")), fmt::arg("on", fmt::join(on, " AND ")),
      fmt::arg("fields", fmt::join(fields, ", ")),
      fmt::arg("expected_columns", columns(table, "e.", table.key_columns, table.columns.size())),
      fmt::arg("actual_columns", columns(table, "a.", table.key_columns, table.columns.size())));
}

std::string bag(const TableSpec& table, std::string_view schema, std::string_view expected,
                std::string_view covered) {
  std::vector<std::string> key;
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    key.push_back(spelt(table.columns[i], quoted_identifier(table.columns[i].name)));
  }
  const std::string all = columns(table, "", 0, table.columns.size());
  std::vector<std::string> shown;
  for (std::size_t i = table.key_columns; i < table.columns.size(); ++i) {
    const std::string column = quoted_identifier(table.columns[i].name);
    shown.push_back(
        fmt::format("'{}=' || coalesce({}::text, 'NULL')", table.columns[i].name, column));
  }
  return fmt::format(
      "WITH both_sides AS (SELECT {all}, 1 AS sign FROM ({expected}) expected UNION ALL "
      "SELECT {all}, -1 FROM {name} WHERE {covered}) "
      "SELECT CASE WHEN {refused} THEN 'known' WHEN sum(sign) > 0 THEN 'missing' ELSE 'extra' END "
      "AS problem, "
      "concat_ws('/', {key}) AS key, concat_ws(', ', {shown}) || ' (times ' || abs(sum(sign)) || "
      "')' AS detail "
      "FROM both_sides GROUP BY {all} HAVING sum(sign) <> 0",
      fmt::arg("all", all), fmt::arg("expected", expected),
      fmt::arg("name", name_of(table, schema)), fmt::arg("covered", covered),
      fmt::arg("refused", is_refused(table, schema, key)),
      fmt::arg("key", columns(table, "", 0, table.key_columns)),
      fmt::arg("shown", fmt::join(shown, ", ")));
}

}  // namespace

std::string difference_query(const TableSpec& table, std::string_view schema,
                             std::string_view expected, std::string_view covered) {
  if (covered.empty()) covered = "true";
  return table.conflation == storage::Conflation::kReplaceAll
             ? bag(table, schema, expected, covered)
             : keyed(table, schema, expected, covered);
}

}  // namespace lensart::app
