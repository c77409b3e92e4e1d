#include "apps/jobs/order_state.hpp"

#include <xxhash.h>

#include <algorithm>

#include "apps/jobs/order_rows.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

namespace {

constexpr std::uint8_t kVersion = 1;

/// The status an event writes, if it writes one.
std::optional<std::string_view> status_written(const orders::Event& event) {
  switch (event.type) {
    case orders::EventType::kStatusChanged:
      return event.new_status;
    case orders::EventType::kCancelled:
      return orders::kCancelledStatus;
    case orders::EventType::kCreated:
    case orders::EventType::kUpdated:
    case orders::EventType::kPaymentStatusChanged:
      break;
  }
  return event.has_snapshot ? std::optional(event.snapshot.order_status) : std::nullopt;
}

std::optional<std::string_view> payment_status_written(const orders::Event& event) {
  if (event.type == orders::EventType::kPaymentStatusChanged) return event.new_payment_status;
  return event.has_snapshot ? std::optional(event.snapshot.payment_status) : std::nullopt;
}

bool write_last(const orders::Event& event, const std::optional<std::string_view>& written,
                bool& has, SortKey& key, std::string& value) {
  if (!written || (has && !key.before(event))) return false;
  has = true;
  key.assign(event);
  value = *written;
  return true;
}

void write_key(storage::ByteWriter& writer, const SortKey& key) {
  writer.number(static_cast<std::int64_t>(key.timestamp.time_since_epoch().count()));
  writer.number(static_cast<std::uint8_t>(key.rank));
  writer.text(key.event_id);
}

void read_key(storage::ByteReader& reader, SortKey& key) {
  key.timestamp = Instant{std::chrono::microseconds(reader.number<std::int64_t>())};
  key.rank = static_cast<orders::EventType>(reader.number<std::uint8_t>());
  key.event_id = reader.text();
}

}  // namespace

bool SortKey::before(const orders::Event& event) const {
  if (event.timestamp != timestamp) return timestamp < event.timestamp;
  if (event.type != rank) return rank < event.type;
  return event_id < event.event_id;
}

void SortKey::assign(const orders::Event& event) {
  timestamp = event.timestamp;
  rank = event.type;
  event_id = event.event_id;
}

void OrderState::take_snapshot(const orders::Event& event, const TimeZone& zone) {
  snapshot_columns.clear();
  append_snapshot_columns(snapshot_columns, event.snapshot);
  std::vector<std::string> rows = item_rows(event.order_id, event.snapshot, zone);
  std::string all;
  for (const std::string& row : rows) storage::ByteWriter(all).text(row);
  const XXH128_hash_t digest = XXH3_128bits(all.data(), all.size());
  const LinesHash found = rows.empty() ? LinesHash{} : LinesHash{digest.high64, digest.low64};
  if (found == lines_hash && rows.size() == lines) return;
  if (!lines_changed) lines_stored = lines;
  lines_changed = true;
  lines = static_cast<std::uint32_t>(rows.size());
  lines_hash = found;
  pending_lines = std::move(rows);
}

bool OrderState::apply(const orders::Event& event, const storage::Origin& from,
                       const TimeZone& zone) {
  bool changed = false;
  if (event.has_snapshot && (!has_snapshot || snapshot_key.before(event))) {
    has_snapshot = true;
    snapshot_key.assign(event);
    take_snapshot(event, zone);
    changed = true;
  }
  changed |= write_last(event, status_written(event), has_status, status_key, status);
  changed |=
      write_last(event, payment_status_written(event), has_payment, payment_key, payment_status);
  if (event.type == orders::EventType::kCreated &&
      (!earliest_created || event.timestamp < *earliest_created)) {
    earliest_created = event.timestamp;
    changed = true;
  }
  if (event.timestamp < earliest) {
    earliest = event.timestamp;
    changed = true;
  }
  if (event.timestamp > latest) {
    latest = event.timestamp;
    changed = true;
  }
  if (changed) origin = from;
  return changed;
}

void OrderState::append_row(std::string& out, orders::OrderId order_id) const {
  storage::RowWriter row(out);
  row.bigint(order_id);
  out += snapshot_columns;
  row.text(status);
  row.text(payment_status);
  row.instant(earliest_created.value_or(earliest));
  row.instant(latest);
}

std::size_t OrderState::bytes() const {
  std::size_t pending = 0;
  for (const std::string& line : pending_lines) pending += line.size() + sizeof(line);
  return snapshot_columns.size() + pending + 128;
}

std::string OrderState::encode() const {
  std::string out;
  out.push_back(static_cast<char>(kVersion));
  storage::ByteWriter writer(out);
  writer.number(static_cast<std::uint8_t>(has_snapshot | row_sent << 1 | has_status << 2 |
                                          has_payment << 3 | earliest_created.has_value() << 4));
  write_key(writer, snapshot_key);
  writer.text(snapshot_columns);
  write_key(writer, status_key);
  writer.text(status);
  write_key(writer, payment_key);
  writer.text(payment_status);
  writer.number(
      static_cast<std::int64_t>(earliest_created.value_or(Instant{}).time_since_epoch().count()));
  writer.number(static_cast<std::int64_t>(earliest.time_since_epoch().count()));
  writer.number(static_cast<std::int64_t>(latest.time_since_epoch().count()));
  writer.number(lines);
  writer.number(lines_hash[0]);
  writer.number(lines_hash[1]);
  writer.number(origin.source);
  writer.number(origin.offset);
  storage::seal_in_place(out);
  return out;
}

std::optional<OrderState> OrderState::decode(std::string_view sealed) {
  const storage::Unsealed unsealed = storage::unseal(kVersion, sealed);
  if (!unsealed.ok) return std::nullopt;
  storage::ByteReader reader(unsealed.value);
  const auto instant = [&reader] {
    return Instant{std::chrono::microseconds(reader.number<std::int64_t>())};
  };
  OrderState state;
  const auto flags = reader.number<std::uint8_t>();
  state.has_snapshot = (flags & 1) != 0;
  state.row_sent = (flags & 2) != 0;
  state.has_status = (flags & 4) != 0;
  state.has_payment = (flags & 8) != 0;
  read_key(reader, state.snapshot_key);
  state.snapshot_columns = reader.text();
  read_key(reader, state.status_key);
  state.status = reader.text();
  read_key(reader, state.payment_key);
  state.payment_status = reader.text();
  const Instant created = instant();
  if ((flags & 16) != 0) state.earliest_created = created;
  state.earliest = instant();
  state.latest = instant();
  state.lines = reader.number<std::uint32_t>();
  state.lines_hash[0] = reader.number<std::uint64_t>();
  state.lines_hash[1] = reader.number<std::uint64_t>();
  state.origin.source = reader.number<std::uint32_t>();
  state.origin.offset = reader.number<std::int64_t>();
  if (!reader.ok()) return std::nullopt;
  return state;
}

}  // namespace lensart::jobs
