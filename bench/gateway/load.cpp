#include "bench/gateway/load.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <queue>

namespace lensart::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

constexpr std::uint64_t kFirstOrder = 100'000'000;
/// Before a connection that broke is tried again.
constexpr std::chrono::milliseconds kReconnect{50};

/// An order as the shop sends it, of its usual size; the two marked texts are replaced.
constexpr const char* kBody =
    R"({"event_id":"@EVENT@","order":{"id":@ORDER@,"user_id":12,"branch_id":2,)"
    R"("date":"2025-11-20 10:30:00","address":"12\/5 Nguy\u1ec5n \u0110\u00ecnh Chi\u1ec3u, )"
    R"(Qu\u1eadn 1, TP. H\u1ed3 Ch\u00ed Minh","note":null,"coupon_id":null,)"
    R"("total_price":"1750000.00","order_status":"\u0110ang x\u1eed l\u00fd",)"
    R"("payment_status":"Ch\u01b0a thanh to\u00e1n","payment_method":"COD",)"
    R"("user":{"id":12,"name":"Nguy\u1ec5n Th\u1ecb \u00c1nh","email":"anh@example.com"},)"
    R"("branch":{"id":2,"name":"LensArt Qu\u1eadn 3"},"order_details":[{"id":901,)"
    R"("product_id":37,"product_name":"G\u1ecdng k\u00ednh Ray-Ban RB5154","quantity":1,)"
    R"("total_price":"1250000.00"},{"id":902,"product_id":58,"quantity":2,)"
    R"("total_price":"500000.00"}],"metadata":[]}})";

struct Request {
  std::uint64_t number = 0;
  Clock::time_point due;
};

struct Connection {
  int handle = -1;
  bool is_connected = false;
  bool is_busy = false;
  Request request;
  std::size_t sent = 0;
  std::string out;
  std::string in;
};

class Load {
 public:
  explicit Load(const LoadOptions& options) : options_(options), poll_(epoll_create1(0)) {
    std::string body = kBody;
    body.replace(body.find("@ORDER@"), 7, std::to_string(kFirstOrder));
    body.replace(body.find("@EVENT@"), 7, event_id(options.run, 0));
    const auto token =
        options.token.empty() ? "" : fmt::format("Authorization: Bearer {}\r\n", options.token);
    template_ = fmt::format(
        "POST /api/kafka/events/order-created HTTP/1.1\r\nHost: localhost\r\n{}"
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        token, body.size(), body);
    // Texts of a fixed length: a request is made by writing two numbers into a copy.
    event_at_ = template_.find(event_id(options.run, 0)) + options.run.size() + 4;
    order_at_ = template_.find(std::to_string(kFirstOrder));
    report_.acknowledged.resize(options.requests);
    report_.latencies_us.reserve(options.requests);
    connections_.resize(options.connections);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() {
    for (const auto& connection : connections_) {
      if (connection.handle >= 0) ::close(connection.handle);
    }
    ::close(poll_);
  }

  Result<LoadReport> run() {
    for (std::size_t i = 0; i < connections_.size(); ++i) connect(i);
    started_ = Clock::now();
    const auto end = started_ + options_.patience;
    while (settled_ < options_.requests) {
      const auto now = Clock::now();
      if (now > end) return fail(Errc::kFatal, "the load's patience is over");
      if (report_.answered == 0 && report_.statuses[0] > 100 * connections_.size()) {
        return fail(Errc::kFatal, fmt::format("nobody answers on port {}", options_.port));
      }
      hand_out(now);
      wait(now);
    }
    report_.seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    return std::move(report_);
  }

 private:
  void connect(std::size_t index) {
    Connection& connection = connections_[index];
    connection = Connection{};
    connection.handle = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(connection.handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(options_.port);
    inet_pton(AF_INET, options_.host.c_str(), &to.sin_addr);
    ::connect(connection.handle, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u64 = index}};
    epoll_ctl(poll_, EPOLL_CTL_ADD, connection.handle, &event);
  }

  void on_broken(std::size_t index) {
    Connection& connection = connections_[index];
    ::close(connection.handle);
    connection.handle = -1;
    if (connection.is_busy || !connection.is_connected) ++report_.statuses[0];
    if (connection.is_busy) put_back(connection.request, kReconnect);
    connection.is_connected = connection.is_busy = false;
    broken_.emplace_back(Clock::now() + kReconnect, index);
    std::erase(idle_, index);
  }

  void put_back(const Request& request, nanoseconds pause) {
    if (options_.insist) {
      again_.push({Clock::now() + pause, request.number});
    } else {
      ++settled_;
    }
  }

  /// Gives requests that are due to connections that are free.
  void hand_out(Clock::time_point now) {
    while (!broken_.empty() && broken_.front().first <= now) {
      connect(broken_.front().second);
      broken_.pop_front();
    }
    while (!idle_.empty()) {
      Request request{next_, now};
      if (!again_.empty() && again_.top().first <= now) {
        request.number = again_.top().second;
        again_.pop();
      } else if (next_ < options_.requests && (options_.rate <= 0 || due(next_) <= now)) {
        if (options_.rate > 0) request.due = due(next_);
        ++next_;
      } else {
        return;
      }
      const auto index = idle_.back();
      idle_.pop_back();
      send(index, request);
    }
  }

  Clock::time_point due(std::uint64_t number) const {
    return started_ + std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(
                          static_cast<double>(number) / options_.rate));
  }

