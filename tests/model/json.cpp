#include "tests/model/json.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "tests/model/decimal.hpp"

namespace lensart::model {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto byte = [&](std::uint32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (code_point < 0x80) {
    byte(code_point);
  } else if (code_point < 0x800) {
    byte(0xC0 | (code_point >> 6));
    byte(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    byte(0xE0 | (code_point >> 12));
    byte(0x80 | ((code_point >> 6) & 0x3F));
    byte(0x80 | (code_point & 0x3F));
  } else {
    byte(0xF0 | (code_point >> 18));
    byte(0x80 | ((code_point >> 12) & 0x3F));
    byte(0x80 | ((code_point >> 6) & 0x3F));
    byte(0x80 | (code_point & 0x3F));
  }
}

/// The length of the number at the front of `text`, 0 if there is none.
std::size_t number_length(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > first;
  };
  const auto skip = [&](std::string_view any_of) {
    if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
    ++at;
    return true;
  };
  skip("-");
  if (!skip("0") && !digits()) return 0;  // after a leading zero no digit may follow
  if (skip(".") && !digits()) return 0;
  if (skip("eE")) {
    skip("+-");
    if (!digits()) return 0;
  }
  return at;
}

bool short_enough(std::string_view number) {
  const NumberParts parts = take_apart(number);
  const long before = static_cast<long>(parts.integer.size()) + parts.exponent;
  const long after = static_cast<long>(parts.fraction.size()) - parts.exponent;
  return before <= kMaxNumberDigits && after <= kMaxNumberDigits;
}

/// Each function reads one thing at `at_` and moves past it, or returns false and is not called on.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool document(Value& value) {
    white_space();
    if (!this->value(value, 0)) return false;
    white_space();
    return at_ == text_.size();
  }

 private:
  void white_space() {
    while (at_ < text_.size() &&
           std::string_view(" \t\n\r").find(text_[at_]) != std::string::npos) {
      ++at_;
    }
  }

  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool value(Value& value, int depth) {
    if (take('{')) return object(value, depth + 1);
    if (take('[')) return array(value, depth + 1);
    if (take('"')) {
      value.type = Value::Type::kString;
      return string(value.text);
    }
    if (take("null")) return true;
    if (take("true")) {
      value.type = Value::Type::kBool;
      value.boolean = true;
      return true;
    }
    if (take("false")) {
      value.type = Value::Type::kBool;
      return true;
    }
    return number(value);
  }

  bool object(Value& value, int depth) {
    value.type = Value::Type::kObject;
    if (depth > kMaxDepth) return false;
    white_space();
    if (take('}')) return true;
    do {
      Member& member = value.members.emplace_back();
      white_space();
      if (!take('"') || !string(member.key)) return false;
      white_space();
      if (!take(':')) return false;
      white_space();
      if (!this->value(member.value, depth)) return false;
      white_space();
    } while (take(','));
    return take('}');
  }

  bool array(Value& value, int depth) {
    value.type = Value::Type::kArray;
    if (depth > kMaxDepth) return false;
    white_space();
    if (take(']')) return true;
    do {
      white_space();
      if (!this->value(value.items.emplace_back(), depth)) return false;
      white_space();
    } while (take(','));
    return take(']');
  }

  bool number(Value& value) {
    const std::size_t length = number_length(text_.substr(at_));
    if (length == 0) return false;
    value.type = Value::Type::kNumber;
    value.text = text_.substr(at_, length);
    at_ += length;
    return short_enough(value.text);
  }

  /// After the opening quote, up to and past the closing one.
  bool string(std::string& out) {
    while (at_ < text_.size()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"') {
        ++at_;
        return true;
      }
      if (byte < 0x20) return false;
      if (byte == '\\') {
        ++at_;
        if (!escape(out)) return false;
      } else if (byte < 0x80) {
        out.push_back(text_[at_++]);
      } else if (!multibyte(out)) {
        return false;
      }
    }
    return false;
  }

  bool escape(std::string& out) {
    if (at_ >= text_.size()) return false;
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = text_[at_++];
    const std::size_t which = kLetters.find(letter);
    if (which != std::string_view::npos) {
      out.push_back(kMeanings[which]);
      return true;
    }
    std::uint32_t unit = 0;
    if (letter != 'u' || !hex4(unit)) return false;
    if (unit >= 0xDC00 && unit <= 0xDFFF) return false;  // a second half without a first
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      std::uint32_t low = 0;
      if (!take("\\u") || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, unit);
    return true;
  }

  bool hex4(std::uint32_t& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      if (at_ >= text_.size()) return false;
      const char c = text_[at_++];
      std::uint32_t digit = 0;
      if (is_digit(c)) {
        digit = static_cast<std::uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<std::uint32_t>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<std::uint32_t>(c - 'A') + 10;
      } else {
        return false;
      }
      unit = unit * 16 + digit;
    }
    return true;
  }

  /// One code point of two to four bytes, by the table of RFC 3629 §4.
  bool multibyte(std::string& out) {
    const auto first = static_cast<unsigned char>(text_[at_]);
    std::size_t length = 0;
    unsigned char second_low = 0x80;
    unsigned char second_high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
      length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
      length = 3;
      if (first == 0xE0) second_low = 0xA0;   // no overlong form
      if (first == 0xED) second_high = 0x9F;  // no surrogate
    } else if (first >= 0xF0 && first <= 0xF4) {
      length = 4;
      if (first == 0xF0) second_low = 0x90;
      if (first == 0xF4) second_high = 0x8F;  // nothing past U+10FFFF
    }
    if (length == 0 || text_.size() - at_ < length) return false;
    for (std::size_t i = 1; i < length; ++i) {
      const auto byte = static_cast<unsigned char>(text_[at_ + i]);
      const unsigned char low = i == 1 ? second_low : 0x80;
      const unsigned char high = i == 1 ? second_high : 0xBF;
      if (byte < low || byte > high) return false;
    }
    out.append(text_.substr(at_, length));
    at_ += length;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      out.append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void append_canonical(std::string& out, const Value& value);

