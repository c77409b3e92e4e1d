/// A job that adds orders up in windows. It names its key, its sums and its table; retraction,
/// state, lanes and rows are done here.
///
/// An order counts in what its events that were not too late make of it. When an epoch changes it,
/// what it was is taken out of its windows and what it is is put in (docs/contract.md §3, §4).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "apps/jobs/order_fold.hpp"
#include "apps/orders/status_rules.hpp"
#include "nodes/epoch_draft.hpp"
#include "nodes/window/retracting_windows.hpp"
#include "nodes/window/totals.hpp"
#include "storage/table_spec.hpp"

namespace lensart::jobs {

/// What a windowed job sees of an order. Absent until the order has a snapshot.
struct CountedOrder {
  Instant placed;  ///< the snapshot's date, else `created_at`
  std::int64_t branch_id = 0;
  orders::Hundredths total_price = 0;
  orders::StatusColumn status = orders::StatusColumn::kNone;
  orders::PaymentColumn payment = orders::PaymentColumn::kNone;
  std::string sales;  ///< `decode_sales`; empty where no job asks
  friend bool operator==(const CountedOrder&, const CountedOrder&) = default;
};
std::optional<CountedOrder> counted_order(const OrderFold& fold, const orders::StatusRules& rules);

/// What one lane of orders hands to the windows with an epoch.
struct HandedOver {
  virtual ~HandedOver() = default;
};

/// One windowed job on all lanes. Threads: each lane's calls from one thread at a time.
class WindowedJob {
 public:
  virtual ~WindowedJob() = default;
  virtual const storage::TableSpec& table() const = 0;
  virtual bool wants_sales() const { return false; }

  /// Opens the state. REQUIRES: before the first commit.
  virtual Result<Unit> open(storage::StateStore& store, std::size_t order_lanes,
                            std::size_t window_lanes, std::size_t cache_bytes) = 0;

  /// What an order was is taken out of its windows, what it is is put in; null for neither.
  virtual void exchange(std::size_t order_lane, const CountedOrder* before,
                        const CountedOrder* after) = 0;
  virtual std::unique_ptr<HandedOver> hand_over(std::size_t order_lane) = 0;

  /// Applies what all lanes of orders handed over to this lane's windows, and writes the rows.
  /// `watermark`: of the last epoch closed when this one was opened.
  virtual Result<Unit> close_epoch(std::size_t window_lane,
                                   const std::vector<const HandedOver*>& handed, EpochNumber epoch,
                                   std::optional<Instant> watermark,
                                   const storage::ReadTransaction& txn, storage::ChangeSet& changes,
                                   storage::ChunkBuilder& outbox) = 0;
  virtual void shrink(std::size_t window_lane, EpochNumber durable) = 0;

  /// Calls `visit(row)` with the row of each window of the state from the key `from` on, in the
  /// keys' order, until it is false. Returns the key to go on from; empty at the end.
  virtual Result<std::string> for_each_row(
      const storage::ReadTransaction& txn, const std::string& from,
      const std::function<bool(std::string_view row)>& visit) const = 0;
};

/// `Definition` has
///   `Key`, with `encode()`, `decode()`, `hash_value`, `==`, `<`; `Sums`, a `Totals`;
///   `const TableSpec& table() const`, `bool wants_sales() const`;
///   `void windows_of(const CountedOrder&, visit(Key, Sums)) const`: where the order counts;
///   `void append_row(std::string&, const Key&, const Sums&) const`: its row, whole;
///   `std::optional<Key> expired_until(std::optional<Instant> watermark) const`: keys below it are
///   past their retention and leave the table; those of a `Definition` that gives one are sorted in
///   the tree as they are by `<`;
/// and, if an order counts with the same in all of its windows, and `placed` and `branch_id` alone
/// say which they are:
///   `Sums sums_of(const CountedOrder&) const`.
template <class Definition>
class Windowed final : public WindowedJob {
  using Key = typename Definition::Key;
  using Sums = typename Definition::Sums;
  using Differences = nodes::WindowDifferences<Key, Sums>;
  using Lane = nodes::WindowLane<Key, Sums>;
  struct Handed final : HandedOver {
    typename Differences::ByLane by_lane;
  };

