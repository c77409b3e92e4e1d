/// Rights in the database: what the pipeline needs, who lacks it, and roles that have just that.
#pragma once

#include <string>
#include <vector>

#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app {

/// What the pipeline does with a table.
struct TableRights {
  std::string table;
  std::vector<std::string> privileges;      ///< SELECT, INSERT, …
  std::vector<std::string> update_columns;  ///< the only ones it changes, where not all
};

/// Of every table of the schema, for `run` and whatever commands a refused start names.
std::vector<TableRights> writer_rights();

/// What the connection's user lacks of writer_rights(): "INSERT on orders_raw". Tables that are not
/// there are left out.
Result<std::vector<std::string>> missing_rights(storage::Connection& connection,
                                                const std::string& schema);

struct RoleNames {
  std::string migrator, writer, reader;
};
/// `PREFIX_migrator` and so on.
RoleNames role_names(const std::string& prefix);

/// Makes the three roles, none of which may log in, and gives them what each needs; everything of
/// the schema that is ours belongs to the migrator afterwards. As often as you like: rights that
/// were changed by hand are put right. In one transaction.
///
/// REQUIRES: the schema is the program's. Fails with kBadConfig when the connection's user may not.
Result<std::vector<std::string>> make_roles(storage::Connection& connection,
                                            const std::string& schema, const RoleNames& names);

/// Becomes the owner of the schema's tables, if that is another role that the connection's user is
/// a member of: what is made then has one owner, whoever makes it.
Result<Unit> become_owner(storage::Connection& connection, const std::string& schema);

}  // namespace lensart::app
