#include "storage/row.hpp"

namespace lensart::storage {

Cell read_cell(ColumnType type, ByteReader& reader) {
  Cell cell;
  cell.type = type;
  cell.null = reader.number<std::uint8_t>() == 0;
  if (cell.null) return cell;
  switch (type) {
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
