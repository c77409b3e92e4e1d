/// "Did you mean": the nearest of the names that exist. Threads: any.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lensart::app {

/// The candidate that fewest edits (insert, delete, replace, swap neighbours) turn `name` into, if
/// they are few for its length; the first of equals. Case, `-` and `_` make no difference.
std::optional<std::string> nearest_name(std::string_view name,
                                        std::span<const std::string> candidates);

/// ` (did you mean "x"?)`, or nothing.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace lensart::app
