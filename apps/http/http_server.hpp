/// A small HTTP/1.1 server: one thread, any number of slow clients, every input bounded.
///
/// What a client sends is limited before it is kept: header (431), body (413), time (the
/// connection is closed), connections (the one over the limit is closed at once). What is malformed
/// or says two things about its own length is answered 400 and the connection is closed. A Host
/// that is not ours is refused (421). Answers may come later and from elsewhere (`responder.hpp`),
/// and a listener may be sent events (`event_stream.hpp`); neither holds up anybody else.
///
/// Threads: start, stop and port from any one thread; handlers run on the server's own.
/// Lifetime: the destructor stops it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/http/event_stream.hpp"
#include "apps/http/router.hpp"
#include "graph/error.hpp"

namespace lensart::app {

struct HttpServerOptions {
  std::string listen = "127.0.0.1:8081";  ///< as `parse_listen_address` reads it; port 0: any
  std::string setting = "http.listen";    ///< the key to name when the address cannot be used
  std::vector<std::string> hosts;         ///< names beside the usual ones that Host may carry

  std::size_t header_limit_bytes = 16 * 1024;
  std::size_t body_limit_bytes = 1024 * 1024;
  std::size_t connection_limit = 1024;
  std::chrono::milliseconds header_timeout{10'000};  ///< from the first byte to the end of headers
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds write_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};  ///< between requests on one connection

  std::size_t stream_limit = 64;  ///< listeners to events; the one over the limit is answered 503
  EventQueueLimits stream_queue;  ///< of each listener
  /// A stream on which nothing went for so long sends a comment, lest a proxy close it.
  std::chrono::milliseconds heartbeat_interval{15'000};

  /// Told of each answer as it is handed to the socket, and the time since the request's headers
  /// were complete. `path` is empty where the request was not understood. Runs on the server's
  /// thread; for a stream, when it begins.
  std::function<void(std::string_view path, int status, std::chrono::nanoseconds taken)> observe;
};

class HttpServer {
 public:
  /// Listens when it returns. Fails with kBadConfig when the address is no address of this machine
  /// or another program has the port; the message names the setting.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, Router router);

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  /// The port that is listened on, also when 0 was asked for.
  std::uint16_t port() const;
  std::size_t open_connections() const;

  /// Takes no more connections, closes the idle ones and the streams, lets requests under way be
  /// answered for at most `grace`, those of asynchronous handlers included, then closes the rest.
  /// Returns when the thread has ended; may be called again.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds{1000});

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lensart::app
