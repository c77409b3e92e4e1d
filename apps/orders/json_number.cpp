#include "apps/orders/json_number.hpp"

#include <algorithm>
#include <limits>

namespace lensart::orders {
namespace {

constexpr bool is_digit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

/// The digits of a number, read once from left to right; zeros wait until a digit follows them, so
/// that those at the end never enter the coefficient.
class Digits {
 public:
  void add(char c) {
    const auto digit = static_cast<unsigned>(c - '0');
    if (digit == 0) {
      waiting_zeros_ += significant_ > 0 ? 1 : 0;
      return;
    }
    significant_ += waiting_zeros_ + 1;
    if (significant_ > 19) return;  // 19 digits always fit 64 bits
    for (; waiting_zeros_ > 0; --waiting_zeros_) coefficient_ *= 10;
    coefficient_ = coefficient_ * 10 + digit;
  }

  /// `shift`: the exponent of the last digit that was added.
  Decimal value(bool negative, std::int64_t shift) const {
    if (significant_ == 0) return {};
    if (significant_ > 19) return {.negative = negative, .too_precise = true};
    // What lies beyond is out of every rule's range, or not whole, just as much.
    const std::int64_t exponent = std::clamp<std::int64_t>(shift + waiting_zeros_, -30'000, 30'000);
    return {coefficient_, static_cast<std::int16_t>(exponent), negative, false};
  }

 private:
  std::uint64_t coefficient_ = 0;
  std::int64_t significant_ = 0;
  std::int64_t waiting_zeros_ = 0;
};

/// The exponent behind an `e`, held at a value that no limit admits; false when there is no digit.
bool parse_exponent(const char*& at, const char* end, std::int64_t& exponent) {
  constexpr std::int64_t kEnough = 1'000'000'000'000;
  const bool negative = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;
  if (at == end || !is_digit(*at)) return false;
  for (; at != end && is_digit(*at); ++at) {
    exponent = std::min(exponent * 10 + (*at - '0'), kEnough);
  }
  if (negative) exponent = -exponent;
  return true;
}

std::optional<std::int64_t> scaled(const Decimal& number, int decimals) {
  const int zeros = number.exponent + decimals;
  if (number.too_precise || zeros < 0) return std::nullopt;
  if (number.coefficient == 0) return 0;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t value = number.coefficient;
  if (zeros > 18 || value > kMax) return std::nullopt;
  for (int i = 0; i < zeros; ++i) {
    if (value > kMax / 10) return std::nullopt;
    value *= 10;
  }
  const auto magnitude = static_cast<std::int64_t>(value);
  return number.negative ? -magnitude : magnitude;
}

/// Most numbers are ids and counts: digits alone, few enough for 64 bits.
std::optional<Decimal> parse_short_integer(std::string_view text) {
  constexpr std::size_t kShort = 10;
  if (text.empty() || text.size() > kShort) return std::nullopt;
  if (text.front() == '0' && text.size() > 1) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return Decimal{value, 0, false, false};
}

std::optional<Decimal> parse(std::string_view text, std::int64_t most_written_digits) {
  if (const auto integer = parse_short_integer(text)) return integer;
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;

  Digits digits;
  const char* const whole = at;
  for (; at != end && is_digit(*at); ++at) digits.add(*at);
  const std::int64_t whole_digits = at - whole;
  if (whole_digits == 0 || (whole_digits > 1 && *whole == '0')) return std::nullopt;

  std::int64_t fraction_digits = 0;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    for (; at != end && is_digit(*at); ++at) digits.add(*at);
    fraction_digits = at - fraction;
    if (fraction_digits == 0) return std::nullopt;
  }
  std::int64_t exponent = 0;
  if (at != end && (*at == 'e' || *at == 'E')) {
    if (!parse_exponent(++at, end, exponent)) return std::nullopt;
  }
  if (at != end) return std::nullopt;
  // Written out, the exponent moves the point over the digits as they are spelt, zeros included.
  if (whole_digits + exponent > most_written_digits) return std::nullopt;
  if (fraction_digits - exponent > most_written_digits) return std::nullopt;
  return digits.value(negative, exponent - fraction_digits);
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  return parse(text, kMaxWrittenDigits);
}

std::optional<Decimal> parse_numeric_string(std::string_view text) {
  return parse(text, std::numeric_limits<std::int64_t>::max());
}

std::optional<std::int64_t> whole_of(const Decimal& number) { return scaled(number, 0); }

std::optional<std::int64_t> hundredths_of(const Decimal& number) { return scaled(number, 2); }

}  // namespace lensart::orders
