/// One PostgreSQL connection with deadlines of our own: a stopped backend fires no
/// statement_timeout and the kernel goes on acknowledging, so only the client can notice.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"

namespace lensart::storage {

/// What all connections that were given it came to, for /metrics. Threads: any.
class ConnectionFigures {
 public:
  void on_opened() { opened_.fetch_add(1, std::memory_order_relaxed); }
  void on_refused() { refused_.fetch_add(1, std::memory_order_relaxed); }
  /// A failure with no SQLSTATE was ours to notice: the connection broke, or nobody answered. Such
  /// a one is counted under 08, as the standard has it.
  void on_error(std::string_view sqlstate);

  std::uint64_t opened() const { return opened_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  /// By the SQLSTATE's class, its first two characters.
  std::map<std::string, std::uint64_t> errors() const;

 private:
  std::atomic<std::uint64_t> opened_{0};
  std::atomic<std::uint64_t> refused_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> errors_;
};

struct ConnectionOptions {
  std::string dsn;       ///< libpq's, URI or keywords; PG* variables fill what it leaves out
  std::string password;  ///< from postgres.password_file; empty: the dsn's own
  std::string application_name;
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  /// No statement may go without progress for longer than this.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
  std::shared_ptr<ConnectionFigures> figures;  ///< may be left out
};

/// Which of the engine's failures a SQLSTATE is (docs/contract.md §6).
Errc errc_for_sqlstate(std::string_view sqlstate);

/// A result's rows as text. Lifetime: its views die with it.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}
  int count() const { return PQntuples(result_.get()); }
  bool null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::string_view text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  std::int64_t number(int row, int column) const;
  /// Of a BYTEA as the server spells it, `\x0123…`. Empty where it is null or none.
  std::string bytes(int row, int column) const;
  int columns() const { return PQnfields(result_.get()); }
  std::string_view column_name(int column) const { return PQfname(result_.get(), column); }
  /// Rows an INSERT, UPDATE, DELETE or COPY touched.
  std::int64_t affected() const;

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

/// Threads: one at a time. After a kDatabaseDown with `lost()` the connection is of no more use.
/// Errors never hold the password.
class Connection {
 public:
  static Result<Connection> open(const ConnectionOptions& options);

  using Parameter = std::optional<std::string_view>;
  /// One statement with text parameters.
  Result<Rows> query(const std::string& sql, std::span<const Parameter> parameters = {});
  Result<Rows> query(const std::string& sql, std::initializer_list<Parameter> parameters) {
    return query(sql, std::span(parameters.begin(), parameters.size()));
  }
  /// Several statements at once, without parameters or rows of interest.
  Result<Unit> run(const std::string& sql);

  /// COPY … FROM STDIN: begin, any number of puts, end (which gives the rows copied).
  Result<Unit> copy_begin(const std::string& sql);
  Result<Unit> copy_put(std::string_view bytes);
  Result<std::int64_t> copy_end();

  /// The connection broke: whatever was under way has an unknown end.
  bool lost() const { return lost_; }
  /// Of the last failure; empty when there was none from the server.
  const std::string& sqlstate() const { return sqlstate_; }
  int backend_pid() const { return PQbackendPID(connection_.get()); }
  std::string quoted(std::string_view literal) const;

 private:
  explicit Connection(PGconn* connection, const ConnectionOptions& options)
      : connection_(connection, &PQfinish),
        patience_(options.patience),
        figures_(options.figures) {}
  Result<PGresult*> next_result();
  Result<Rows> finish();
  Result<Unit> wait(bool to_write);
  tl::unexpected<Error> failed(std::string_view doing, const PGresult* result = nullptr);
  void count_error() const;

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  std::chrono::milliseconds patience_;
  std::shared_ptr<ConnectionFigures> figures_;
  bool lost_ = false;
  std::string sqlstate_;
};

/// A double-quoted SQL identifier.
std::string quoted_identifier(std::string_view name);

}  // namespace lensart::storage
