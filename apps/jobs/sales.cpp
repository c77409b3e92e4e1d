#include "apps/jobs/sales.hpp"

#include <map>

namespace lensart::jobs {

std::string encode_sales(const orders::Snapshot& snapshot) {
  std::map<std::int64_t, Sale> by_product;
  for (const orders::Line& line : snapshot.lines) {
    Sale& sale = by_product[line.product_id];
    sale.quantity += line.quantity;
    sale.revenue += line.total_price;
  }
  std::string out;
  storage::ByteWriter writer(out);
  for (const auto& [product, sale] : by_product) {
    writer.number(product);
    writer.number(sale.quantity);
    writer.wide(sale.revenue);
  }
  return out;
}

std::vector<Sale> decode_sales(std::string_view bytes) {
  std::vector<Sale> sales;
  storage::ByteReader reader(bytes);
  while (reader.ok() && !reader.at_end()) {
    Sale sale;
    sale.product_id = reader.number<std::int64_t>();
    sale.quantity = reader.number<std::int64_t>();
    sale.revenue = reader.wide();
    if (reader.ok()) sales.push_back(sale);
  }
  return sales;
}

}  // namespace lensart::jobs
