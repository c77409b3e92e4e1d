/// The fold of an order's events: the last writer of each group of fields wins, by the events' own
/// order and never by arrival (docs/contract.md §3, orders_processed).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/orders/event.hpp"
#include "graph/short_text.hpp"
#include "storage/codec.hpp"

namespace lensart::jobs {

/// The order of one order's events: `(timestamp, rank, event_id)`, ids by their UTF-8 bytes.
class SortKey {
 public:
  /// Before every event's.
  SortKey() = default;
  SortKey(Instant timestamp, orders::EventType rank, std::string_view event_id);

  std::string_view event_id() const { return id_; }
  /// Whether `event` comes after this one.
  bool before(const orders::Event& event) const;
  void assign(const orders::Event& event);
  void write(storage::StagedWriter& writer) const;
  friend bool operator==(const SortKey&, const SortKey&) = default;

 private:
  Instant timestamp_ = Instant::min();
  orders::EventType rank_ = orders::EventType::kCreated;
  KeyText id_;
};

/// The status an event writes, if it writes one.
std::optional<std::string_view> status_written(const orders::Event& event);
std::optional<std::string_view> payment_status_written(const orders::Event& event);

/// What windowed jobs need to know of a snapshot. Views into its columns.
struct SnapshotFacts {
  std::int64_t branch_id = 0;
  std::optional<Instant> date;
  orders::Hundredths total_price = 0;
  orders::Text payment_method;
};

/// Threads: one at a time.
struct OrderFold {
  bool has_snapshot = false;
  SortKey snapshot_key;
  std::string snapshot_columns;  ///< user_id … items_count, encoded as orders_processed has them
  std::string sales;             ///< the snapshot's `encode_sales`, where a job asks for it
  bool has_status = false;
  SortKey status_key;
  std::string status;
  bool has_payment = false;
  SortKey payment_key;
  std::string payment_status;
  std::optional<Instant> earliest_created;
  Instant earliest = Instant::max();
  Instant latest = Instant::min();

  struct Change {
    bool any = false;
    bool snapshot = false;  ///< this event's snapshot is the latest now
  };
  /// Folds one event in. Events may come in any order, and more than once.
  Change apply(const orders::Event& event, bool with_sales);

  /// The earliest `order.created`, else the earliest event. REQUIRES: an event was applied.
  Instant created_at() const { return earliest_created.value_or(earliest); }
  /// The latest snapshot's. REQUIRES: has_snapshot.
  SnapshotFacts facts() const;

  void encode(storage::StagedWriter& writer) const;
  /// What `encode` wrote or, where `shares_keys` is false, what it wrote before equal keys were
  /// written once. A damaged text leaves `reader.ok()` false.
  void decode(storage::ByteReader& reader, bool shares_keys);
};

}  // namespace lensart::jobs
