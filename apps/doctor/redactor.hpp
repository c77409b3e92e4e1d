/// Takes out of a text what nobody else may see, whoever wrote it.
#pragma once

#include <string>
#include <vector>

#include "apps/config/config.hpp"

namespace lensart::app {

/// Knows every secret of a configuration: passwords in `postgres.dsn`, in the password file and in
/// PGPASSWORD, secret properties of Kafka's clients, the webhook's address and secret, the tokens'
/// hashes; each also as JSON, TOML and a URL spell it. Threads: any, once made.
class Redactor {
 public:
  explicit Redactor(const Config& config);

  /// Secrets become ***. PostgreSQL's DETAIL, which quotes rows, is left out.
  std::string clean(std::string text) const;

 private:
  void add(const std::string& secret);

  std::vector<std::string> secrets_;  ///< the longest first
};

}  // namespace lensart::app
