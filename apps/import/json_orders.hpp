/// JSON lines: one order an object, one object a line; flat, as in CSV, or an order's snapshot.
#pragma once

#include <string>

#include "apps/import/order_rows.hpp"
#include "apps/orders/json_document.hpp"

namespace lensart::importing {

class JsonOrders final : public OrderRows {
 public:
  JsonOrders(ByteReader& bytes, std::size_t max_row_bytes)
      : bytes_(bytes), max_row_bytes_(max_row_bytes) {}

  RowStep next(OrderRow& row, std::vector<Problem>& problems) override;

 private:
  bool read_line();
  void take(orders::NodeId field, OrderRow& row, std::vector<Problem>& problems) const;

  ByteReader& bytes_;
  std::size_t max_row_bytes_;
  std::string line_;
  std::uint64_t line_number_ = 0;
  bool is_too_large_ = false;
  orders::JsonDocument document_;
};

/// The value as JSON text again, however it was spelt.
void append_json(std::string& out, const orders::JsonDocument& document, orders::NodeId id);

}  // namespace lensart::importing
