#include "apps/http/http_server.hpp"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "apps/config/listen_address.hpp"
#include "apps/http/connection.hpp"

namespace lensart::app {
namespace {

using boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;

/// Out of descriptors, the acceptor would spin: it looks again after this.
constexpr std::chrono::milliseconds kAcceptPause{100};

std::string remedy_for(const ErrorCode& error, const HttpServerOptions& options) {
  if (error == boost::asio::error::address_in_use) {
    return fmt::format("another program has the port: stop it, or set {} to another one",
                       options.setting);
  }
  if (error == boost::system::errc::address_not_available) {
    return fmt::format("this machine has no such address: set {} to one it has, or to 127.0.0.1",
                       options.setting);
  }
  if (error == boost::system::errc::permission_denied) {
    return fmt::format("ports below 1024 need privileges: set {} to a higher one", options.setting);
  }
  return fmt::format("set {} to an address that works", options.setting);
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, Router router, const ListenAddress& address)
      : context_{.options = std::move(options),
                 .router = std::move(router),
                 .host_check = HostCheck(address, {})} {
    context_.host_check = HostCheck(address, context_.options.hosts);
    context_.on_gone = [this] { on_gone(); };
    context_.mailbox = std::make_shared<Mailbox>(io_);
  }

  ErrorCode listen(const ListenAddress& address) {
    ErrorCode error;
    const auto host = address.host == "localhost" ? std::string("127.0.0.1") : address.host;
    const tcp::endpoint endpoint(boost::asio::ip::make_address(host, error), address.port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    return error;
  }

  void run() {
    accept();
    thread_ = std::thread([this] {
      while (true) {
        try {
          io_.run();
          return;
        } catch (const std::exception&) {
          // Out of memory in one connection's handler: that connection is gone, the others go on.
        }
      }
    });
  }

  void stop(std::chrono::milliseconds grace) {
    if (!thread_.joinable()) return;
    boost::asio::post(io_, [this, grace] { begin_stop(grace); });
    thread_.join();
    context_.mailbox->close();
  }

  std::uint16_t port() const { return port_; }
  std::size_t open_connections() const { return open_connections_; }

 private:
  void accept() {
    acceptor_.async_accept([this](const ErrorCode& error, tcp::socket socket) {
      if (context_.is_stopping) return;
      if (error) {
        accept_later();
        return;
      }
      if (context_.connections.size() < context_.options.connection_limit) {
        std::make_shared<Connection>(std::move(socket), context_)->start();
        open_connections_ = context_.connections.size();
      }
      accept();
    });
  }

  void accept_later() {
    timer_.expires_after(kAcceptPause);
    timer_.async_wait([this](const ErrorCode& error) {
      if (!error && !context_.is_stopping) accept();
    });
  }

  void begin_stop(std::chrono::milliseconds grace) {
    context_.is_stopping = true;
    ErrorCode ignored;
    acceptor_.close(ignored);
    timer_.cancel();
    for_each_connection([](Connection& connection) { connection.finish(); });
    if (context_.connections.empty()) return;
    timer_.expires_after(grace);
    timer_.async_wait([this](const ErrorCode& error) {
      if (!error) for_each_connection([](Connection& connection) { connection.close(); });
    });
  }

  /// Closing may end a connection, which takes it out of the set: so the set is copied first.
  template <class Do>
  void for_each_connection(Do action) {
    std::vector<std::shared_ptr<Connection>> all;
    for (auto* connection : context_.connections) all.push_back(connection->shared_from_this());
    for (const auto& connection : all) action(*connection);
  }

  void on_gone() {
    open_connections_ = context_.connections.size();
    if (context_.is_stopping && context_.connections.empty()) timer_.cancel();
  }

  ServerContext context_;
  std::atomic<std::size_t> open_connections_{0};
  // Below what its handlers use: its destructor ends connections that still wait.
  boost::asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  boost::asio::steady_timer timer_{io_};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, Router router) {
  const auto address = parse_listen_address(options.listen);
  if (!address) {
    return fail(Errc::kBadConfig,
                fmt::format("{0} = \"{1}\": is no address to listen on; write \"127.0.0.1:8081\"",
                            options.setting, options.listen));
  }
  auto impl = std::make_unique<Impl>(options, std::move(router), *address);
  if (const auto error = impl->listen(*address)) {
    return fail(Errc::kBadConfig,
                fmt::format("{} = \"{}\": cannot be listened on ({}); {}", options.setting,
                            options.listen, error.message(), remedy_for(error, options)));
  }
  impl->run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { stop(); }

std::uint16_t HttpServer::port() const { return impl_->port(); }
std::size_t HttpServer::open_connections() const { return impl_->open_connections(); }
void HttpServer::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }

}  // namespace lensart::app