 public:
  explicit Windowed(Definition definition) : definition_(std::move(definition)) {}

  const storage::TableSpec& table() const override { return definition_.table(); }
  bool wants_sales() const override { return definition_.wants_sales(); }

  Result<Unit> open(storage::StateStore& store, std::size_t order_lanes, std::size_t window_lanes,
                    std::size_t cache_bytes) override {
    LENSART_ASSIGN(const storage::Table tree, store.table(std::string(table().name).c_str()));
    differences_.resize(order_lanes);
    for (std::size_t i = 0; i < window_lanes; ++i) {
      lanes_.push_back(std::make_unique<Lane>(tree, cache_bytes / window_lanes));
    }
    return Unit{};
  }

  void exchange(std::size_t order_lane, const CountedOrder* before,
                const CountedOrder* after) override {
    Differences& differences = differences_[order_lane];
    if constexpr (requires { definition_.sums_of(*after); }) {
      // Mostly an order stays in its windows: then one difference is made to each, and not two.
      if (before != nullptr && after != nullptr && before->placed == after->placed &&
          before->branch_id == after->branch_id) {
        Sums difference = definition_.sums_of(*after);
        difference -= definition_.sums_of(*before);
        if (difference.nothing()) return;
        definition_.windows_of(
            *after, [&](const Key& key, const Sums&) { differences.put_in(key, difference); });
        return;
      }
    }
    if (before != nullptr) {
      definition_.windows_of(
          *before, [&](const Key& key, const Sums& sums) { differences.take_out(key, sums); });
    }
    if (after != nullptr) {
      definition_.windows_of(
          *after, [&](const Key& key, const Sums& sums) { differences.put_in(key, sums); });
    }
  }
  std::unique_ptr<HandedOver> hand_over(std::size_t order_lane) override {
    auto handed = std::make_unique<Handed>();
    handed->by_lane = differences_[order_lane].take(lanes_.size());
    return handed;
  }

  Result<Unit> close_epoch(std::size_t window_lane, const std::vector<const HandedOver*>& handed,
                           EpochNumber epoch, std::optional<Instant> watermark,
                           const storage::ReadTransaction& txn, storage::ChangeSet& changes,
                           storage::ChunkBuilder& outbox) override {
    Lane& lane = *lanes_[window_lane];
    const std::optional<Key> expired = definition_.expired_until(watermark);
    for (const HandedOver* one : handed) {
      for (const auto& [key, sums] : static_cast<const Handed*>(one)->by_lane[window_lane]) {
        if (expired && key < *expired) continue;
        LENSART_TRY(lane.apply(key, sums, epoch, txn));
      }
    }
    const auto write = [&](const Key& key, const Sums& sums) {
      definition_.append_row(outbox.begin(table().id, storage::EntryKind::kUpdate, {}), key, sums);
      outbox.end();
    };
    lane.close_epoch(changes, write);
    if (!expired) return Unit{};
    return lane.expire(*expired, window_lane, lanes_.size(), txn, changes,
                       [&](const Key& key) { write(key, Sums{}); });
  }

  void shrink(std::size_t window_lane, EpochNumber durable) override {
    lanes_[window_lane]->shrink(durable);
  }

  Result<std::string> for_each_row(
      const storage::ReadTransaction& txn, const std::string& from,
      const std::function<bool(std::string_view row)>& visit) const override {
    std::string next;
    bool damaged = false;
    LENSART_TRY(
        txn.scan(lanes_.front()->table(), from, [&](std::string_view key, std::string_view value) {
          const std::optional<Sums> sums = Sums::decode(value);
          damaged = !sums;
          if (damaged) return false;
          std::string row;
          definition_.append_row(row, Key::decode(key), *sums);
          if (visit(row)) return true;
          next = std::string(key) + '\0';
          return false;
        }));
    if (damaged) return fail(Errc::kStateCorrupt, std::string(nodes::kDamagedState));
    return next;
  }

 private:
  Definition definition_;
  std::vector<Differences> differences_;  ///< of each lane of orders
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace lensart::jobs
