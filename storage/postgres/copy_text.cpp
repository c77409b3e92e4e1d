#include "storage/postgres/copy_text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace lensart::storage {

namespace {

void append_two(std::string& out, unsigned value) {
  out.push_back(static_cast<char>('0' + value / 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

void append_date(std::string& out, std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  fmt::format_int year(static_cast<int>(date.year()));
  out.append(year.data(), year.size());
  out.push_back('-');
  append_two(out, static_cast<unsigned>(date.month()));
  out.push_back('-');
  append_two(out, static_cast<unsigned>(date.day()));
}

void append_instant(std::string& out, std::int64_t micros) {
  const Instant instant{std::chrono::microseconds(micros)};
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  auto rest = static_cast<unsigned long>((instant - day).count());
  append_date(out, day);
  out.push_back(' ');
  append_two(out, static_cast<unsigned>(rest / 3'600'000'000UL));
  out.push_back(':');
  append_two(out, static_cast<unsigned>(rest / 60'000'000UL % 60));
  out.push_back(':');
  append_two(out, static_cast<unsigned>(rest / 1'000'000UL % 60));
  rest %= 1'000'000UL;
  if (rest != 0) fmt::format_to(std::back_inserter(out), ".{:06}", rest);
  out += "+00";
}

void append_money(std::string& out, std::int64_t hundredths) {
  if (hundredths < 0) out.push_back('-');
  const std::uint64_t size = hundredths < 0 ? 0 - static_cast<std::uint64_t>(hundredths)
                                            : static_cast<std::uint64_t>(hundredths);
  const fmt::format_int whole(size / 100);
  out.append(whole.data(), whole.size());
  out.push_back('.');
  append_two(out, static_cast<unsigned>(size % 100));
}

void append_big_money(std::string& out, Int128 hundredths) {
  const Int128 size = hundredths < 0 ? -hundredths : hundredths;
  fmt::format_to(std::back_inserter(out), "{}{}.{:02}", hundredths < 0 ? "-" : "", size / 100,
                 static_cast<unsigned>(size % 100));
}

void append_hex(std::string& out, std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes) {
    out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
}

void append_escaped(std::string& out, std::string_view text) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char escape = 0;
    switch (text[i]) {
      case '\\':
        escape = '\\';
        break;
      case '\n':
        escape = 'n';
        break;
      case '\r':
        escape = 'r';
        break;
      case '\t':
        escape = 't';
        break;
      default:
        continue;
    }
    out.append(text.substr(plain, i - plain));
    out.push_back('\\');
    out.push_back(escape);
    plain = i + 1;
  }
  out.append(text.substr(plain));
}

/// What needs no escaping; false for texts, which do.
bool append_simple(std::string& out, const Cell& cell) {
  switch (cell.type) {
    case ColumnType::kBigint: {
      const fmt::format_int number(cell.number);
      out.append(number.data(), number.size());
      return true;
    }
    case ColumnType::kInstant:
      append_instant(out, cell.number);
      return true;
    case ColumnType::kDate:
      append_date(out, std::chrono::sys_days(std::chrono::days(cell.number)));
      return true;
    case ColumnType::kMoney:
      append_money(out, cell.number);
      return true;
    case ColumnType::kBigMoney:
      append_big_money(out, cell.wide);
      return true;
    case ColumnType::kBoolean:
      out.push_back(cell.number != 0 ? 't' : 'f');
      return true;
    case ColumnType::kText:
    case ColumnType::kJson:
    case ColumnType::kBytes:
      return false;
  }
  return false;
}

}  // namespace

void append_copy_line(std::string& out, std::span<const ColumnSpec> columns, std::string_view row) {
  ByteReader reader(row);
  bool first = true;
  for (const ColumnSpec& column : columns) {
    if (!first) out.push_back('\t');
    first = false;
    const Cell cell = read_cell(column.type, reader);
    if (cell.null) {
      out += "\\N";
    } else if (cell.type == ColumnType::kBytes) {
      out += "\\\\x";
      append_hex(out, cell.text);
    } else if (!append_simple(out, cell)) {
      append_escaped(out, cell.text);
    }
  }
  out.push_back('\n');
}

std::string cell_text(const Cell& cell) {
  if (cell.null) return "NULL";
  std::string out;
  if (cell.type == ColumnType::kBytes) {
    out = "\\x";
    append_hex(out, cell.text);
  } else if (!append_simple(out, cell)) {
    out = cell.text;
  }
  return out;
}

std::string instant_literal(const std::optional<Instant>& instant) {
  if (!instant) return "NULL::timestamptz";
  std::string out = "'";
  append_instant(out, instant->time_since_epoch().count());
  return out + "'::timestamptz";
}

std::string_view sql_type(ColumnType type) {
  switch (type) {
    case ColumnType::kBigint:
      return "bigint";
    case ColumnType::kText:
      return "text";
    case ColumnType::kJson:
      return "jsonb";
    case ColumnType::kInstant:
      return "timestamptz";
    case ColumnType::kDate:
      return "date";
    case ColumnType::kMoney:
    case ColumnType::kBigMoney:
      return "numeric";
    case ColumnType::kBoolean:
      return "boolean";
    case ColumnType::kBytes:
      return "bytea";
  }
  return "text";
}

}  // namespace lensart::storage
