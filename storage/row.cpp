#include "storage/row.hpp"

#include <utility>

namespace lensart::storage {

namespace {

void read_long(Cell& cell, ByteReader& reader) {
  switch (cell.type) {
    case ColumnType::kBigint:
    case ColumnType::kInstant:
    case ColumnType::kMoney:
      cell.number = reader.number<std::int64_t>();
      break;
    case ColumnType::kBigMoney:
      cell.wide = reader.wide();
      break;
    case ColumnType::kDate:
      cell.number = reader.number<std::int32_t>();
      break;
    case ColumnType::kBoolean:
      cell.number = reader.number<std::uint8_t>();
      break;
    case ColumnType::kText:
    case ColumnType::kJson:
    case ColumnType::kBytes:
      cell.text = reader.text();
      break;
  }
}

bool is_text(ColumnType type) {
  return type == ColumnType::kText || type == ColumnType::kJson || type == ColumnType::kBytes;
}

}  // namespace

Cell read_cell(ColumnType type, ByteReader& reader) {
  Cell cell;
  cell.type = type;
  const auto form = reader.number<std::uint8_t>();
  cell.null = form == kNullCell;
  if (cell.null) return cell;
  if (form == kLongCell) {
    read_long(cell, reader);
  } else if (is_text(type)) {
    if (form < kTextCell) {
      reader.fail();
    } else {
      cell.text = reader.raw(form - std::size_t{kTextCell});
    }
  } else {
    cell.number = reader.short_bytes(form - std::size_t{kNumberCell});
    cell.wide = cell.number;
    const bool fits = type != ColumnType::kDate || std::in_range<std::int32_t>(cell.number);
    if (!fits) reader.fail();
  }
  return cell;
}

void append_cell(std::string& out, const Cell& cell) {
  RowWriter row(out);
  if (cell.null) return row.null();
  switch (cell.type) {
    case ColumnType::kBigint:
    case ColumnType::kInstant:
    case ColumnType::kMoney:
      return row.bigint(cell.number);
    case ColumnType::kBigMoney:
      return row.big_money(cell.wide);
    case ColumnType::kDate:
      return row.date(static_cast<std::int32_t>(cell.number));
    case ColumnType::kBoolean:
      return row.boolean(cell.number != 0);
    case ColumnType::kText:
    case ColumnType::kJson:
    case ColumnType::kBytes:
      return row.text(cell.text);
  }
}

std::vector<std::string_view> texts_in(std::string_view bytes) {
  std::vector<std::string_view> texts;
  for (ByteReader reader(bytes); reader.ok() && !reader.at_end();) texts.push_back(reader.text());
  return texts;
}

std::string_view leading_columns(std::span<const ColumnSpec> columns, std::size_t count,
                                 std::string_view row) {
  ByteReader reader(row);
  for (std::size_t i = 0; i < count; ++i) read_cell(columns[i].type, reader);
  return row.substr(0, reader.position());
}

}  // namespace lensart::storage
