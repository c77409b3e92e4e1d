/// From what the console's rules say (apps/api/attention.hpp) to a finding. The sentences are the
/// console's, too.
#pragma once

#include <optional>
#include <string>

#include "apps/api/attention.hpp"
#include "apps/doctor/finding.hpp"

namespace lensart::app {

inline Finding::Verdict verdict_of(std::string_view severity) {
  if (severity == name_of(Severity::kCritical)) return Finding::Verdict::kFailure;
  return severity == name_of(Severity::kWarning) ? Finding::Verdict::kWarning
                                                 : Finding::Verdict::kNote;
}

inline void add_attention(Findings& to, std::string subject, std::optional<Attention> item) {
  if (!item) return;
  to.push_back({std::move(subject), verdict_of(name_of(item->severity)), std::move(item->code),
                std::move(item->parameters), std::move(item->remedy), kFoundSomething});
}

}  // namespace lensart::app
