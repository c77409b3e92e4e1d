/// A token bucket for each bearer token, which holds one second's worth of requests.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "graph/clock.hpp"

namespace lensart::gateway {

/// Threads: one at a time.
class RateLimiter {
 public:
  /// One more bucket is for whoever needs no token.
  explicit RateLimiter(std::size_t tokens) : buckets_(tokens + 1) {}

  /// Takes one request of `token` (−1: none) at `per_second`; 0 is no limit. Nothing when it may
  /// pass, else how long to wait, at least a second.
  std::optional<std::chrono::seconds> take(int token, std::uint32_t per_second, Tick now) {
    if (per_second == 0) return std::nullopt;
    Bucket& bucket = buckets_[static_cast<std::size_t>(token + 1)];
    const double rate = per_second;
    const std::chrono::duration<double> passed = now - bucket.filled_at;
    bucket.level = bucket.is_new ? rate : std::min(rate, bucket.level + passed.count() * rate);
    bucket.is_new = false;
    bucket.filled_at = now;
    if (bucket.level < 1) {
      return std::chrono::ceil<std::chrono::seconds>(
          std::chrono::duration<double>((1 - bucket.level) / rate));
    }
    bucket.level -= 1;
    return std::nullopt;
  }

 private:
  struct Bucket {
    double level = 0;
    Tick filled_at{};
    bool is_new = true;
  };
  std::vector<Bucket> buckets_;
};

}  // namespace lensart::gateway
