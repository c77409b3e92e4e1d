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
#include "tests/support/compare.hpp"

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

/// `model::all_shapes`, as of one instant. A table that the schema does not have is empty.
Result<std::vector<model::Table>> read_tables(Database& database, const std::string& schema,
                                              const std::string& pipeline);

/// What `pipeline_epochs` holds. REQUIRES: the run is finished, so that all lanes agree.
Result<RecordedClocks> read_clocks(Database& database, const std::string& schema,
                                   const std::string& pipeline);

}  // namespace lensart::support
