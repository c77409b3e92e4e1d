#include "storage/postgres/copy_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace lensart::storage {
namespace {

using namespace std::chrono_literals;

std::string line_of(ColumnType type, const std::string& row) {
  const ColumnSpec column{"c", type};
  std::string out;
  append_copy_line(out, std::span(&column, 1), row);
  return out;
}

std::string instant(Instant value) {
  std::string row;
  RowWriter(row).instant(value);
  return line_of(ColumnType::kInstant, row);
}

std::string money(std::int64_t hundredths) {
  std::string row;
  RowWriter(row).money(hundredths);
  return line_of(ColumnType::kMoney, row);
}

std::string text(std::string_view value, ColumnType type = ColumnType::kText) {
  std::string row;
  RowWriter(row).text(value);
  return line_of(type, row);
}

std::string date(std::chrono::sys_days day) {
  std::string row;
  RowWriter(row).date(static_cast<std::int32_t>(day.time_since_epoch().count()));
  return line_of(ColumnType::kDate, row);
}

Instant at(int year, unsigned month, unsigned day, std::chrono::microseconds rest) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day) + rest;
}

TEST(CopyText, EverySpecialByteIsEscaped) {
  EXPECT_EQ(text("a\\b"), "a\\\\b\n");
  EXPECT_EQ(text("a\nb"), "a\\nb\n");
  EXPECT_EQ(text("a\rb"), "a\\rb\n");
  EXPECT_EQ(text("a\tb"), "a\\tb\n");
  EXPECT_EQ(text("\\N"), "\\\\N\n") << "a text that looks like NULL";
  EXPECT_EQ(text("\\."), "\\\\.\n") << "a text that looks like the end of the data";
  EXPECT_EQ(text("\n\n\\\t"), "\\n\\n\\\\\\t\n");
}

TEST(CopyText, EveryOtherByteStaysAsItIs) {
  for (int byte = 1; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (c == '\\' || c == '\n' || c == '\r' || c == '\t') continue;
    EXPECT_EQ(text(std::string(1, c)), std::string(1, c) + "\n") << byte;
  }
  EXPECT_EQ(text("Đã hủy"), "Đã hủy\n");
}

TEST(CopyText, AnEmptyTextIsNotNull) {
  EXPECT_EQ(text(""), "\n");
  std::string row;
  RowWriter(row).null();
  EXPECT_EQ(line_of(ColumnType::kText, row), "\\N\n");
}

TEST(CopyText, JsonIsEscapedLikeText) {
  EXPECT_EQ(text(R"({"a":"\u0041\n"})", ColumnType::kJson), "{\"a\":\"\\\\u0041\\\\n\"}\n");
}

TEST(CopyText, BytesAreHexadecimal) {
  EXPECT_EQ(text(std::string_view("\0\x7f\xff\\", 4), ColumnType::kBytes), "\\\\x007fff5c\n");
  EXPECT_EQ(text("", ColumnType::kBytes), "\\\\x\n");
}

TEST(CopyText, InstantsAreUtcWithMicrosecondsOnlyWhereThereAreAny) {
  EXPECT_EQ(instant(Instant{}), "1970-01-01 00:00:00+00\n");
  EXPECT_EQ(instant(at(2026, 3, 9, 4h + 5min + 6s)), "2026-03-09 04:05:06+00\n");
  EXPECT_EQ(instant(at(2026, 3, 9, 4h + 5min + 6s + 7us)), "2026-03-09 04:05:06.000007+00\n");
  EXPECT_EQ(instant(at(2026, 3, 9, 500ms)), "2026-03-09 00:00:00.500000+00\n");
}

TEST(CopyText, InstantsBefore1970CountBackwardsIntoTheDayBefore) {
  EXPECT_EQ(instant(Instant{-1us}), "1969-12-31 23:59:59.999999+00\n");
  EXPECT_EQ(instant(Instant{-24h}), "1969-12-31 00:00:00+00\n");
  EXPECT_EQ(instant(at(1900, 3, 1, 1s)), "1900-03-01 00:00:01+00\n");
}

TEST(CopyText, TheLastInstantAnEventMayHaveIsWritten) {
  EXPECT_EQ(instant(at(2100, 2, 28, 24h)), "2100-03-01 00:00:00+00\n") << "no leap year";
  EXPECT_EQ(instant(at(2100, 12, 31, 24h - 1us)), "2100-12-31 23:59:59.999999+00\n");
}

TEST(CopyText, DatesBeforeAndAfter1970) {
  using namespace std::chrono;
  EXPECT_EQ(date(1969y / 12 / 31), "1969-12-31\n");
  EXPECT_EQ(date(2100y / 3 / 1), "2100-03-01\n");
  EXPECT_EQ(date(2000y / 2 / 29), "2000-02-29\n");
}

TEST(CopyText, MoneyHasTwoDecimalsAndItsSign) {
  EXPECT_EQ(money(0), "0.00\n");
  EXPECT_EQ(money(5), "0.05\n");
  EXPECT_EQ(money(150'000'000), "1500000.00\n");
  EXPECT_EQ(money(-5), "-0.05\n");
  EXPECT_EQ(money(-123'456), "-1234.56\n");
  EXPECT_EQ(money(std::numeric_limits<std::int64_t>::max()), "92233720368547758.07\n");
  EXPECT_EQ(money(std::numeric_limits<std::int64_t>::min()), "-92233720368547758.08\n");
}

TEST(CopyText, ColumnsAreSeparatedByTabs) {
  const std::vector<ColumnSpec> columns{{"a", ColumnType::kBigint},
                                        {"b", ColumnType::kBoolean},
                                        {"c", ColumnType::kText},
                                        {"d", ColumnType::kBoolean}};
  std::string row;
  RowWriter writer(row);
  writer.bigint(std::numeric_limits<std::int64_t>::min());
  writer.boolean(true);
  writer.text(std::string_view("x\ty"));
  writer.boolean(false);
  std::string out;
  append_copy_line(out, columns, row);
  EXPECT_EQ(out, "-9223372036854775808\tt\tx\\ty\tf\n");
}

TEST(CellText, IsNotEscapedAndSaysNull) {
  Cell cell;
  EXPECT_EQ(cell_text(cell), "NULL");
  cell.null = false;
  cell.type = ColumnType::kText;
  cell.text = "a\tb";
  EXPECT_EQ(cell_text(cell), "a\tb");
  cell.type = ColumnType::kBytes;
  EXPECT_EQ(cell_text(cell), "\\x610962");
}

}  // namespace
}  // namespace lensart::storage
