// The tables of the jobs `metrics` and `product_sales_hourly` (docs/contract.md §3): the fold of
// the events that are not too late.

#include <chrono>
#include <map>
#include <set>
#include <tuple>

#include "tests/model/fold.hpp"

namespace lensart::model {

namespace {

/// An order that counts, as it stands.
struct PlacedOrder {
  std::int64_t order_id;
  Instant placed;
  std::optional<std::string> status;
  const Snapshot* snapshot;
};

std::vector<PlacedOrder> placed_orders(const std::vector<AcceptedEvent>& accepted) {
  std::vector<PlacedOrder> orders;
  for (const auto& [order_id, events] : by_order_in_time(accepted)) {
    const Snapshot* snapshot = latest_snapshot(events);
    if (snapshot == nullptr) continue;
    orders.push_back(
        {order_id, snapshot->date.value_or(created_at(events)), order_status(events), snapshot});
  }
  return orders;
}

struct Measures {
  std::int64_t orders = 0;
  Wide revenue = 0;
  std::map<std::string, std::int64_t> of_column;

  void count(const PlacedOrder& order, const Settings& settings) {
    ++orders;
    revenue += order.snapshot->total_price;
    count_under(settings.status_map, order.status);
    count_under(settings.payment_map, order.snapshot->payment_method);
  }
  /// To hundredths, half away from zero; a revenue is never negative.
  Wide average() const {
    const Wide whole = revenue / orders;
    return 2 * (revenue % orders) >= orders ? whole + 1 : whole;
  }
  void append_to(Row& row) const {
    row.insert(row.end(), {number(orders), amount(revenue), amount(average())});
    for (const char* column :
         {"pending", "processing", "completed", "cancelled", "cash", "online"}) {
      const auto found = of_column.find(column);
      row.push_back(number(found != of_column.end() ? found->second : 0));
    }
  }

 private:
  void count_under(const std::map<std::string, std::string>& columns,
                   const std::optional<std::string>& word) {
    const auto found = word ? columns.find(*word) : columns.end();
    if (found != columns.end()) ++of_column[found->second];
  }
};

}  // namespace

Table order_metrics(const std::vector<AcceptedEvent>& accepted, const Settings& settings) {
  std::map<std::tuple<std::string, std::int64_t, std::int64_t>, Measures> hours;
  for (const PlacedOrder& order : placed_orders(accepted)) {
    hours[{settings.zone.date_of(order.placed), settings.zone.hour_of(order.placed),
           order.snapshot->branch_id}]
        .count(order, settings);
  }
  Table table(order_metrics_shape());
  for (const auto& [key, measures] : hours) {
    const auto& [date, hour, branch_id] = key;
    Row row = {date, number(hour), number(branch_id)};
    measures.append_to(row);
    table.add(std::move(row));
  }
  return table;
}

Table order_metrics_sliding(const std::vector<AcceptedEvent>& accepted,
                            std::optional<Instant> watermark, const Settings& settings) {
  constexpr auto kStep = std::chrono::minutes(5);
  constexpr auto kSize = std::chrono::hours(1);
  std::map<std::pair<Instant, std::int64_t>, Measures> windows;
  for (const PlacedOrder& order : placed_orders(accepted)) {
    Instant start = order.placed - order.placed.time_since_epoch() % kStep;
    for (; start + kSize > order.placed; start -= kStep) {
      if (watermark && start + kSize < *watermark - settings.sliding_retention) continue;
      windows[{start, order.snapshot->branch_id}].count(order, settings);
    }
  }
  Table table(order_metrics_sliding_shape());
  for (const auto& [key, measures] : windows) {
    const auto& [start, branch_id] = key;
    Row row = {instant(start), instant(start + kSize), number(branch_id)};
    measures.append_to(row);
    table.add(std::move(row));
  }
  return table;
}

Table product_sales_hourly(const std::vector<AcceptedEvent>& accepted, const Settings& settings) {
  struct Sales {
    std::set<std::int64_t> orders;
    std::int64_t quantity = 0;
    Wide revenue = 0;
  };
  std::map<std::tuple<std::string, std::int64_t, std::int64_t>, Sales> hours;
  for (const PlacedOrder& order : placed_orders(accepted)) {
    for (const Line& line : order.snapshot->lines) {
      Sales& sales = hours[{settings.zone.date_of(order.placed),
                            settings.zone.hour_of(order.placed), line.product_id}];
      sales.orders.insert(order.order_id);
      sales.quantity += line.quantity;
      sales.revenue += line.total_price;
    }
  }
  Table table(product_sales_hourly_shape());
  for (const auto& [key, sales] : hours) {
    const auto& [date, hour, product_id] = key;
    table.add({date, number(hour), number(product_id),
               number(static_cast<std::int64_t>(sales.orders.size())), number(sales.quantity),
               amount(sales.revenue)});
  }
  return table;
}

}  // namespace lensart::model
