/// The data watermark: how far event time has come, over all partitions (docs/contract.md §4).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "graph/clock.hpp"

namespace lensart {

/// Arithmetic only. Sources are numbered densely from 0 by whoever owns them.
///
/// Threads: one.
class DataWatermark {
 public:
  explicit DataWatermark(std::chrono::microseconds max_out_of_orderness)
      : max_out_of_orderness_(max_out_of_orderness) {}

  /// Only accepted events are observed.
  void observe(std::size_t source, Instant timestamp);
  /// Idle: read to its end, its broker answering, nothing new for `idle_timeout`. Sources begin
  /// busy.
  void set_idle(std::size_t source, bool idle);
  /// What a restart knows: the watermark itself and a source's highest timestamp.
  void restore(std::optional<Instant> watermark) { watermark_ = watermark; }
  void restore_highest(std::size_t source, std::optional<Instant> highest);
  std::optional<Instant> highest(std::size_t source) const;

  /// The lowest of (highest − max_out_of_orderness) over the sources that are not idle; when all
  /// are idle, the highest of them. A busy source without an accepted event holds it where it was.
  /// Never goes back. Empty is −∞.
  std::optional<Instant> advance();
  std::optional<Instant> value() const { return watermark_; }

 private:
  struct Source {
    std::optional<Instant> highest;
    bool idle = false;
  };
  Source& at(std::size_t source);

  std::chrono::microseconds max_out_of_orderness_;
  std::optional<Instant> watermark_;
  std::vector<Source> sources_;
};

}  // namespace lensart
