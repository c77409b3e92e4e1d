#include "apps/import/order_rows.hpp"

#include "apps/import/csv_orders.hpp"
#include "apps/import/json_orders.hpp"

namespace lensart::importing {

std::unique_ptr<OrderRows> OrderRows::open(Form form, ByteReader& bytes,
                                           std::size_t max_row_bytes) {
  if (form == Form::kCsv) return std::make_unique<CsvOrders>(bytes, max_row_bytes);
  return std::make_unique<JsonOrders>(bytes, max_row_bytes);
}

}  // namespace lensart::importing
