/// What travels through a flow: a batch of records, or the marker that closes an epoch.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace lensart {

/// Epochs count from 1; 0 is the genesis, before anything was committed.
using EpochNumber = std::uint64_t;

/// A flow has at most this many stages made of lanes.
inline constexpr std::size_t kMaxLaneStages = 8;

/// The part of a batch that the engine reads; a job derives its own batch from it.
///
/// Threads: owned by one node at a time, except in a lane stage, where every lane holds it at once
/// and each touches only what is its own.
struct Batch {
  Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  virtual ~Batch() = default;

  std::uint64_t sequence = 0;  ///< dense from 0 over batches and markers, in source order
  EpochNumber epoch = 0;       ///< the epoch its records belong to, or that the marker closes
  bool marker = false;
  std::size_t records_count = 0;

  /// Lanes of each stage that have not yet finished with this batch. The engine's own.
  std::array<std::atomic<std::uint32_t>, kMaxLaneStages> pending_lanes{};
};

}  // namespace lensart
