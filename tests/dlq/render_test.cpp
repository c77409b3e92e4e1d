// What a person sees of a letter, whatever bytes it holds.

#include "apps/dlq/render.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lensart::dlq {
namespace {

using testing::HasSubstr;
using testing::Not;

Json detail_of(const Json& payload, const std::string& field = "") {
  const Json letter = {
      {"code", "bad_price"},      {"field", field}, {"message", "no \x1b[2J price"},
      {"topic", "order-created"}, {"partition", 0}, {"offset", 12},
      {"event_id", nullptr},      {"order_id", 42}, {"occurred_at", "2026-11-20T03:30:00.000000Z"},
      {"sent_at", nullptr}};
  return {{"letters", {{{"letter", letter}, {"rule", "R"}, {"remedy", "M"}}}},
          {"payload", payload},
          {"replay", nullptr},
          {"event", nullptr}};
}

Json text_payload(const std::string& text, std::size_t envelope = 0) {
  return {
      {"bytes", text.size()}, {"text", text}, {"base64", nullptr}, {"envelope_bytes", envelope}};
}

TEST(Pretty, AValueALineAndTheFieldMarked) {
  EXPECT_EQ(pretty(R"({"data":{"id":1.50,"lines":[{"q":0},{"q":true}],"none":[],"o":{}}})",
                   "data.lines[1].q", false),
            "  {\n"
            "    \"data\": {\n"
            "      \"id\": 1.50,\n"
            "      \"lines\": [\n"
            "        {\n"
            "          \"q\": 0\n"
            "        },\n"
            "        {\n"
            ">         \"q\": true\n"
            "        }\n"
            "      ],\n"
            "      \"none\": [],\n"
            "      \"o\": {}\n"
            "    }\n"
            "  }\n");
}

TEST(Pretty, AWholeObjectIsMarkedToItsEnd) {
  EXPECT_EQ(pretty(R"({"a":{"b":1},"c":2})", "a", false),
            "  {\n>   \"a\": {\n>     \"b\": 1\n>   },\n    \"c\": 2\n  }\n");
}

TEST(Pretty, WhereAFieldIsMissingTheObjectThatLacksItIsMarked) {
  EXPECT_THAT(pretty(R"({"data":{"a":{"b":1}},"data_x":{}})", "data.a.c", false),
              HasSubstr(">     \"a\": {   <- data.a.c is missing\n"));
  EXPECT_THAT(pretty(R"({"data":{}})", "timestamp", false),
              HasSubstr("> {   <- timestamp is missing\n"));
  EXPECT_THAT(pretty(R"({"data":{}})", "data.id", false),
              HasSubstr(">   \"data\": {}   <- data.id is missing\n"));
}

TEST(Pretty, AFieldThatStandsTwiceIsMarkedTwice) {
  EXPECT_EQ(pretty(R"({"a":1,"b":2,"a":3})", "a", false),
            "  {\n>   \"a\": 1,\n    \"b\": 2,\n>   \"a\": 3\n  }\n");
}

TEST(Pretty, ColourIsForTheMarkedLinesAlone) {
  EXPECT_EQ(pretty(R"({"a":1})", "a", true), "  {\n> \x1B[1;31m  \"a\": 1\x1B[0m\n  }\n");
}

TEST(Pretty, WhatIsNoJsonIsLeftToOthers) {
  EXPECT_EQ(pretty("{", "", false), "");
  EXPECT_EQ(pretty("", "", false), "");
  EXPECT_EQ(pretty("\xFF", "", false), "");
}

TEST(Harmless, NothingReachesTheTerminalAsACommand) {
  EXPECT_EQ(harmless("a\x1b[2J\x7F\r\nb\xC2\x9B"), "a\\u001b[2J\\u007f\\u000d\nb\\u009b");
  EXPECT_EQ(harmless("Đơn hàng \xC2\xA0 é"), "Đơn hàng \xC2\xA0 é");
  EXPECT_EQ(harmless(std::string("\0", 1)), "\\u0000");
  EXPECT_EQ(harmless("\xC2"), "\xC2");
  EXPECT_THAT(pretty("{\"\x7F\":\"\\u009b\\u001b\"}", "", false),
              HasSubstr("\"\\u007f\": \"\\u009b\\u001b\""));
}

TEST(Detail, EveryPayloadIsShownSomehow) {
  const std::string nothing = detail_text(detail_of(nullptr), false);
  EXPECT_THAT(nothing, HasSubstr("no payload"));
  EXPECT_THAT(nothing, Not(HasSubstr("\x1b")));
  EXPECT_THAT(detail_text(detail_of(text_payload("{\"a\":\n\x1b[2J")), false),
              HasSubstr("  {\"a\":\n  \\u001b[2J\n"));
  const Json bytes = {{"bytes", 18},
                      {"text", nullptr},
                      {"envelope_bytes", 0},
                      {"base64", "/wBBQkNERUZHSElKS0xNTk9Q"}};
  EXPECT_THAT(detail_text(detail_of(bytes), false),
              HasSubstr("  00000000  ff 00 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e  "
                        "..ABCDEFGHIJKLMN\n  00000010  4f 50 "));
  const std::string large(1 << 20, 'x');
  EXPECT_GT(detail_text(detail_of(text_payload("\"" + large)), false).size(), large.size());
  const std::string deep = std::string(500'000, '[');
  EXPECT_THAT(detail_text(detail_of(text_payload(deep)), false), HasSubstr("[[[["));
}

TEST(Detail, AnImportsEnvelopeStandsBeforeItsEvent) {
  const std::string header = "{\"lensart_replay\":1,\"topic\":\"order_created\"}\n";
  const std::string text =
      detail_text(detail_of(text_payload(header + "{\"a\":1}", header.size()), "a"), false);
  EXPECT_THAT(text,
              HasSubstr("  {\"lensart_replay\":1,\"topic\":\"order_created\"}\n  {\n>   \"a\": 1"));
}

}  // namespace
}  // namespace lensart::dlq
