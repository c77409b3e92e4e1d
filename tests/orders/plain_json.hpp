/// A JSON reader as plain as can be, for others to be measured against. It shares nothing with
/// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lensart::orders {

struct PlainValue {
  std::string key;
  std::string text;  ///< a text unescaped, other scalars as they are spelt, containers empty
  bool operator==(const PlainValue&) const = default;
};

/// All values of a JSON object in the payload's order, the object itself first; nothing when the
/// contract's rule 2 refuses the payload.
class PlainJson {
 public:
  explicit PlainJson(std::string_view payload) : rest_(payload) {}

  std::optional<std::vector<PlainValue>> read() {
    blanks();
    if (peek() != '{') return std::nullopt;
    value("", 1);
    blanks();
    if (!sound_ || !rest_.empty()) return std::nullopt;
    return values_;
  }

 private:
  int peek() const { return rest_.empty() ? -1 : static_cast<unsigned char>(rest_.front()); }
  int next() {
    const int byte = peek();
    if (byte < 0) sound_ = false;
    if (byte >= 0) rest_.remove_prefix(1);
    return byte;
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    next();
    return true;
  }
  void need(char wanted) { sound_ = take(wanted) && sound_; }
  void blanks() {
    while (take(' ') || take('\t') || take('\n') || take('\r')) {
    }
  }

  void value(const std::string& key, int depth) {
    if (!sound_) return;
    const std::size_t at = values_.size();
    values_.push_back({key, ""});
    if (peek() == '{' || peek() == '[') {
      if (depth > 32) sound_ = false;
      container(next() == '{', depth);
    } else if (peek() == '"') {
      values_[at].text = text();
    } else if (peek() == '-' || (peek() >= '0' && peek() <= '9')) {
      values_[at].text = number();
    } else {
      for (const std::string_view word : {"true", "false", "null"}) {
        if (!rest_.starts_with(word)) continue;
        values_[at].text = word;
        rest_.remove_prefix(word.size());
        return;
      }
      sound_ = false;
    }
  }

  void container(bool is_object, int depth) {
    blanks();
    if (take(is_object ? '}' : ']')) return;
    do {
      blanks();
      const std::string key = is_object ? text() : "";
      blanks();
      if (is_object) need(':');
      blanks();
      value(key, depth + 1);
      blanks();
    } while (sound_ && take(','));
    need(is_object ? '}' : ']');
  }

  std::string number() {
    std::string out, whole, fraction, exponent;
    const auto digits = [&](std::string& into) {
      while (peek() >= '0' && peek() <= '9') into += static_cast<char>(next());
      if (into.empty()) sound_ = false;
    };
    const std::string_view start = rest_;
    take('-');
    digits(whole);
    if (whole.size() > 1 && whole[0] == '0') sound_ = false;
    if (take('.')) digits(fraction);
    bool negative = false;
    if (take('e') || take('E')) {
      negative = take('-');
      if (!negative) take('+');
      digits(exponent);
      exponent.erase(0, exponent.find_first_not_of('0'));
    }
    // Written out: move the point, one place at a time.
    if (exponent.size() > 5) sound_ = false;
    if (!sound_) return "";
    long before = static_cast<long>(whole.size()), after = static_cast<long>(fraction.size());
    for (long i = exponent.empty() ? 0 : std::stol(exponent); i > 0; --i) {
      before += negative ? -1 : 1;
      after += negative ? 1 : -1;
    }
    if (before > 1000 || after > 1000) sound_ = false;
    return std::string(start.substr(0, start.size() - rest_.size()));
  }

  std::uint32_t unit() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const int c = next();
      const auto digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
      const bool is_hex = c > 0 && c != 0x10 && digit != std::string_view::npos && (c >= '0');
      if (!is_hex) sound_ = false;
      value = value * 16 + static_cast<std::uint32_t>(is_hex ? digit : 0);
    }
    return value;
  }

  std::string text() {
    std::string out;
    need('"');
    while (sound_ && peek() != '"') {
      const int byte = next();
      if (byte < 0x20) sound_ = false;
      if (byte == '\\') {
        escape(out);
      } else if (byte < 0x80) {
        out += static_cast<char>(byte);
      } else {
        raw(byte, out);
      }
    }
    need('"');
    return out;
  }

  void escape(std::string& out) {
    const int kind = next();
    const std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
    const std::size_t simple = from.find(static_cast<char>(kind));
    if (kind > 0 && simple != std::string_view::npos) {
      out += to[simple];
    } else if (kind == 'u') {
      std::uint32_t code_point = unit();
      if (code_point >= 0xD800 && code_point <= 0xDBFF) {
        need('\\');
        need('u');
        const std::uint32_t low = unit();
        if (low < 0xDC00 || low > 0xDFFF) sound_ = false;
        code_point = 0x10000 + (code_point - 0xD800) * 0x400 + (low - 0xDC00);
      } else if (code_point >= 0xDC00 && code_point <= 0xDFFF) {
        sound_ = false;
      }
      encode(code_point, out);
    } else {
      sound_ = false;
    }
  }

  static void encode(std::uint32_t c, std::string& out) {
    if (c < 0x80) {
      out += static_cast<char>(c);
      return;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    const std::uint32_t lead = more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0;
    out += static_cast<char>(lead | c >> (6 * more));
    for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | (c >> (6 * i) & 0x3F));
  }

  /// A character of several bytes: decode it, encode it, and see whether it is the same.
  void raw(int lead, std::string& out) {
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    std::uint32_t c = static_cast<std::uint32_t>(lead) & (0x3FU >> more);
    std::string bytes(1, static_cast<char>(lead));
    for (int i = 0; i < more; ++i) {
      if (peek() < 0x80 || peek() > 0xBF) sound_ = false;
      if (!sound_) return;
      bytes += rest_.front();
      c = c << 6 | (static_cast<std::uint32_t>(next()) & 0x3F);
    }
    std::string again;
    encode(c, again);
    if (again != bytes || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) sound_ = false;
    out += bytes;
  }

  std::string_view rest_;
  bool sound_ = true;
  std::vector<PlainValue> values_;
};

inline std::optional<std::vector<PlainValue>> plain_json(std::string_view payload) {
  return PlainJson(payload).read();
}

}  // namespace lensart::orders
