#include "apps/jobs/order_state.hpp"

#include <xxhash.h>

#include <algorithm>

#include "apps/jobs/order_rows.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

namespace {

constexpr std::uint8_t kVersion = 3;
/// Wrote each sort key in full; the one before it had every status write in the tree `history`.
constexpr std::uint8_t kVersionWithAllKeys = 2;
constexpr std::uint8_t kVersionBeforeWrites = 1;
constexpr std::uint8_t kExpired = 1;
constexpr std::uint8_t kRowSent = 2;
constexpr std::uint8_t kOnTime = 4;
constexpr std::uint8_t kTimer = 8;
constexpr std::uint8_t kWritesInTree = 16;

}  // namespace

void OrderState::take_lines(const orders::Event& event, const TimeZone& zone) {
  static thread_local std::string rows;  // most snapshots repeat the lines of the one before
  rows.clear();
  append_item_rows(rows, event.order_id, event.snapshot, zone);
  const XXH128_hash_t digest = XXH3_128bits(rows.data(), rows.size());
  const LinesHash found = rows.empty() ? LinesHash{} : LinesHash{digest.high64, digest.low64};
  const auto count = static_cast<std::uint32_t>(event.snapshot.lines.size());
  if (found == lines_hash && count == lines) return;
  if (!lines_changed) lines_stored = lines;
  lines_changed = true;
  lines = count;
  lines_hash = found;
  pending_lines = rows;
}

bool OrderState::apply(const orders::Event& event, const storage::Origin& from, bool too_late,
                       const Context& context) {
  bool changed = false;
  if (on_time && !too_late) changed = on_time->apply(event, context.with_sales).any;
  std::unique_ptr<OrderFold> before;
  if (too_late && !on_time) before = std::make_unique<OrderFold>(all);
  const OrderFold::Change change = all.apply(event, context.with_sales);
  if (change.snapshot) take_lines(event, context.zone);
  if (change.any) {
    if (before) on_time = std::move(before);
    row_changed = true;
    origin = from;
  }
  return changed || change.any;
}

void OrderState::append_row(std::string& out, orders::OrderId order_id) const {
  storage::StagedRowWriter row(out);
  row.bigint(order_id);
  row.columns(all.snapshot_columns);
  row.text(all.status);
  row.text(all.payment_status);
  row.instant(all.created_at());
  row.instant(all.latest);
}

void OrderState::encode(std::string& out) const {
  const std::size_t from = out.size();
  storage::StagedWriter writer(out);
  writer.number(kVersion);
  writer.number(static_cast<std::uint8_t>((row_sent ? kRowSent : 0) | (on_time ? kOnTime : 0) |
                                          (timer ? kTimer : 0) |
                                          (writes.in_tree ? kWritesInTree : 0)));
  all.encode(writer);
  writer.number(lines);
  writer.number(lines_hash[0]);
  writer.number(lines_hash[1]);
  writer.number(origin.source);
  writer.number(origin.offset);
  writer.number(duplicates);
  writer.number(writes.count);
  writer.text(writes.packed);
  if (timer) writer.instant(*timer);
  if (on_time) on_time->encode(writer);
  writer.flush();
  storage::seal_in_place(out, from);
}

std::string OrderState::encode_expired() {
  return storage::seal(kVersion, std::string(1, static_cast<char>(kExpired)));
}

std::optional<OrderState> OrderState::decode(std::string_view sealed) {
  std::optional<OrderState> decoded(std::in_place);
  if (!decode(sealed, *decoded)) decoded.reset();
  return decoded;
}

bool OrderState::decode(std::string_view sealed, OrderState& state) {
  const auto version = static_cast<std::uint8_t>(sealed.empty() ? 0 : sealed.front());
  if (version < kVersionBeforeWrites || version > kVersion) return false;
  const storage::Unsealed unsealed = storage::unseal(version, sealed);
  if (!unsealed.ok) return false;
  const bool has_writes = version > kVersionBeforeWrites;
  const bool shares_keys = version > kVersionWithAllKeys;
  storage::ByteReader reader(unsealed.value);
  const auto flags = reader.number<std::uint8_t>();
  state.expired = (flags & kExpired) != 0;
  if (state.expired) return true;
  state.row_sent = (flags & kRowSent) != 0;
  state.all.decode(reader, shares_keys);
  state.lines = reader.number<std::uint32_t>();
  state.lines_hash[0] = reader.number<std::uint64_t>();
  state.lines_hash[1] = reader.number<std::uint64_t>();
  state.origin.source = reader.number<std::uint32_t>();
  state.origin.offset = reader.number<std::int64_t>();
  state.duplicates = reader.number<std::uint32_t>();
  state.writes.in_tree = !has_writes || (flags & kWritesInTree) != 0;
  if (has_writes) {
    state.writes.count = reader.number<std::uint8_t>();
    state.writes.packed = reader.text();
  }
  if ((flags & kTimer) != 0) state.timer = reader.instant();
  if ((flags & kOnTime) != 0) {
    state.on_time = std::make_unique<OrderFold>();
    state.on_time->decode(reader, shares_keys);
  }
  return reader.ok();
}

}  // namespace lensart::jobs