void append_members(std::string& out, const std::vector<Member>& members) {
  std::vector<const Member*> sorted;
  for (const Member& member : members) sorted.push_back(&member);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Member* a, const Member* b) { return a->key < b->key; });
  out.push_back('{');
  bool first = true;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i + 1 < sorted.size() && sorted[i]->key == sorted[i + 1]->key) continue;
    if (!std::exchange(first, false)) out.push_back(',');
    append_quoted(out, sorted[i]->key);
    out.push_back(':');
    append_canonical(out, sorted[i]->value);
  }
  out.push_back('}');
}

void append_canonical(std::string& out, const Value& value) {
  switch (value.type) {
    case Value::Type::kNull:
      out.append("null");
      return;
    case Value::Type::kBool:
      out.append(value.boolean ? "true" : "false");
      return;
    case Value::Type::kString:
      append_quoted(out, value.text);
      return;
    case Value::Type::kNumber: {
      const Decimal number = to_decimal(value.text);
      if (number.negative) out.push_back('-');
      out.append(number.is_zero() ? "0" : number.digits);
      if (number.exponent != 0) out.append("e").append(std::to_string(number.exponent));
      return;
    }
    case Value::Type::kArray: {
      out.push_back('[');
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) out.push_back(',');
        append_canonical(out, value.items[i]);
      }
      out.push_back(']');
      return;
    }
    case Value::Type::kObject:
      append_members(out, value.members);
      return;
  }
}

}  // namespace

std::optional<Value> parse_json(std::string_view text) {
  Value value;
  if (!Parser(text).document(value)) return std::nullopt;
  return value;
}

bool is_json_number(std::string_view text) {
  return !text.empty() && number_length(text) == text.size();
}

std::string canonical_json(const Value& value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

}  // namespace lensart::model
