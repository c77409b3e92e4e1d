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

// Flags of an encoded fold.
constexpr std::uint8_t kSnapshot = 1;
constexpr std::uint8_t kStatus = 2;
constexpr std::uint8_t kPayment = 4;
constexpr std::uint8_t kCreated = 8;
/// The status was written by the event that the snapshot came with; the same for the payment's.
/// Most events carry a snapshot and write all three.
constexpr std::uint8_t kStatusWithSnapshot = 16;
constexpr std::uint8_t kPaymentWithSnapshot = 32;

SortKey read_key(storage::ByteReader& reader) {
  const Instant timestamp = reader.instant();
  const auto rank = static_cast<orders::EventType>(reader.number<std::uint8_t>());
  return {timestamp, rank, reader.text()};
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

SortKey::SortKey(Instant timestamp, orders::EventType rank, std::string_view event_id)
    : timestamp_(timestamp), rank_(rank), id_(event_id) {}

bool SortKey::before(const orders::Event& event) const {
  if (event.timestamp != timestamp_) return timestamp_ < event.timestamp;
  if (event.type != rank_) return rank_ < event.type;
  return event_id() < event.event_id;
}

void SortKey::assign(const orders::Event& event) {
  timestamp_ = event.timestamp;
  rank_ = event.type;
  id_ = event.event_id;
}

void SortKey::write(storage::StagedWriter& writer) const {
  writer.instant(timestamp_);
  writer.number(static_cast<std::uint8_t>(rank_));
  writer.text(event_id());
}

OrderFold::Change OrderFold::apply(const orders::Event& event, bool with_sales) {
  Change change;
  if (event.has_snapshot && (!has_snapshot || snapshot_key.before(event))) {
    has_snapshot = true;
    snapshot_key.assign(event);
    snapshot_columns.clear();
    append_snapshot_columns(snapshot_columns, event.snapshot);
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

/// In the order of the columns in tables.cpp.
SnapshotFacts OrderFold::facts() const {
  using storage::ColumnType;
  storage::ByteReader reader(snapshot_columns);
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
    facts.payment_method = method.text;
  }
  return facts;
}

void OrderFold::encode(storage::StagedWriter& writer) const {
  const bool status_with_snapshot = status_key == snapshot_key;
  const bool payment_with_snapshot = payment_key == snapshot_key;
  writer.number(static_cast<std::uint8_t>(
      (has_snapshot ? kSnapshot : 0) | (has_status ? kStatus : 0) | (has_payment ? kPayment : 0) |
      (earliest_created ? kCreated : 0) | (status_with_snapshot ? kStatusWithSnapshot : 0) |
      (payment_with_snapshot ? kPaymentWithSnapshot : 0)));
  snapshot_key.write(writer);
  writer.text(snapshot_columns);
  writer.text(sales);
  if (!status_with_snapshot) status_key.write(writer);
  writer.text(status);
  if (!payment_with_snapshot) payment_key.write(writer);
  writer.text(payment_status);
  writer.instant(earliest_created.value_or(Instant{}));
  writer.instant(earliest);
  writer.instant(latest);
}

void OrderFold::decode(storage::ByteReader& reader, bool shares_keys) {
  const auto flags = reader.number<std::uint8_t>();
  const auto has = [flags](std::uint8_t flag) { return (flags & flag) != 0; };
  has_snapshot = has(kSnapshot);
  has_status = has(kStatus);
  has_payment = has(kPayment);
  snapshot_key = read_key(reader);
  snapshot_columns = reader.text();
  sales = reader.text();
  status_key = shares_keys && has(kStatusWithSnapshot) ? snapshot_key : read_key(reader);
  status = reader.text();
  payment_key = shares_keys && has(kPaymentWithSnapshot) ? snapshot_key : read_key(reader);
  payment_status = reader.text();
  const Instant created = reader.instant();
  if (has(kCreated)) earliest_created = created;
  earliest = reader.instant();
  latest = reader.instant();
}

}  // namespace lensart::jobs
