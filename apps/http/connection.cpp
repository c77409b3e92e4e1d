#include "apps/http/connection.hpp"

#include <date/date.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "apps/http/responder.hpp"
#include "graph/text.hpp"

namespace lensart::app {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

/// Beyond the header: room for what of the body came with it.
constexpr std::size_t kReadAhead = 8192;
constexpr std::chrono::seconds kLinger{2};
constexpr unsigned kHttp11 = 11;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

/// The path and query of a target: `/a?b`, or `http://host/a?b` as proxies send it. Empty: neither.
std::string_view origin_form(std::string_view target) {
  if (target.starts_with('/')) return target;
  if (!lower_ascii(target.substr(0, 7)).starts_with("http://")) return {};
  target.remove_prefix(7);
  const auto slash = target.find('/');
  return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
}

std::optional<HttpRequest> to_request(const http::request<http::string_body>& message) {
  HttpRequest request;
  request.method = view(message.method_string());
  if (request.method == "HEAD") request.method = "GET";
  const auto target = origin_form(view(message.target()));
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) {
    auto query = parse_query(target.substr(mark + 1));
    if (!query) return std::nullopt;
    request.query = std::move(*query);
  }
  for (const auto& field : message) {
    auto& value = request.headers[lower_ascii(view(field.name_string()))];
    if (!value.empty()) value += ", ";
    value += view(field.value());
  }
  return request;
}

}  // namespace

Connection::Connection(boost::asio::ip::tcp::socket socket, ServerContext& context)
    : context_(context),
      stream_(std::move(socket)),
      buffer_(context.options.header_limit_bytes + kReadAhead),
      heartbeat_(stream_.get_executor()) {
  ErrorCode error;
  const auto endpoint = stream_.socket().remote_endpoint(error);
  if (!error) remote_ = endpoint.address().to_string();
  context_.connections.insert(this);
}

Connection::~Connection() {
  if (events_) {
    events_->end();
    --context_.streams;
  }
  context_.connections.erase(this);
  context_.on_gone();
}

void Connection::start() {
  ErrorCode ignored;
  stream_.socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  // Who connects and says nothing gets no more time than who is slow with his headers.
  stream_.expires_after(context_.options.header_timeout);
  await_request();
}

void Connection::finish() {
  if (!is_answering_ || events_) close();
}

void Connection::close() {
  // Nobody need wait for the answer any more; this object lives to the end of the call.
  const auto self = std::move(awaiting_);
  if (events_) events_->end();
  heartbeat_.cancel();
  ErrorCode ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

void Connection::await_request() {
  if (buffer_.size() > 0) {
    read_header();
    return;
  }
  stream_.async_read_some(buffer_.prepare(kReadAhead),
                          [self = shared_from_this()](ErrorCode error, std::size_t count) {
                            if (error) return;
                            self->buffer_.commit(count);
                            self->read_header();
                          });
}

void Connection::read_header() {
  parser_.emplace();
  request_.reset();
  parser_->header_limit(static_cast<std::uint32_t>(context_.options.header_limit_bytes));
  parser_->body_limit(context_.options.body_limit_bytes);
  stream_.expires_after(context_.options.header_timeout);
  const ErrorCode failure = parse_buffered([this] { return parser_->is_header_done(); });
  if (failure || parser_->is_header_done()) {
    on_header(failure);
    return;
  }
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_header(error); });
}

/// A small request comes in one piece: it is read without an operation, and its timer, for each
/// part.
template <class Done>
Connection::ErrorCode Connection::parse_buffered(Done done) {
  ErrorCode error;
  for (std::size_t used = 1; !error && !done() && buffer_.size() > 0 && used > 0;) {
    used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
  }
  return error == http::error::need_more ? ErrorCode{} : error;
}

void Connection::on_header(ErrorCode error) {
  began_ = std::chrono::steady_clock::now();
  if (error) {
    on_read_error(error);
    return;
  }
  if (const auto response = refusal()) {
    send(*response, false);
    return;
  }
  request_ = to_request(parser_->get());
  // The rest of a refused request is not read: only one without a body can be followed by another.
  const bool can_go_on = parser_->is_done() && wants_keep_alive();
  if (!request_) {
    send(HttpResponse::error(400, "the query is malformed"), can_go_on);
    return;
  }
  request_->remote = remote_;
  if (const auto response = context_.router.refusal(*request_)) {
    send(*response, can_go_on);
    return;
  }
  if (!parser_->is_done() && parser_->get().count(http::field::expect) > 0) {
    send_continue();
    return;
  }
  read_body();
}

std::optional<HttpResponse> Connection::refusal() const {
  const auto& message = parser_->get();
  const auto count = [&](http::field field) { return message.count(field); };
  // Two readers of one request must not see two different ends of it.
  if (count(http::field::transfer_encoding) > 0) {
    if (count(http::field::content_length) > 0) {
      return HttpResponse::error(400, "both Content-Length and Transfer-Encoding are given");
    }
    if (!parser_->chunked() ||
        lower_ascii(view(message[http::field::transfer_encoding])) != "chunked") {
      return HttpResponse::error(400, "Transfer-Encoding must be \"chunked\" alone");
    }
  }
  if (count(http::field::content_length) > 1) {
    return HttpResponse::error(400, "Content-Length is given twice");
  }
  if (count(http::field::host) != 1 &&
      (message.version() >= kHttp11 || count(http::field::host) > 1)) {
    return HttpResponse::error(400, "there must be one Host header");
  }
  if (count(http::field::host) == 1 &&
      !context_.host_check.accepts(view(message[http::field::host]))) {
    return HttpResponse::error(
        421, "this server does not answer under that Host; add the name to http.hosts");
  }
  if (origin_form(view(message.target())).empty()) {
    return HttpResponse::error(400, "the target must be a path");
  }
  if (count(http::field::expect) > 0 &&
      lower_ascii(view(message[http::field::expect])) != "100-continue") {
    return HttpResponse::error(417, "Expect must be \"100-continue\"");
  }
  return std::nullopt;
}

