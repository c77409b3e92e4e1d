#include "apps/jobs/product_sales_hourly.hpp"

#include "apps/jobs/sales.hpp"
#include "apps/jobs/tables.hpp"
#include "nodes/window/hour_key.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

namespace {

struct ProductSales {
  using Key = nodes::HourKey;
  using Sums = nodes::Totals<3>;  // orders, quantity, revenue: the columns' order
  const TimeZone* zone;

  const storage::TableSpec& table() const { return *tables().find(kProductSalesHourly); }
  bool wants_sales() const { return true; }
  template <class Visit>
  void windows_of(const CountedOrder& order, Visit&& visit) const {
    const nodes::LocalHour hour = nodes::local_hour(order.placed, *zone);
    for (const Sale& sale : decode_sales(order.sales)) {
      visit(nodes::HourKey{hour, sale.product_id}, Sums{{1, sale.quantity, sale.revenue}});
    }
  }
  void append_row(std::string& out, const nodes::HourKey& key, const Sums& sums) const {
    storage::RowWriter row(out);
    row.date(key.hour.day);
    row.bigint(key.hour.hour);
    row.bigint(key.id);
    row.bigint(static_cast<std::int64_t>(sums.sums[0]));
    row.bigint(static_cast<std::int64_t>(sums.sums[1]));
    row.big_money(sums.sums[2]);
  }
  std::optional<Key> expired_until(std::optional<Instant>) const { return std::nullopt; }
};

}  // namespace

std::unique_ptr<WindowedJob> make_product_sales_hourly(const TimeZone& zone) {
  return std::make_unique<Windowed<ProductSales>>(ProductSales{&zone});
}

}  // namespace lensart::jobs
