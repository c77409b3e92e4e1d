/// CSV with a header: each row to the JSON values of its columns.
#pragma once

#include <string>
#include <vector>

#include "apps/import/csv_reader.hpp"
#include "apps/import/order_rows.hpp"

namespace lensart::importing {

/// NULL is `\N`, in quotes or not, or `NULL` without quotes, as MySQL's tools write it; and an
/// empty cell in any column that is no text, since nothing else could be meant.
class CsvOrders final : public OrderRows {
 public:
  CsvOrders(ByteReader& bytes, std::size_t max_row_bytes)
      : csv_(bytes, max_row_bytes), max_row_bytes_(max_row_bytes) {}

  RowStep next(OrderRow& row, std::vector<Problem>& problems) override;

 private:
  bool read_header(std::vector<Problem>& problems);
  void judge_header(std::vector<Problem>& problems);
  void require_columns(std::vector<Problem>& problems) const;
  bool has(Column column) const;
  bool judge_shape(std::vector<Problem>& problems) const;
  Problem broken_quotes(CsvStep step) const;
  std::string column_at(std::size_t place) const;

  CsvReader csv_;
  CsvRecord record_;
  std::size_t max_row_bytes_;
  std::vector<Column> header_;
  bool has_header_ = false;
};

}  // namespace lensart::importing