  void send(std::size_t index, const Request& request) {
    Connection& connection = connections_[index];
    connection.request = request;
    connection.is_busy = true;
    connection.out = template_;
    const auto number = fmt::format("{:08}", request.number);
    connection.out.replace(event_at_, number.size(), number);
    const auto order = std::to_string(kFirstOrder + request.number);
    connection.out.replace(order_at_, order.size(), order);
    connection.sent = 0;
    flush(index);
  }

  void flush(std::size_t index) {
    Connection& connection = connections_[index];
    while (connection.sent < connection.out.size()) {
      const auto count = ::send(connection.handle, connection.out.data() + connection.sent,
                                connection.out.size() - connection.sent, MSG_NOSIGNAL);
      if (count < 0) return;  // full, or broken: then the poll says so
      connection.sent += static_cast<std::size_t>(count);
    }
  }

  void wait(Clock::time_point now) {
    auto until = now + std::chrono::milliseconds(100);
    if (!again_.empty()) until = std::min(until, again_.top().first);
    if (!broken_.empty()) until = std::min(until, broken_.front().first);
    if (options_.rate > 0 && next_ < options_.requests && !idle_.empty()) {
      until = std::min(until, due(next_));
    }
    const auto left = std::max(nanoseconds(0), nanoseconds(until - now)).count();
    const timespec patience{left / 1'000'000'000, left % 1'000'000'000};
    std::array<epoll_event, 256> events{};
    const int count = epoll_pwait2(poll_, events.data(), events.size(), &patience, nullptr);
    for (int i = 0; i < count; ++i) {
      const auto& event = events.at(static_cast<std::size_t>(i));
      on_event(event.data.u64, event.events);
    }
  }

  void on_event(std::size_t index, std::uint32_t what) {
    Connection& connection = connections_[index];
    if ((what & EPOLLOUT) != 0 && !connection.is_connected && (what & (EPOLLERR | EPOLLHUP)) == 0) {
      connection.is_connected = true;
      idle_.push_back(index);
    }
    if (connection.is_busy && (what & EPOLLOUT) != 0) flush(index);
    if ((what & EPOLLIN) != 0) receive(index);
    if ((what & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0 && connection.handle >= 0) {
      on_broken(index);
    }
  }

  void receive(std::size_t index) {
    Connection& connection = connections_[index];
    std::array<char, 16384> bytes{};
    for (ssize_t got = 0; (got = recv(connection.handle, bytes.data(), bytes.size(), 0)) > 0;) {
      connection.in.append(bytes.data(), static_cast<std::size_t>(got));
      if (static_cast<std::size_t>(got) < bytes.size()) break;
    }
    const auto head = connection.in.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const auto length = number_after(connection.in, "Content-Length: ");
    if (connection.in.size() < head + 4 + length) return;
    on_answer(index);
  }

  static std::size_t number_after(const std::string& text, const char* name) {
    const auto at = text.find(name);
    return at == std::string::npos
               ? 0
               : std::strtoul(text.c_str() + at + std::strlen(name), nullptr, 10);
  }

  void on_answer(std::size_t index) {
    Connection& connection = connections_[index];
    const int status = std::atoi(connection.in.c_str() + 9);
    const auto pause = std::chrono::seconds(number_after(connection.in, "Retry-After: "));
    connection.in.clear();
    connection.is_busy = false;
    idle_.push_back(index);
    ++report_.answered;
    ++report_.statuses[status];
    report_.latencies_us.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<microseconds>(Clock::now() - connection.request.due).count()));
    if (status == 200) {
      report_.acknowledged[connection.request.number] = true;
      ++settled_;
    } else {
      put_back(connection.request, pause);
    }
  }

  const LoadOptions& options_;
  int poll_;
  std::string template_;
  std::size_t event_at_ = 0;
  std::size_t order_at_ = 0;
  std::vector<Connection> connections_;
  std::vector<std::size_t> idle_;
  std::deque<std::pair<Clock::time_point, std::size_t>> broken_;
  using Later = std::pair<Clock::time_point, std::uint64_t>;
  std::priority_queue<Later, std::vector<Later>, std::greater<>> again_;
  std::uint64_t next_ = 0;
  std::uint64_t settled_ = 0;
  Clock::time_point started_;
  LoadReport report_;
};

}  // namespace

std::string event_id(const std::string& run, std::uint64_t number) {
  return fmt::format("gw-{}-{:08}", run, number);
}

Result<LoadReport> put_load(const LoadOptions& options) { return Load(options).run(); }

}  // namespace lensart::bench
