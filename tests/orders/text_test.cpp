// Normal form as PostgreSQL 15 knows it.

#include "graph/text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <utf8proc.h>

#include <cstdlib>
#include <memory>

namespace lensart {
namespace {

std::string encoded(std::int32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(code_point, bytes);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

bool is_surrogate(std::int32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

/// The library's own NFC, which is right for what Unicode 14 has and slow for hostile texts.
std::string library_nfc(const std::string& text) {
  std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> out(
      utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(text.c_str())), &std::free);
  return reinterpret_cast<const char*>(out.get());
}

TEST(TextTest, TheLibraryIsTheOneWhoseNewCodePointsAreListed) {
  // text.cpp lists what Unicode 15 added to 14. Another version needs another list.
  EXPECT_STREQ(utf8proc_unicode_version(), "15.0.0");
}

TEST(TextTest, WhatIsPlainlyNfcChangesNothingAndNothingChangesIt) {
  for (std::int32_t c = 1; c < 0x110000; ++c) {
    if (is_surrogate(c) || !is_plainly_nfc(encoded(c))) continue;
    ASSERT_TRUE(c <= 0x2FF || (c >= 0x1E00 && c <= 0x1EFF)) << c;
    const auto* property = utf8proc_get_property(c);
    ASSERT_EQ(property->combining_class, 0) << c;
    ASSERT_EQ(library_nfc(encoded(c)), encoded(c)) << c;
  }
  // They are starters, so only two side by side could compose; no pair of them does.
  std::string all;
  for (std::int32_t a = 1; a <= 0x1EFF; a += a == 0x2FF ? 0x1E00 - 0x2FF : 1) all += encoded(a);
  EXPECT_EQ(library_nfc(all), all);
}

TEST(TextTest, AllOfVietnameseIsPlain) {
  EXPECT_TRUE(
      is_plainly_nfc("Gọng kính Ray-Ban, Nguyễn Đình Chiểu, Quận 1, TP. Hồ Chí Minh ỹ ỷ Ỵ"));
  EXPECT_TRUE(is_plainly_nfc(""));
  EXPECT_FALSE(is_plainly_nfc("Nguye\u0302\u0303n"));
  EXPECT_FALSE(is_plainly_nfc("đ₫"));
}

RC_GTEST_PROP(TextTest, PlainTextIsPlainWhereverItStands, ()) {
  std::string text;
  bool plain = true;
  const auto code_points = *rc::gen::container<std::vector<int>>(rc::gen::element(
      0x41, 0x42, 0xE9, 0x1EC7, 0x1E00, 0x1EFF, 0x2FF, 0x43, 0x300, 0x1DFF, 0x1F00, 0x10000));
  for (const int c : code_points) {
    text += encoded(c);
    plain = plain && (c <= 0x2FF || (c >= 0x1E00 && c <= 0x1EFF));
  }
  RC_ASSERT(is_plainly_nfc(text) == plain);
}

RC_GTEST_PROP(TextTest, NormalFormIsTheLibrarysWhereUnicode14Ends, ()) {
  std::string text;
  const auto code_points = *rc::gen::container<std::vector<int>>(rc::gen::oneOf(
      rc::gen::element(0x41, 0x65, 0x300, 0x301, 0x323, 0x302, 0x345, 0x5B0, 0x1100, 0x1161, 0x11A8,
                       0xAC00, 0x958, 0x212B, 0x1E69, 0x2ADC, 0x9C7, 0x9BE, 0x1D15E, 0xFB1D),
      rc::gen::inRange(1, 0x3100), rc::gen::inRange(0xF900, 0x10000)));
  for (const int c : code_points) {
    if (c != 0xCF3 && c != 0xECE) text += encoded(c);
  }
  const std::string normal = to_nfc(text);
  RC_ASSERT(normal == library_nfc(text));
  RC_ASSERT(to_nfc(normal) == normal);
}

TEST(TextTest, EachCodePointAloneAndWithAMarkIsTheLibrarys) {
  for (std::int32_t c = 1; c < 0x110000; ++c) {
    if (is_surrogate(c)) continue;
    const std::string text = "e" + encoded(c) + "\u0323\u0301";
    const std::string normal = to_nfc(text);
    if (normal == library_nfc(text)) continue;
    // Only the marks that Unicode 15 added differ: PostgreSQL 15 does not know them as marks.
    ASSERT_TRUE(c == 0xECE || (c >= 0x10EFD && c <= 0x10EFF) || c == 0x11F41 || c == 0x11F42 ||
                c == 0x1E08F || (c >= 0x1E4EC && c <= 0x1E4EF))
        << std::hex << c;
    ASSERT_EQ(normal, text) << std::hex << c;
  }
}

TEST(TextTest, WhatUnicode14HasNotAssignedStaysAndBlocks) {
  EXPECT_EQ(to_nfc("e\U0001E08F\u0301"), "e\U0001E08F\u0301");
  EXPECT_EQ(to_nfc("e\u0301\U0001E08F\u0301"), "\u00E9\U0001E08F\u0301");
  EXPECT_EQ(to_nfc("\U0001E08F\u0323\u0301"), "\U0001E08F\u0323\u0301");
  EXPECT_EQ(to_nfc("\U0001E08F\u0301\u0323"), "\U0001E08F\u0323\u0301");
}

TEST(TextTest, AMegabyteOfMarksWrittenBackwardsIsNotAnAttack) {
  std::string text = "e";
  for (int i = 0; i < 250'000; ++i) text += "\u0301";  // class 230
  for (int i = 0; i < 250'000; ++i) text += "\u0323";  // class 220
  const std::string normal = to_nfc(text);
  EXPECT_EQ(normal.substr(0, 3), "ẹ");
  EXPECT_EQ(count_code_points(normal), 500'000U);
}

TEST(TextTest, LengthsAreInCodePoints) {
  EXPECT_EQ(count_code_points("ệ😀a"), 3U);
  EXPECT_EQ(first_code_points("ệ😀a", 2), "ệ😀");
  EXPECT_EQ(first_code_points("ệ😀a", 0), "");
  EXPECT_EQ(first_code_points("ệ😀a", 3), "ệ😀a");
  EXPECT_EQ(first_code_points("abc", 9), "abc");
}

}  // namespace
}  // namespace lensart
