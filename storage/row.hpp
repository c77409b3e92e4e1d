/// Rows as the outbox holds them: typed, one column after the other, in the registry's order.
///
/// Each column is a byte that says NULL, or what follows: as many bytes as a number has without the
/// zeros at its upper end, a short text, or a value in its long form (docs/state-format.md).
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

/// What a column begins with. A number in its long form: 8 bytes (instants and money, too), 16 for
/// sums of money, 4 for dates, 1 for booleans; a text: length as u32, and the bytes.
inline constexpr std::uint8_t kNullCell = 0;
inline constexpr std::uint8_t kLongCell = 1;
inline constexpr std::uint8_t kNumberCell = 2;  ///< and how many bytes, 0 to 8
inline constexpr std::uint8_t kTextCell = 16;   ///< and how many bytes, 0 to kShortText
inline constexpr std::size_t kShortText = 255 - kTextCell;

/// Appends columns to a string by way of `Bytes`, a ByteWriter or a StagedWriter. The caller
/// follows the table's column order; `read_cell` checks it. Threads: one.
template <class Bytes>
class BasicRowWriter {
 public:
  explicit BasicRowWriter(std::string& out) : out_(out) {}

  void null() { out_.number(kNullCell); }
  void bigint(std::int64_t value) { out_.short_number(value, kNumberCell); }
  void bigint(const std::optional<std::int64_t>& value) { value ? bigint(*value) : null(); }
  void money(std::int64_t hundredths) { bigint(hundredths); }
  void big_money(Int128 hundredths) {
    if (const auto low = static_cast<std::int64_t>(hundredths); low >= 0 && low == hundredths) {
      return bigint(low);
    }
    out_.number(kLongCell);
    out_.wide(hundredths);
  }
  void instant(Instant value) { bigint(value.time_since_epoch().count()); }
  void instant(const std::optional<Instant>& value) { value ? instant(*value) : null(); }
  void date(std::int32_t days) { bigint(days); }
  void boolean(bool value) { bigint(value ? 1 : 0); }
  void text(std::string_view value) {
    if (value.size() <= kShortText) {
      out_.number(static_cast<std::uint8_t>(kTextCell + value.size()));
      return out_.raw(value);
    }
    out_.number(kLongCell);
    out_.text(value);
  }
  void text(const std::string& value) { text(std::string_view(value)); }
  void text(const std::optional<std::string_view>& value) { value ? text(*value) : null(); }
  /// Columns that were written before.
  void columns(std::string_view written) { out_.raw(written); }

 private:
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

/// Reads the next column from `reader`, whatever form it has: states up to format 6 have all of
/// them in their long one. A damaged row leaves `reader.ok()` false.
Cell read_cell(ColumnType type, ByteReader& reader);

/// Appends a cell in the form RowWriter gives it.
void append_cell(std::string& out, const Cell& cell);

/// The bytes of the first `count` columns.
std::string_view leading_columns(std::span<const ColumnSpec> columns, std::size_t count,
                                 std::string_view row);

/// The texts that stand one after the other in `bytes`; views into them.
std::vector<std::string_view> texts_in(std::string_view bytes);

}  // namespace lensart::storage
