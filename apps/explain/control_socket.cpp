#include "apps/explain/control_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace lensart::app {

namespace {

constexpr const char* kName = "control.sock";
constexpr std::size_t kMaxQuestion = 4096;
constexpr std::size_t kMaxAnswer = 64 << 20;
constexpr std::chrono::milliseconds kQuestionWithin{2'000};
constexpr std::chrono::milliseconds kAnswerWithin{10'000};

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

/// A socket's path may have 107 bytes, a state directory's more: it is named by its descriptor.
struct SocketAddress {
  explicit SocketAddress(const FileDescriptor& directory) {
    address.sun_family = AF_UNIX;
    fmt::format_to_n(address.sun_path, sizeof(address.sun_path) - 1, "/proc/self/fd/{}/{}",
                     directory.get(), kName);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
  sockaddr_un address{};
};

bool ready(int fd, short events, std::chrono::steady_clock::time_point until) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  pollfd waiting{fd, events, 0};
  return left.count() > 0 && ::poll(&waiting, 1, static_cast<int>(left.count())) > 0;
}

/// Reads until the end of the stream, or of a line where `stop_at_line`. Empty: too slow, too long.
std::optional<std::string> read_all(int fd, std::size_t at_most, bool stop_at_line,
                                    std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  std::string text;
  char buffer[16 << 10];
  while (text.size() <= at_most && ready(fd, POLLIN, until)) {
    const ssize_t got = ::read(fd, buffer, sizeof(buffer));
    if (got < 0) return std::nullopt;
    if (got == 0) return stop_at_line ? std::nullopt : std::optional(text);
    text.append(buffer, static_cast<std::size_t>(got));
    if (!stop_at_line) continue;
    if (const auto end = text.find('\n'); end != std::string::npos) return text.substr(0, end);
  }
  return std::nullopt;
}

bool write_all(int fd, std::string_view text, std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!text.empty()) {
    if (!ready(fd, POLLOUT, until)) return false;
    const ssize_t put = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && errno != EAGAIN) return false;
    if (put > 0) text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

tl::unexpected<Error> socket_error(const std::string& directory, const char* doing) {
  return fail(Errc::kStateFailed, fmt::format("state.directory = \"{}\": {} {}: {}", directory,
                                              doing, kName, std::strerror(errno)));
}

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(const std::string& directory,
                                                           Answer answer) {
  std::unique_ptr<ControlSocket> self(new ControlSocket(directory, std::move(answer)));
  const FileDescriptor folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return socket_error(directory, "opening the folder of");
  ::unlinkat(folder.get(), kName, 0);  // of an instance that was killed
  self->listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (self->listener_ < 0) return socket_error(directory, "making");
  const SocketAddress address(folder);
  if (::bind(self->listener_, address.get(), sizeof(address.address)) != 0 ||
      ::fchmodat(folder.get(), kName, 0600, 0) != 0 || ::listen(self->listener_, 8) != 0) {
    return socket_error(directory, "listening on");
  }
  self->stop_fd_ = ::eventfd(0, EFD_CLOEXEC);
  if (self->stop_fd_ < 0) return socket_error(directory, "making");
  self->thread_ = std::thread([socket = self.get()] { socket->work(); });
  return self;
}

ControlSocket::~ControlSocket() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(stop_fd_, &one, sizeof(one)));
    thread_.join();
    ::unlink((directory_ + "/" + kName).c_str());
  }
  if (listener_ >= 0) ::close(listener_);
  if (stop_fd_ >= 0) ::close(stop_fd_);
}

void ControlSocket::work() {
  for (;;) {
    pollfd waiting[2] = {{listener_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0 && errno != EINTR) return;
    if (waiting[1].revents != 0) return;
    if (waiting[0].revents == 0) continue;
    const FileDescriptor connection(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() >= 0) serve(connection.get());
  }
}

void ControlSocket::serve(int connection) const {
  const auto question = read_all(connection, kMaxQuestion, true, kQuestionWithin);
  if (!question) return;
  const Result<Json> answer = answer_(*question);
  const Json out = answer ? Json{{"answer", *answer}} : Json{{"error", answer.error().message}};
  write_all(connection, out.dump(-1, ' ', false, Json::error_handler_t::replace), kQuestionWithin);
}

Result<std::optional<Json>> ask_running(const std::string& directory, const std::string& question) {
  const FileDescriptor folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (folder.get() < 0 || socket.get() < 0) return std::optional<Json>();
  const SocketAddress address(folder);
  if (::connect(socket.get(), address.get(), sizeof(address.address)) != 0) {
    if (errno == EACCES) return socket_error(directory, "connecting to");
    return std::optional<Json>();  // none runs: no socket, or one that a killed instance left
  }
  const auto sent = write_all(socket.get(), question + "\n", kAnswerWithin);
  const auto text = sent ? read_all(socket.get(), kMaxAnswer, false, kAnswerWithin) : std::nullopt;
  const Json reply = Json::parse(text.value_or(""), nullptr, false);
  const auto error = reply.find("error");
  if (error != reply.end() && error->is_string()) {
    return fail(Errc::kStateFailed, error->get<std::string>());
  }
  const auto answer = reply.find("answer");
  if (answer == reply.end() || !answer->is_object()) {
    return fail(Errc::kOwnedByAnother,
                fmt::format("the instance that runs on state.directory = \"{}\" does not answer; "
                            "look at its log",
                            directory));
  }
  return std::optional(*answer);
}

}  // namespace lensart::app
