/// A payload edited by a JSON patch (RFC 6902).
#pragma once

#include <string>
#include <string_view>

#include "apps/explain/answer.hpp"
#include "graph/error.hpp"

namespace lensart::dlq {

/// A patch as a file holds it. Fails with kBadUsage when it is no array of operations.
Result<app::Json> parse_patch(std::string_view text);

/// The payload with the patch applied. Members keep their order, and what is not touched its value:
/// numbers are spelt as they were. A payload that is no JSON (also one with a key that stands
/// twice in an object, or nested deeper than a hundred levels) can only be replaced whole, by a
/// patch that begins with `{"op": "replace", "path": "", "value": …}`. Fails with kBadUsage and the
/// reason.
Result<std::string> patched(std::string_view payload, const app::Json& patch);

}  // namespace lensart::dlq
