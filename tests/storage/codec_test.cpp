#include "storage/codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace lensart::storage {
namespace {

TEST(Codec, WhatIsSealedComesBack) {
  const std::string sealed = seal(3, "value");
  const Unsealed unsealed = unseal(3, sealed);
  EXPECT_TRUE(unsealed.ok);
  EXPECT_EQ(unsealed.value, "value");
}

TEST(Codec, AnEmptyValueIsAValue) {
  const std::string sealed = seal(1, "");
  EXPECT_TRUE(unseal(1, sealed).ok);
  EXPECT_EQ(sealed.size(), 5U);
}

TEST(Codec, AnotherVersionIsNotRead) { EXPECT_FALSE(unseal(2, seal(1, "value")).ok); }

TEST(Codec, SealingInPlaceGivesTheSameBytes) {
  std::string out = std::string(1, '\7') + "value";
  seal_in_place(out);
  EXPECT_EQ(out, seal(7, "value"));
}

TEST(Codec, EveryFlippedBitIsNoticed) {
  const std::string sealed = seal(1, "a value of some length, with its checksum behind");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = sealed;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      EXPECT_FALSE(unseal(1, flipped).ok) << "byte " << at << ", bit " << bit;
    }
  }
}

TEST(Codec, EveryCutIsNoticed) {
  const std::string sealed = seal(1, "a value");
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(unseal(1, std::string_view(sealed).substr(0, size)).ok) << size;
  }
}

RC_GTEST_PROP(CodecProperty, AnyFlippedByteOfAnyValueIsNoticed,
              (const std::string& value, std::uint8_t mask)) {
  RC_PRE(mask != 0);
  std::string sealed = seal(1, value);
  const auto at = *rc::gen::inRange<std::size_t>(0, sealed.size());
  sealed[at] = static_cast<char>(sealed[at] ^ static_cast<char>(mask));
  RC_ASSERT(!unseal(1, sealed).ok);
}

RC_GTEST_PROP(CodecProperty, KeysAreInTheOrderOfTheirNumbers, (std::uint64_t a, std::uint64_t b)) {
  RC_ASSERT((key_of(a) < key_of(b)) == (a < b));
  RC_ASSERT(key_to_u64(key_of(a)) == a);
}

RC_GTEST_PROP(CodecProperty, KeyPartsAreInTheOrderOfTheirNumbers,
              (std::uint32_t a, std::uint32_t b)) {
  std::string first;
  std::string second;
  append_key(first, a);
  append_key(second, b);
  RC_ASSERT((first < second) == (a < b));
}

RC_GTEST_PROP(CodecProperty, ReaderGivesBackWhatWriterWrote,
              (std::uint8_t small, std::int64_t number, const std::string& text,
               std::uint32_t last)) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.number(small);
  writer.number(number);
  writer.text(text);
  writer.number(last);
  ByteReader reader(bytes);
  RC_ASSERT(reader.number<std::uint8_t>() == small);
  RC_ASSERT(reader.number<std::int64_t>() == number);
  RC_ASSERT(reader.text() == text);
  RC_ASSERT(reader.number<std::uint32_t>() == last);
  RC_ASSERT(reader.ok() && reader.at_end());
}

/// Texts of all lengths about where the staged writer gathers, flushes and appends as it is.
RC_GTEST_PROP(CodecProperty, TheStagedWriterWritesTheSameBytes, ()) {
  std::string expected = "begun";
  std::string staged = expected;
  {
    ByteWriter plain(expected);
    StagedWriter writer(staged);
    const auto steps = *rc::gen::inRange(0, 60);
    for (int i = 0; i < steps; ++i) {
      const auto number = *rc::gen::arbitrary<std::int64_t>();
      const std::string text(
          *rc::gen::element<std::size_t>(0, 1, 36, 127, 128, 129, 511, 512, 2000),
          static_cast<char>('a' + i % 26));
      plain.number(number);
      plain.number(static_cast<std::uint8_t>(number));
      plain.wide(Int128{number} * number);
      plain.text(text);
      writer.number(number);
      writer.number(static_cast<std::uint8_t>(number));
      writer.wide(Int128{number} * number);
      writer.text(text);
      if (number % 3 != 0) continue;
      writer.flush();
      RC_ASSERT(staged == expected);
    }
  }
  RC_ASSERT(staged == expected);
}

TEST(ByteReader, AReadPastTheEndIsRememberedAndGivesZero) {
  ByteReader reader("\1\2");
  EXPECT_EQ(reader.number<std::uint32_t>(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.number<std::uint8_t>(), 0U) << "nothing is read after a failure";
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, ATextLongerThanWhatIsThereIsAFailure) {
  std::string bytes;
  ByteWriter(bytes).number(std::uint32_t{0xffff'ffff});
  bytes += "abc";
  ByteReader reader(bytes);
  EXPECT_EQ(reader.text(), "");
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace lensart::storage
