/// TOML text as raw values; the only place that knows toml++.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "apps/config/values.hpp"

namespace lensart::app {

struct TomlError {
  int line = 0;
  std::string what;  ///< without anything quoted from the text that could be a secret
};

/// The whole document as one table, each value with its line.
tl::expected<RawValue, TomlError> parse_toml(std::string_view text);

/// One value, as it would stand right of the `=`.
tl::expected<RawValue, TomlError> parse_toml_value(std::string_view text);

}  // namespace lensart::app
