#include "storage/postgres/connection.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace lensart::storage {

namespace {

std::string trimmed(const char* message) {
  std::string text = message == nullptr ? "" : message;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::int64_t to_number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Errc errc_for_sqlstate(std::string_view sqlstate) {
  if (sqlstate == "LA001") return Errc::kFenced;
  if (sqlstate == "LA002") return Errc::kStateMismatch;
  if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "55P03" || sqlstate == "57014" ||
      sqlstate == "25006" || sqlstate.starts_with("08") || sqlstate.starts_with("57P0") ||
      sqlstate.starts_with("53")) {
    return Errc::kDatabaseDown;
  }
  if (sqlstate.starts_with("22") || sqlstate == "23502" || sqlstate == "23514") {
    return Errc::kRowRefused;
  }
  if (sqlstate == "23503" || sqlstate == "23505") return Errc::kRowsMissing;
  return Errc::kFatal;
}

void ConnectionFigures::on_error(std::string_view sqlstate) {
  const std::lock_guard lock(mutex_);
  ++errors_[std::string(sqlstate.empty() ? "08" : sqlstate.substr(0, 2))];
}

std::map<std::string, std::uint64_t> ConnectionFigures::errors() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

std::int64_t Rows::number(int row, int column) const { return to_number(text(row, column)); }
std::string Rows::bytes(int row, int column) const {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  const std::string_view hex = text(row, column);
  std::string out;
  if (!hex.starts_with("\\x")) return out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 2; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return out;
}
std::int64_t Rows::affected() const { return to_number(PQcmdTuples(result_.get())); }

Result<Connection> Connection::open(const ConnectionOptions& options) {
  // The dsn stands in `dbname`, which libpq expands; what follows it overrides it.
  const std::string timeout =
      std::to_string(std::max<long>(2, static_cast<long>(options.connect_timeout.count() / 1000)));
  std::vector<const char*> keys{"dbname", "connect_timeout", "client_encoding", "tcp_user_timeout"};
  std::vector<const char*> values{options.dsn.c_str(), timeout.c_str(), "UTF8", "15000"};
  if (!options.application_name.empty()) {
    keys.push_back("application_name");
    values.push_back(options.application_name.c_str());
  }
  if (!options.password.empty()) {
    keys.push_back("password");
    values.push_back(options.password.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  Connection self(PQconnectdbParams(keys.data(), values.data(), 1), options);
  PGconn* raw = self.connection_.get();
  if (raw == nullptr || PQstatus(raw) != CONNECTION_OK) {
    if (options.figures) options.figures->on_refused();
    const std::string why = raw == nullptr ? "no memory" : trimmed(PQerrorMessage(raw));
    return fail(Errc::kDatabaseDown,
                fmt::format("PostgreSQL cannot be reached (postgres.dsn): {}", why));
  }
  PQsetnonblocking(raw, 1);
  PQsetNoticeProcessor(
      raw, [](void*, const char*) {}, nullptr);
  if (options.figures) options.figures->on_opened();
  return self;
}

void Connection::count_error() const {
  if (figures_) figures_->on_error(sqlstate_);
}

tl::unexpected<Error> Connection::failed(std::string_view doing, const PGresult* result) {
  PGconn* raw = connection_.get();
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  sqlstate_ = state == nullptr ? "" : state;
  if (PQstatus(raw) != CONNECTION_OK) lost_ = true;
  count_error();
  const std::string message =
      trimmed(result == nullptr ? PQerrorMessage(raw) : PQresultErrorMessage(result));
  const Errc code = lost_ && sqlstate_.empty()
                        ? Errc::kDatabaseDown
                        : (sqlstate_.empty() ? Errc::kFatal : errc_for_sqlstate(sqlstate_));
  return fail(code, fmt::format("PostgreSQL, {}: {}{}", doing, message,
                                sqlstate_.empty() ? "" : fmt::format(" (SQLSTATE {})", sqlstate_)));
}

Result<Unit> Connection::wait(bool to_write) {
  pollfd descriptor{PQsocket(connection_.get()),
                    static_cast<short>(POLLIN | (to_write ? POLLOUT : 0)), 0};
  for (;;) {
    const int rc = ::poll(&descriptor, 1, static_cast<int>(patience_.count()));
    if (rc > 0) return Unit{};
    if (rc < 0 && errno == EINTR) continue;
    lost_ = true;
    sqlstate_.clear();
    count_error();
    return fail(Errc::kDatabaseDown,
                fmt::format("PostgreSQL has not answered for {} ms; giving the connection up",
                            patience_.count()));
  }
}

Result<PGresult*> Connection::next_result() {
  PGconn* raw = connection_.get();
  for (;;) {
    const int unsent = PQflush(raw);
    if (unsent < 0) {
      lost_ = true;
      return failed("sending");
    }
    if (unsent == 0 && PQisBusy(raw) == 0) break;
    LENSART_TRY(wait(unsent > 0));
    if (PQconsumeInput(raw) == 0) {
      lost_ = true;
      return failed("receiving");
    }
  }
  return PQgetResult(raw);
}

/// Reads every result of what was sent; the last one with rows, or the first failure.
Result<Rows> Connection::finish() {
  std::optional<Rows> last;
  std::optional<Error> error;
  for (;;) {
    auto result = next_result();
    if (!result) return tl::unexpected(result.error());
    if (*result == nullptr) break;
    Rows rows(*result);
    const ExecStatusType status = PQresultStatus(*result);
    if (status == PGRES_COPY_IN) return rows;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
      if (!error) error = failed("executing", *result).value();
      continue;
    }
    last.emplace(std::move(rows));
  }
  if (error) return tl::unexpected(std::move(*error));
  if (!last) return failed("executing");
  return std::move(*last);
}

Result<Rows> Connection::query(const std::string& sql, std::span<const Parameter> parameters) {
  std::vector<std::string> texts;  // libpq wants them ended by a zero
  std::vector<const char*> values;
  texts.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    if (parameter) texts.emplace_back(*parameter);
    values.push_back(parameter ? texts.back().c_str() : nullptr);
  }
  if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, 0) == 0) {
    return failed("sending a statement");
  }
  return finish();
}

