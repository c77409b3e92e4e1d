/// The main job's rows, encoded as the outbox holds them (column order: tables.cpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/orders/event.hpp"
#include "apps/orders/event_reader.hpp"
#include "graph/time_zone.hpp"
#include "nodes/source/record_source.hpp"

namespace lensart::jobs {

/// Where a record lies in Kafka.
struct Coordinates {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

/// orders_raw: what the event writes, by its type (docs/contract.md §3).
void append_raw_row(std::string& out, const orders::Event& event, const Coordinates& at,
                    bool too_late);

/// user_id … items_count of orders_processed.
void append_snapshot_columns(std::string& out, const orders::Snapshot& snapshot);

/// The rows of order_items_analytics, one a line and each as a text: `storage::texts_in` takes them
/// apart.
void append_item_rows(std::string& out, orders::OrderId order_id, const orders::Snapshot& snapshot,
                      const TimeZone& zone);

struct Letter {
  std::string_view code;
  std::string_view field;
  std::string_view message;
  std::optional<std::string_view> event_id;
  std::optional<orders::OrderId> order_id;
  std::optional<std::string_view> payload;  ///< empty for a null value
};
/// dead_letters; texts are cut to their columns, U+0000 becomes U+FFFD.
void append_letter_row(std::string& out, const Letter& letter, const Coordinates& at, Instant now);

/// A replay that was accepted.
struct ReplayedRecord {
  Coordinates original;
  std::string_view event_id;
  bool too_late = false;  ///< the event had been accepted, too late, and counts now
  Coordinates replay;
};
/// pipeline_replays.
void append_replay_row(std::string& out, const ReplayedRecord& replayed);

/// `price` if present, else total / quantity, half away from zero to hundredths.
orders::Hundredths unit_price(const orders::Line& line);

/// At most `code_points` of `text`, U+0000 replaced.
std::string cut_text(std::string_view text, std::size_t code_points);

}  // namespace lensart::jobs
