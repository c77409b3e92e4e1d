/// One GET, for a command that asks a running instance.
#pragma once

#include <chrono>
#include <string>

#include "graph/error.hpp"

namespace lensart::app {

struct HttpReply {
  int status = 0;
  std::string body;  ///< at most 16 MiB
};

/// Asks `url` (http or https), with `token` as a bearer's unless it is empty. Waits at most
/// `patience`. Fails with kBrokerDown when nobody answers, saying why.
Result<HttpReply> http_get(const std::string& url, const std::string& token = {},
                           std::chrono::seconds patience = std::chrono::seconds(10));

}  // namespace lensart::app
