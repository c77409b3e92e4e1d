#include "apps/orders/json_text.hpp"

#include <gtest/gtest.h>

#include "tests/orders/mutated_json.hpp"
#include "tests/orders/plain_json.hpp"

namespace lensart::orders {
namespace {

/// `behind`: what lies in memory behind the text.
std::string spelled_out(const std::string& text, const std::string& behind = "") {
  std::string padded = text + behind;
  padded.resize(text.size() + kTextPadding, '\0');
  std::string out(text.size() + kTextPadding, '?');
  const char* const end = spell_out({padded.data(), text.size()}, out.data());
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

TEST(JsonTextTest, CharactersAboveAsciiAndSlashesAreSpelledOut) {
  EXPECT_EQ(spelled_out(""), "");
  EXPECT_EQ(spelled_out(R"({"a":"no escape"})"), R"({"a":"no escape"})");
  EXPECT_EQ(spelled_out(R"({"a":"12\/5 Nguy\u1ec5n \u0110\u00CCnh \u1EC7"})"),
            R"({"a":"12/5 Nguyễn ĐÌnh ệ"})");
  EXPECT_EQ(spelled_out(R"("\u0080\u07ff\u0800\uD7FF\ue000\uffff")"),
            "\"\u0080\u07ff\u0800\uD7FF\ue000\uffff\"");
  EXPECT_EQ(spelled_out(R"("\ud83d\ude00\uDBFF\uDFFF")"), "\"\U0001F600\U0010FFFF\"");
}

TEST(JsonTextTest, WhatMustBeEscapedAndWhatIsBrokenStays) {
  for (const std::string text :
       {R"("\"\\\b\f\n\r\t\u0000\u001f\u0022\u005c\u007f")", R"("\\u1ec5 \\\\/")", R"("\u12")",
        R"("\uzzzz")", R"("\ud83d")", R"("\ud83d\n")", R"("\ud83d\u0041")", R"("\ude00\ud83d")",
        R"("\x")", R"("\)", R"(\u)", R"(\u1)", R"(\u1ec)"}) {
    EXPECT_EQ(spelled_out(text), text);
  }
}

TEST(JsonTextTest, WhatLiesBehindTheTextIsNotPartOfIt) {
  EXPECT_EQ(spelled_out(R"({"a":"\u1ec)", "5"), R"({"a":"\u1ec)");
  EXPECT_EQ(spelled_out(R"({"a":"\)", "u1ec5"), R"({"a":"\)");
  EXPECT_EQ(spelled_out(R"({"a":"\)", "/"), R"({"a":"\)");
  EXPECT_EQ(spelled_out(R"({"a":"\ud83d)", R"(\ude00)"), R"({"a":"\ud83d)");
  EXPECT_EQ(spelled_out(R"({"a":"\ud83d\ude0)", "0"), R"({"a":"\ud83d\ude0)");
}

TEST(JsonTextTest, EscapesAreFoundWhereverASixteenByteStepFallsOnThem) {
  for (std::size_t before = 0; before < 40; ++before) {
    const std::string plain(before, 'x');
    EXPECT_EQ(spelled_out(plain + R"(\u1ec5\/\n)" + plain), plain + R"(ễ/\n)" + plain);
  }
}

/// The same values, or refused as before.
TEST(JsonTextTest, WhatATextMeansDoesNotChange) {
  std::mt19937_64 random(20261130);
  int sound = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = mutated(random);
    const auto expected = plain_json(text);
    sound += expected ? 1 : 0;
    ASSERT_EQ(plain_json(spelled_out(text)), expected) << text;
  }
  EXPECT_GT(sound, 5'000);
}

}  // namespace
}  // namespace lensart::orders
