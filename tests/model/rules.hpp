/// Rules 5 to 13 of docs/contract.md §2, each over the whole event before the next.
#pragma once

#include <optional>
#include <string>

#include "tests/model/json.hpp"
#include "tests/model/judge.hpp"

namespace lensart::model {

struct Violation {
  std::string code;
  std::string field;
};

/// The first rule that the payload breaks. REQUIRES: rules 1 to 4 hold.
std::optional<Violation> first_violation(const Value& top, EventType type, Instant now,
                                         const Settings& settings);

}  // namespace lensart::model
