/// A schema of the stack's database for each test, and the small tables they write.
///
/// Reads LENSART_POSTGRES_DSN and LENSART_TEST_ADMIN_DSN (`scripts/stack.sh run -- …` sets them).
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "sql/embedded.hpp"
#include "storage/lane_group.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/row.hpp"

namespace lensart::storage {

inline constexpr std::uint8_t kLog = 1;
inline constexpr std::uint8_t kParents = 2;
inline constexpr std::uint8_t kChildren = 3;
inline constexpr std::uint8_t kLetters = 4;
inline constexpr std::uint8_t kSums = 5;

/// One table of each conflation.
inline const TableRegistry& small_tables() {
  static const TableRegistry kRegistry = [] {
    const auto make = [](std::uint8_t id, std::string_view name, Conflation conflation,
                         std::vector<ColumnSpec> columns) {
      TableSpec table;
      table.id = id;
      table.name = name;
      table.conflation = conflation;
      table.columns = std::move(columns);
      return table;
    };
    TableSpec log = make(kLog, "log", Conflation::kAppend,
                         {{"id", ColumnType::kBigint}, {"topic", ColumnType::kText}});
    log.identity = {"topic"};
    TableSpec parents = make(kParents, "parents", Conflation::kLastRow,
                             {{"k", ColumnType::kBigint}, {"value", ColumnType::kText}});
    TableSpec children = make(kChildren, "children", Conflation::kReplaceAll,
                              {{"k", ColumnType::kBigint}, {"line", ColumnType::kBigint}});
    children.parent = "parents";
    TableSpec letters = make(kLetters, "letters", Conflation::kOnce,
                             {{"field", ColumnType::kText}, {"message", ColumnType::kText}});
    TableSpec sums = make(kSums, "sums", Conflation::kAdd,
                          {{"k", ColumnType::kBigint},
                           {"low", ColumnType::kBigint},
                           {"high", ColumnType::kBigint},
                           {"total", ColumnType::kBigint}});
    sums.first_added = 3;
    return TableRegistry({log, parents, children, letters, sums});
  }();
  return kRegistry;
}

inline std::string row_of(std::int64_t key, std::string_view text) {
  std::string out;
  RowWriter(out).bigint(key);
  RowWriter(out).text(text);
  return out;
}
inline std::string row_of(std::int64_t key, std::int64_t number) {
  std::string out;
  RowWriter(out).bigint(key);
  RowWriter(out).bigint(number);
  return out;
}
inline std::string key_of_row(std::int64_t key) {
  std::string out;
  RowWriter(out).bigint(key);
  return out;
}
inline std::string bag_of(std::int64_t key, const std::vector<std::int64_t>& lines) {
  std::string out = key_of_row(key);
  for (const std::int64_t line : lines) ByteWriter(out).text(row_of(key, line));
  return out;
}

class PostgresFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    options.dsn = variable("LENSART_POSTGRES_DSN");
    ASSERT_FALSE(options.dsn.empty()) << "run this under scripts/stack.sh run -- …";
    static int number = 0;
    schema = fmt::format("Test \"{}\" {}", ::getpid(), ++number);
    admin = connect();
    run(fmt::format("CREATE SCHEMA {}", quoted_identifier(schema)));
  }
  void TearDown() override {
    if (!admin || admin->lost()) admin = connect();
    run("SET client_min_messages = warning; DROP SCHEMA {schema} CASCADE");
  }

  static std::string variable(const char* name) {
    const char* text = std::getenv(name);
    return text == nullptr ? "" : text;
  }
  std::optional<Connection> connect() const { return connect(options); }
  static std::optional<Connection> connect(const ConnectionOptions& with) {
    auto opened = Connection::open(with);
    EXPECT_TRUE(opened) << opened.error().message;
    if (!opened) return std::nullopt;
    return std::move(*opened);
  }
  std::string filled(std::string_view sql) const {
    std::string out(sql);
    const std::string name = quoted_identifier(schema);
    for (std::size_t at = 0; (at = out.find("{schema}", at)) != std::string::npos;) {
      out.replace(at, 8, name);
      at += name.size();
    }
    return out;
  }
  /// {schema} stands for the test's.
  void run(std::string_view sql) {
    const auto done = admin->run(filled(sql));
    ASSERT_TRUE(done) << done.error().message;
  }
  /// The rows of a query, columns parted by `|`.
  std::vector<std::string> rows(std::string_view sql) {
    const auto found = admin->query(filled(sql));
    EXPECT_TRUE(found) << found.error().message;
    std::vector<std::string> out;
    for (int i = 0; found && i < found->count(); ++i) {
      std::string& row = out.emplace_back();
      for (int column = 0; column < found->columns(); ++column) {
        if (column > 0) row += '|';
        row += found->null(i, column) ? "NULL" : found->text(i, column);
      }
    }
    return out;
  }
  void migrate() {
    run("SET client_min_messages = warning");
    for (const sql::SqlFile& file : sql::migrations()) run(file.text);
  }
  void make_small_tables() {
    run("CREATE TABLE {schema}.log (id BIGINT PRIMARY KEY, topic TEXT);"
        "CREATE TABLE {schema}.parents (k BIGINT PRIMARY KEY, value TEXT CHECK (value <> 'bad'));"
        "CREATE TABLE {schema}.children (k BIGINT REFERENCES {schema}.parents ON DELETE CASCADE, "
        "line BIGINT CHECK (line >= 0));"
        "CREATE TABLE {schema}.letters (field TEXT PRIMARY KEY, message TEXT);"
        "CREATE TABLE {schema}.sums (k BIGINT PRIMARY KEY, low BIGINT, high BIGINT, total BIGINT)");
  }
  /// Ends the backend of a connection, as an operator or a crash of the server would.
  void end_backend(const Connection& of) {
    rows(fmt::format("SELECT pg_terminate_backend({}, 5000)", of.backend_pid()));
  }

  ConnectionOptions options;
  std::string schema;
  std::optional<Connection> admin;
};

}  // namespace lensart::storage
