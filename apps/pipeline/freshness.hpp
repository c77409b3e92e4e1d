/// Freshness: from Kafka's append to the row's commit in the database.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "graph/batch.hpp"
#include "graph/clock.hpp"

namespace lensart::app {

/// Append times wait here, epoch by epoch, until their epoch is applied. Threads: any.
class Freshness {
 public:
  static constexpr std::array<double, 14> kBoundsSeconds = {
      0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10, 60, 600};
  struct Histogram {
    std::array<std::uint64_t, kBoundsSeconds.size() + 1> counts{};  ///< by bucket, not cumulative
    std::uint64_t count = 0;
    double sum_seconds = 0;
  };

  /// A batch of the epoch under way: its oldest record's append time, and its records.
  void on_batch(std::int64_t appended_at_micros, std::uint64_t records);
  void on_closed(EpochNumber epoch);
  void on_applied(EpochNumber up_to, Instant now);
  Histogram histogram() const;

 private:
  using Waiting = std::vector<std::pair<std::int64_t, std::uint64_t>>;
  mutable std::mutex mutex_;
  Waiting open_;
  std::map<EpochNumber, Waiting> closed_;
  Histogram histogram_;
};

}  // namespace lensart::app
