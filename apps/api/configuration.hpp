/// The effective configuration as the console shows it.
#pragma once

#include <string_view>

#include "apps/config/load.hpp"
#include "apps/explain/answer.hpp"

namespace lensart::app {

/// An array of `Setting` of openapi.json: every setting, and of the nodes' what is set. No secrets.
Json settings_of(const LoadedConfig& loaded);

/// Those of `settings` that have an effect on a node.
Json settings_of_node(const Json& settings, std::string_view node);

}  // namespace lensart::app
