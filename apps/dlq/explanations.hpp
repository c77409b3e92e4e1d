/// Each rule of acceptance in a sentence, and what helps (docs/contract.md §2).
#pragma once

#include <string_view>

namespace lensart::dlq {

struct Explanation {
  std::string_view rule;
  std::string_view remedy;
};

/// By the code of a dead letter; empty texts for one that is none.
Explanation explanation_of(std::string_view code);

}  // namespace lensart::dlq
