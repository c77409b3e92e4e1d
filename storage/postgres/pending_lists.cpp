#include "storage/postgres/pending_lists.hpp"

namespace lensart::storage {

Result<PendingLists> PendingLists::open(const ConnectionOptions& options,
                                        const std::string& schema) {
  LENSART_ASSIGN(Connection connection, Connection::open(options));
  PendingLists self(std::move(connection));
  LENSART_ASSIGN(
      const Rows rows,
      self.connection_.query(
          "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = "
          "i.indexrelid JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = "
          "c.relnamespace WHERE a.amname = 'gin' AND n.nspname = $1 AND "
          "pg_has_role(c.relowner, 'USAGE')",
          {schema}));
  for (int i = 0; i < rows.count(); ++i) self.indexes_.emplace_back(rows.text(i, 0));
  return self;
}

Result<Unit> PendingLists::clean() {
  for (const std::string& index : indexes_) {
    LENSART_TRY(connection_.query("SELECT gin_clean_pending_list($1::regclass)", {index}));
  }
  return Unit{};
}

}  // namespace lensart::storage
