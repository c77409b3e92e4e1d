#include "apps/config/config.hpp"

#include "apps/config/schema.hpp"

namespace lensart::app {

NodeOptions Config::node(std::string_view name) const {
  const auto found = nodes.find(canonical_node_name(name));
  return found == nodes.end() ? NodeOptions{} : found->second;
}

}  // namespace lensart::app
