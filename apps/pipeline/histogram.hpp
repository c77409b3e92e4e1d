/// Seconds counted by bucket, as Prometheus wants them. Threads: guarded by the owner.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace lensart::app {

/// `kBounds`: the buckets' upper bounds, inclusive, ascending; beyond the last there is one more.
template <const auto& kBounds>
struct Histogram {
  std::array<std::uint64_t, kBounds.size() + 1> counts{};  ///< by bucket, not cumulative
  std::uint64_t count = 0;
  double sum_seconds = 0;

  /// What is below nothing (two clocks disagree) counts as nothing.
  void add(double seconds, std::uint64_t times = 1) {
    seconds = std::max(0.0, seconds);
    const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
    counts[static_cast<std::size_t>(bucket - kBounds.begin())] += times;
    count += times;
    sum_seconds += seconds * static_cast<double>(times);
  }
};

}  // namespace lensart::app
