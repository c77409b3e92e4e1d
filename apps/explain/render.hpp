/// Explanations as text, for people.
#pragma once

#include <string>

#include "apps/explain/answer.hpp"

namespace lensart::app {

/// Of order_life().
std::string order_text(const Json& life);
/// Of window_life().
std::string window_text(const Json& life);
/// Of state_stats(), with the moment's members merged in.
std::string stats_text(const Json& stats);

}  // namespace lensart::app
