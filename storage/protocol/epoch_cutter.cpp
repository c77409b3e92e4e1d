#include "storage/protocol/epoch_cutter.hpp"

#include <algorithm>

namespace lensart::storage {

std::chrono::microseconds EpochCutter::until_time_matters(Tick now) const {
  using std::chrono::microseconds;
  constexpr microseconds kNothingWaits = std::chrono::milliseconds(100);
  if (empty() || !previous_durable_) return kNothingWaits;
  const microseconds age = now - opened_at_;
  if (age < limits_.min_time) return limits_.min_time - age;
  return std::clamp(limits_.max_time - age, microseconds(0), kNothingWaits);
}

}  // namespace lensart::storage
