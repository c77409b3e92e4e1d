/// Rows as the outbox holds them: typed, one column after the other, in the registry's order.
///
/// Each column is a byte (0 NULL, 1 present), then its value: 8 bytes for numbers, instants and
/// money, 16 for sums of money, 4 for dates, 1 for booleans, length and bytes for the rest.
#pragma once

#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/clock.hpp"
#include "storage/codec.hpp"
#include "storage/table_spec.hpp"

namespace lensart::storage {

/// Appends columns to a string by way of `Bytes`, a ByteWriter or a StagedWriter. The caller
/// follows the table's column order; `read_cell` checks it. Threads: one.
template <class Bytes>
class BasicRowWriter {
 public:
  explicit BasicRowWriter(std::string& out) : out_(out) {}

  void null() { out_.number(std::uint8_t{0}); }
  void bigint(std::int64_t value) { fixed(value); }
  void bigint(const std::optional<std::int64_t>& value) { value ? fixed(*value) : null(); }
  void money(std::int64_t hundredths) { fixed(hundredths); }
  void big_money(Int128 hundredths) {
    present();
    out_.wide(hundredths);
  }
  void instant(Instant value) { fixed(value.time_since_epoch().count()); }
  void instant(const std::optional<Instant>& value) { value ? instant(*value) : null(); }
  void date(std::int32_t days) { fixed(days); }
  void boolean(bool value) { fixed(static_cast<std::uint8_t>(value ? 1 : 0)); }
  void text(std::string_view value) {
    present();
    out_.text(value);
  }
  void text(const std::string& value) { text(std::string_view(value)); }
  void text(const std::optional<std::string_view>& value) { value ? text(*value) : null(); }
  /// Columns that were written before.
  void columns(std::string_view written) { out_.raw(written); }

 private:
  void present() { out_.number(std::uint8_t{1}); }
  template <class T>
  void fixed(T value) {
    present();
    out_.number(value);
  }
  Bytes out_;
};

using RowWriter = BasicRowWriter<ByteWriter>;
/// For rows of many columns, an event's or an order's: in the string once the writer is gone.
using StagedRowWriter = BasicRowWriter<StagedWriter>;

/// One column's value, as it lies in the row.
struct Cell {
  ColumnType type = ColumnType::kBigint;
  bool null = true;
  std::int64_t number = 0;  ///< numbers, instants (microseconds), money, dates, booleans
  Int128 wide = 0;          ///< sums of money
  std::string_view text;    ///< texts, JSON, bytes
};

/// Reads the next column from `reader`; a damaged row leaves `reader.ok()` false.
Cell read_cell(ColumnType type, ByteReader& reader);

/// Appends a cell in the form RowWriter gives it.
void append_cell(std::string& out, const Cell& cell);

/// The bytes of the first `count` columns.
std::string_view leading_columns(std::span<const ColumnSpec> columns, std::size_t count,
                                 std::string_view row);

/// The texts that stand one after the other in `bytes`; views into them.
std::vector<std::string_view> texts_in(std::string_view bytes);

}  // namespace lensart::storage
