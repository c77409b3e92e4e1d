/// The life of one order, for `lensart explain order`: its events and what each changed, what was
/// refused, what the tables say of it, where it counts, and what is still to come.
#pragma once

#include "apps/config/config.hpp"
#include "apps/explain/answer.hpp"
#include "apps/explain/ask_state.hpp"
#include "apps/orders/event.hpp"
#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app {

/// `{"order_id", "events": [{"at", "type", "event_id", "topic", "partition", "offset", "too_late",
/// "changed": [{"column", "from", "to"}]}], "dead_letters": […], "tables": {…}, "counts_in",
/// "counts_not_because", "stuck_at", "state": {…}, "moment": {…}}`. Reads the database and the
/// state; a state that cannot be read is an `error` in its member, the rest stands.
Result<Json> order_life(const Config& config, orders::OrderId order_id);
/// The same with what the caller has. After a failure the connection may be inside a transaction.
Result<Json> order_life(storage::Connection& connection, const AskState& ask, const Config& config,
                        orders::OrderId order_id);

}  // namespace lensart::app
