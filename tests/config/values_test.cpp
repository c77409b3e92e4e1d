#include "apps/config/values.hpp"

#include <gtest/gtest.h>

#include "apps/config/listen_address.hpp"
#include "apps/config/suggest.hpp"

namespace lensart::app {
namespace {

using namespace std::chrono_literals;

TEST(DurationTest, EachUnitIsRead) {
  EXPECT_EQ(parse_duration("250us"), 250us);
  EXPECT_EQ(parse_duration("5ms"), 5ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("24h"), 24h);
  EXPECT_EQ(parse_duration("400d"), days(400));
}

TEST(DurationTest, TermsAddUp) { EXPECT_EQ(parse_duration("1h30m"), 90min); }

TEST(DurationTest, AnythingElseIsNone) {
  for (const auto* text : {"",
                           "30",
                           "s",
                           "30 s",
                           " 30s",
                           "30s ",
                           "-1s",
                           "+1s",
                           "1.5s",
                           "1e3s",
                           "30S",
                           "30sec",
                           "1h-5m",
                           "unlimited",
                           "1s\n",
                           "0x1s",
                           "9223372036854775808us",
                           "18446744073709551616us",
                           "106751992d",
                           "9223372036854775807us1us"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
  EXPECT_EQ(parse_duration("9223372036854775807us"), Duration::max());
}

TEST(DurationTest, FormatReadsBack) {
  for (const auto duration :
       {Duration{0}, Duration{1}, Duration{999'999}, Duration{1s}, Duration{90s}, Duration{24h},
        Duration{48h}, days(400), Duration::max()}) {
    EXPECT_EQ(parse_duration(format_duration(duration)), duration) << format_duration(duration);
  }
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(24h), "24h");
  EXPECT_EQ(format_duration(days(30)), "30d");
}

TEST(SizeTest, EachUnitIsRead) {
  EXPECT_EQ(parse_size("512B"), 512U);
  EXPECT_EQ(parse_size("64KiB"), 64U * kKiB);
  EXPECT_EQ(parse_size("64MiB"), 64U * kMiB);
  EXPECT_EQ(parse_size("2GiB"), 2U * kGiB);
  EXPECT_EQ(parse_size("1TiB"), 1024U * kGiB);
  EXPECT_EQ(parse_size("0B"), 0U);
}

TEST(SizeTest, AnythingElseIsNone) {
  for (const auto* text : {"", "64", "MiB", "64 MiB", "64MB", "64mib", "-1B", "1.5GiB", "1GiB1B",
                           "18446744073709551616B", "16777216TiB"}) {
    EXPECT_FALSE(parse_size(text).has_value()) << text;
  }
}

TEST(SizeTest, FormatReadsBack) {
  for (const auto bytes : std::vector<std::uint64_t>{0, 1, 1023, 1024, 3 * kMiB, ~0ULL}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes) << format_size(bytes);
  }
}

TEST(SpellingTest, LongTextIsCutAtACodePoint) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "ữ";
  const auto spelling = RawValue{text, 0}.spelling();
  EXPECT_LE(spelling.size(), 125U);
  EXPECT_TRUE(spelling.ends_with("ữ…")) << spelling;
}

TEST(SpellingTest, ControlCharactersAreEscaped) {
  EXPECT_EQ(in_quotes("a\"b\\c\n\x01"), R"("a\"b\\c\n\u0001")");
  EXPECT_EQ(percent_encoded("aZ09-._~ /%:ộ"), "aZ09-._~%20%2F%25%3A%E1%BB%99");
}

TEST(ListenAddressTest, HostAndPortAreTold) {
  EXPECT_EQ(parse_listen_address("127.0.0.1:8081")->port, 8081);
  EXPECT_EQ(parse_listen_address("[::1]:0")->host, "::1");
  EXPECT_TRUE(parse_listen_address("localhost:1")->is_loopback());
  EXPECT_TRUE(parse_listen_address("127.9.9.9:1")->is_loopback());
  EXPECT_TRUE(parse_listen_address("[::1]:1")->is_loopback());
  EXPECT_FALSE(parse_listen_address("0.0.0.0:1")->is_loopback());
  EXPECT_TRUE(parse_listen_address("0.0.0.0:1")->is_any());
  EXPECT_TRUE(parse_listen_address("[::]:1")->is_any());
}

TEST(ListenAddressTest, AnythingElseIsNone) {
  for (const auto* text :
       {"", ":", "8081", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:80 ", "example:80", "::1:80", "[::1]80", "[127.0.0.1]:80", "127.0.0.1:0x50"}) {
    EXPECT_FALSE(parse_listen_address(text).has_value()) << text;
  }
}

TEST(SuggestTest, NearestIsFoundAndFarIsNot) {
  const std::vector<std::string> names = {"alpha", "beta", "gamma_ray"};
  EXPECT_EQ(nearest_name("gama-ray", names), "gamma_ray");
  EXPECT_EQ(nearest_name("ALHPA", names), "alpha");
  EXPECT_EQ(nearest_name("delta", {}), std::nullopt);
  EXPECT_EQ(nearest_name("omicron", names), std::nullopt);
  EXPECT_EQ(nearest_name("", names), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), names), std::nullopt);
}

}  // namespace
}  // namespace lensart::app
