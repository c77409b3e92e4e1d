#include "apps/audit/migrate.hpp"

#include <fmt/format.h>

#include "apps/audit/roles.hpp"
#include "sql/embedded.hpp"

namespace lensart::app {

namespace {

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
}

Result<std::int64_t> version_of(storage::Connection& connection, const std::string& schema) {
  const std::string table = storage::quoted_identifier(schema) + ".schema_migrations";
  LENSART_ASSIGN(const storage::Rows exists,
                 connection.query("SELECT to_regclass($1) IS NOT NULL", {table}));
  if (exists.text(0, 0) != "t") return 0;
  LENSART_ASSIGN(const storage::Rows version,
                 connection.query(fmt::format("SELECT coalesce(max(version), 0) FROM {}", table)));
  return version.number(0, 0);
}

}  // namespace

std::string with_names(std::string_view text, const storage::Connection& connection,
                       const std::string& schema, const std::string& pipeline) {
  std::string out(text);
  replace_all(out, "{schema}", storage::quoted_identifier(schema));
  replace_all(out, "{pipeline}", connection.quoted(pipeline));
  return out;
}

Result<MigrationReport> migrate(storage::Connection& connection, const std::string& schema) {
  const auto needed = static_cast<std::int64_t>(sql::migrations().size());
  LENSART_TRY(connection.run("SET client_min_messages = warning"));
  LENSART_TRY(connection.query("SELECT pg_advisory_lock(hashtextextended($1, 0))",
                               {"lensart/migrate/" + schema}));
  LENSART_TRY(become_owner(connection, schema));
  MigrationReport report;
  LENSART_ASSIGN(report.before, version_of(connection, schema));
  if (report.before > needed) {
    return fail(
        Errc::kBadConfig,
        fmt::format(
            "postgres.schema = \"{}\" has version {}, newer than this program's {}; use the "
            "newer program",
            schema, report.before, needed));
  }
  for (const sql::SqlFile& file : sql::migrations()) {
    if (auto done =
            connection.run("BEGIN; " + with_names(file.text, connection, schema, "") + "; COMMIT");
        !done) {
      static_cast<void>(connection.run("ROLLBACK"));
      return fail(done.error().code,
                  fmt::format("migration {}: {}", file.name, done.error().message));
    }
    if (++report.now > report.before) report.applied.emplace_back(file.name);
  }
  LENSART_TRY(connection.run("RESET ROLE"));
  LENSART_TRY(connection.query("SELECT pg_advisory_unlock(hashtextextended($1, 0))",
                               {"lensart/migrate/" + schema}));
  return report;
}

}  // namespace lensart::app
