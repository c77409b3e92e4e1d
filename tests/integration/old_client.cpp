#include "tests/integration/old_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/crc.hpp>

namespace lensart::integration {
namespace {

template <class Number>
std::string big_endian(Number number) {
  std::string bytes;
  for (int shift = static_cast<int>(sizeof number - 1) * 8; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<unsigned char>(number >> shift));
  }
  return bytes;
}

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    number = static_cast<Number>(number << 8U | static_cast<unsigned char>(bytes.at(at + i)));
  }
  return number;
}

std::string text(std::string_view text) {
  return big_endian(static_cast<std::int16_t>(text.size())) + std::string(text);
}

/// As the shop's PHP packs it: pack('N', …) and no more.
std::string message_set(std::string_view payload) {
  const std::string body = std::string("\0\0", 2) +        // magic 0, no compression
                           big_endian(std::int32_t{-1}) +  // no key
                           big_endian(static_cast<std::int32_t>(payload.size())) +
                           std::string(payload);
  boost::crc_32_type crc;
  crc.process_bytes(body.data(), body.size());
  const std::string message = big_endian(static_cast<std::uint32_t>(crc.checksum())) + body;
  return big_endian(std::int64_t{0}) + big_endian(static_cast<std::int32_t>(message.size())) +
         message;
}

class Socket {
 public:
  explicit Socket(const std::string& address) : handle_(socket(AF_INET, SOCK_STREAM, 0)) {
    const auto colon = address.rfind(':');
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    const auto host = address.substr(0, colon);
    inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &to.sin_addr);
    const timeval patience{10, 0};
    setsockopt(handle_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    is_open_ = connect(handle_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(handle_); }

  bool send(const std::string& bytes) const {
    return is_open_ && ::send(handle_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                           static_cast<ssize_t>(bytes.size());
  }
  std::optional<std::string> receive(std::size_t count) const {
    std::string bytes(count, '\0');
    std::size_t got = 0;
    while (got < count) {
      const auto more = recv(handle_, bytes.data() + got, count - got, 0);
      if (more <= 0) return std::nullopt;
      got += static_cast<std::size_t>(more);
    }
    return bytes;
  }

 private:
  int handle_;
  bool is_open_ = false;
};

}  // namespace

std::string produce_v0(std::string_view topic, std::string_view payload) {
  const std::string messages = message_set(payload);
  const std::string request = big_endian(std::int16_t{0}) +     // Produce
                              big_endian(std::int16_t{0}) +     // version 0
                              big_endian(std::int32_t{1}) +     // correlation
                              text("lensart-backend") +         //
                              big_endian(std::int16_t{1}) +     // acks
                              big_endian(std::int32_t{5000}) +  // timeout, ms
                              big_endian(std::int32_t{1}) +     // topics
                              text(topic) +                     //
                              big_endian(std::int32_t{1}) +     // partitions
                              big_endian(std::int32_t{0}) +     // partition 0
                              big_endian(static_cast<std::int32_t>(messages.size())) + messages;
  return big_endian(static_cast<std::int32_t>(request.size())) + request;
}

std::optional<std::int64_t> produce_as_old_client(const std::string& broker, std::string_view topic,
                                                  std::string_view payload) {
  const Socket socket(broker);
  if (!socket.send(produce_v0(topic, payload))) return std::nullopt;
  const auto size = socket.receive(4);
  if (!size) return std::nullopt;
  const auto answer = socket.receive(number_at<std::uint32_t>(*size, 0));
  // correlation, topics, name, partitions, partition, error, offset
  const std::size_t error_at = 4 + 4 + 2 + topic.size() + 4 + 4;
  if (!answer || answer->size() < error_at + 10 ||
      number_at<std::uint16_t>(*answer, error_at) != 0) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(number_at<std::uint64_t>(*answer, error_at + 2));
}

}  // namespace lensart::integration
