// A connection that has become a listener: see connection.hpp.

#include <boost/asio/write.hpp>
#include <boost/beast/http/field.hpp>

#include "apps/http/connection.hpp"

namespace lensart::app {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view kHeartbeat = ":\n\n";

}  // namespace

void Connection::start_stream(const HttpStreamHandler& handler) {
  if (parser_->get().method() == http::verb::head) {
    HttpResponse head;
    head.content_type = "text/event-stream";
    send(head, wants_keep_alive());
    return;
  }
  if (context_.streams >= context_.options.stream_limit) {
    auto full = HttpResponse::error(503, "there are as many listeners as there may be");
    full.headers.emplace_back("Retry-After", "10");
    send(full, wants_keep_alive());
    return;
  }
  auto queue = std::make_shared<EventQueue>(context_.options.stream_queue,
                                            [mailbox = context_.mailbox, to = weak_from_this()] {
                                              mailbox->put([to] {
                                                if (const auto self = to.lock())
                                                  self->write_events();
                                              });
                                            });
  handler(*request_, EventStream(queue));
  events_ = std::move(queue);
  ++context_.streams;
  is_answering_ = true;
  observe(200);
  watch_listener();
  beat();
  outgoing_ = stream_head();
  write_outgoing();
}

/// No length and no chunks: a stream ends when its connection does.
std::string Connection::stream_head() const {
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.headers = {{"X-Accel-Buffering", "no"}};  // nginx would keep events back
  Fields fields;
  set_common_fields(fields, response);
  fields.set(http::field::connection, "close");
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (const auto& field : fields) {
    head.append(field.name_string()).append(": ").append(field.value()).append("\r\n");
  }
  return head += "\r\n";
}

void Connection::watch_listener() {
  stream_.expires_never();
  stream_.async_read_some(boost::asio::buffer(scrap_),
                          [self = shared_from_this()](ErrorCode error, std::size_t) {
                            error ? self->close() : self->watch_listener();
                          });
}

void Connection::write_events() {
  if (!events_ || is_writing_) return;
  outgoing_ = events_->take();
  if (!outgoing_.empty()) {
    write_outgoing();
  } else if (events_->is_finished()) {
    close();
  }
}

void Connection::write_outgoing() {
  is_writing_ = true;
  stream_.expires_after(context_.options.write_timeout);  // a read is pending: of the write alone
  boost::asio::async_write(stream_, boost::asio::buffer(outgoing_),
                           [self = shared_from_this()](ErrorCode error, std::size_t) {
                             self->is_writing_ = false;
                             error ? self->close() : self->write_events();
                           });
}

void Connection::beat() {
  heartbeat_.expires_after(context_.options.heartbeat_interval);
  heartbeat_.async_wait([self = shared_from_this()](ErrorCode error) {
    if (error || !self->events_->is_open()) return;
    if (!self->is_writing_) {
      self->outgoing_ = kHeartbeat;
      self->write_outgoing();
    }
    self->beat();
  });
}

}  // namespace lensart::app
