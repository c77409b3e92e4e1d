#include "tests/model/decimal.hpp"

#include <algorithm>
#include <limits>

namespace lensart::model {

NumberParts take_apart(std::string_view number) {
  NumberParts parts;
  if (number.starts_with('-')) {
    parts.negative = true;
    number.remove_prefix(1);
  }
  const std::size_t exponent_at = number.find_first_of("eE");
  if (exponent_at != std::string_view::npos) {
    std::string_view exponent = number.substr(exponent_at + 1);
    const bool minus = exponent.starts_with('-');
    if (minus || exponent.starts_with('+')) exponent.remove_prefix(1);
    for (const char digit : exponent) {
      parts.exponent = std::min(parts.exponent * 10 + (digit - '0'), kExponentLimit);
    }
    if (minus) parts.exponent = -parts.exponent;
    number = number.substr(0, exponent_at);
  }
  const std::size_t point_at = number.find('.');
  parts.integer = number.substr(0, point_at);
  if (point_at != std::string_view::npos) parts.fraction = number.substr(point_at + 1);
  return parts;
}

Decimal to_decimal(std::string_view number) {
  const NumberParts parts = take_apart(number);
  Decimal decimal;
  decimal.digits = std::string(parts.integer) + std::string(parts.fraction);
  decimal.exponent = parts.exponent - static_cast<long>(parts.fraction.size());
  const std::size_t last = decimal.digits.find_last_not_of('0');
  if (last == std::string::npos) return Decimal{};
  decimal.exponent += static_cast<long>(decimal.digits.size() - last - 1);
  decimal.digits.resize(last + 1);
  decimal.digits.erase(0, decimal.digits.find_first_not_of('0'));
  decimal.negative = parts.negative;
  return decimal;
}

std::optional<std::int64_t> Decimal::scaled(int shift) const {
  if (is_zero()) return 0;
  const long zeros = exponent + shift;
  constexpr long kMostDigits = 19;
  if (zeros < 0) return std::nullopt;
  if (static_cast<long>(digits.size()) + zeros > kMostDigits) return std::nullopt;
  // At most 19 digits: an unsigned 64-bit integer holds them all.
  std::uint64_t magnitude = 0;
  for (const char digit : digits)
    magnitude = magnitude * 10 + static_cast<std::uint64_t>(digit - '0');
  for (long zero = 0; zero < zeros; ++zero) magnitude *= 10;
  if (magnitude > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;  // −2⁶³ included: no rule lets a number that small pass
  }
  const auto value = static_cast<std::int64_t>(magnitude);
  return negative ? -value : value;
}

}  // namespace lensart::model
