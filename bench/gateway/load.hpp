/// A client with many connections: as fast as answers come, or at a given pace.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "graph/error.hpp"

namespace lensart::bench {

struct LoadOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8082;
  std::string run = "run";  ///< stands in each event's id
  std::string token;
  std::size_t connections = 64;
  std::uint64_t requests = 100'000;
  /// A second; 0: each connection asks again as soon as it is answered.
  double rate = 0;
  /// A request that is not answered 200 is sent again, the same event, until it is.
  bool insist = false;
  std::chrono::seconds patience{600};  ///< with the whole of it
};

struct LoadReport {
  double seconds = 0;
  std::uint64_t answered = 0;
  std::map<int, std::uint64_t> statuses;  ///< 0: the connection broke before the answer
  /// Of each answered request, from when it was due to the end of its answer: a request that had to
  /// wait for a connection waited for the server.
  std::vector<std::uint32_t> latencies_us;
  std::vector<bool> acknowledged;  ///< by the number of the event
};

/// `gw-RUN-00000042`: what the event of this number has as its id.
std::string event_id(const std::string& run, std::uint64_t number);

/// Fails with kFatal when the server cannot be reached at all or the patience is over.
Result<LoadReport> put_load(const LoadOptions& options);

}  // namespace lensart::bench