void Connection::send_continue() {
  stream_.expires_after(context_.options.write_timeout);
  boost::asio::async_write(stream_, boost::asio::buffer(kContinue),
                           [self = shared_from_this()](ErrorCode error, std::size_t) {
                             if (!error) self->read_body();
                           });
}

void Connection::read_body() {
  stream_.expires_after(context_.options.body_timeout);
  const ErrorCode failure = parse_buffered([this] { return parser_->is_done(); });
  if (failure || parser_->is_done()) {
    on_body(failure);
    return;
  }
  http::async_read(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_body(error); });
}

void Connection::on_body(ErrorCode error) {
  if (error) {
    on_read_error(error);
    return;
  }
  request_->body = std::move(parser_->get().body());
  answer_request();
}

void Connection::on_read_error(ErrorCode error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    send(HttpResponse::error(431, "the headers are too large"), false);
  } else if (error == http::error::body_limit) {
    send(HttpResponse::error(413, "the body is too large"), false);
  } else if (error == http::error::end_of_stream || error == http::error::partial_message) {
    close();
  } else if (error.category() == http::make_error_code(http::error::bad_method).category()) {
    send(HttpResponse::error(400, "the request is malformed: " + error.message()), false);
  }
  // Anything else is the socket's: it is gone, or timed out, and this connection with it.
}

void Connection::answer_request() {
  auto found = context_.router.find(*request_);
  if (const auto* response = std::get_if<HttpResponse>(&found)) {
    send(*response, wants_keep_alive());
    return;
  }
  const auto& handler = *std::get<const Router::Handler*>(found);
  if (const auto* later = std::get_if<HttpAsyncHandler>(&handler)) {
    await_answer(*later);
    return;
  }
  HttpResponse response;
  try {
    if (const auto* stream = std::get_if<HttpStreamHandler>(&handler)) {
      start_stream(*stream);
      return;
    }
    response = std::get<HttpHandler>(handler)(*request_);
  } catch (const std::exception& error) {
    response = server_failed(error.what());
  }
  send(response, wants_keep_alive());
}

void Connection::await_answer(const HttpAsyncHandler& handler) {
  is_answering_ = true;
  awaiting_ = shared_from_this();
  Responder responder([mailbox = context_.mailbox, to = weak_from_this()](HttpResponse response) {
    mailbox->put([to, response = std::move(response)] {
      if (const auto self = to.lock()) self->on_answer(response);
    });
  });
  try {
    handler(std::move(*request_), std::move(responder));
  } catch (const std::exception&) {
    // The Responder answers, whether it was thrown away with the handler or kept.
  }
}

void Connection::on_answer(const HttpResponse& response) {
  const auto self = std::move(awaiting_);
  if (self) send(response, wants_keep_alive());
}

void Connection::observe(int status) const {
  if (!context_.options.observe) return;
  // A handler may have taken the request; its target is still here.
  const auto target = request_ ? origin_form(view(parser_->get().target())) : std::string_view{};
  context_.options.observe(target.substr(0, target.find('?')), status,
                           std::chrono::steady_clock::now() - began_);
}

void Connection::set_common_fields(Fields& fields, const HttpResponse& response) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  fields.set(http::field::server, "lensart");
  if (context_.date.empty() || now != context_.date_of) {
    context_.date = date::format("%a, %d %b %Y %T GMT", now);
    context_.date_of = now;
  }
  fields.set(http::field::date, context_.date);
  fields.set(http::field::content_type, response.content_type);
  fields.set(http::field::cache_control, "no-store");
  fields.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) fields.set(name, value);
}

void Connection::send(const HttpResponse& response, bool keep_alive) {
  is_answering_ = true;
  observe(response.status);
  keep_alive = keep_alive && !context_.is_stopping;
  const bool is_head = parser_->get().method() == http::verb::head;
  const auto finished = [self = shared_from_this(), keep_alive](ErrorCode error, std::size_t) {
    self->on_sent(error, keep_alive);
  };
  const auto write = [&](auto message) {
    set_common_fields(message.base(), response);
    message.keep_alive(keep_alive);
    stream_.expires_after(context_.options.write_timeout);
    beast::async_write(stream_, http::message_generator(std::move(message)), finished);
  };
  const auto status = static_cast<http::status>(response.status);
  if (is_head) {
    http::response<http::empty_body> message(status, kHttp11);
    message.content_length(response.body.size());
    write(std::move(message));
  } else {
    http::response<http::string_body> message(status, kHttp11, response.body);
    message.prepare_payload();
    write(std::move(message));
  }
}

void Connection::on_sent(ErrorCode error, bool keep_alive) {
  is_answering_ = false;
  if (error) return;
  if (!keep_alive || context_.is_stopping) {
    linger();
    return;
  }
  stream_.expires_after(context_.options.idle_timeout);
  await_request();
}

void Connection::linger() {
  ErrorCode error;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, error);
  if (error || context_.is_stopping) {
    close();
    return;
  }
  stream_.expires_after(kLinger);
  drain();
}

void Connection::drain() {
  stream_.async_read_some(boost::asio::buffer(scrap_),
                          [self = shared_from_this()](ErrorCode error, std::size_t) {
                            if (!error) self->drain();
                          });
}

}  // namespace lensart::app
