// Numbers by value, against arithmetic on strings of digits.

#include "apps/orders/json_number.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

namespace lensart::orders {
namespace {

struct Spelling {
  bool negative;
  std::string whole;
  std::string fraction;
  int exponent;

  std::string text() const {
    std::string out = negative ? "-" + whole : whole;
    if (!fraction.empty()) out += "." + fraction;
    if (exponent != 0) out += "e" + std::to_string(exponent);
    return out;
  }

  /// Written out with `decimals` digits behind the point, without the point; nothing when a digit
  /// that is not zero falls off.
  std::optional<std::string> digits(int decimals) const {
    std::string all = whole + fraction;
    int behind = static_cast<int>(fraction.size()) - exponent;
    for (; behind < decimals; ++behind) all += '0';
    for (; behind > decimals; --behind) {
      if (!all.empty() && all.back() != '0') return std::nullopt;
      if (!all.empty()) all.pop_back();
    }
    all.erase(0, std::min(all.find_first_not_of('0'), all.size()));
    return all.empty() ? "0" : all;
  }

  std::optional<std::int64_t> value(int decimals) const {
    const auto all = digits(decimals);
    const std::string max = std::to_string(std::numeric_limits<std::int64_t>::max());
    if (!all || all->size() > max.size() || (all->size() == max.size() && *all > max)) {
      return std::nullopt;
    }
    const std::int64_t magnitude = std::stoll(*all);
    return negative ? -magnitude : magnitude;
  }
};

std::string some_digits(int least, int most) {
  std::string out;
  const int count = *rc::gen::inRange(least, most);
  const std::string alphabet =
      *rc::gen::element<std::string>("0123456789", "0", "9", "000001", "05");
  for (int i = 0; i < count; ++i) out += *rc::gen::elementOf(alphabet);
  return out;
}

Spelling some_spelling() {
  Spelling spelling;
  spelling.negative = *rc::gen::arbitrary<bool>();
  spelling.whole = some_digits(1, 25);
  spelling.whole.erase(0,
                       std::min(spelling.whole.find_first_not_of('0'), spelling.whole.size() - 1));
  spelling.fraction = some_digits(0, 25);
  spelling.exponent = *rc::gen::inRange(-30, 30);
  return spelling;
}

RC_GTEST_PROP(JsonNumberTest, WholeAndHundredthsAreTheValuesOfTheDigits, ()) {
  const Spelling spelling = some_spelling();
  const auto number = parse_decimal(spelling.text());
  RC_ASSERT(number.has_value());
  RC_ASSERT(whole_of(*number) == spelling.value(0));
  RC_ASSERT(hundredths_of(*number) == spelling.value(2));
}

RC_GTEST_PROP(JsonNumberTest, AnIntegerIsItself, (std::int64_t value)) {
  RC_PRE(value != std::numeric_limits<std::int64_t>::min());
  const auto number = parse_decimal(std::to_string(value));
  RC_ASSERT(number.has_value());
  RC_ASSERT(whole_of(*number) == value);
}

RC_GTEST_PROP(JsonNumberTest, NoByteCanBeAddedToANumberUnlessTheGrammarHasIt, ()) {
  const std::string text = some_spelling().text();
  const char byte = *rc::gen::distinctFrom(rc::gen::arbitrary<char>(), '0');
  RC_PRE(!(byte >= '0' && byte <= '9'));
  RC_PRE(byte != '-' && byte != '+' && byte != '.' && byte != 'e' && byte != 'E');
  const auto at =
      static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(text.size()) + 1));
  RC_ASSERT(!parse_decimal(std::string(text).insert(at, 1, byte)));
}

TEST(JsonNumberTest, ZeroIsZeroHoweverSpelt) {
  for (const char* text : {"0", "-0", "0.00", "-0.0e5", "0e-1000", "0e999"}) {
    const auto number = parse_decimal(text);
    ASSERT_TRUE(number) << text;
    EXPECT_EQ(whole_of(*number), 0) << text;
    EXPECT_EQ(hundredths_of(*number), 0) << text;
    EXPECT_FALSE(number->negative) << text;
  }
}

TEST(JsonNumberTest, TheLargestIdFitsAndTheNextDoesNot) {
  EXPECT_EQ(whole_of(*parse_decimal("9223372036854775807")), 9223372036854775807);
  EXPECT_EQ(whole_of(*parse_decimal("9223372036854775807000e-3")), 9223372036854775807);
  EXPECT_EQ(whole_of(*parse_decimal("9223372036854775808")), std::nullopt);
  EXPECT_EQ(whole_of(*parse_decimal("9223372036854775807.1")), std::nullopt);
  EXPECT_EQ(whole_of(*parse_decimal("18446744073709551617")), std::nullopt);
  EXPECT_EQ(whole_of(*parse_decimal("1e19")), std::nullopt);
  EXPECT_EQ(whole_of(*parse_decimal("1e999")), std::nullopt);
}

}  // namespace
}  // namespace lensart::orders
