#include "apps/import/csv_orders.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "apps/config/values.hpp"
#include "graph/text.hpp"

namespace lensart::importing {
namespace {

constexpr std::size_t kShownValue = 60;

bool is_utf8(const std::string& text) { return simdjson::validate_utf8(text.data(), text.size()); }

bool is_null(const CsvCell& cell, ColumnKind kind) {
  if (cell.text == "\\N") return true;
  if (cell.text == "NULL") return !cell.quoted;
  return cell.text.empty() && kind != ColumnKind::kText;
}

/// Digits that JSON takes for the number they are. All else stays a text, whose value the rules
/// judge just as well, and whose spelling a message can then show.
bool is_plain_number(const std::string& text) {
  constexpr std::size_t kDigits = 18;
  return !text.empty() && text.size() <= kDigits && (text[0] != '0' || text.size() == 1) &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string json_value(const CsvCell& cell, ColumnKind kind) {
  if (kind == ColumnKind::kJson) return cell.text;  // OrderEvents looks whether it is
  if (kind == ColumnKind::kNumber && is_plain_number(cell.text)) return cell.text;
  return app::json_string(cell.text);
}

std::string shown(const std::string& text) {
  const std::string_view start = first_code_points(text, kShownValue);
  return fmt::format("\"{}{}\"", start, start.size() < text.size() ? "…" : "");
}

}  // namespace

RowStep CsvOrders::next(OrderRow& row, std::vector<Problem>& problems) {
  if (!has_header_ && !read_header(problems)) return RowStep::kBroken;
  const CsvStep step = csv_.next(record_);
  if (step == CsvStep::kEnd) return RowStep::kEnd;
  if (step != CsvStep::kRecord) {
    problems.push_back(broken_quotes(step));
    return RowStep::kBroken;
  }
  row.line = record_.line;
  row.values.fill(std::nullopt);
  if (!judge_shape(problems)) return RowStep::kBadRow;
  const std::size_t before = problems.size();
  for (std::size_t i = 0; i < header_.size(); ++i) {
    const CsvCell& cell = record_.cells[i];
    const ColumnKind kind = kind_of(header_[i]);
    if (!is_utf8(cell.text)) {
      problems.push_back({record_.line, column_at(i), "bad_json",
                          fmt::format("{} holds bytes that are no UTF-8: export with the "
                                      "character set utf8mb4",
                                      column_at(i))});
    } else if (!is_null(cell, kind)) {
      row.at(header_[i]) = json_value(cell, kind);
    }
  }
  return problems.size() == before ? RowStep::kRow : RowStep::kBadRow;
}

bool CsvOrders::read_header(std::vector<Problem>& problems) {
  has_header_ = true;
  const CsvStep step = csv_.next(record_);
  const std::size_t before = problems.size();
  if (step == CsvStep::kEnd) {
    problems.push_back(
        {1, "", "missing_field", "the file is empty: its first line must name the columns"});
  } else if (step != CsvStep::kRecord) {
    problems.push_back(broken_quotes(step));
  } else {
    judge_header(problems);
  }
  return problems.size() == before;
}

void CsvOrders::judge_header(std::vector<Problem>& problems) {
  const std::size_t before = problems.size();
  const auto blame = [&](std::string field, std::string code, std::string message) {
    problems.push_back({record_.line, std::move(field), std::move(code), std::move(message)});
  };
  if (record_.count == 1) {
    blame("", "missing_field",
          "the first line names one column only: it must name all, parted by commas");
    return;
  }
  if (record_.count > CsvReader::kMaxCells || record_.too_large) {
    blame("", "too_large", "the first line is no header: it is far too long");
    return;
  }
  for (const CsvCell& cell : record_.cells) {
    if (!is_utf8(cell.text)) {
      blame("", "bad_json", "the first line is no UTF-8: export with the character set utf8mb4");
      continue;
    }
    const auto column = column_named(cell.text, Form::kCsv);
    if (!column) {
      blame(cell.text, "unknown_column",
            fmt::format("{} is no column of an order{}: rename it or leave it out",
                        shown(cell.text), nearest_column(cell.text, Form::kCsv)));
    } else if (has(*column)) {
      blame(cell.text, "bad_type", fmt::format("{} stands twice: leave one out", cell.text));
    }
    header_.push_back(column.value_or(Column::kId));
  }
  if (problems.size() == before) require_columns(problems);
}

void CsvOrders::require_columns(std::vector<Problem>& problems) const {
  for (const Column column : {Column::kId, Column::kBranchId, Column::kTotalPrice,
                              Column::kOrderStatus, Column::kPaymentStatus}) {
    if (has(column)) continue;
    const std::string name(name_of(column));
    problems.push_back(
        {record_.line, name, "missing_field", name + " is missing: every order needs it"});
  }
  if (!has(Column::kCreatedAt) && !has(Column::kDate)) {
    problems.push_back({record_.line, "created_at", "missing_field",
                        "created_at is missing: every order needs it, or date instead"});
  }
}

bool CsvOrders::has(Column column) const {
  return std::find(header_.begin(), header_.end(), column) != header_.end();
}

bool CsvOrders::judge_shape(std::vector<Problem>& problems) const {
  if (record_.too_large) {
    problems.push_back({record_.line, "", "too_large",
                        fmt::format("the row has more than {} bytes: is a quote not closed? Else "
                                    "raise pipeline.max_payload",
                                    max_row_bytes_)});
    return false;
  }
  if (record_.count != header_.size()) {
    problems.push_back(
        {record_.line, "", "bad_type",
         fmt::format("the row has {} cells, the header names {} columns: put a cell that holds a "
                     "comma, a quote or a line end in quotes",
                     record_.count, header_.size())});
    return false;
  }
  if (record_.stray_quote >= 0) {
    const std::string column = column_at(static_cast<std::size_t>(record_.stray_quote));
    problems.push_back({record_.line, column, "bad_type",
                        fmt::format("{} holds a quote, but is not in quotes: put it in quotes and "
                                    "double the quotes in it",
                                    column)});
    return false;
  }
  return true;
}

Problem CsvOrders::broken_quotes(CsvStep step) const {
  const std::string column = column_at(record_.count - 1);
  const char* what =
      step == CsvStep::kNotClosed
          ? "begins with a quote that is never closed"
          : "goes on behind its closing quote: a quote within quotes must be doubled (\"\"), and a "
            "NULL is \\N or NULL";
  return {record_.line, column, "bad_type",
          fmt::format("{} {}; nothing from here on can be read, as it cannot be told where rows "
                      "begin",
                      column.empty() ? "the cell" : column, what)};
}

std::string CsvOrders::column_at(std::size_t place) const {
  return place < header_.size() ? std::string(name_of(header_[place])) : std::string{};
}

}  // namespace lensart::importing
