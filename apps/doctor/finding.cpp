#include "apps/doctor/finding.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace lensart::app {

std::string_view runbook_of(std::string_view code) {
  using Entry = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Entry, 24> kPages = {
      {{"kafka_unreachable", "docs/runbooks/kafka-away.md"},
       {"kafka_away", "docs/runbooks/kafka-away.md"},
       {"partition_no_leader", "docs/runbooks/stalled.md"},
       {"postgres_unreachable", "docs/runbooks/database-away.md"},
       {"database_away", "docs/runbooks/database-away.md"},
       {"partition_stalled", "docs/runbooks/stalled.md"},
       {"partition_quiet", "docs/runbooks/rows-stale.md"},
       {"watermark_held", "docs/runbooks/rows-stale.md"},
       {"source_paused", "docs/runbooks/lag-grows.md"},
       {"lag_grows", "docs/runbooks/lag-grows.md"},
       {"freshness_slow", "docs/runbooks/rows-stale.md"},
       {"dead_letter_burst", "docs/runbooks/dead-letters.md"},
       {"late_events", "docs/runbooks/dead-letters.md"},
       {"letters_unsent", "docs/runbooks/letters-unsent.md"},
       {"stuck_orders", "docs/runbooks/stuck-orders.md"},
       {"state_nearly_full", "docs/runbooks/disk-low.md"},
       {"disk_nearly_full", "docs/runbooks/disk-low.md"},
       {"clock_skew", "docs/runbooks/clock-skew.md"},
       {"not_running_behind", "docs/runbooks/down.md"},
       {"instance_silent", "docs/runbooks/down.md"},
       {"state_unusable", "docs/runbooks/restart-loop.md"},
       {"state_mismatch", "docs/runbooks/restart-loop.md"},
       {"settings_changed", "docs/runbooks/restart-loop.md"},
       {"state_refused", "docs/runbooks/restart-loop.md"}}};
  const auto found = std::find_if(kPages.begin(), kPages.end(),
                                  [&](const Entry& entry) { return entry.first == code; });
  return found == kPages.end() ? std::string_view() : found->second;
}

int exit_code_of(const Findings& findings) {
  int code = 0;
  for (const Finding& finding : findings) {
    if (finding.verdict == Finding::Verdict::kFailure) return finding.exit_code;
    if (finding.verdict == Finding::Verdict::kWarning) code = kFoundSomething;
  }
  return code;
}

}  // namespace lensart::app
