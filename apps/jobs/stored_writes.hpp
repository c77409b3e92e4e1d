/// Where an order's status writes are kept (docs/state-format.md, orders and history; ADR 11).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace lensart::jobs {

/// The writes that came last lie in the order's own value; when they would become too many they go,
/// each for good, into entries of their own in the tree `history`. So an order costs an epoch one
/// entry, and one that changes often is not rewritten whole.
struct StoredWrites {
  /// The most that the order's own value holds.
  static constexpr std::uint8_t kMost = 8;

  std::string packed;  ///< in order of arrival, the last first
  std::uint8_t count = 0;
  bool in_tree = false;  ///< the tree holds older ones
};

}  // namespace lensart::jobs
