/// A JSON number by its exact value. No floating point anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lensart::orders {

/// How many digits a number may take before or after the point when written out as it is spelt
/// (docs/contract.md §2, rule 2): PostgreSQL's JSONB holds every such number.
inline constexpr std::int32_t kMaxWrittenDigits = 1000;

/// `coefficient * 10^exponent`, the coefficient without zeros at its end; 0 is 0 * 10^0, never
/// negative.
struct Decimal {
  std::uint64_t coefficient = 0;
  std::int16_t exponent = 0;
  bool negative = false;
  /// More than 19 significant digits: the other members say nothing. No id, quantity or amount that
  /// is in range needs so many.
  bool too_precise = false;
};

/// Nothing unless `text` is, whole, a JSON number (RFC 8259) that takes at most kMaxWrittenDigits
/// before and after the point.
std::optional<Decimal> parse_decimal(std::string_view text);

/// The same of a numeric string, which is judged by its value however it is spelt (§2, rule 6): the
/// limit of rule 2 is for the payload's numbers. Exponents that no rule admits are held at one.
std::optional<Decimal> parse_numeric_string(std::string_view text);

/// The value as a 64-bit integer; nothing when it is not whole or does not fit.
std::optional<std::int64_t> whole_of(const Decimal& number);

/// The value in hundredths; nothing when it has more than two decimals or does not fit 64 bits.
std::optional<std::int64_t> hundredths_of(const Decimal& number);

}  // namespace lensart::orders
