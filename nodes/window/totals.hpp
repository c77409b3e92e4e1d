/// What a window adds up: sums that what left it can be taken out of again.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "storage/codec.hpp"

namespace lensart::nodes {

/// `N` sums of 128 bits. The first counts what is in the window: a window without anything is gone.
///
/// As a difference the sums may be negative, as a window's content they never are.
template <std::size_t N>
struct Totals {
  std::array<storage::Int128, N> sums{};

  Totals& operator+=(const Totals& other) {
    for (std::size_t i = 0; i < N; ++i) sums[i] += other.sums[i];
    return *this;
  }
  Totals& operator-=(const Totals& other) {
    for (std::size_t i = 0; i < N; ++i) sums[i] -= other.sums[i];
    return *this;
  }
  friend bool operator==(const Totals&, const Totals&) = default;
  /// Nothing to add or to take out.
  bool nothing() const { return *this == Totals{}; }
  bool empty_window() const { return sums[0] == 0; }

  std::size_t bytes() const { return 0; }
  static constexpr std::uint8_t kVersion = 1;
  std::string encode() const {
    std::string out(1, static_cast<char>(kVersion));
    storage::ByteWriter writer(out);
    for (const storage::Int128 sum : sums) writer.compact(sum);
    storage::seal_in_place(out);
    return out;
  }
  static std::optional<Totals> decode(std::string_view sealed) {
    const storage::Unsealed unsealed = storage::unseal(kVersion, sealed);
    if (!unsealed.ok) return std::nullopt;
    storage::ByteReader reader(unsealed.value);
    Totals totals;
    for (storage::Int128& sum : totals.sums) sum = reader.compact();
    if (!reader.ok() || !reader.at_end()) return std::nullopt;
    return totals;
  }
};

}  // namespace lensart::nodes
