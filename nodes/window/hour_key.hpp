/// The key of a tumbling hour: the hour, and whose it is (a branch, a product).
#pragma once

#include <boost/container_hash/hash.hpp>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "nodes/window/windows.hpp"
#include "storage/codec.hpp"

namespace lensart::nodes {

/// In the state sorted by time, then by id (docs/state-format.md).
struct HourKey {
  LocalHour hour;
  std::int64_t id = 0;  ///< not negative

  friend auto operator<=>(const HourKey&, const HourKey&) = default;
  friend std::size_t hash_value(const HourKey& key) {
    std::size_t seed = static_cast<std::size_t>(key.id);
    boost::hash_combine(seed, key.hour.day * 24 + key.hour.hour);
    return seed;
  }
  std::string encode() const {
    std::string out;
    storage::append_key(out, static_cast<std::uint32_t>(hour.day));
    storage::append_key(out, static_cast<std::uint32_t>(hour.hour));
    storage::append_key(out, static_cast<std::uint64_t>(id));
    return out;
  }
  /// REQUIRES: what `encode` gave.
  static HourKey decode(std::string_view key) {
    const std::uint64_t hour = storage::key_to_u64(key);
    return {{static_cast<std::int32_t>(hour >> 32), static_cast<std::int32_t>(hour)},
            static_cast<std::int64_t>(storage::key_to_u64(key.substr(8)))};
  }
};

}  // namespace lensart::nodes
