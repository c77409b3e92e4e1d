/// Which values of `Host` a server answers to: the defence against DNS rebinding, where a page from
/// elsewhere gets its own name resolved to this machine.
///
/// Threads: any; immutable.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apps/config/listen_address.hpp"

namespace lensart::app {

class HostCheck {
 public:
  /// The loopback names, the address that is listened on and `further` are accepted; on a wildcard
  /// address any IP address and this machine's own name too. Ports are not looked at: a reverse
  /// proxy or a container's port mapping changes them.
  HostCheck(const ListenAddress& listen, const std::vector<std::string>& further);

  bool accepts(std::string_view host_header) const;

 private:
  std::set<std::string, std::less<>> names_;
  bool accepts_any_address_ = false;
};

}  // namespace lensart::app
