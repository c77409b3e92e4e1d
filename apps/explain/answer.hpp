/// Explanations are JSON objects whose members keep their order: what `--json` prints, what goes
/// over the control socket, and what the text is made of.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "apps/orders/instant_text.hpp"
#include "graph/clock.hpp"

namespace lensart::app {

using Json = nlohmann::ordered_json;

/// On one line. Messages of other people's making need not be UTF-8: what is not is replaced.
inline std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

inline std::string text_of(Instant instant) { return orders::utc_text(instant); }

inline Json json_of(const std::optional<Instant>& instant) {
  return instant ? Json(text_of(*instant)) : Json(nullptr);
}

/// An instant that stands in an object; nothing where it is null or absent.
inline std::optional<Instant> instant_in(const Json& object, const char* member,
                                         const TimeZone& zone) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return orders::parse_instant(found->get<std::string>(), zone);
}

}  // namespace lensart::app
