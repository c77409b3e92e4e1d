#include "apps/jobs/order_rows.hpp"

#include <chrono>
#include <cstring>

#include "graph/text.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

namespace {

using storage::RowWriter;
using storage::StagedRowWriter;

constexpr std::size_t kEventIdLength = 100;
constexpr std::size_t kFieldLength = 255;
constexpr std::size_t kMessageLength = 1'000;

orders::Text text_if(bool present, std::string_view text) {
  return present ? orders::Text(text) : std::nullopt;
}

orders::Text raw_status(const orders::Event& event) {
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
  return text_if(event.has_snapshot, event.snapshot.order_status);
}

orders::Text raw_payment_status(const orders::Event& event) {
  if (event.type == orders::EventType::kPaymentStatusChanged) return event.new_payment_status;
  return text_if(event.has_snapshot, event.snapshot.payment_status);
}

}  // namespace

void append_raw_row(std::string& out, const orders::Event& event, const Coordinates& at,
                    bool too_late) {
  const orders::Snapshot& snapshot = event.snapshot;
  StagedRowWriter row(out);
  row.text(event.event_id);
  row.text(orders::name_of(event.type));
  row.bigint(event.order_id);
  if (event.has_snapshot) {
    row.bigint(snapshot.user_id);
    row.bigint(snapshot.branch_id);
    row.money(snapshot.total_price);
  } else {
    row.null();
    row.null();
    row.null();
  }
  row.text(raw_status(event));
  row.text(raw_payment_status(event));
  row.text(event.has_snapshot ? snapshot.payment_method : std::nullopt);
  row.text(event.json);
  row.instant(event.timestamp);
  row.text(at.topic);
  row.bigint(at.partition);
  row.bigint(at.offset);
  row.boolean(too_late);
}

void append_snapshot_columns(std::string& out, const orders::Snapshot& snapshot) {
  std::int64_t items = 0;
  for (const orders::Line& line : snapshot.lines) items += line.quantity;
  StagedRowWriter row(out);
  row.bigint(snapshot.user_id);
  row.text(snapshot.user_name);
  row.text(snapshot.user_email);
  row.bigint(snapshot.branch_id);
  row.text(snapshot.branch_name);
  row.text(snapshot.branch_address);
  row.instant(snapshot.date);
  row.text(snapshot.address);
  row.text(snapshot.note);
  row.bigint(snapshot.coupon_id);
  row.money(snapshot.total_price);
  row.text(snapshot.payment_method);
  row.bigint(items);
}

orders::Hundredths unit_price(const orders::Line& line) {
  if (line.price) return *line.price;
  return (2 * line.total_price + line.quantity) / (2 * line.quantity);
}

void append_item_rows(std::string& out, orders::OrderId order_id, const orders::Snapshot& snapshot,
                      const TimeZone& zone) {
  std::optional<std::int32_t> day;
  if (snapshot.date) {
    const auto local = std::chrono::floor<std::chrono::days>(zone.to_local(*snapshot.date));
    day = static_cast<std::int32_t>(local.time_since_epoch().count());
  }
  for (const orders::Line& line : snapshot.lines) {
    const std::size_t at = out.size();
    storage::ByteWriter(out).number(std::uint32_t{0});  // the row's length, known below
    {
      StagedRowWriter row(out);
      row.bigint(order_id);
      row.bigint(line.product_id);
      row.text(line.product_name);
      row.text(line.color);
      row.bigint(line.quantity);
      row.money(unit_price(line));
      row.money(line.total_price);
      day ? row.date(*day) : row.null();
      row.bigint(snapshot.branch_id);
    }
    const auto length = static_cast<std::uint32_t>(out.size() - at - sizeof(std::uint32_t));
    std::memcpy(out.data() + at, &length, sizeof(length));
  }
}

std::string cut_text(std::string_view text, std::size_t code_points) {
  const std::string_view cut = first_code_points(text, code_points);
  std::string out;
  for (const char c : cut) c == '\0' ? out.append("\xEF\xBF\xBD") : out.append(1, c);
  return out;
}

void append_letter_row(std::string& out, const Letter& letter, const Coordinates& at, Instant now) {
  RowWriter row(out);
  row.text(at.topic);
  row.bigint(at.partition);
  row.bigint(at.offset);
  row.text(letter.code);
  row.text(cut_text(letter.field, kFieldLength));
  row.text(cut_text(letter.message, kMessageLength));
  letter.event_id ? row.text(cut_text(*letter.event_id, kEventIdLength)) : row.null();
  row.bigint(letter.order_id);
  row.text(letter.payload);
  row.instant(now);
}

void append_replay_row(std::string& out, const ReplayedRecord& replayed) {
  RowWriter row(out);
  row.text(replayed.original.topic);
  row.bigint(replayed.original.partition);
  row.bigint(replayed.original.offset);
  row.text(replayed.event_id);
  row.boolean(replayed.too_late);
  row.text(replayed.replay.topic);
  row.bigint(replayed.replay.partition);
  row.bigint(replayed.replay.offset);
}

}  // namespace lensart::jobs
