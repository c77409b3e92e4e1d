/// One record's dead letters, whole.
#pragma once

#include <cstddef>
#include <optional>

#include "apps/dlq/letters.hpp"

namespace lensart::dlq {

/// What dead_letters.field holds of a path, in code points (docs/contract.md §3).
inline constexpr std::size_t kFieldColumn = 255;

/// `{"letters": [{"letter", "field_path", "rule", "remedy"}], "payload": {"bytes", "text",
/// "base64", "envelope_bytes"} or null, "replay": {"event_id", "too_late", "topic", "partition",
/// "offset", "at"} or null, "event": {"event_id", "topic", "partition", "offset", "too_late"} or
/// null}`; nothing where the record has no letter.
///
/// `field_path`: the steps to `field` in the payload, null where there is nothing to mark.
/// `envelope_bytes`: how much of the payload is a replay's envelope. `replay`: the one that was
/// accepted. `event`: what stands in orders_raw for the record, or under the letter's event id.
Result<std::optional<Json>> show(Connection& connection, const Config& config, const Place& place);

}  // namespace lensart::dlq
