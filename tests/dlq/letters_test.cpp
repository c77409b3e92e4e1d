// Places and cursors as a person or a URL gives them.

#include "apps/dlq/letters.hpp"

#include <gtest/gtest.h>

#include "apps/dlq/explanations.hpp"
#include "apps/orders/event_reader.hpp"

namespace lensart::dlq {
namespace {

TEST(Place, IsReadAsItIsWritten) {
  const auto place = parse_place("shop.order-created/2/9223372036854775807");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->text(), "shop.order-created/2/9223372036854775807");
}

TEST(Place, AnythingElseIsRefused) {
  for (const char* text : {"", "a", "a/0", "/0/0", "a/0/", "a//0", "a/-1/0", "a/0/-1", "a/x/0",
                           "a/0/9223372036854775808", "a/2147483648/0", "0/0", "//"}) {
    EXPECT_FALSE(parse_place(text)) << text;
  }
}

TEST(Cursor, ComesBackAsItWas) {
  const Cursor cursor{"1795145400000001", {"order-events", 1, 7}, "bad_id", "data.\"é\"\x01"};
  const auto read = read_cursor(cursor.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->occurred_at, cursor.occurred_at);
  EXPECT_EQ(read->place.text(), "order-events/1/7");
  EXPECT_EQ(read->code, cursor.code);
  EXPECT_EQ(read->field, cursor.field);
  EXPECT_EQ(cursor.text().find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(Cursor, WhatIsNoneIsRefused) {
  const auto hex = [](const std::string& text) {
    std::string out;
    for (const char c : text) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return out;
  };
  for (const std::string& text :
       {std::string(), std::string("zz"), std::string("5"), hex("[]"), hex("{}"),
        hex(R"(["1","t",0,0,"c"])"), hex(R"(["x","t",0,0,"c","f"])"),
        hex(R"(["1","t","0",0,"c","f"])"), hex(R"([1,"t",0,0,"c","f"])"), hex("\xFF")}) {
    EXPECT_FALSE(read_cursor(text)) << text;
  }
}

TEST(Explanations, EveryCodeHasOne) {
  for (int i = 0; i <= static_cast<int>(orders::Code::kSinkRejected); ++i) {
    const std::string_view code = orders::name_of(static_cast<orders::Code>(i));
    EXPECT_TRUE(is_code(code));
    EXPECT_FALSE(explanation_of(code).rule.empty()) << code;
    EXPECT_FALSE(explanation_of(code).remedy.empty()) << code;
  }
  EXPECT_FALSE(is_code("bad_luck"));
  EXPECT_TRUE(explanation_of("bad_luck").rule.empty());
}

}  // namespace
}  // namespace lensart::dlq
