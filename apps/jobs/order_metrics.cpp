#include "apps/jobs/order_metrics.hpp"

#include <boost/container_hash/hash.hpp>

#include "apps/jobs/tables.hpp"
#include "nodes/window/hour_key.hpp"
#include "nodes/window/windows.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

namespace {

using storage::Int128;

/// orders, revenue, pending, processing, completed, cancelled, cash, online: the columns' order.
using OrderSums = nodes::Totals<8>;
constexpr std::size_t kOrders = 0;
constexpr std::size_t kRevenue = 1;
constexpr std::size_t kFirstStatus = 2;
constexpr std::size_t kFirstPayment = 6;

OrderSums order_sums(const CountedOrder& order) {
  OrderSums sums;
  sums.sums[kOrders] = 1;
  sums.sums[kRevenue] = order.total_price;
  if (order.status != orders::StatusColumn::kNone) {
    sums.sums[kFirstStatus + static_cast<std::size_t>(order.status) - 1] = 1;
  }
  if (order.payment != orders::PaymentColumn::kNone) {
    sums.sums[kFirstPayment + static_cast<std::size_t>(order.payment) - 1] = 1;
  }
  return sums;
}

/// The columns after the key.
void append_sums(storage::RowWriter& row, const OrderSums& totals) {
  const Int128 orders = totals.sums[kOrders];
  const Int128 revenue = totals.sums[kRevenue];
  row.bigint(static_cast<std::int64_t>(orders));
  row.big_money(revenue);
  // Half away from zero; neither is negative.
  row.big_money(orders == 0 ? 0 : (2 * revenue + orders) / (2 * orders));
  for (std::size_t i = kFirstStatus; i < totals.sums.size(); ++i) {
    row.bigint(static_cast<std::int64_t>(totals.sums[i]));
  }
}

struct HourlyMetrics {
  using Key = nodes::HourKey;
  using Sums = OrderSums;
  const TimeZone* zone;

  const storage::TableSpec& table() const { return *tables().find(kOrderMetrics); }
  bool wants_sales() const { return false; }
  template <class Visit>
  void windows_of(const CountedOrder& order, Visit&& visit) const {
    visit(nodes::HourKey{nodes::local_hour(order.placed, *zone), order.branch_id},
          order_sums(order));
  }
  OrderSums sums_of(const CountedOrder& order) const { return order_sums(order); }
  void append_row(std::string& out, const nodes::HourKey& key, const OrderSums& sums) const {
    storage::RowWriter row(out);
    row.date(key.hour.day);
    row.bigint(key.hour.hour);
    row.bigint(key.id);
    append_sums(row, sums);
  }
  std::optional<Key> expired_until(std::optional<Instant>) const { return std::nullopt; }
};

struct SlidingKey {
  Instant start;
  std::int64_t branch_id = 0;

  friend auto operator<=>(const SlidingKey&, const SlidingKey&) = default;
  friend std::size_t hash_value(const SlidingKey& key) {
    std::size_t seed = static_cast<std::size_t>(key.branch_id);
    boost::hash_combine(seed, key.start.time_since_epoch().count());
    return seed;
  }
  std::string encode() const {
    std::string out;
    storage::append_key(out, static_cast<std::uint64_t>(start.time_since_epoch().count()));
    storage::append_key(out, static_cast<std::uint64_t>(branch_id));
    return out;
  }
  static SlidingKey decode(std::string_view key) {
    return {Instant{std::chrono::microseconds(static_cast<std::int64_t>(storage::key_to_u64(key)))},
            static_cast<std::int64_t>(storage::key_to_u64(key.substr(8)))};
  }
};

struct SlidingMetrics {
  using Key = SlidingKey;
  using Sums = OrderSums;
  nodes::SlidingWindows windows;
  std::chrono::microseconds retention;

  const storage::TableSpec& table() const { return *tables().find(kOrderMetricsSliding); }
  bool wants_sales() const { return false; }
  template <class Visit>
  void windows_of(const CountedOrder& order, Visit&& visit) const {
    const OrderSums sums = order_sums(order);
    windows.for_each_start(order.placed, [&](Instant start) {
      visit(SlidingKey{start, order.branch_id}, sums);
    });
  }
  OrderSums sums_of(const CountedOrder& order) const { return order_sums(order); }
  void append_row(std::string& out, const SlidingKey& key, const OrderSums& sums) const {
    storage::RowWriter row(out);
    row.instant(key.start);
    row.instant(key.start + windows.size);
    row.bigint(key.branch_id);
    append_sums(row, sums);
  }
  std::optional<SlidingKey> expired_until(std::optional<Instant> watermark) const {
    if (!watermark) return std::nullopt;
    // A window is kept while end >= watermark - retention.
    const Instant first_kept = *watermark - retention - windows.size;
    if (first_kept.time_since_epoch().count() <= 0) return std::nullopt;
    return SlidingKey{first_kept, 0};
  }
};

}  // namespace

std::unique_ptr<WindowedJob> make_hourly_metrics(const TimeZone& zone) {
  return std::make_unique<Windowed<HourlyMetrics>>(HourlyMetrics{&zone});
}

std::unique_ptr<WindowedJob> make_sliding_metrics(std::chrono::microseconds retention) {
  return std::make_unique<Windowed<SlidingMetrics>>(SlidingMetrics{{}, retention});
}

}  // namespace lensart::jobs
