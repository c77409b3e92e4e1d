/// A small generator of random numbers whose sequence is the same on every machine.
#pragma once

#include <cstdint>

namespace lensart::generate {

/// One step of SplitMix64: a bijection that looks random.
constexpr std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

/// SplitMix64. The standard library's engines are portable but its distributions are not, and a
/// seed must mean the same stream everywhere. Threads: one at a time.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(mix(seed)) {}
  /// An independent sequence for the `index`-th thing made from `seed`.
  constexpr Random(std::uint64_t seed, std::uint64_t index) : state_(mix(seed ^ mix(index))) {}

  constexpr std::uint64_t next() {
    const std::uint64_t result = mix(state_);
    state_ += 0x9e3779b97f4a7c15ULL;
    return result;
  }

  /// A number in 0…bound−1. REQUIRES: bound > 0.
  constexpr std::uint64_t below(std::uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64U);
  }

  /// A number in low…high, both included. REQUIRES: low ≤ high.
  constexpr std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }

  /// True with the given probability; always draws exactly one number.
  constexpr bool chance(double probability) {
    return static_cast<double>(next() >> 11U) * 0x1p-53 < probability;
  }

 private:
  std::uint64_t state_;
};

}  // namespace lensart::generate