Result<Unit> Connection::run(const std::string& sql) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return failed("sending statements");
  LENSART_TRY(finish());
  return Unit{};
}

Result<Unit> Connection::copy_begin(const std::string& sql) { return run(sql); }

Result<Unit> Connection::copy_put(std::string_view bytes) {
  PGconn* raw = connection_.get();
  for (;;) {
    const int rc = PQputCopyData(raw, bytes.data(), static_cast<int>(bytes.size()));
    if (rc == 1) return Unit{};
    if (rc < 0) {
      if (PQstatus(raw) != CONNECTION_OK) lost_ = true;
      // The server has ended the COPY: its reason comes with the result.
      auto why = finish();
      if (!why) return tl::unexpected(why.error());
      return failed("copying");
    }
    LENSART_TRY(wait(true));
    if (PQconsumeInput(raw) == 0) {
      lost_ = true;
      return failed("copying");
    }
    if (PQflush(raw) < 0) {
      lost_ = true;
      return failed("copying");
    }
  }
}

Result<std::int64_t> Connection::copy_end() {
  PGconn* raw = connection_.get();
  for (;;) {
    const int rc = PQputCopyEnd(raw, nullptr);
    if (rc == 1) break;
    if (rc < 0) return failed("ending a copy");
    LENSART_TRY(wait(true));
    if (PQflush(raw) < 0) return failed("ending a copy");
  }
  LENSART_ASSIGN(const Rows rows, finish());
  return rows.affected();
}

std::string Connection::quoted(std::string_view literal) const {
  char* text = PQescapeLiteral(connection_.get(), literal.data(), literal.size());
  if (text == nullptr) return "NULL";
  std::string out = text;
  PQfreemem(text);
  return out;
}

std::string quoted_identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace lensart::storage
