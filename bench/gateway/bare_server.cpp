/// `lensart_bare_server`: the least that an HTTP server can do. One thread, Boost.Beast,
/// keep-alive: it reads a request with its body and answers the body that the gateway answers, and
/// that is all. The gateway's rate is quoted against this one's, taken in the same run by the same
/// client.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>

namespace lensart::bench {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;

constexpr const char* kAnswer =
    R"({"status":"success","message":"Event sent to Kafka","event_type":"order.created",)"
    R"("order_id":100000000,"event_id":"gw-0123456789-00000000"})"
    "\n";

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : stream_(std::move(socket)) {}

  void read() {
    request_ = {};
    stream_.expires_after(std::chrono::seconds(30));
    http::async_read(stream_, buffer_, request_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error) self->write();
                     });
  }

 private:
  void write() {
    response_ = {http::status::ok, request_.version(), kAnswer};
    response_.set(http::field::content_type, "application/json");
    response_.keep_alive(request_.keep_alive());
    response_.prepare_payload();
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (!error && self->response_.keep_alive()) self->read();
                      });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket socket) {
    if (error) return;
    socket.set_option(tcp::no_delay(true), error);
    std::make_shared<Session>(std::move(socket))->read();
    accept(acceptor);
  });
}

int serve(std::uint16_t port) {
  boost::asio::io_context io{1};
  tcp::acceptor acceptor(io, {boost::asio::ip::make_address("127.0.0.1"), port});
  accept(acceptor);
  io.run();
  return 0;
}

}  // namespace
}  // namespace lensart::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: lensart_bare_server PORT     (on 127.0.0.1, until it is killed)\n";
    return 64;
  }
  return lensart::bench::serve(static_cast<std::uint16_t>(std::atoi(argv[1])));
}
