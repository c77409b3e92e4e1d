/// RFC 4180, a row at a time: cells parted by commas, in quotes where they hold commas, quotes
/// (doubled) or line ends. Lines end with LF or CRLF. Empty lines are passed over.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/import/byte_reader.hpp"

namespace lensart::importing {

struct CsvCell {
  std::string text;
  bool quoted = false;
};

/// Reused from row to row.
struct CsvRecord {
  std::uint64_t line = 0;      ///< where the row begins
  std::vector<CsvCell> cells;  ///< those that were kept, see `count`
  std::size_t count = 0;       ///< of the cells that the row has
  bool too_large = false;      ///< over max_row_bytes; what is over was dropped
  /// A cell without quotes that holds one; its place, or -1. The row is read to its end, but no
  /// value in it can be trusted.
  std::ptrdiff_t stray_quote = -1;
};

enum class CsvStep : std::uint8_t {
  kRecord,
  kEnd,
  kNotClosed,   ///< the file ends within quotes
  kAfterQuote,  ///< something other than a comma or the line's end stands behind closing quotes
};

/// After kNotClosed and kAfterQuote there is no next row: where rows begin can no longer be told.
///
/// Threads: one. Memory: a row, at most `max_row_bytes` of it and kMaxCells cells.
class CsvReader {
 public:
  static constexpr std::size_t kMaxCells = 64;

  CsvReader(ByteReader& bytes, std::size_t max_row_bytes)
      : bytes_(bytes), max_row_bytes_(max_row_bytes) {}

  CsvStep next(CsvRecord& record);

 private:
  enum class CellEnd : std::uint8_t { kComma, kLine, kFile, kNotClosed, kAfterQuote };

  bool skip_empty_lines();
  CellEnd read_cell(CsvRecord& record);
  CellEnd read_quoted(CsvRecord& record, CsvCell* cell);
  CellEnd read_bare(CsvRecord& record, CsvCell* cell);
  void keep(CsvRecord& record, CsvCell* cell, int byte);
  /// Whether the line ends here; takes the line end.
  bool take_line_end();

  ByteReader& bytes_;
  std::size_t max_row_bytes_;
  std::size_t row_bytes_ = 0;
};

}  // namespace lensart::importing
