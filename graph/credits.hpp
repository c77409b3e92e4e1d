/// Byte credits: what keeps memory flat, as the queues of a flow graph have no bound of their own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace lensart {

/// A counted allowance of bytes in flight. Taken by the source when it makes a batch, given back
/// when the batch's epoch is durable. No credit, no poll.
///
/// Threads: any. The source alone takes, so `try_take` never races with itself.
class Credits {
 public:
  explicit Credits(std::size_t limit_bytes)
      : limit_bytes_(static_cast<std::int64_t>(limit_bytes)) {}

  /// Takes `bytes` if anything at all is left: a batch larger than the limit still passes, alone.
  bool try_take(std::size_t bytes) {
    if (used_bytes_.load(std::memory_order_acquire) >= limit_bytes_) return false;
    used_bytes_.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_acq_rel);
    return true;
  }
  void give_back(std::size_t bytes) {
    used_bytes_.fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_acq_rel);
  }
  bool available() const { return used_bytes_.load(std::memory_order_acquire) < limit_bytes_; }
  std::size_t used_bytes() const {
    const auto used = used_bytes_.load(std::memory_order_relaxed);
    return used > 0 ? static_cast<std::size_t>(used) : 0;
  }
  std::size_t limit_bytes() const { return static_cast<std::size_t>(limit_bytes_); }

 private:
  const std::int64_t limit_bytes_;
  std::atomic<std::int64_t> used_bytes_{0};
};

}  // namespace lensart
