/// When an epoch is cut, and when the source must wait: arithmetic, no clock, no thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "graph/clock.hpp"

namespace lensart::storage {

struct CutLimits {
  std::chrono::microseconds min_time = std::chrono::milliseconds(5);
  std::chrono::microseconds max_time = std::chrono::seconds(1);
  /// The most that an epoch holds. Half of either is enough to cut one.
  std::uint64_t max_records = 50'000;
  std::uint64_t max_bytes = 16ULL << 20;
  std::uint64_t outbox_max_bytes = 256ULL << 20;
};

/// What the cutter must know of the other side, as of now.
struct Downstream {
  bool relay_idle = true;          ///< everything durable is applied
  std::uint64_t outbox_bytes = 0;  ///< durable and not yet applied by every lane
};

/// Epochs are group commits: one is cut when the one before is durable and either the relay is idle
/// or it is old or large enough, and the outbox has room. Nothing to tune for low load
/// (milliseconds of latency) or high (large, cheap epochs): while the disk is slow the open epoch
/// grows on, up to its limit, and reading does not wait for the disk.
///
/// Threads: one.
class EpochCutter {
 public:
  EpochCutter(const CutLimits& limits, Tick now) : limits_(limits), opened_at_(now) {}

  void on_records(std::uint64_t records, std::uint64_t bytes) {
    open_records_ += records;
    open_bytes_ += bytes;
  }
  /// An epoch without records is wanted: a moved watermark, a due timer, the end of a run.
  void request_empty() { empty_wanted_ = true; }
  void on_cut(Tick now) {
    open_records_ = open_bytes_ = 0;
    empty_wanted_ = false;
    opened_at_ = now;
    previous_durable_ = false;
  }
  void on_durable() { previous_durable_ = true; }

  bool should_cut(Tick now, const Downstream& downstream) const {
    if (!previous_durable_ || (open_records_ == 0 && !empty_wanted_)) return false;
    if (!has_room(downstream) || now - opened_at_ < limits_.min_time) return false;
    return downstream.relay_idle || now - opened_at_ >= limits_.max_time || large();
  }
  /// The source pauses while the open epoch is full and cannot be cut.
  bool accepts_records() const { return !full(); }
  /// How long nothing can change by the mere passing of time; never negative.
  std::chrono::microseconds until_time_matters(Tick now) const;

  bool previous_durable() const { return previous_durable_; }
  bool empty() const { return open_records_ == 0 && !empty_wanted_; }
  std::uint64_t open_records() const { return open_records_; }

 private:
  bool full() const {
    return open_records_ >= limits_.max_records || open_bytes_ >= limits_.max_bytes;
  }
  bool large() const {
    return 2 * open_records_ >= limits_.max_records || 2 * open_bytes_ >= limits_.max_bytes;
  }
  bool has_room(const Downstream& downstream) const {
    return downstream.outbox_bytes == 0 ||
           downstream.outbox_bytes + open_bytes_ <= limits_.outbox_max_bytes;
  }

  CutLimits limits_;
  Tick opened_at_;
  std::uint64_t open_records_ = 0;
  std::uint64_t open_bytes_ = 0;
  bool empty_wanted_ = false;
  bool previous_durable_ = true;
};

}  // namespace lensart::storage
