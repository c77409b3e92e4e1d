/// `lensart rebuild` and `lensart state adopt`: a state, or the derived tables with it, made anew
/// from orders_raw (docs/contract.md §6).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "apps/config/config.hpp"
#include "apps/rebuild/database_side.hpp"
#include "apps/rebuild/one_order.hpp"
#include "graph/error.hpp"
#include "storage/postgres/session.hpp"

namespace lensart::app {

/// In the fingerprint's place while the tables are being made anew: no run may go on from there.
inline constexpr std::string_view kRebuilding = storage::kRebuildingFingerprint;

struct RebuildOptions {
  std::set<std::string> tables;                 ///< empty: every derived table
  std::string kafka_cluster_id;                 ///< that the new state belongs to
  std::function<void(const std::string&)> say;  ///< a line on what it begins
  /// How it gets on: events read of how many; then, with 0 of 0, rows on their way into the tables.
  std::function<void(std::uint64_t done, std::uint64_t of)> on_progress = [](auto, auto) {};
};

/// Both sides of a state that does not fit, for a person to decide on.
struct BothSides {
  DatabaseSide database;
  std::optional<storage::ChainRecord> state;  ///< nothing when it cannot be opened, or is not there
  std::string state_trouble;                  ///< why
};
Result<BothSides> look_at_both_sides(const Config& config);

/// Takes epoch, offsets and lineage from the database and makes the state anew from orders_raw. The
/// tables stay as they are. Fails, among others, with kOwnedByAnother, kStateMismatch; until the
/// new state is whole the old one is untouched.
Result<Unit> adopt_database(const Config& config, const RebuildOptions& options);

/// Makes the derived tables and the state anew from orders_raw, under the configuration as it is
/// now. Interrupted, it is begun again by the same command; until then `run` refuses.
Result<Unit> rebuild_tables(const Config& config, const RebuildOptions& options);

/// Makes one order's rows and its state anew from orders_raw, in one epoch: killed at any moment it
/// has happened or not. Nothing where nobody knows the order.
Result<std::optional<OrderRebuilt>> rebuild_order(const Config& config, orders::OrderId order_id);

/// The tables that can be made anew, in foreign-key order.
std::vector<std::string> derived_tables();

}  // namespace lensart::app
