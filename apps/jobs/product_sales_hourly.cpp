#include "apps/jobs/product_sales_hourly.hpp"

#include <boost/container_hash/hash.hpp>

#include "apps/jobs/sales.hpp"
#include "apps/jobs/tables.hpp"
#include "nodes/window/windows.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

namespace {

struct ProductHour {
  nodes::LocalHour hour;
  std::int64_t product_id = 0;

  friend auto operator<=>(const ProductHour&, const ProductHour&) = default;
  friend std::size_t hash_value(const ProductHour& key) {
    std::size_t seed = static_cast<std::size_t>(key.product_id);
    boost::hash_combine(seed, key.hour.day * 24 + key.hour.hour);
    return seed;
  }
  std::string encode() const {
    std::string out;
    storage::append_key(out, static_cast<std::uint32_t>(hour.day));
    storage::append_key(out, static_cast<std::uint32_t>(hour.hour));
    storage::append_key(out, static_cast<std::uint64_t>(product_id));
    return out;
  }
  static ProductHour decode(std::string_view key) {
    const std::uint64_t hour = storage::key_to_u64(key);
    return {{static_cast<std::int32_t>(hour >> 32), static_cast<std::int32_t>(hour)},
            static_cast<std::int64_t>(storage::key_to_u64(key.substr(8)))};
  }
};

struct ProductSales {
  using Key = ProductHour;
  using Sums = nodes::Totals<3>;  // orders, quantity, revenue: the columns' order
  const TimeZone* zone;

  const storage::TableSpec& table() const { return *tables().find(kProductSalesHourly); }
  bool wants_sales() const { return true; }
  template <class Visit>
  void windows_of(const CountedOrder& order, Visit&& visit) const {
    const nodes::LocalHour hour = nodes::local_hour(order.placed, *zone);
    for (const Sale& sale : decode_sales(order.sales)) {
      visit(ProductHour{hour, sale.product_id}, Sums{{1, sale.quantity, sale.revenue}});
    }
  }
  void append_row(std::string& out, const ProductHour& key, const Sums& sums) const {
    storage::RowWriter row(out);
    row.date(key.hour.day);
    row.bigint(key.hour.hour);
    row.bigint(key.product_id);
    row.bigint(static_cast<std::int64_t>(sums.sums[0]));
    row.bigint(static_cast<std::int64_t>(sums.sums[1]));
    row.big_money(sums.sums[2]);
  }
  std::optional<std::string> expired_until(std::optional<Instant>) const { return std::nullopt; }
};

}  // namespace

std::unique_ptr<WindowedJob> make_product_sales_hourly(const TimeZone& zone) {
  return std::make_unique<Windowed<ProductSales>>(ProductSales{&zone});
}

}  // namespace lensart::jobs
