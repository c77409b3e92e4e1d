/// `host:port`, as the `listen` settings spell it. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lensart::app {

struct ListenAddress {
  std::string host;  ///< an IP address or `localhost`, without brackets
  std::uint16_t port = 0;

  /// 127.0.0.0/8, ::1 and localhost: nobody but this machine can connect.
  bool is_loopback() const;
  /// 0.0.0.0 and ::, every address of this machine.
  bool is_any() const;
};

/// "127.0.0.1:8081", "[::1]:8081", "localhost:8081". Port 0 lets the system choose one.
std::optional<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace lensart::app
