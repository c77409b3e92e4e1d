/// What is said of a value that is not what was stored.
#pragma once

#include <string_view>

namespace lensart::nodes {

inline constexpr std::string_view kDamagedState =
    "a value of the keyed state is damaged (checksum); restore a backup or run `lensart state "
    "adopt`";

}  // namespace lensart::nodes
