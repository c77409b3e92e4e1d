#include "apps/config/config.hpp"

namespace lensart::app {

NodeOptions Config::node(std::string_view name) const {
  std::string canonical(name);
  std::replace(canonical.begin(), canonical.end(), '-', '_');
  const auto found = nodes.find(canonical);
  return found == nodes.end() ? NodeOptions{} : found->second;
}

}  // namespace lensart::app
