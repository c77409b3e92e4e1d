// RFC 4180, cell by cell.

#include "apps/import/csv_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace lensart::importing {
namespace {

using testing::ElementsAre;

class CsvReaderTest : public testing::Test {
 protected:
  /// Each row as `LINE: cell|cell`, then how reading ended.
  std::vector<std::string> rows(const std::string& text, std::size_t max_row_bytes = 1000) {
    std::FILE* file = std::tmpfile();
    std::fwrite(text.data(), 1, text.size(), file);
    std::rewind(file);
    const auto bytes = std::make_unique<ByteReader>(file);
    CsvReader reader(*bytes, max_row_bytes);
    CsvRecord record;
    std::vector<std::string> out;
    CsvStep step{};
    while ((step = reader.next(record)) == CsvStep::kRecord) {
      std::string row = std::to_string(record.line) + ": ";
      for (const CsvCell& cell : record.cells) row += cell.text + "|";
      row.pop_back();
      if (record.too_large) row += " (too large)";
      if (record.stray_quote >= 0) row += " (quote in " + std::to_string(record.stray_quote) + ")";
      out.push_back(row);
    }
    out.emplace_back(step == CsvStep::kEnd         ? "end"
                     : step == CsvStep::kNotClosed ? "not closed"
                                                   : "after quote");
    std::fclose(file);
    return out;
  }
};

TEST_F(CsvReaderTest, CellsArePartedByCommasAndRowsByEitherLineEnd) {
  EXPECT_THAT(rows("a,b\n1,2\r\n3,"), ElementsAre("1: a|b", "2: 1|2", "3: 3|", "end"));
}

TEST_F(CsvReaderTest, QuotesKeepCommasQuotesAndLineEnds) {
  EXPECT_THAT(rows("\"a,b\",\"say \"\"so\"\"\"\r\n\"x\r\ny\n\",z\nq,r"),
              ElementsAre("1: a,b|say \"so\"", "2: x\r\ny\n|z", "5: q|r", "end"));
}

TEST_F(CsvReaderTest, AByteOrderMarkAndEmptyLinesArePassedOver) {
  EXPECT_THAT(rows("\xEF\xBB\xBF"
                   "a,b\n\n\r\n1,2\n\n"),
              ElementsAre("1: a|b", "4: 1|2", "end"));
}

TEST_F(CsvReaderTest, AnEmptyFileHasNoRows) {
  EXPECT_THAT(rows(""), ElementsAre("end"));
  EXPECT_THAT(rows("\xEF\xBB\xBF"), ElementsAre("end"));
}

TEST_F(CsvReaderTest, QuotesThatDoNotCloseEndTheReading) {
  EXPECT_THAT(rows("a,b\n1,\"2\n3,4\n"), ElementsAre("1: a|b", "not closed"));
  EXPECT_THAT(rows("a,b\n\"1\"x,2\n3,4\n"), ElementsAre("1: a|b", "after quote"));
}

TEST_F(CsvReaderTest, AQuoteInABareCellSpoilsItsRowOnly) {
  EXPECT_THAT(rows("a,5\" wide\nb,c\n"),
              ElementsAre("1: a|5\" wide (quote in 1)", "2: b|c", "end"));
}

TEST_F(CsvReaderTest, WhatIsTooLargeIsDroppedButReadToItsEnd) {
  EXPECT_THAT(rows("a,\"" + std::string(5000, 'x') + "\n\"\nb,c\n", 4),
              ElementsAre("1: a|xxx (too large)", "3: b|c", "end"));
}

TEST_F(CsvReaderTest, ARowOfCommasKeepsNoMoreCellsThanItMay) {
  EXPECT_EQ(rows(std::string(100'000, ',') + "\n").front().size(), 3 + CsvReader::kMaxCells - 1);
}

TEST_F(CsvReaderTest, ACellAcrossTheBufferIsWhole) {
  const std::string half(65'530, 'x');
  EXPECT_THAT(rows("a," + half + "\"\n1,\"" + half + "\"\"\n\"\n", 1'000'000),
              ElementsAre("1: a|" + half + "\" (quote in 1)", "2: 1|" + half + "\"\n", "end"));
}

}  // namespace
}  // namespace lensart::importing
