#include "apps/jobs/order_fold.hpp"

#include "apps/jobs/order_rows.hpp"
#include "apps/jobs/sales.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

namespace {

bool write_last(const orders::Event& event, const std::optional<std::string_view>& written,
                bool& has, SortKey& key, std::string& value) {
  if (!written || (has && !key.before(event))) return false;
  has = true;
  key.assign(event);
  value = *written;
  return true;
}

void write_key(storage::StagedWriter& writer, const SortKey& key) {
  writer.instant(key.timestamp);
  writer.number(static_cast<std::uint8_t>(key.rank));
  writer.text(key.event_id);
}

void read_key(storage::ByteReader& reader, SortKey& key) {
  key.timestamp = reader.instant();
  key.rank = static_cast<orders::EventType>(reader.number<std::uint8_t>());
  key.event_id = reader.text();
}

/// Reads the facts out of the columns, in their order in tables.cpp.
SnapshotFacts facts_in(std::string_view columns) {
  using storage::ColumnType;
  storage::ByteReader reader(columns);
  const auto next = [&reader](ColumnType type) { return storage::read_cell(type, reader); };
  SnapshotFacts facts;
  next(ColumnType::kBigint);  // user_id
  next(ColumnType::kText);    // user_name
  next(ColumnType::kText);    // user_email
  facts.branch_id = next(ColumnType::kBigint).number;
  next(ColumnType::kText);  // branch_name
  next(ColumnType::kText);  // branch_address
  if (const auto date = next(ColumnType::kInstant); !date.null) {
    facts.date = Instant{std::chrono::microseconds(date.number)};
  }
  next(ColumnType::kText);    // address
  next(ColumnType::kText);    // note
  next(ColumnType::kBigint);  // coupon_id
  facts.total_price = next(ColumnType::kMoney).number;
  if (const auto method = next(ColumnType::kText); !method.null) {
    facts.has_payment_method = true;
    facts.payment_method_at = static_cast<std::uint32_t>(method.text.data() - columns.data());
    facts.payment_method_size = static_cast<std::uint32_t>(method.text.size());
  }
  return facts;
}

/// The same out of the snapshot that the columns were made of.
SnapshotFacts facts_of(const orders::Snapshot& snapshot, std::string_view columns) {
  constexpr std::size_t kItemsCountBytes = 9;  // the column behind the payment method
  SnapshotFacts facts;
  facts.branch_id = snapshot.branch_id;
  facts.date = snapshot.date;
  facts.total_price = snapshot.total_price;
  if (snapshot.payment_method) {
    const std::size_t size = snapshot.payment_method->size();
    facts.has_payment_method = true;
    facts.payment_method_at = static_cast<std::uint32_t>(columns.size() - kItemsCountBytes - size);
    facts.payment_method_size = static_cast<std::uint32_t>(size);
  }
  return facts;
}

}  // namespace

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

OrderFold::Change OrderFold::apply(const orders::Event& event, bool with_sales) {
  Change change;
  if (event.has_snapshot && (!has_snapshot || snapshot_key.before(event))) {
    has_snapshot = true;
    snapshot_key.assign(event);
    snapshot_columns.clear();
    append_snapshot_columns(snapshot_columns, event.snapshot);
    facts = facts_of(event.snapshot, snapshot_columns);
    if (with_sales) sales = encode_sales(event.snapshot);
    change.any = change.snapshot = true;
  }
  change.any |= write_last(event, status_written(event), has_status, status_key, status);
  change.any |=
      write_last(event, payment_status_written(event), has_payment, payment_key, payment_status);
  if (event.type == orders::EventType::kCreated &&
      (!earliest_created || event.timestamp < *earliest_created)) {
    earliest_created = event.timestamp;
    change.any = true;
  }
  if (event.timestamp < earliest) {
    earliest = event.timestamp;
    change.any = true;
  }
  if (event.timestamp > latest) {
    latest = event.timestamp;
    change.any = true;
  }
  return change;
}

void OrderFold::encode(storage::StagedWriter& writer) const {
  writer.number(static_cast<std::uint8_t>(has_snapshot | has_status << 1 | has_payment << 2 |
                                          earliest_created.has_value() << 3));
  write_key(writer, snapshot_key);
  writer.text(snapshot_columns);
  writer.text(sales);
  write_key(writer, status_key);
  writer.text(status);
  write_key(writer, payment_key);
  writer.text(payment_status);
  writer.instant(earliest_created.value_or(Instant{}));
  writer.instant(earliest);
  writer.instant(latest);
}

void OrderFold::decode(storage::ByteReader& reader) {
  const auto flags = reader.number<std::uint8_t>();
  has_snapshot = (flags & 1) != 0;
  has_status = (flags & 2) != 0;
  has_payment = (flags & 4) != 0;
  read_key(reader, snapshot_key);
  snapshot_columns = reader.text();
  if (has_snapshot) facts = facts_in(snapshot_columns);
  sales = reader.text();
  read_key(reader, status_key);
  status = reader.text();
  read_key(reader, payment_key);
  payment_status = reader.text();
  const Instant created = reader.instant();
  if ((flags & 8) != 0) earliest_created = created;
  earliest = reader.instant();
  latest = reader.instant();
}

std::size_t OrderFold::bytes() const {
  return storage::heap_bytes(snapshot_columns) + storage::heap_bytes(sales) +
         storage::heap_bytes(snapshot_key.event_id) + storage::heap_bytes(status_key.event_id) +
         storage::heap_bytes(payment_key.event_id) + storage::heap_bytes(status) +
         storage::heap_bytes(payment_status);
}

}  // namespace lensart::jobs
