#include "apps/pipeline/freshness.hpp"

#include <algorithm>

namespace lensart::app {

void Freshness::on_batch(std::int64_t appended_at_micros, std::uint64_t records) {
  if (appended_at_micros < 0 || records == 0) return;
  const std::lock_guard lock(mutex_);
  open_.emplace_back(appended_at_micros, records);
}

void Freshness::on_closed(EpochNumber epoch) {
  const std::lock_guard lock(mutex_);
  if (!open_.empty()) closed_.emplace(epoch, std::exchange(open_, {}));
}

void Freshness::on_applied(EpochNumber up_to, Instant now) {
  const std::lock_guard lock(mutex_);
  while (!closed_.empty() && closed_.begin()->first <= up_to) {
    for (const auto& [appended_at, records] : closed_.begin()->second) {
      const double seconds =
          std::max(0.0, static_cast<double>(now.time_since_epoch().count() - appended_at) / 1e6);
      const auto bucket = std::lower_bound(kBoundsSeconds.begin(), kBoundsSeconds.end(), seconds);
      histogram_.counts[static_cast<std::size_t>(bucket - kBoundsSeconds.begin())] += records;
      histogram_.count += records;
      histogram_.sum_seconds += seconds * static_cast<double>(records);
    }
    closed_.erase(closed_.begin());
  }
}

Freshness::Histogram Freshness::histogram() const {
  const std::lock_guard lock(mutex_);
  return histogram_;
}

}  // namespace lensart::app
