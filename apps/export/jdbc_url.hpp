/// libpq's connection string as the JDBC driver wants it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"

namespace lensart::app::flink {

/// Never holds a password.
struct JdbcTarget {
  std::string url;
  std::string user;
  std::vector<std::string> warnings;  ///< what the DSN says and the URL cannot
};

/// What `dsn` leaves out comes from libpq's own defaults (PG* variables). Fails with kBadConfig
/// where libpq cannot read it.
Result<JdbcTarget> jdbc_target(const std::string& dsn);

}  // namespace lensart::app::flink
