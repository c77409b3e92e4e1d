/// One client's connection: requests read one after the other, each answered before the next; or,
/// once a stream was asked for, events written until either side has enough.
///
/// Internal to `apps/http`. Threads: the server's one. Lifetime: kept alive by its own pending
/// operation, or while it owes an answer that somebody else makes; gone when the socket is.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
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
#include "apps/http/mailbox.hpp"

namespace lensart::app {

class Connection;

/// What the connections of a server have in common. Outlives them all.
struct ServerContext {
  HttpServerOptions options;
  Router router;
  HostCheck host_check;
  std::unordered_set<Connection*> connections = {};
  std::size_t streams = 0;  ///< of the connections, those that are listeners
  bool is_stopping = false;
  std::function<void()> on_gone = {};  ///< after a connection has left `connections`
  std::shared_ptr<Mailbox> mailbox = {};
  /// The time of day as headers have it, and of which second: a text for thousands of answers.
  std::string date = {};
  std::chrono::sys_seconds date_of = {};
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ServerContext& context);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void start();
  /// Ends after the answer that is under way; at once if there is none, and in a stream.
  void finish();
  void close();

 private:
  using ErrorCode = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  using Fields = boost::beast::http::fields;

  void await_request();
  void read_header();
  /// Feeds the parser what has been read already, until `done()` or there is no more.
  template <class Done>
  ErrorCode parse_buffered(Done done);
  void on_header(ErrorCode error);
  /// The answer to a request whose headers rule it out, before its body is read.
  std::optional<HttpResponse> refusal() const;
  void send_continue();
  void read_body();
  void on_body(ErrorCode error);
  void on_read_error(ErrorCode error);
  void answer_request();
  void await_answer(const HttpAsyncHandler& handler);
  void on_answer(const HttpResponse& response);
  void set_common_fields(Fields& fields, const HttpResponse& response) const;
  void send(const HttpResponse& response, bool keep_alive);
  void on_sent(ErrorCode error, bool keep_alive);
  /// Closing with bytes unread resets the connection, and the client may lose the answer with it:
  /// so the rest is read and thrown away, for a moment.
  void linger();
  void drain();
  bool wants_keep_alive() const { return parser_->get().keep_alive(); }
  void observe(int status) const;

  void start_stream(const HttpStreamHandler& handler);
  std::string stream_head() const;
  /// A listener has nothing to say: what is read is that it has gone.
  void watch_listener();
  void write_events();
  void write_outgoing();
  void beat();

  ServerContext& context_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::array<char, 4096> scrap_{};
  std::string remote_;
  std::optional<HttpRequest> request_;  ///< empty until its headers are understood
  std::chrono::steady_clock::time_point began_;
  bool is_answering_ = false;
  std::shared_ptr<Connection> awaiting_;  ///< itself, while somebody else owes the answer

  std::shared_ptr<EventQueue> events_;  ///< of a stream
  boost::asio::steady_timer heartbeat_;
  std::string outgoing_;
  bool is_writing_ = false;
};

}  // namespace lensart::app
