#include "apps/http/host_check.hpp"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "graph/text.hpp"

namespace lensart::app {
namespace {

/// The host without its port and without the brackets of an IPv6 address.
std::string host_of(std::string_view header) {
  if (header.starts_with('[')) {
    const auto close = header.find(']');
    return lower_ascii(header.substr(1, close == std::string_view::npos ? close : close - 1));
  }
  auto host = lower_ascii(header.substr(0, header.find(':')));
  if (host.ends_with('.')) host.pop_back();
  return host;
}

bool is_ip_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

}  // namespace

HostCheck::HostCheck(const ListenAddress& listen, const std::vector<std::string>& further)
    : names_{"localhost", lower_ascii(listen.host)}, accepts_any_address_(listen.is_any()) {
  for (const auto& name : further) names_.insert(lower_ascii(name));
  if (!accepts_any_address_) return;
  std::array<char, 256> own{};
  if (gethostname(own.data(), own.size() - 1) == 0) names_.insert(lower_ascii(own.data()));
}

bool HostCheck::accepts(std::string_view host_header) const {
  const auto host = host_of(host_header);
  if (host.empty()) return false;
  if (names_.contains(host)) return true;
  if (!is_ip_address(host)) return false;
  return accepts_any_address_ || ListenAddress{host, 0}.is_loopback();
}

}  // namespace lensart::app
