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

/// Appends columns to a string. The caller follows the table's column order; `RowReader` checks it.
class RowWriter {
 public:
  explicit RowWriter(std::string& out) : out_(out) {}

  void null() { out_.push_back('\0'); }
  void bigint(std::int64_t value) { fixed(value); }
  void bigint(const std::optional<std::int64_t>& value) { value ? fixed(*value) : null(); }
  void money(std::int64_t hundredths) { fixed(hundredths); }
  void big_money(Int128 hundredths) {
    out_.push_back('\1');
    ByteWriter(out_).wide(hundredths);
  }
  void instant(Instant value) { fixed(value.time_since_epoch().count()); }
  void instant(const std::optional<Instant>& value) { value ? instant(*value) : null(); }
  void date(std::int32_t days) { fixed(days); }
  void boolean(bool value) { fixed(static_cast<std::uint8_t>(value ? 1 : 0)); }
  void text(std::string_view value) {
    char head[1 + sizeof(std::uint32_t)] = {'\1'};
    const auto size = static_cast<std::uint32_t>(value.size());
    std::memcpy(head + 1, &size, sizeof(size));
    out_.append(head, sizeof(head));
    out_.append(value);
  }
  void text(const std::string& value) { text(std::string_view(value)); }
  void text(const std::optional<std::string_view>& value) { value ? text(*value) : null(); }

 private:
  template <class T>
  void fixed(T value) {
    char bytes[1 + sizeof(T)] = {'\1'};
    std::memcpy(bytes + 1, &value, sizeof(T));
    out_.append(bytes, sizeof(bytes));
  }
  std::string& out_;
};

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
