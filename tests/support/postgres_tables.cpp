#include "tests/support/postgres_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "tests/model/json.hpp"

namespace lensart::support {

using model::Table;
using model::TableShape;

namespace {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, Clear>;

Database::Cells cells_of(const PGresult* result, int row) {
  Database::Cells cells;
  for (int column = 0; column < PQnfields(result); ++column) {
    if (PQgetisnull(result, row, column) != 0) {
      cells.emplace_back();
    } else {
      cells.emplace_back(std::string(PQgetvalue(result, row, column),
                                     static_cast<std::size_t>(PQgetlength(result, row, column))));
    }
  }
  return cells;
}

std::string printed_instant(const std::string& column) {
  return "to_char(" + quote_identifier(column) +
         R"( AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))";
}

/// How a column is read so that it looks as the model prints it.
std::string printed(const TableShape& shape, const std::string& column) {
  static const std::set<std::string> kInstants = {
      "event_timestamp", "created_at", "updated_at",   "changed_at", "started_at",
      "ended_at",        "since",      "window_start", "window_end", "resolved_at"};
  const bool is_instant =
      kInstants.contains(column) || (column == "order_date" && shape.name == "orders_processed");
  if (is_instant) return printed_instant(column);
  if (column.ends_with("_date")) {
    return "to_char(" + quote_identifier(column) + ", 'YYYY-MM-DD')";
  }
  if (column == "payload") return R"(encode("payload", 'hex'))";
  return quote_identifier(column) + "::text";
}

std::string select_from(const TableShape& shape, const std::string& schema,
                        const std::string& pipeline) {
  std::vector<std::string> columns;
  if (shape.name == model::accounts_shape().name) {
    for (std::size_t i = shape.key_columns; i < shape.columns.size(); ++i) {
      columns.push_back("sum(" + quote_identifier(shape.columns[i]) + ")::text");
    }
    return fmt::format(R"(SELECT topic, "partition"::text, {} FROM {}.{} WHERE pipeline = {} )"
                       R"(GROUP BY topic, "partition")",
                       fmt::join(columns, ", "), quote_identifier(schema), shape.name,
                       quote_literal(pipeline));
  }
  for (const std::string& column : shape.columns) columns.push_back(printed(shape, column));
  return fmt::format("SELECT {} FROM {}.{}", fmt::join(columns, ", "), quote_identifier(schema),
                     shape.name);
}

Result<bool> has_table(Database& database, const std::string& schema, const std::string& name) {
  const std::string qualified = quote_identifier(schema) + "." + quote_identifier(name);
  LENSART_ASSIGN(const auto rows,
                 database.query_all(fmt::format("SELECT WHERE to_regclass({}) IS NOT NULL",
                                                quote_literal(qualified))));
  return !rows.empty();
}

std::optional<Instant> instant_of(const std::optional<std::string>& microseconds) {
  if (!microseconds) return std::nullopt;
  return Instant{std::chrono::microseconds(std::stoll(*microseconds))};
}

/// JSONB's text as the digest that the model keeps of a payload.
std::string json_digest(const std::string& text) {
  const auto value = model::parse_json(text);
  return value ? model::sha256_hex(model::canonical_json(*value)) : "unreadable: " + text;
}

}  // namespace

std::string quote_identifier(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string quote_literal(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

Result<Database> Database::connect(const std::string& dsn) {
  Database database;
  database.connection_.reset(PQconnectdb(dsn.c_str()));
  if (PQstatus(database.handle()) != CONNECTION_OK) {
    return fail(Errc::kDatabaseDown, PQerrorMessage(database.handle()));
  }
  LENSART_TRY(database.execute("SET client_encoding = 'UTF8'; SET client_min_messages = 'error'"));
  return database;
}

Result<Unit> Database::execute(const std::string& sql) {
  const PgResult result(PQexec(handle(), sql.c_str()));
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return fail(Errc::kFatal, PQerrorMessage(handle()) + sql);
  }
  return Unit{};
}

Result<Unit> Database::query(const std::string& sql, const std::function<void(Cells)>& on_row) {
  if (PQsendQuery(handle(), sql.c_str()) == 0 || PQsetSingleRowMode(handle()) == 0) {
    return fail(Errc::kDatabaseDown, PQerrorMessage(handle()));
  }
  std::optional<Error> failure;
  while (const PgResult result{PQgetResult(handle())}) {
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_SINGLE_TUPLE) {
      on_row(cells_of(result.get(), 0));
    } else if (status != PGRES_TUPLES_OK) {
      failure = Error{Errc::kFatal, PQerrorMessage(handle()) + sql};
    }
  }
  if (failure) return tl::unexpected(*failure);
  return Unit{};
}

Result<std::vector<Database::Cells>> Database::query_all(const std::string& sql) {
  std::vector<Cells> rows;
  LENSART_TRY(query(sql, [&](Cells cells) { rows.push_back(std::move(cells)); }));
  return rows;
}

Result<std::string> Database::query_one(const std::string& sql) {
  LENSART_ASSIGN(const auto rows, query_all(sql));
  if (rows.size() != 1 || rows.front().size() != 1 || !rows.front().front()) {
    return fail(Errc::kFatal, "not one row of one value: " + sql);
  }
  return *rows.front().front();
}

Result<std::vector<Table>> read_tables(Database& database, const std::string& schema,
                                       const std::string& pipeline) {
  LENSART_TRY(database.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  std::vector<Table> tables;
  for (const TableShape& shape : model::all_shapes()) {
    Table& table = tables.emplace_back(shape);
    LENSART_ASSIGN(const bool there, has_table(database, schema, shape.name));
    if (!there) continue;
    const auto event_data = std::find(shape.columns.begin(), shape.columns.end(), "event_data");
    const auto digest_at = static_cast<std::size_t>(event_data - shape.columns.begin());
    LENSART_TRY(database.query(select_from(shape, schema, pipeline), [&](Database::Cells cells) {
      if (digest_at < cells.size() && cells[digest_at]) {
        cells[digest_at] = json_digest(*cells[digest_at]);
      }
      table.add(std::move(cells));
    }));
  }
  LENSART_TRY(database.execute("COMMIT"));
  return tables;
}

Result<RecordedClocks> read_clocks(Database& database, const std::string& schema,
                                   const std::string& pipeline) {
  const auto greatest = [](const char* column) {
    return fmt::format("(extract(epoch FROM max({})) * 1000000)::bigint::text", column);
  };
  LENSART_ASSIGN(const auto rows, database.query_all(fmt::format(
                                      "SELECT {}, {} FROM {}.pipeline_epochs WHERE pipeline = {}",
                                      greatest("timer_clock"), greatest("watermark"),
                                      quote_identifier(schema), quote_literal(pipeline))));
  return RecordedClocks{instant_of(rows.at(0).at(0)), instant_of(rows.at(0).at(1))};
}

}  // namespace lensart::support
