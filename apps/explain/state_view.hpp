/// What a state says, for people: one order's part of it, where it stands, how large it is.
///
/// Threads: any, beside the pipeline that writes the state. Reads short transactions.
#pragma once

#include "apps/config/config.hpp"
#include "apps/explain/answer.hpp"
#include "apps/orders/event.hpp"
#include "graph/error.hpp"
#include "storage/state_store.hpp"

namespace lensart::app {

/// `{"known", "expired", "has_snapshot", "late_fold", "duplicates", "timer", "status_writes"}`;
/// `known` is false for an order that the state has never seen.
Result<Json> order_in_state(const storage::StateStore& store, orders::OrderId order_id);

/// Whether the watermark could not go on because of this partition: its highest timestamp is the
/// lowest of those that are not idle (docs/contract.md §4).
bool holds_watermark(const storage::SourcePosition& position,
                     const std::optional<Instant>& watermark, const Config& config);

/// `{"epoch", "records", "watermark", "timer_clock", "judged_by", "partitions": [{"topic",
/// "partition", "next_offset", "highest", "holds_watermark"}]}`
Result<Json> moment_of_state(const storage::StateStore& store, const Config& config);

/// `{"directory", "file_bytes", "used_bytes", "trees": [{"name", "entries", "bytes"}]}`
Result<Json> state_stats(const storage::StateStore& store, const Config& config);

}  // namespace lensart::app
