/// One question to an instance that runs: what `graph --live` and `health` have in common.
#pragma once

#include <string>

#include "graph/clock.hpp"
#include "graph/error.hpp"

namespace lensart::app {

struct HttpAnswer {
  long status = 0;
  std::string body;  ///< of at most 1 MiB: a longer one is a failure
};

/// "127.0.0.1:8081/" as "http://127.0.0.1:8081": what a person writes, as an address to add a path
/// to.
std::string base_url(std::string url);

/// GET, with `token` unless it is empty; follows no redirection and asks no proxy. Fails with
/// kBrokerDown when nothing answers within `patience`, whatever the status of what does.
Result<HttpAnswer> http_get(const std::string& url, const std::string& token, Duration patience);

}  // namespace lensart::app
