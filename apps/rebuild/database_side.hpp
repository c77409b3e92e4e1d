/// What the database knows of a pipeline, for a state that is made anew from it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/orders/event.hpp"
#include "graph/error.hpp"
#include "storage/epoch.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app {

struct DatabaseNames {
  std::string schema;
  std::string pipeline;
};

/// Where the tables stand.
struct DatabaseSide {
  storage::ChainRecord at;                         ///< the epoch that all lanes have applied
  std::vector<storage::SourcePosition> positions;  ///< `highest` from orders_raw
  std::string fingerprint;                         ///< of pipeline_settings
  int lanes = 1;
};
/// Fails with kStateMismatch when the pipeline has no rows there, or a group of epochs is half
/// applied.
Result<DatabaseSide> read_database_side(storage::Connection& connection,
                                        const DatabaseNames& names);

/// One row of orders_raw. Views die with the call they are given to.
struct LoggedEvent {
  std::string_view event_id;
  std::string_view event_type;
  std::string_view event_data;
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  bool too_late = false;
};
/// Calls `visit` for every row, in the order of writing, in one snapshot. Memory stays bounded.
Result<std::uint64_t> for_each_logged_event(
    storage::Connection& connection, const DatabaseNames& names,
    const std::function<Result<Unit>(const LoggedEvent&)>& visit);
/// The same for the events of one order, in the order in which they count.
Result<std::uint64_t> for_each_event_of(
    storage::Connection& connection, const DatabaseNames& names, orders::OrderId order_id,
    const std::function<Result<Unit>(const LoggedEvent&)>& visit);

/// A refused record that a replay made good (docs/contract.md §6, dlq replay).
struct ReplayedRecord {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string_view event_id;
};
/// Calls `visit` for every one. Views die with the call.
Result<Unit> for_each_replayed(storage::Connection& connection, const DatabaseNames& names,
                               const std::function<void(const ReplayedRecord&)>& visit);

}  // namespace lensart::app
