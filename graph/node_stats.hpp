/// What a node has done so far: for `/metrics`, for the live graph.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace lensart {

/// Counters of one node. Threads: written by the node's bodies, read by any.
struct NodeStats {
  std::atomic<std::uint64_t> entered_batches{0};
  std::atomic<std::uint64_t> left_batches{0};
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> busy_nanoseconds{0};

  /// Batches that wait in front of the node or are inside it.
  std::uint64_t queued_batches() const {
    const auto left = left_batches.load(std::memory_order_relaxed);
    const auto entered = entered_batches.load(std::memory_order_relaxed);
    return entered > left ? entered - left : 0;
  }
};

}  // namespace lensart
