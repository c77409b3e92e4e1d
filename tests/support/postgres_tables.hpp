/// The tables of a real PostgreSQL in the reference model's form.
#pragma once

#include <libpq-fe.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/error.hpp"
#include "tests/model/table.hpp"

namespace lensart::support {

/// One connection. Threads: one.
class Database {
 public:
  /// Fails with kDatabaseDown.
  static Result<Database> connect(const std::string& dsn);

  /// Runs statements, all but the last result thrown away. Fails with kFatal and the server's
  /// words.
  Result<Unit> execute(const std::string& sql);
  using Cells = std::vector<std::optional<std::string>>;
  /// Row by row, so that a large table need not fit into memory twice.
  Result<Unit> query(const std::string& sql, const std::function<void(Cells)>& on_row);
  Result<std::vector<Cells>> query_all(const std::string& sql);
  /// The only cell of the only row.
  Result<std::string> query_one(const std::string& sql);

  PGconn* handle() const { return connection_.get(); }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
};

std::string quote_identifier(const std::string& name);
std::string quote_literal(const std::string& text);

/// orders_raw, orders_processed, order_items_analytics, dead_letters, pipeline_accounts, in the
/// order of `model::all_tables`, as of one instant.
Result<std::vector<model::Table>> read_tables(Database& database, const std::string& schema,
                                              const std::string& pipeline);

}  // namespace lensart::support
