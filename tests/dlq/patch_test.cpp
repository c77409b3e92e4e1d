// A payload edited: what the patch does not name stays as it is, to the last digit.

#include "apps/dlq/patch.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace lensart::dlq {
namespace {

std::string edited(std::string_view payload, const std::string& patch) {
  const auto parsed = parse_patch(patch);
  if (!parsed) return "no patch: " + parsed.error().message;
  const auto done = patched(payload, *parsed);
  return done ? *done : "not: " + done.error().message;
}

std::string replace(const std::string& path, const std::string& value) {
  return fmt::format(R"([{{"op":"replace","path":"{}","value":{}}}])", path, value);
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

TEST(Patch, ChangesWhatItNamesAndKeepsTheOrderOfMembers) {
  EXPECT_EQ(edited(R"({"z": 1, "a": {"c": "1.234", "b": [1, 2]}})", replace("/a/c", R"("1.23")")),
            R"({"z":1,"a":{"c":"1.23","b":[1,2]}})");
  EXPECT_EQ(edited(R"({"a": [1, 2, 3]})",
                   R"([{"op":"remove","path":"/a/1"},{"op":"add","path":"/b","value":null},)"
                   R"({"op":"test","path":"/a/0","value":1},{"op":"copy","from":"/a","path":"/c"},)"
                   R"({"op":"move","from":"/a/0","path":"/d"}])"),
            R"({"a":[3],"b":null,"c":[1,3],"d":1})");
}

TEST(Patch, EveryNumberStaysAsItIsSpelt) {
  const std::string numbers =
      R"({"a":0.10,"b":1e400,"c":12345678901234567890123,"d":5.0,"e":-0.0,"f":1E2,)"
      R"("g":9223372036854775807,"h":18446744073709551615,"i":0.30000000000000000001,"j":-1})";
  EXPECT_EQ(edited(numbers, R"([{"op":"add","path":"/k","value":0}])"),
            numbers.substr(0, numbers.size() - 1) + R"(,"k":0})");
  EXPECT_EQ(edited(R"({"a":"lensart-number-1:5","b":1.50})", replace("/b", "2")),
            R"({"a":"lensart-number-1:5","b":2})");
}

TEST(Patch, TextsAndKeysStayWhateverTheyHold) {
  const std::string texts = R"({"Đơn \"hàng\"":"\u0000\u001b é \ud83d\ude00 /~"})";
  EXPECT_EQ(edited(texts, R"([{"op":"add","path":"/k","value":0}])"),
            "{\"Đơn \\\"hàng\\\"\":\"\\u0000\\u001b é \U0001F600 /~\",\"k\":0}");
}

TEST(Patch, WhatIsNoJsonCanOnlyBeReplacedWhole) {
  for (const std::string& broken :
       {std::string(), std::string("{\"a\":"), std::string("\xFF\x00", 2), std::string("NaN"),
        std::string(R"({"a":1,"a":2})"), nested(101), nested(1'000'000)}) {
    EXPECT_EQ(edited(broken, replace("", R"({"a":1})")), R"({"a":1})");
    const std::string other = edited(broken, replace("/a", "1"));
    EXPECT_TRUE(other.starts_with("not: the payload can only be replaced whole")) << other;
  }
  EXPECT_EQ(edited("{}", replace("", R"({"a":1})")), R"({"a":1})");
}

TEST(Patch, OneThatDoesNotFitIsRefusedWithTheReason) {
  for (const std::string& patch :
       {replace("/b", "1"), std::string(R"([{"op":"test","path":"/a","value":2}])"),
        std::string(R"([{"op":"jump","path":"/a"}])"), std::string(R"([{"path":"/a"}])"),
        std::string(R"([{"op":"remove","path":"a"}])"), std::string(R"([1])")}) {
    const std::string done = edited(R"({"a":1})", patch);
    EXPECT_TRUE(done.starts_with("not: the patch does not fit")) << patch << " " << done;
  }
  EXPECT_TRUE(edited("{}", replace("", nested(5'000))).starts_with("not: the patch is nested"));
}

TEST(Patch, AFileThatIsNoneIsRefused) {
  for (const char* text : {"", "{}", "[]", "[", R"({"op":"remove","path":"/a"})", "\xFF"}) {
    EXPECT_FALSE(parse_patch(text)) << text;
  }
}

}  // namespace
}  // namespace lensart::dlq
