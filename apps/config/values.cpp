#include "apps/config/values.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace lensart::app {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// From the largest to the smallest; a duration's factor is in microseconds.
constexpr std::array kDurationUnits = {
    Unit{"d", 86'400'000'000}, Unit{"h", 3'600'000'000}, Unit{"m", 60'000'000},
    Unit{"s", 1'000'000},      Unit{"ms", 1'000},        Unit{"us", 1},
};
constexpr std::array kSizeUnits = {
    Unit{"TiB", kGiB * 1024}, Unit{"GiB", kGiB}, Unit{"MiB", kMiB}, Unit{"KiB", kKiB}, Unit{"B", 1},
};
constexpr std::size_t kSpellingLimit = 120;

/// Takes one number with its unit from the front of `text` and adds it to `sum`.
template <std::size_t N>
bool take_term(std::string_view& text, const std::array<Unit, N>& units, std::uint64_t& sum) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  std::size_t length = 0;
  while (length < text.size() && (text[length] < '0' || text[length] > '9')) ++length;
  const auto name = text.substr(0, length);
  for (const auto& unit : units) {
    if (unit.name != name) continue;
    text.remove_prefix(length);
    return !__builtin_mul_overflow(number, unit.factor, &number) &&
           !__builtin_add_overflow(sum, number, &sum);
  }
  return false;
}

template <std::size_t N>
std::string format_in(std::uint64_t number, const std::array<Unit, N>& units,
                      std::string_view smallest) {
  if (number == 0) return fmt::format("0{}", smallest);
  for (const auto& unit : units) {
    if (number % unit.factor == 0) return fmt::format("{}{}", number / unit.factor, unit.name);
  }
  return fmt::format("{}{}", number, smallest);
}

std::string escaped(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

std::string joined(const std::vector<std::string>& parts, std::string_view open,
                   std::string_view close) {
  return fmt::format("{}{}{}", open, fmt::join(parts, ", "), close);
}

/// Cut at a code point's border, so that the terminal still gets UTF-8.
std::string cut(std::string text) {
  if (text.size() <= kSpellingLimit) return text;
  std::size_t end = kSpellingLimit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "…";
}

std::string spell(const RawValue& raw);

struct Speller {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const { return in_quotes(value); }
  std::string operator()(const RawValue::Foreign& value) const { return value.type_name; }
  std::string operator()(const RawValue::List& value) const {
    std::vector<std::string> parts;
    for (const auto& entry : value) parts.push_back(spell(entry));
    return joined(parts, "[", "]");
  }
  std::string operator()(const RawValue::Table& value) const {
    std::vector<std::string> parts;
    for (const auto& [key, entry] : value) parts.push_back(in_quotes(key) + " = " + spell(entry));
    return joined(parts, "{", "}");
  }
};

std::string spell(const RawValue& raw) { return std::visit(Speller{}, raw.content); }

std::string scalar_text(const Value& value, Kind kind) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::uint64_t>(&value)) {
    return kind == Kind::kSize ? in_quotes(format_size(*number)) : fmt::format("{}", *number);
  }
  if (const auto* duration = std::get_if<Duration>(&value)) {
    return in_quotes(format_duration(*duration));
  }
  if (const auto* optional = std::get_if<OptionalDuration>(&value)) {
    return in_quotes(*optional ? format_duration(**optional) : "unlimited");
  }
  return in_quotes(std::get<std::string>(value));
}

std::string value_text(const Value& value, Kind kind, std::string_view separator) {
  if (const auto* list = std::get_if<TextList>(&value)) {
    std::vector<std::string> parts;
    for (const auto& entry : *list) parts.push_back(in_quotes(entry));
    return joined(parts, "[", "]");
  }
  if (const auto* map = std::get_if<TextMap>(&value)) {
    std::vector<std::string> parts;
    for (const auto& [key, entry] : *map) {
      parts.push_back(fmt::format("{}{}{}", in_quotes(key), separator, in_quotes(entry)));
    }
    return joined(parts, "{", "}");
  }
  return scalar_text(value, kind);
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kBoolean:
      return "a boolean";
    case Kind::kInteger:
      return "a whole number";
    case Kind::kSize:
      return "a size";
    case Kind::kDuration:
    case Kind::kOptionalDuration:
      return "a duration";
    case Kind::kText:
    case Kind::kChoice:
      return "a text";
    case Kind::kTextList:
      return "a list of texts";
    case Kind::kTextMap:
      return "a table of texts";
  }
  std::abort();
}

std::string_view spelling_of(Kind kind) {
  switch (kind) {
    case Kind::kBoolean:
      return "true or false";
    case Kind::kInteger:
      return "a number without quotes, like 100";
    case Kind::kSize:
      return "a number with B, KiB, MiB, GiB or TiB in quotes, like \"64MiB\"";
    case Kind::kDuration:
      return "a number with us, ms, s, m, h or d in quotes, like \"30s\"";
    case Kind::kOptionalDuration:
      return "\"unlimited\" or a number with us, ms, s, m, h or d in quotes, like \"30s\"";
    case Kind::kText:
    case Kind::kChoice:
      return "it in quotes";
    case Kind::kTextList:
      return "a list like [\"a\", \"b\"]";
    case Kind::kTextMap:
      return "a table like { \"name\" = \"value\" }";
  }
  std::abort();
}

std::string RawValue::type_name() const {
  struct Namer {
    std::string operator()(bool) const { return "a boolean"; }
    std::string operator()(std::int64_t) const { return "an integer"; }
    std::string operator()(const std::string&) const { return "a text"; }
    std::string operator()(const List&) const { return "a list"; }
    std::string operator()(const Table&) const { return "a table"; }
    std::string operator()(const Foreign& foreign) const { return foreign.type_name; }
  };
  return std::visit(Namer{}, content);
}

std::string RawValue::spelling() const { return cut(spell(*this)); }

std::optional<Duration> parse_duration(std::string_view text) {
  std::uint64_t sum = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    if (!take_term(text, kDurationUnits, sum)) return std::nullopt;
  }
  if (sum > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return Duration{static_cast<std::int64_t>(sum)};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t bytes = 0;
  if (!take_term(text, kSizeUnits, bytes) || !text.empty()) return std::nullopt;
  return bytes;
}

std::string format_duration(Duration duration) {
  const auto micros = static_cast<std::uint64_t>(duration.count());
  // A day is 24 hours to most people: days only from two on.
  if (micros == kDurationUnits.front().factor) return "24h";
  return format_in(micros, kDurationUnits, "s");
}

std::string format_size(std::uint64_t bytes) { return format_in(bytes, kSizeUnits, "B"); }

std::string in_quotes(std::string_view text) { return escaped(text); }
std::string json_string(std::string_view text) { return escaped(text); }

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string toml_text(const Value& value, Kind kind) { return value_text(value, kind, " = "); }
std::string json_text(const Value& value, Kind kind) { return value_text(value, kind, ": "); }

}  // namespace lensart::app
