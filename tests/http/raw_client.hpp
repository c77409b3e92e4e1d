/// A client that sends whatever bytes it is told to, right or wrong.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace lensart::app {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  RawClient(RawClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), is_connected_(other.is_connected_) {}
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() {
    if (socket_ >= 0) ::close(socket_);
  }

  bool is_connected() const { return is_connected_; }

  /// False once the server has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// One response: its head, and the body that Content-Length announces. What came of it when the
  /// server closed or said nothing for ten seconds.
  std::string read_response(bool has_body = true) {
    while (received_.find("\r\n\r\n") == std::string::npos) {
      if (!receive()) return take(received_.size());
    }
    const auto head = received_.find("\r\n\r\n") + 4;
    std::size_t length = 0;
    if (const auto at = received_.find("Content-Length: "); at < head && has_body) {
      length = std::stoul(received_.substr(at + 16));
    }
    while (received_.size() < head + length) {
      if (!receive()) break;
    }
    return take(head + length);
  }

  /// Everything up to and including `end`, or what came until the server closed or was silent for
  /// ten seconds.
  std::string read_until(std::string_view end) {
    auto at = received_.find(end);
    while (at == std::string::npos && receive()) at = received_.find(end);
    return take(at == std::string::npos ? received_.size() : at + end.size());
  }

  /// Whether the server closes the connection, without a byte more, within ten seconds.
  bool is_closed_by_server() { return received_.empty() && !receive() && is_at_end_; }

  std::string get(const std::string& target, const std::string& headers = {}) {
    send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
    return read_response();
  }

 private:
  bool receive() {
    pollfd poll_socket{socket_, POLLIN, 0};
    if (::poll(&poll_socket, 1, 10'000) != 1) return false;
    char bytes[65536];
    const auto count = ::recv(socket_, bytes, sizeof(bytes), 0);
    is_at_end_ = count <= 0;
    if (count <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  std::string take(std::size_t count) {
    auto out = received_.substr(0, count);
    received_.erase(0, out.size());
    return out;
  }

  int socket_;
  bool is_connected_ = false;
  bool is_at_end_ = false;
  std::string received_;
};

}  // namespace lensart::app
