/// One client's connection: requests read one after the other, each answered before the next.
///
/// Internal to `apps/http`. Threads: the server's one. Lifetime: kept alive by its own pending
/// operation; gone when the socket is.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message_generator.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <unordered_set>

#include "apps/http/host_check.hpp"
#include "apps/http/http_server.hpp"

namespace lensart::app {

class Connection;

/// What the connections of a server have in common. Outlives them all.
struct ServerContext {
  HttpServerOptions options;
  Router router;
  HostCheck host_check;
  std::unordered_set<Connection*> connections = {};
  bool is_stopping = false;
  std::function<void()> on_gone = {};  ///< after a connection has left `connections`
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ServerContext& context);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void start();
  /// Ends after the answer that is under way; at once if there is none.
  void finish();
  void close();

 private:
  using ErrorCode = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void await_request();
  void read_header();
  void on_header(ErrorCode error);
  /// The answer to a request whose headers rule it out, before its body is read.
  std::optional<HttpResponse> refusal() const;
  void send_continue();
  void read_body();
  void on_body(ErrorCode error);
  void on_read_error(ErrorCode error);
  HttpResponse answer_request();
  void send(const HttpResponse& response, bool keep_alive);
  void on_sent(ErrorCode error, bool keep_alive);
  /// Closing with bytes unread resets the connection, and the client may lose the answer with it:
  /// so the rest is read and thrown away, for a moment.
  void linger();
  void drain();

  ServerContext& context_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::array<char, 4096> scrap_{};
  std::string remote_;
  bool is_answering_ = false;
};

}  // namespace lensart::app
