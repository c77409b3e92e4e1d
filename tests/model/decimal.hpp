/// Exact decimal numbers, as text: no float, no width that could overflow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lensart::model {

/// ±digits × 10^exponent, where `digits` neither begins nor ends with a zero. Zero has no digits,
/// no sign and exponent 0, so that equal values have equal members.
struct Decimal {
  bool negative = false;
  std::string digits;
  long exponent = 0;

  bool is_zero() const { return digits.empty(); }
  /// The value × 10^shift, if that is a whole number that an int64 can hold.
  std::optional<std::int64_t> scaled(int shift) const;
  bool operator==(const Decimal&) const = default;
};

/// A JSON number taken apart: `-12.50e+3` is sign, "12", "50", 3.
struct NumberParts {
  bool negative = false;
  std::string_view integer;
  std::string_view fraction;
  /// Held within ±kExponentLimit; whatever lies beyond makes no difference to any rule.
  long exponent = 0;
};
inline constexpr long kExponentLimit = 1'000'000'000;

/// REQUIRES: `number` is a JSON number.
NumberParts take_apart(std::string_view number);
Decimal to_decimal(std::string_view number);

}  // namespace lensart::model
