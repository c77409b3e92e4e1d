#include "apps/import/csv_reader.hpp"

namespace lensart::importing {

CsvStep CsvReader::next(CsvRecord& record) {
  record.count = 0;
  record.too_large = false;
  record.stray_quote = -1;
  row_bytes_ = 0;
  if (!skip_empty_lines()) return CsvStep::kEnd;
  record.line = bytes_.line();
  while (true) {
    switch (read_cell(record)) {
      case CellEnd::kComma:
        break;
      case CellEnd::kLine:
      case CellEnd::kFile:
        if (record.cells.size() > record.count) record.cells.resize(record.count);
        return CsvStep::kRecord;
      case CellEnd::kNotClosed:
        return CsvStep::kNotClosed;
      case CellEnd::kAfterQuote:
        return CsvStep::kAfterQuote;
    }
  }
}

bool CsvReader::skip_empty_lines() {
  while (true) {
    const int byte = bytes_.peek();
    if (byte == ByteReader::kEnd) return false;
    if (byte != '\n' && byte != '\r') return true;
    bytes_.get();
    if (byte == '\n') bytes_.count_line();
  }
}

CsvReader::CellEnd CsvReader::read_cell(CsvRecord& record) {
  const std::size_t place = record.count++;
  CsvCell* cell = nullptr;
  if (place < kMaxCells) {
    if (record.cells.size() <= place) record.cells.resize(place + 1);
    cell = &record.cells[place];
    cell->text.clear();
    cell->quoted = bytes_.peek() == '"';
  }
  return bytes_.peek() == '"' ? read_quoted(record, cell) : read_bare(record, cell);
}

CsvReader::CellEnd CsvReader::read_quoted(CsvRecord& record, CsvCell* cell) {
  bytes_.get();  // the opening quote
  while (true) {
    const int byte = bytes_.get();
    if (byte == ByteReader::kEnd) return CellEnd::kNotClosed;
    if (byte == '\n') bytes_.count_line();
    if (byte == '"') {
      if (bytes_.peek() != '"') break;
      bytes_.get();
    }
    keep(record, cell, byte);
  }
  if (bytes_.peek() == ByteReader::kEnd) return CellEnd::kFile;
  if (bytes_.peek() == ',') {
    bytes_.get();
    return CellEnd::kComma;
  }
  return take_line_end() ? CellEnd::kLine : CellEnd::kAfterQuote;
}

CsvReader::CellEnd CsvReader::read_bare(CsvRecord& record, CsvCell* cell) {
  while (true) {
    if (bytes_.peek() == ByteReader::kEnd) return CellEnd::kFile;
    if (take_line_end()) return CellEnd::kLine;
    const int byte = bytes_.get();
    if (byte == ',') return CellEnd::kComma;
    if (byte == '"' && record.stray_quote < 0) {
      record.stray_quote = static_cast<std::ptrdiff_t>(record.count) - 1;
    }
    keep(record, cell, byte);
  }
}

void CsvReader::keep(CsvRecord& record, CsvCell* cell, int byte) {
  if (++row_bytes_ > max_row_bytes_) record.too_large = true;
  if (cell != nullptr && !record.too_large) cell->text += static_cast<char>(byte);
}

bool CsvReader::take_line_end() {
  if (bytes_.peek() == '\r') {
    bytes_.get();
    if (bytes_.peek() != '\n') {  // alone, as old Macs have it
      bytes_.count_line();
      return true;
    }
  }
  if (bytes_.peek() != '\n') return false;
  bytes_.get();
  bytes_.count_line();
  return true;
}

}  // namespace lensart::importing
