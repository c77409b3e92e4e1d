#include "storage/postgres/table_writer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "storage/postgres/copy_text.hpp"
#include "storage/row.hpp"

namespace lensart::storage {

namespace {

constexpr std::size_t kCopyBufferBytes = 64 * 1024;

std::string conditions(const TableSpec& spec, std::string_view left, std::string_view right) {
  std::string out;
  for (std::size_t i = 0; i < spec.key_columns; ++i) {
    if (i > 0) out += " AND ";
    out += fmt::format("{}.{} = {}.{}", left, quoted_identifier(spec.columns[i].name), right,
                       quoted_identifier(spec.columns[i].name));
  }
  return out;
}

std::string column_list(const TableSpec& spec, std::string_view prefix, std::size_t from,
                        std::size_t until) {
  std::vector<std::string> names;
  for (std::size_t i = from; i < until; ++i) {
    names.push_back(fmt::format("{}{}", prefix, quoted_identifier(spec.columns[i].name)));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string assignments(const TableSpec& spec, std::string_view from) {
  std::vector<std::string> parts;
  for (std::size_t i = spec.key_columns; i < spec.columns.size(); ++i) {
    const std::string column = quoted_identifier(spec.columns[i].name);
    parts.push_back(fmt::format("{} = {}.{}", column, from, column));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string additions(const TableSpec& spec) {
  std::vector<std::string> parts;
  for (std::size_t i = spec.key_columns; i < spec.columns.size(); ++i) {
    const std::string column = quoted_identifier(spec.columns[i].name);
    if (i >= spec.first_added) {
      parts.push_back(fmt::format("{0} = t.{0} + excluded.{0}", column));
    } else {
      parts.push_back(fmt::format("{0} = {1}(t.{0}, excluded.{0})", column,
                                  i == spec.key_columns ? "least" : "greatest"));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

TableStatements::TableStatements(const TableSpec& spec, const std::string& schema) : table(&spec) {
  const std::string all = column_list(spec, "", 0, spec.columns.size());
  const std::string keys = column_list(spec, "", 0, spec.key_columns);
  const std::string staged = column_list(spec, "s.", 0, spec.columns.size());
  name = quoted_identifier(schema) + "." + quoted_identifier(spec.name);
  stage = "pg_temp." + quoted_identifier(fmt::format("lensart_stage_{}", spec.name));
  create_stage = fmt::format(
      "CREATE TEMP TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} WITH NO DATA",
      quoted_identifier(fmt::format("lensart_stage_{}", spec.name)), all, name);
  clear_stage = fmt::format("DELETE FROM {}", stage);
  copy_into = fmt::format("COPY {} ({}) FROM STDIN", name, all);
  copy_stage = fmt::format("COPY {} ({}) FROM STDIN", stage, all);
  update_from_stage = fmt::format("UPDATE {} t SET {} FROM {} s WHERE {}", name,
                                  assignments(spec, "s"), stage, conditions(spec, "t", "s"));
  delete_by_stage =
      fmt::format("DELETE FROM {} t USING {} s WHERE {}", name, stage, conditions(spec, "t", "s"));
  missing_keys = fmt::format("SELECT {} FROM {} s WHERE NOT EXISTS (SELECT FROM {} t WHERE {})",
                             column_list(spec, "s.", 0, spec.key_columns), stage, name,
                             conditions(spec, "t", "s"));
  insert_from_stage =
      fmt::format("INSERT INTO {} AS t ({}) SELECT {} FROM {} s ", name, all, staged, stage);
  switch (spec.conflation) {
    case Conflation::kLastRow:
      insert_from_stage +=
          fmt::format("ON CONFLICT ({}) DO UPDATE SET {}", keys, assignments(spec, "excluded"));
      break;
    case Conflation::kAdd:
      insert_from_stage += fmt::format("ON CONFLICT ({}) DO UPDATE SET {}", keys, additions(spec));
      break;
    case Conflation::kAppend:
    case Conflation::kOnce:
      insert_from_stage += fmt::format("ON CONFLICT ({}) DO NOTHING", keys);
      break;
    case Conflation::kReplaceAll:
      break;
  }
  if (!spec.batch_function.empty()) {
    std::vector<std::string> arrays;
    for (const ColumnSpec& column : spec.columns) {
      arrays.push_back(fmt::format("array_agg({})", quoted_identifier(column.name)));
    }
    apply_function =
        fmt::format("SELECT {}.{}({}) FROM {}", quoted_identifier(schema),
                    quoted_identifier(spec.batch_function), fmt::join(arrays, ", "), stage);
  }
  std::vector<std::string> differs;
  for (const std::string_view column : spec.identity) {
    differs.push_back(fmt::format("t.{0} IS DISTINCT FROM s.{0}", quoted_identifier(column)));
  }
  if (!differs.empty()) {
    foreign_rows = fmt::format("SELECT {} FROM {} s JOIN {} t ON {} WHERE {} LIMIT 1",
                               column_list(spec, "s.", 0, 1), stage, name,
                               conditions(spec, "t", "s"), fmt::join(differs, " OR "));
  }
}

Result<std::int64_t> TableWriter::copy(const std::string& sql,
                                       std::span<const KeyChange* const> changes) {
  LENSART_TRY(connection_.copy_begin(sql));
  std::string buffer;
  buffer.reserve(kCopyBufferBytes * 2);
  for (const KeyChange* change : changes) {
    for (const std::string_view row : change->rows) {
      append_copy_line(buffer, sql_.table->columns, row);
      if (buffer.size() < kCopyBufferBytes) continue;
      LENSART_TRY(connection_.copy_put(buffer));
      buffer.clear();
    }
  }
  if (!buffer.empty()) LENSART_TRY(connection_.copy_put(buffer));
  return connection_.copy_end();
}

Result<Unit> TableWriter::through_stage(std::span<const KeyChange* const> changes,
                                        const std::string& then) {
  LENSART_TRY(connection_.run(sql_.clear_stage));
  LENSART_TRY(copy(sql_.copy_stage, changes));
  return connection_.run(then);
}

Result<Unit> TableWriter::apply(std::span<const KeyChange* const> changes, WriteMode mode) {
  if (changes.empty()) return Unit{};
  switch (sql_.table->conflation) {
    case Conflation::kAppend:
      return append(changes, mode);
    case Conflation::kLastRow:
      return sql_.apply_function.empty() ? last_rows(changes, mode)
                                         : through_stage(changes, sql_.apply_function);
    case Conflation::kOnce:
      return through_stage(
          changes, sql_.apply_function.empty() ? sql_.insert_from_stage : sql_.apply_function);
    case Conflation::kReplaceAll:
      return replace_all(changes, mode);
    case Conflation::kAdd:
      return through_stage(changes, sql_.insert_from_stage);
  }
  return Unit{};
}

Result<Unit> TableWriter::append(std::span<const KeyChange* const> changes, WriteMode mode) {
  if (mode == WriteMode::kFast) {
    LENSART_TRY(copy(sql_.copy_into, changes));
    return Unit{};
  }
  LENSART_TRY(through_stage(changes, sql_.insert_from_stage));
  LENSART_ASSIGN(const Rows foreign, connection_.query(sql_.foreign_rows));
  if (foreign.count() == 0) return Unit{};
  return fail(
      Errc::kStateMismatch,
      fmt::format("{} already holds {} = {} with other coordinates: somebody else writes this "
                  "table. Stop the other writer, or give this pipeline a schema of its own",
                  sql_.name, foreign.column_name(0), foreign.text(0, 0)));
}

Result<Unit> TableWriter::last_rows(std::span<const KeyChange* const> changes, WriteMode mode) {
  Selected inserts;
  Selected updates;
  Selected deletes;
  for (const KeyChange* change : changes) {
    switch (change->kind) {
      case EntryKind::kDelete:
        deletes.push_back(change);
        break;
      case EntryKind::kInsert:
        (mode == WriteMode::kFast ? inserts : updates).push_back(change);
        break;
      default:
        updates.push_back(change);
    }
  }
  if (!deletes.empty()) LENSART_TRY(delete_keys(deletes));
  if (!inserts.empty()) LENSART_TRY(copy(sql_.copy_into, inserts));
  if (updates.empty()) return Unit{};
  if (mode == WriteMode::kCareful) return through_stage(updates, sql_.insert_from_stage);
  LENSART_TRY(connection_.run(sql_.clear_stage));
  LENSART_TRY(copy(sql_.copy_stage, updates));
  LENSART_ASSIGN(const Rows updated, connection_.query(sql_.update_from_stage));
  if (updated.affected() == static_cast<std::int64_t>(updates.size())) return Unit{};
  return fail(Errc::kRowsMissing, fmt::format("{}: {} rows to update, {} found", sql_.name,
                                              updates.size(), updated.affected()));
}

Result<Unit> TableWriter::replace_all(std::span<const KeyChange* const> changes, WriteMode mode) {
  Selected old;
  for (const KeyChange* change : changes) {
    if (mode == WriteMode::kCareful || change->kind != EntryKind::kReplaceNew)
      old.push_back(change);
  }
  if (!old.empty()) LENSART_TRY(delete_keys(old));
  LENSART_TRY(copy(sql_.copy_into, changes));
  return Unit{};
}

Result<Unit> TableWriter::stage_keys(std::span<const KeyChange* const> changes) {
  LENSART_TRY(connection_.run(sql_.clear_stage));
  const std::span<const ColumnSpec> key_columns(sql_.table->columns.data(),
                                                sql_.table->key_columns);
  LENSART_TRY(connection_.copy_begin(fmt::format(
      "COPY {} ({}) FROM STDIN", sql_.stage, column_list(*sql_.table, "", 0, key_columns.size()))));
  std::string buffer;
  for (const KeyChange* change : changes) {
    append_copy_line(buffer, key_columns, change->key);
    if (buffer.size() < kCopyBufferBytes) continue;
    LENSART_TRY(connection_.copy_put(buffer));
    buffer.clear();
  }
  if (!buffer.empty()) LENSART_TRY(connection_.copy_put(buffer));
  LENSART_TRY(connection_.copy_end());
  return Unit{};
}

Result<Unit> TableWriter::delete_keys(std::span<const KeyChange* const> changes) {
  LENSART_TRY(stage_keys(changes));
  return connection_.run(sql_.delete_by_stage);
}

Result<std::vector<std::string>> TableWriter::missing(std::span<const KeyChange* const> changes) {
  LENSART_TRY(stage_keys(changes));
  LENSART_ASSIGN(const Rows rows, connection_.query(sql_.missing_keys));
  std::vector<std::string> keys;
  for (int i = 0; i < rows.count(); ++i) {
    // Keys of tables with children are single numbers: the only ones this is asked for.
    std::string key;
    RowWriter(key).bigint(rows.number(i, 0));
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace lensart::storage
