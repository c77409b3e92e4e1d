// Rows: the bytes of each column, and every value that comes back.

#include "storage/row.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/storage/hex.hpp"

namespace lensart::storage {
namespace {

using namespace std::chrono_literals;

TEST(GoldenBytes, RowCellsOfEachType) {
  const auto cell = [](auto write) {
    std::string row;
    RowWriter writer(row);
    write(writer);
    return hex(row);
  };
  const auto bigint = [&](std::int64_t value) {
    return cell([=](RowWriter& row) { row.bigint(value); });
  };
  EXPECT_EQ(cell([](RowWriter& row) { row.null(); }), "00");
  EXPECT_EQ(bigint(0), "02");
  EXPECT_EQ(bigint(255), "03ff");
  EXPECT_EQ(bigint(258), "040201");
  EXPECT_EQ(bigint(std::numeric_limits<std::int64_t>::max()), "0affffffffffffff7f");
  EXPECT_EQ(bigint(std::numeric_limits<std::int64_t>::min()), "0a0000000000000080");
  EXPECT_EQ(cell([](RowWriter& row) { row.money(-1); }), "0affffffffffffffff");
  EXPECT_EQ(cell([](RowWriter& row) { row.instant(Instant{3us}); }), "0303");
  EXPECT_EQ(cell([](RowWriter& row) { row.date(-1); }), "0affffffffffffffff");
  EXPECT_EQ(cell([](RowWriter& row) { row.boolean(true); }), "0301");
  EXPECT_EQ(cell([](RowWriter& row) { row.boolean(false); }), "02");
  EXPECT_EQ(cell([](RowWriter& row) { row.big_money(Int128{258}); }), "040201");
  EXPECT_EQ(cell([](RowWriter& row) { row.big_money(Int128{1} << 64); }),
            "01"
            "0000000000000000"
            "0100000000000000");
  EXPECT_EQ(cell([](RowWriter& row) { row.big_money(Int128{-1}); }),
            "01"
            "ffffffffffffffff"
            "ffffffffffffffff");
  EXPECT_EQ(cell([](RowWriter& row) { row.text(std::string_view("Đ")); }),
            "12"
            "c490");
  EXPECT_EQ(cell([](RowWriter& row) { row.text(std::string_view("")); }), "10");
  const std::string longest(239, 'x');
  EXPECT_EQ(cell([&](RowWriter& row) { row.text(longest); }).substr(0, 4), "ff78");
  EXPECT_EQ(cell([&](RowWriter& row) { row.text(longest + "x"); }).substr(0, 12),
            "01"
            "f0000000"
            "78");
}

/// Both writers, and every value at which a form begins or ends.
TEST(Rows, EveryNumberAndTextComesBackAlike) {
  std::vector<std::int64_t> numbers{0, -1, std::numeric_limits<std::int64_t>::min()};
  for (int bits = 0; bits < 63; ++bits) {
    for (const std::int64_t by : {-1, 0, 1}) {
      numbers.push_back((std::int64_t{1} << bits) + by);
      numbers.push_back(-(std::int64_t{1} << bits) + by);
    }
  }
  std::vector<std::size_t> sizes;
  for (std::size_t size = 0; size < 600; ++size) sizes.push_back(size);
  std::string plain;
  std::string staged;
  {
    StagedRowWriter by_stages(staged);
    RowWriter at_once(plain);
    const auto write = [&](auto& row) {
      for (const std::int64_t number : numbers) {
        row.bigint(number);
        row.big_money(Int128{number} * 3);
      }
      for (const std::size_t size : sizes) row.text(std::string(size, 'x'));
    };
    write(at_once);
    write(by_stages);
  }
  EXPECT_EQ(plain, staged);
  ByteReader reader(plain);
  for (const std::int64_t number : numbers) {
    EXPECT_EQ(read_cell(ColumnType::kBigint, reader).number, number);
    EXPECT_TRUE(read_cell(ColumnType::kBigMoney, reader).wide == Int128{number} * 3) << number;
  }
  for (const std::size_t size : sizes) {
    EXPECT_EQ(read_cell(ColumnType::kText, reader).text, std::string(size, 'x'));
  }
  EXPECT_TRUE(reader.ok() && reader.at_end());
}

TEST(Rows, AFormThatTheColumnCannotHaveIsDamage) {
  const auto reads = [](ColumnType type, std::string_view bytes) {
    ByteReader reader(bytes);
    read_cell(type, reader);
    return reader.ok();
  };
  const std::string_view bytes = "\x0B xxxxxxxxxxxxxxxx";
  EXPECT_FALSE(reads(ColumnType::kBigint, bytes)) << "nine bytes";
  EXPECT_FALSE(reads(ColumnType::kBigMoney, "\x10xxxxxxxxxxxxxxxx"));
  EXPECT_FALSE(reads(ColumnType::kText, "\x02")) << "a number";
  EXPECT_FALSE(reads(ColumnType::kText, "\x0F"));
  EXPECT_FALSE(reads(ColumnType::kText, "\x12x")) << "one byte of two";
  EXPECT_FALSE(reads(ColumnType::kBigint, "\x04x"));
  EXPECT_FALSE(reads(ColumnType::kDate, "\x07xxxxx")) << "beyond 32 bits";
  EXPECT_FALSE(reads(ColumnType::kBigint, ""));
  EXPECT_TRUE(reads(ColumnType::kDate, "\x06xxxx"));
}

TEST(Rows, EveryCellComesBackAndIsWrittenAgainAlike) {
  const std::vector<ColumnType> types{ColumnType::kBigint,  ColumnType::kText, ColumnType::kJson,
                                      ColumnType::kInstant, ColumnType::kDate, ColumnType::kMoney,
                                      ColumnType::kBoolean, ColumnType::kBytes};
  for (const ColumnType type : types) {
    for (const bool null : {false, true}) {
      Cell cell;
      cell.type = type;
      cell.null = null;
      if (!null) {
        cell.number = type == ColumnType::kBoolean ? 1 : -5;
        cell.text = "text";
      }
      std::string row;
      append_cell(row, cell);
      ByteReader reader(row);
      const Cell back = read_cell(type, reader);
      EXPECT_TRUE(reader.ok() && reader.at_end());
      EXPECT_EQ(back.null, null);
      std::string again;
      append_cell(again, back);
      EXPECT_EQ(again, row) << static_cast<int>(type);
    }
  }
}

TEST(Rows, LeadingColumnsAreTheBytesOfTheKey) {
  const std::vector<ColumnSpec> columns{
      {"a", ColumnType::kText}, {"b", ColumnType::kBigint}, {"c", ColumnType::kText}};
  std::string row;
  RowWriter writer(row);
  writer.text(std::string_view("key"));
  writer.bigint(7);
  const std::string key = row;
  writer.text(std::string_view("rest"));
  EXPECT_EQ(leading_columns(columns, 2, row), key);
}

}  // namespace
}  // namespace lensart::storage
