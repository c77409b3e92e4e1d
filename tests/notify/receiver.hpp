/// An HTTP server that answers as a test says, and keeps what it was sent.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace lensart::notify {

struct Received {
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

/// One connection at a time, one request each. Threads: any.
class Receiver {
 public:
  Receiver() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, raw, size) != 0 || ::listen(listener_, 8) != 0)
      throw std::runtime_error("no port to listen on");
    ::getsockname(listener_, raw, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Receiver() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }
  /// What comes next is answered so, one after the other; later ones with 204.
  void will_answer(std::deque<std::string> answers) {
    const std::lock_guard lock(mutex_);
    answers_ = std::move(answers);
  }
  std::vector<Received> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }

 private:
  void serve() {
    for (int client; (client = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(client)) {
      std::string bytes;
      std::size_t head = std::string::npos;
      std::size_t length = 0;
      char buffer[4096];
      for (ssize_t got; (got = ::recv(client, buffer, sizeof buffer, 0)) > 0;) {
        bytes.append(buffer, static_cast<std::size_t>(got));
        if (head == std::string::npos) head = bytes.find("\r\n\r\n");
        if (head == std::string::npos) continue;
        if (const auto at = bytes.find("Content-Length: "); at < head)
          length = std::stoul(bytes.substr(at + 16));
        if (bytes.size() >= head + 4 + length) break;
      }
      if (head == std::string::npos) continue;
      const std::string answer = keep(bytes.substr(0, head), bytes.substr(head + 4));
      static_cast<void>(::send(client, answer.data(), answer.size(), MSG_NOSIGNAL));
    }
  }

  std::string keep(const std::string& head, std::string body) {
    Received request;
    request.target = head.substr(0, head.find("\r\n"));
    for (std::size_t at = head.find("\r\n"); at != std::string::npos;) {
      const std::size_t end = head.find("\r\n", at + 2);
      std::string line = head.substr(at + 2, end - at - 2);
      const std::size_t colon = line.find(": ");
      std::transform(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colon), line.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      request.headers[line.substr(0, colon)] = line.substr(colon + 2);
      at = end;
    }
    request.body = std::move(body);
    const std::lock_guard lock(mutex_);
    received_.push_back(std::move(request));
    std::string status = "204 No Content";
    if (!answers_.empty()) {
      status = answers_.front();
      answers_.pop_front();
    }
    return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  }

  int listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::deque<std::string> answers_;
  std::vector<Received> received_;
  std::thread thread_;
};

}  // namespace lensart::notify
