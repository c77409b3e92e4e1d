#include "apps/generate/php_json.hpp"

#include <gtest/gtest.h>

namespace lensart::generate {
namespace {

// What PHP 8.2 prints for json_encode() of the same texts.
TEST(PhpEscape, WritesWhatPhpWrites) {
  EXPECT_EQ(php_escape("12/5 Nguyễn"), "12\\/5 Nguy\\u1ec5n");
  EXPECT_EQ(php_escape("\"a\\b\"\n\t\r\b\f\x01"), "\\\"a\\\\b\\\"\\n\\t\\r\\b\\f\\u0001");
  EXPECT_EQ(php_escape("😊"), "\\ud83d\\ude0a");
  EXPECT_EQ(php_escape(""), "");
}

TEST(PhpTimes, AreTheShopsWallClockOrUtc) {
  const Instant at{std::chrono::microseconds(1'795'145'402'000'123)};
  std::string out;
  append_iso_local(out, at);
  EXPECT_EQ(out, "2026-11-20T10:30:02+07:00");
  out.clear();
  append_iso_utc(out, at);
  EXPECT_EQ(out, "2026-11-20T03:30:02.000123Z");
  out.clear();
  append_local_time(out, Instant{std::chrono::hours(17)}, ' ');
  EXPECT_EQ(out, "1970-01-02 00:00:00");
}

TEST(PhpNumbers, KeepTheirWidth) {
  std::string out;
  append_hex(out, 0xabc, 5);
  append_padded(out, 42, 4);
  append_number(out, -7);
  EXPECT_EQ(out, "00abc0042-7");
}

}  // namespace
}  // namespace lensart::generate
