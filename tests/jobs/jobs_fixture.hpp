/// Events and rows for the tests of the job's parts.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "apps/jobs/order_rows.hpp"
#include "apps/jobs/tables.hpp"
#include "apps/orders/event.hpp"
#include "graph/time_zone.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

/// 2026-11-20T03:30:00Z.
inline constexpr Instant kNoon{std::chrono::seconds(1'795'145'400)};

inline const TimeZone& saigon() {
  static const TimeZone kZone = *TimeZone::find("Asia/Ho_Chi_Minh");
  return kZone;
}

inline orders::Line line_of(std::int64_t product, std::int64_t quantity, orders::Hundredths total) {
  orders::Line line;
  line.product_id = product;
  line.quantity = quantity;
  line.total_price = total;
  return line;
}

/// A snapshot that says little; `lines` must outlive it.
inline orders::Snapshot snapshot_of(std::string_view order_status, std::string_view payment_status,
                                    std::span<const orders::Line> lines = {}) {
  orders::Snapshot snapshot;
  snapshot.branch_id = 2;
  snapshot.total_price = 150'000;
  snapshot.order_status = order_status;
  snapshot.payment_status = payment_status;
  snapshot.lines = lines;
  return snapshot;
}

inline orders::Event event_of(orders::EventType type, std::string_view id, Instant at = kNoon) {
  orders::Event event;
  event.type = type;
  event.event_id = id;
  event.timestamp = at;
  event.order_id = 1042;
  return event;
}

inline orders::Event event_with(orders::EventType type, std::string_view id, Instant at,
                                const orders::Snapshot& snapshot) {
  orders::Event event = event_of(type, id, at);
  event.has_snapshot = true;
  event.snapshot = snapshot;
  return event;
}

/// A row as texts: numbers in decimal (instants as microseconds, money as hundredths), or NULL.
inline std::vector<std::string> cells_of(std::uint8_t table, std::string_view row) {
  storage::ByteReader reader(row);
  std::vector<std::string> cells;
  for (const storage::ColumnSpec& column : tables().find(table)->columns) {
    const storage::Cell cell = storage::read_cell(column.type, reader);
    const bool is_text = column.type == storage::ColumnType::kText ||
                         column.type == storage::ColumnType::kJson ||
                         column.type == storage::ColumnType::kBytes;
    cells.push_back(cell.null ? "NULL"
                    : is_text ? std::string(cell.text)
                              : std::to_string(cell.number));
  }
  EXPECT_TRUE(reader.ok() && reader.at_end()) << "the row does not follow the registry";
  return cells;
}

inline std::string cell_of(std::uint8_t table, std::string_view row, std::string_view column) {
  const auto& columns = tables().find(table)->columns;
  const auto cells = cells_of(table, row);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) return cells[i];
  }
  return "no such column";
}

inline std::string micros(Instant instant) {
  return std::to_string(instant.time_since_epoch().count());
}

}  // namespace lensart::jobs
