#include "apps/generate/php_json.hpp"

#include <array>
#include <charconv>

namespace lensart::generate {
namespace {

/// Decodes one code point of valid UTF-8 and moves `at` past it.
std::uint32_t decode(std::string_view utf8, std::size_t& at) {
  const auto byte = [&](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(utf8[index]));
  };
  const std::uint32_t lead = byte(at++);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  std::uint32_t point = lead & (0x3fU >> static_cast<unsigned>(more));
  for (int i = 0; i < more && at < utf8.size(); ++i) point = point << 6U | (byte(at++) & 0x3fU);
  return point;
}

void append_unit(std::string& out, std::uint32_t unit) {
  out += "\\u";
  append_hex(out, unit, 4);
}

void append_point(std::string& out, std::uint32_t point) {
  switch (point) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '/':
      out += "\\/";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (point >= 0x20 && point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x10000) {
    append_unit(out, point);
  } else {
    append_unit(out, 0xd800U + ((point - 0x10000U) >> 10U));
    append_unit(out, 0xdc00U + ((point - 0x10000U) & 0x3ffU));
  }
}

void append_time(std::string& out, std::chrono::sys_seconds local, char separator) {
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(local - day);
  append_padded(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += separator;
  append_padded(out, static_cast<std::uint64_t>(time.hours().count()), 2);
  out += ':';
  append_padded(out, static_cast<std::uint64_t>(time.minutes().count()), 2);
  out += ':';
  append_padded(out, static_cast<std::uint64_t>(time.seconds().count()), 2);
}

}  // namespace

std::string php_escape(std::string_view utf8) {
  std::string out;
  for (std::size_t at = 0; at < utf8.size();) append_point(out, decode(utf8, at));
  return out;
}

void append_number(std::string& out, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    out += "0123456789abcdef"[(value >> (4U * static_cast<unsigned>(i))) & 0xfU];
  }
}

void append_padded(std::string& out, std::uint64_t value, int digits) {
  const std::size_t start = out.size();
  out.append(static_cast<std::size_t>(digits), '0');
  for (std::size_t at = out.size(); at > start; value /= 10) {
    out[--at] = static_cast<char>('0' + value % 10);
  }
}

void append_local_time(std::string& out, Instant at, char separator) {
  append_time(out, std::chrono::floor<std::chrono::seconds>(at + kShopOffset), separator);
}

void append_iso_local(std::string& out, Instant at) {
  append_local_time(out, at, 'T');
  out += "+07:00";
}

void append_iso_utc(std::string& out, Instant at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  append_time(out, seconds, 'T');
  out += '.';
  append_padded(out, static_cast<std::uint64_t>((at - seconds).count()), 6);
  out += 'Z';
}

}  // namespace lensart::generate
