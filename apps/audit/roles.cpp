#include "apps/audit/roles.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "apps/jobs/tables.hpp"
#include "sql/embedded.hpp"

namespace lensart::app {

namespace {

using storage::quoted_identifier;

/// Names that stand behind `words {schema}.` in the migrations: what is ours.
std::set<std::string> made_by_migrations(std::string_view words) {
  const std::string before = std::string(words) + " {schema}.";
  std::set<std::string> names;
  for (const sql::SqlFile& file : sql::migrations()) {
    for (auto at = file.text.find(before); at != std::string_view::npos;
         at = file.text.find(before, at + 1)) {
      const std::string_view rest = file.text.substr(at + before.size());
      names.emplace(rest.substr(0, rest.find_first_of(" (\n")));
    }
  }
  return names;
}

/// Signatures as ALTER FUNCTION wants them, of our functions in the schema.
Result<std::vector<std::string>> functions_in(storage::Connection& connection,
                                              const std::string& schema) {
  LENSART_ASSIGN(const storage::Rows rows,
                 connection.query("SELECT p.proname, p.oid::regprocedure::text FROM pg_proc p JOIN "
                                  "pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1 "
                                  "ORDER BY 2",
                                  {schema}));
  const std::set<std::string> ours = made_by_migrations("CREATE OR REPLACE FUNCTION");
  std::vector<std::string> out;
  for (int i = 0; i < rows.count(); ++i) {
    if (ours.contains(std::string(rows.text(i, 0)))) out.emplace_back(rows.text(i, 1));
  }
  return out;
}

std::string in_schema(const std::string& schema, const std::string& name) {
  return quoted_identifier(schema) + "." + quoted_identifier(name);
}

std::string roles_and_schema(storage::Connection& connection, const std::string& schema,
                             const RoleNames& names) {
  std::string sql;
  for (const std::string& role : {names.migrator, names.writer, names.reader}) {
    sql += fmt::format(
        "DO $roles$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {}) THEN "
        "CREATE ROLE {} NOLOGIN; END IF; END $roles$;\n",
        connection.quoted(role), quoted_identifier(role));
  }
  const std::string migrator = quoted_identifier(names.migrator);
  // Whoever gives ownership away must belong to the one who gets it.
  sql += fmt::format(
      "DO $roles$ BEGIN IF NOT pg_has_role({}, 'MEMBER') THEN EXECUTE format('GRANT {} TO %I', "
      "current_user); END IF; END $roles$;\n",
      connection.quoted(names.migrator), migrator);
  sql +=
      fmt::format("GRANT USAGE, CREATE ON SCHEMA {} TO {};\nGRANT USAGE ON SCHEMA {} TO {}, {};\n",
                  quoted_identifier(schema), migrator, quoted_identifier(schema),
                  quoted_identifier(names.writer), quoted_identifier(names.reader));
  const auto on_database = [&](const std::string& role, const char* privilege) {
    sql += fmt::format(
        "DO $roles$ BEGIN IF NOT has_database_privilege({}, current_database(), '{}') THEN EXECUTE "
        "format('GRANT {} ON DATABASE %I TO {}', current_database()); END IF; END $roles$;\n",
        connection.quoted(role), privilege, privilege, quoted_identifier(role));
  };
  for (const std::string& role : {names.migrator, names.writer, names.reader}) {
    on_database(role, "CONNECT");
  }
  on_database(names.writer, "TEMPORARY");  // rows are staged
  return sql;
}

std::string owners_and_rights(const std::string& schema, const RoleNames& names,
                              const std::vector<std::string>& functions) {
  const std::string migrator = quoted_identifier(names.migrator);
  const std::string writer = quoted_identifier(names.writer);
  const std::string reader = quoted_identifier(names.reader);
  std::string sql;
  for (const TableRights& rights : writer_rights()) {
    const std::string table = in_schema(schema, rights.table);
    sql += fmt::format("ALTER TABLE {0} OWNER TO {1};\nREVOKE ALL ON {0} FROM {2}, {3};\n", table,
                       migrator, writer, reader);
    sql += fmt::format("GRANT {} ON {} TO {};\nGRANT SELECT ON {} TO {};\n",
                       fmt::join(rights.privileges, ", "), table, writer, table, reader);
    if (rights.update_columns.empty()) continue;
    std::vector<std::string> columns;
    for (const std::string& column : rights.update_columns) {
      columns.push_back(quoted_identifier(column));
    }
    sql += fmt::format("GRANT UPDATE ({}) ON {} TO {};\n", fmt::join(columns, ", "), table, writer);
  }
  for (const std::string& view : made_by_migrations("CREATE OR REPLACE VIEW")) {
    sql += fmt::format(
        "ALTER VIEW {0} OWNER TO {1};\nREVOKE ALL ON {0} FROM {2}, {3};\nGRANT SELECT ON {0} TO "
        "{2}, "
        "{3};\n",
        in_schema(schema, view), migrator, writer, reader);
  }
  for (const std::string& function : functions) {
    sql += fmt::format("ALTER FUNCTION {0} OWNER TO {1};\nGRANT EXECUTE ON FUNCTION {0} TO {2};\n",
                       function, migrator, writer);
  }
  // For the tables of later migrations.
  sql += fmt::format(
      "ALTER DEFAULT PRIVILEGES FOR ROLE {0} IN SCHEMA {1} GRANT SELECT ON TABLES TO {3};\n"
      "ALTER DEFAULT PRIVILEGES FOR ROLE {0} IN SCHEMA {1} GRANT SELECT, INSERT, UPDATE, DELETE, "
      "TRUNCATE ON TABLES TO {2};\n"
      "ALTER DEFAULT PRIVILEGES FOR ROLE {0} IN SCHEMA {1} GRANT EXECUTE ON FUNCTIONS TO {2};\n",
      migrator, quoted_identifier(schema), writer, reader);
  return sql;
}

}  // namespace

std::vector<TableRights> writer_rights() {
  std::map<std::string, TableRights> by_table;
  // A derived table may be written, emptied and made anew; a new job's is one, too.
  for (const storage::TableSpec& spec : jobs::tables().tables()) {
    const std::string name(spec.name);
    by_table[name] = {name, {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"}, {}};
  }
  // The log is only ever added to, but for the flag that a replay takes back.
  by_table["orders_raw"] = {"orders_raw", {"SELECT", "INSERT"}, {"too_late"}};
  by_table["dead_letters"] = {
      "dead_letters", {"SELECT", "INSERT", "DELETE"}, {"sent_at", "replayed_at"}};
  by_table["pipeline_replays"] = {"pipeline_replays", {"SELECT", "INSERT"}, {}};
  by_table["pipeline_accounts"] = {
      "pipeline_accounts", {"SELECT", "INSERT", "UPDATE", "DELETE"}, {}};
  by_table["pipeline_epochs"] = {"pipeline_epochs", {"SELECT", "INSERT", "UPDATE", "DELETE"}, {}};
  by_table["pipeline_settings"] = {"pipeline_settings", {"SELECT", "INSERT", "UPDATE"}, {}};
  by_table["schema_migrations"] = {"schema_migrations", {"SELECT"}, {}};
  std::vector<TableRights> out;
  for (auto& [name, rights] : by_table) out.push_back(std::move(rights));
  return out;
}

Result<std::vector<std::string>> missing_rights(storage::Connection& connection,
                                                const std::string& schema) {
  std::vector<std::string> questions;
  const auto ask = [&](const TableRights& rights, const std::string& privilege,
                       const std::string& column) {
    const std::string table = connection.quoted(in_schema(schema, rights.table));
    const std::string may =
        column.empty() ? fmt::format("has_table_privilege(to_regclass({}), '{}')", table, privilege)
                       : fmt::format("has_column_privilege(to_regclass({}), {}, '{}')", table,
                                     connection.quoted(column), privilege);
    questions.push_back(fmt::format(
        "SELECT {} WHERE to_regclass({}) IS NOT NULL AND NOT {}",
        connection.quoted(privilege + " on " + rights.table + (column.empty() ? "" : "." + column)),
        table, may));
  };
  for (const TableRights& rights : writer_rights()) {
    for (const std::string& privilege : rights.privileges) ask(rights, privilege, "");
    for (const std::string& column : rights.update_columns) ask(rights, "UPDATE", column);
  }
  questions.emplace_back(
      "SELECT 'TEMPORARY on the database' WHERE NOT has_database_privilege(current_database(), "
      "'TEMPORARY')");
  LENSART_ASSIGN(const storage::Rows rows,
                 connection.query(fmt::format("{}", fmt::join(questions, "\nUNION ALL\n"))));
  std::vector<std::string> missing;
  for (int i = 0; i < rows.count(); ++i) missing.emplace_back(rows.text(i, 0));
  return missing;
}

RoleNames role_names(const std::string& prefix) {
  return {prefix + "_migrator", prefix + "_writer", prefix + "_reader"};
}

Result<std::vector<std::string>> make_roles(storage::Connection& connection,
                                            const std::string& schema, const RoleNames& names) {
  LENSART_ASSIGN(const auto functions, functions_in(connection, schema));
  const std::string sql = "SET client_min_messages = warning;\nBEGIN;\n" +
                          roles_and_schema(connection, schema, names) +
                          owners_and_rights(schema, names, functions) + "COMMIT;\n";
  if (auto done = connection.run(sql); !done) {
    const bool refused = connection.sqlstate() == "42501";
    static_cast<void>(connection.run("ROLLBACK"));
    if (!refused) return tl::unexpected(done.error());
    return fail(Errc::kBadConfig,
                fmt::format("init --roles: {}. The user of postgres.dsn must be allowed to create "
                            "roles (CREATEROLE) and must own the tables: run it once as the "
                            "database's owner or as a superuser, by --set postgres.dsn=…",
                            done.error().message));
  }
  return std::vector<std::string>{names.migrator, names.writer, names.reader};
}

Result<Unit> become_owner(storage::Connection& connection, const std::string& schema) {
  LENSART_ASSIGN(const storage::Rows rows,
                 connection.query(
                     "SELECT quote_ident(pg_get_userbyid(c.relowner)) FROM pg_class c WHERE c.oid "
                     "= to_regclass($1) AND c.relowner <> current_user::regrole AND "
                     "pg_has_role(c.relowner, 'MEMBER') AND "
                     "has_schema_privilege(c.relowner, c.relnamespace, 'CREATE')",
                     {in_schema(schema, "schema_migrations")}));
  if (rows.count() == 0) return Unit{};
  return connection.run(fmt::format("SET ROLE {}", rows.text(0, 0)));
}

}  // namespace lensart::app
