#include "apps/jobs/order_lane.hpp"

#include "storage/row.hpp"

namespace lensart::jobs {

using storage::EntryKind;

std::string line_key(orders::OrderId order_id, std::uint32_t line) {
  std::string key = storage::key_of(static_cast<std::uint64_t>(order_id));
  storage::append_key(key, line);
  return key;
}

OrderLane::OrderLane(const OrderTrees& trees, const SinkLanes& sinks, const TimeZone& zone,
                     std::size_t cache_bytes)
    : trees_(trees),
      sinks_(sinks),
      zone_(zone),
      orders_(trees.orders, cache_bytes),
      outbox_(sinks.count) {}

Result<Unit> OrderLane::on_event(const orders::Event& event, std::string_view payload,
                                 const Coordinates& at, const storage::Origin& origin,
                                 std::uint64_t id_hash, EpochNumber epoch,
                                 const storage::ReadTransaction& txn) {
  storage::ChunkBuilder& raw = outbox_.lane(sinks_.raw(id_hash));
  append_raw_row(raw.begin(kOrdersRaw, EntryKind::kAppend, origin), event, payload, at, false);
  raw.end();
  LENSART_ASSIGN(OrderState* const state, orders_.find(event.order_id, txn));
  if (state->apply(event, origin, zone_)) orders_.mark(event.order_id, epoch);
  return Unit{};
}

void OrderLane::store_lines(orders::OrderId order_id, const OrderState& state,
                            storage::ChangeSet& changes) {
  for (std::uint32_t line = 0; line < state.lines; ++line) {
    changes.put(trees_.lines, line_key(order_id, line),
                storage::seal(kLineVersion, state.pending_lines[line]));
  }
  for (std::uint32_t line = state.lines; line < state.lines_stored; ++line) {
    changes.erase(trees_.lines, line_key(order_id, line));
  }
}

void OrderLane::close_order(orders::OrderId order_id, OrderState& state,
                            storage::ChangeSet& changes) {
  if (state.has_snapshot) {
    storage::ChunkBuilder& rest = outbox_.lane(sinks_.rest());
    const bool known = state.row_sent;
    state.append_row(
        rest.begin(kOrdersProcessed, known ? EntryKind::kUpdate : EntryKind::kInsert, state.origin),
        order_id);
    rest.end();
    if (state.lines_changed) {
      std::string& body = rest.begin(
          kOrderItems, known ? EntryKind::kReplace : EntryKind::kReplaceNew, state.origin);
      storage::RowWriter(body).bigint(order_id);
      for (const std::string& row : state.pending_lines) storage::ByteWriter(body).text(row);
      rest.end();
      store_lines(order_id, state, changes);
    }
    state.row_sent = true;
  }
  state.lines_changed = false;
  state.pending_lines.clear();
  state.pending_lines.shrink_to_fit();
  changes.put(trees_.orders, storage::key_of(static_cast<std::uint64_t>(order_id)), state.encode());
}

void OrderLane::close_epoch(nodes::LaneOutput& output) {
  orders_.close_epoch([&](orders::OrderId order_id, OrderState& state) {
    close_order(order_id, state, output.changes);
  });
  outbox_.flush_into(output);
}

}  // namespace lensart::jobs
