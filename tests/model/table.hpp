/// A table as the model and the database both print it: rows of texts under a key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lensart::model {

/// NULL is nothing. Instants as `print_instant`, amounts with two decimals, booleans
/// `true`/`false`, bytes in hexadecimal, JSON as the SHA-256 of its canonical form.
using Cell = std::optional<std::string>;
using Row = std::vector<Cell>;

struct TableShape {
  std::string name;
  std::vector<std::string> columns;
  /// The first columns that are the key; 0 for a bag, whose whole row is.
  std::size_t key_columns = 0;
};

class Table {
 public:
  explicit Table(TableShape shape) : shape_(std::move(shape)) {}

  /// REQUIRES: one cell a column. In a bag the same row may be added again; elsewhere a second row
  /// of one key is kept under a key of its own, so that a comparison finds it.
  void add(Row row);

  const TableShape& shape() const { return shape_; }
  const std::map<std::string, Row>& rows() const { return rows_; }
  /// The cell of the row with this key (its columns joined by `|`), for tests.
  /// Throws std::out_of_range if there is no such row or column.
  const Cell& at(const std::string& key, std::string_view column) const;

 private:
  TableShape shape_;
  std::map<std::string, Row> rows_;
};

/// Sums of amounts: no number of orders overflows it.
__extension__ using Wide = __int128;

std::string print_cell(const Cell& cell);
/// `1234` hundredths as `12.34`.
std::string print_amount(Wide hundredths);
std::string print_hex(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

// The tables' shapes, without surrogate ids and times of writing (docs/contract.md, the
// one idea). Of a message only its row's key is compared: its wording is free.
const TableShape& orders_raw_shape();
const TableShape& orders_processed_shape();
const TableShape& order_items_shape();
const TableShape& dead_letters_shape();
const TableShape& accounts_shape();
const TableShape& order_status_history_shape();
const TableShape& order_status_sessions_shape();
const TableShape& order_anomalies_shape();
const TableShape& order_metrics_shape();
const TableShape& order_metrics_sliding_shape();
const TableShape& product_sales_hourly_shape();
const TableShape& replays_shape();

/// All of them, in the order of `all_tables`.
std::vector<TableShape> all_shapes();

}  // namespace lensart::model
