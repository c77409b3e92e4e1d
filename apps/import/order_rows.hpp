/// Files of orders, a row at a time, whatever their form.
#pragma once

#include <memory>
#include <vector>

#include "apps/import/byte_reader.hpp"
#include "apps/import/columns.hpp"
#include "apps/import/problem.hpp"

namespace lensart::importing {

enum class RowStep : std::uint8_t {
  kRow,     ///< a row; whether it is an order is for OrderEvents to say
  kBadRow,  ///< one that cannot be read as columns; the next may be well
  kEnd,
  kBroken,  ///< reading cannot go on: the header, or quotes that leave no rows to tell apart
};

/// Threads: one. Memory: a row of at most the size it was opened with.
class OrderRows {
 public:
  OrderRows() = default;
  OrderRows(const OrderRows&) = delete;
  OrderRows& operator=(const OrderRows&) = delete;
  virtual ~OrderRows() = default;

  /// Fills `row`, or says in `problems` (added to) why not.
  virtual RowStep next(OrderRow& row, std::vector<Problem>& problems) = 0;

  /// Lifetime: `bytes` outlives the result.
  static std::unique_ptr<OrderRows> open(Form form, ByteReader& bytes, std::size_t max_row_bytes);
};

}  // namespace lensart::importing
