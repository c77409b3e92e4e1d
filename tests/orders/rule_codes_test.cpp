// Each code of the contract's §2 in several forms, and beside it what looks like it and must pass.

#include <gmock/gmock.h>

#include "tests/orders/reader_fixture.hpp"

namespace lensart::orders {
namespace {

class RuleCodesTest : public ReaderTest {};

std::string repeated(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

TEST_F(RuleCodesTest, TooLargeIsJudgedOnBytesBeforeParsing) {
  Rules rules;
  rules.max_payload_bytes = 1000;
  set_up(rules);
  EXPECT_EQ(verdict(Topic::kOrderCreated, std::string(1001, '{')), "too_large");
  EXPECT_EQ(verdict(Topic::kOrderCreated, std::string(1000, '{')), "bad_json");
  EXPECT_EQ(rejection_.event_id, std::nullopt);
}

TEST_F(RuleCodesTest, AMebibyteIsTakenByDefaultAndNoByteMore) {
  const std::string small = created(snapshot().set("note", in_quotes(""))).text();
  const auto of_size = [&](std::size_t size) {
    return created(snapshot().set("note", in_quotes(std::string(size - small.size(), 'x')))).text();
  };
  EXPECT_EQ(verdict(Topic::kOrderCreated, of_size(1024 * 1024)), "accepted");
  EXPECT_EQ(event_.snapshot.note->size(), 1024 * 1024 - small.size());
  EXPECT_EQ(verdict(Topic::kOrderCreated, of_size(1024 * 1024 + 1)), "too_large");
}

TEST_F(RuleCodesTest, MissingFieldNamesWhatIsMissing) {
  EXPECT_EQ(verdict(Topic::kOrderCreated, created(snapshot()).drop("timestamp")),
            "missing_field timestamp");
  EXPECT_EQ(verdict(Topic::kOrderCreated, created(snapshot()).set("timestamp", "null")),
            "missing_field timestamp");
  for (const std::string key :
       {"id", "branch_id", "total_price", "order_status", "payment_status"}) {
    EXPECT_EQ(verdict_of(snapshot().drop(key)), "missing_field data." + key);
    EXPECT_EQ(verdict_of(snapshot().set(key, "null")), "missing_field data." + key);
    EXPECT_EQ(verdict(Topic::kOrderCreated, flat("order.created", snapshot().drop(key))),
              "missing_field " + (key == "id" ? "order_id" : key));
    if (key == "id") continue;
    EXPECT_EQ(verdict_of_status(status_change().set("order", snapshot().drop(key).text())),
              "missing_field data.order." + key);
  }
  for (const std::string key : {"product_id", "quantity", "total_price"}) {
    EXPECT_EQ(verdict_of_line(line().drop(key)), "missing_field data.order_details[0]." + key);
    EXPECT_EQ(verdict_of_line(line().set(key, "null")),
              "missing_field data.order_details[0]." + key);
  }
  EXPECT_EQ(verdict_of(snapshot().set("order_details", "[[]]")),
            "missing_field data.order_details[0].product_id");
}

TEST_F(RuleCodesTest, MissingFieldOfStatusEvents) {
  EXPECT_EQ(verdict_of_status(status_change().drop("order_id")), "missing_field data.order_id");
  EXPECT_EQ(verdict_of_status(status_change().drop("new_status")), "missing_field data.new_status");
  EXPECT_EQ(
      verdict(Topic::kOrderEvents, envelope("order.payment_status_changed",
                                            payment_change().set("new_payment_status", "null"))),
      "missing_field data.new_payment_status");
  EXPECT_EQ(
      verdict(Topic::kOrderEvents, flat("order.status_changed", status_change().drop("order_id"))),
      "missing_field order_id");
}

TEST_F(RuleCodesTest, MissingFieldsAreNamedInTheContractsOrder) {
  EXPECT_EQ(verdict(Topic::kOrderCreated, created(Json{}).drop("timestamp")),
            "missing_field timestamp");
  EXPECT_EQ(verdict_of(Json{}), "missing_field data.id");
  EXPECT_EQ(verdict_of(Json{{"id", "5"}}), "missing_field data.branch_id");
  EXPECT_EQ(verdict(Topic::kOrderCreated, created(snapshot()).set("data", "[]")),
            "missing_field data.id");
}

TEST_F(RuleCodesTest, OptionalFieldsMayBeAbsentOrNull) {
  for (const std::string key : {"user_id", "date", "address", "note", "coupon_id", "payment_method",
                                "status", "user", "branch", "order_details", "metadata"}) {
    EXPECT_EQ(verdict_of(snapshot().drop(key)), "accepted") << key;
    EXPECT_EQ(verdict_of(snapshot().set(key, "null")), "accepted") << key;
  }
  for (const std::string key : {"id", "product_name", "color", "price"}) {
    EXPECT_EQ(verdict_of_line(line().drop(key)), "accepted") << key;
    EXPECT_EQ(verdict_of_line(line().set(key, "null")), "accepted") << key;
  }
  EXPECT_EQ(verdict_of_status(status_change().drop("old_status")), "accepted");
  EXPECT_EQ(event_.old_status, std::nullopt);
}

TEST_F(RuleCodesTest, BadTypeOfEveryFieldThatIsRead) {
  for (const std::string key :
       {"address", "note", "order_status", "payment_status", "payment_method", "date"}) {
    for (const char* value : {"5", "true", "[]", "{}"}) {
      EXPECT_EQ(verdict_of(snapshot().set(key, value)), "bad_type data." + key) << value;
    }
  }
  for (const std::string key : {"id", "user_id", "branch_id", "coupon_id", "total_price"}) {
    for (const char* value :
         {"true", R"("")", R"(" 5")", R"("5 ")", R"("+5")", R"("05")", R"("5.")", R"(".5")",
          R"("0x5")", R"("NaN")", R"("5\u0000")", R"("1e")", "[]", "{}", R"("٣")", R"("-")"}) {
      EXPECT_EQ(verdict_of(snapshot().set(key, value)), "bad_type data." + key) << value;
    }
  }
  for (const std::string key : {"product_id", "quantity", "total_price", "price"}) {
    EXPECT_EQ(verdict_of_line(line().set(key, "false")), "bad_type data.order_details[0]." + key);
  }
  for (const std::string key : {"product_name", "color"}) {
    EXPECT_EQ(verdict_of_line(line().set(key, "1")), "bad_type data.order_details[0]." + key);
  }
  for (const char* value : {"5", "true", "[]", "{}"}) {
    EXPECT_EQ(verdict(Topic::kOrderCreated, created(snapshot()).set("event_id", value)),
              "bad_type event_id");
    EXPECT_EQ(verdict(Topic::kOrderCreated, created(snapshot()).set("timestamp", value)),
              "bad_type timestamp");
  }
}

TEST_F(RuleCodesTest, BadTypeOfContainers) {
  for (const char* value : {"5", R"("")", "[1]", "[[]]", "false"}) {
    EXPECT_EQ(verdict(Topic::kOrderCreated, created(snapshot()).set("data", value)),
              "bad_type data");
    EXPECT_EQ(verdict_of(snapshot().set("user", value)), "bad_type data.user");
    EXPECT_EQ(verdict_of(snapshot().set("branch", value)), "bad_type data.branch");
    EXPECT_EQ(verdict_of_status(status_change().set("order", value)), "bad_type data.order");
  }
  for (const char* value : {"{}", R"("")", "0"}) {
    EXPECT_EQ(verdict_of(snapshot().set("order_details", value)), "bad_type data.order_details");
  }
  for (const char* value : {"null", "5", R"("")", "[1]"}) {
    const std::string list = "[" + line().text() + "," + value + "]";
    EXPECT_EQ(verdict_of(snapshot().set("order_details", list)), "bad_type data.order_details[1]");
  }
  EXPECT_EQ(verdict_of(snapshot().set("user", R"({"name":5})")), "bad_type data.user.name");
  EXPECT_EQ(verdict_of(snapshot().set("branch", R"({"address":[]})")),
            "bad_type data.branch.address");
}

TEST_F(RuleCodesTest, FieldsThatReachNoColumnHaveNoType) {
  EXPECT_EQ(verdict_of(snapshot()
                           .set("status", "[1,{}]")
                           .set("metadata", "true")
                           .set("user", R"({"id":"x","name":"Anh","age":true})")
                           .set("branch", R"({"id":-1.5})")
                           .set("new_status", "5")
                           .set("order", "5")
                           .set("timestamp", "5")),
            "accepted");
  EXPECT_EQ(verdict_of_line(line().set("id", "[]").set("discount", R"("")")), "accepted");
  EXPECT_EQ(verdict(Topic::kOrderEvents,
                    envelope("order.payment_status_changed", payment_change()
                                                                 .set("old_payment_status", "5")
                                                                 .set("old_status", "5")
                                                                 .set("total_price", "-1"))),
            "accepted");
  EXPECT_EQ(verdict_of_status(status_change().set("order", snapshot().set("order_id", "1").text())),
            "accepted");
}

TEST_F(RuleCodesTest, AFieldStandsOnceInAnObjectAtAnyDepth) {
  EXPECT_EQ(verdict_of(snapshot().add("note", R"("again")")), "bad_type data.note");
  EXPECT_EQ(verdict_of(snapshot().add("n\\u006fte", R"("again")")), "bad_type data.note");
  EXPECT_EQ(verdict_of(snapshot().add("note", "null")), "bad_type data.note");
  EXPECT_EQ(verdict_of(snapshot().add("total_price", "5")), "bad_type data.total_price");
  EXPECT_EQ(verdict_of(snapshot().set("metadata", R"([{"a":[{"x":1,"y":2,"x":1}]}])")),
            "bad_type data.metadata[0].a[0].x");
  EXPECT_EQ(verdict_of(snapshot().set("metadata", R"({"":1,"":2})")), "bad_type data.metadata.");
  EXPECT_EQ(verdict(Topic::kOrderCreated, created(snapshot()).add("timestamp", "null")),
            "bad_type timestamp");
  EXPECT_EQ(verdict(Topic::kOrderCreated, created(snapshot()).add("data", "null")),
            "bad_type data");
  EXPECT_EQ(verdict_of_line(line().add("price", "1")), "bad_type data.order_details[0].price");
  // Keys are compared as they are, not in normal form.
  EXPECT_EQ(verdict_of(snapshot().set("metadata", R"({"\u00e9":1,"e\u0301":2,"E":3,"e":4})")),
            "accepted");
}

TEST_F(RuleCodesTest, RepeatedKeysAreFoundAmongManyToo) {
  std::string many;
  for (int i = 0; i < 5000; ++i) many += fmt::format("\"key_of_some_length_{}\":{},", i, i);
  EXPECT_EQ(verdict_of(snapshot().set("metadata", "{" + many + "\"last\":0}")), "accepted");
  EXPECT_EQ(
      verdict_of(snapshot().set(
          "metadata", "{" + many + "\"key_of_some_length_77\":0,\"key_of_some_length_9\":0}")),
      "bad_type data.metadata.key_of_some_length_77");
}

TEST_F(RuleCodesTest, BadTimestampNamesWhichOfTheTwo) {
  const auto with_timestamp = [&](std::string_view value) {
    return verdict(Topic::kOrderCreated, created(snapshot()).set("timestamp", in_quotes(value)));
  };
  EXPECT_EQ(with_timestamp(""), "bad_timestamp timestamp");
  EXPECT_EQ(with_timestamp("2026-02-29T00:00:00Z"), "bad_timestamp timestamp");
  EXPECT_EQ(with_timestamp("2024-02-29T00:00:00Z"), "accepted");
  EXPECT_EQ(verdict_of(snapshot().set("date", in_quotes("2026-11-20"))), "bad_timestamp data.date");
  EXPECT_EQ(verdict_of(snapshot().set("date", in_quotes(""))), "bad_timestamp data.date");
  EXPECT_EQ(verdict_of_status(
                status_change().set("order", snapshot().set("date", in_quotes("now")).text())),
            "bad_timestamp data.order.date");
}

TEST_F(RuleCodesTest, TimestampMayBeAnHourAheadAndDateAnyTime) {
  const auto with_timestamp = [&](std::string_view value) {
    return verdict(Topic::kOrderCreated, created(snapshot()).set("timestamp", in_quotes(value)));
  };
  EXPECT_EQ(with_timestamp("2026-11-24T13:00:00Z"), "accepted");
  EXPECT_EQ(with_timestamp("2026-11-24T13:00:00.000001Z"), "timestamp_in_future timestamp");
  EXPECT_EQ(with_timestamp("2026-11-24T13:00:00.000000999Z"), "accepted");  // cut before judged
  EXPECT_EQ(verdict_of(snapshot().set("date", in_quotes("2100-12-31 23:59:59"))), "accepted");
}

TEST_F(RuleCodesTest, BadIdOfEveryId) {
  for (const std::string key : {"id", "user_id", "branch_id", "coupon_id"}) {
    for (const char* value : {"0", "-1", "-0", "1.5", "9223372036854775808", "1e19", "1e999",
                              R"("0")", R"("99999999999999999999")", "0.1e0"}) {
      EXPECT_EQ(verdict_of(snapshot().set(key, value)), "bad_id data." + key) << value;
    }
    for (const char* value : {"1", "9223372036854775807", "5.0", "50e-1", R"("7")", R"("\u0037")",
                              "0.1e1", "1E+2", "9223372036854775807.000"}) {
      EXPECT_EQ(verdict_of(snapshot().set(key, value)), "accepted") << value;
    }
  }
  EXPECT_EQ(verdict_of_line(line().set("product_id", "0")),
            "bad_id data.order_details[0].product_id");
}

TEST_F(RuleCodesTest, IdsOfOneOrderMustAgree) {
  EXPECT_EQ(verdict_of(snapshot().set("order_id", R"("1042.0")")), "accepted");
  EXPECT_EQ(verdict_of(snapshot().set("order_id", "1043")), "bad_id");
  EXPECT_EQ(verdict(Topic::kOrderEvents,
                    envelope("order.status_changed", status_change().set("id", "1043"))),
            "bad_id");
  EXPECT_EQ(verdict_of(snapshot().drop("id").set("order_id", "5")), "accepted");
  EXPECT_EQ(event_.order_id, 5);
  const auto inner = [&](const char* id) {
    return verdict_of_status(status_change().set("order", snapshot().set("id", id).text()));
  };
  EXPECT_EQ(inner("1043"), "bad_id data.order.id");
  EXPECT_EQ(inner("0"), "bad_id data.order.id");
  EXPECT_EQ(inner("\"1042\""), "accepted");
  EXPECT_EQ(inner("null"), "accepted");
  EXPECT_EQ(verdict(Topic::kOrderEvents,
                    flat("order.status_changed",
                         status_change().set("order", snapshot().set("id", "1").text()))),
            "bad_id order.id");
}

TEST_F(RuleCodesTest, BadPriceByValue) {
  for (const char* value :
       {"-0.01", "-1", "10000000000000", "1e13", "1.005", "0.001", R"("1.001")", "1e400",
        "0.0000000000000000000000000001", "123456789012345678901234"}) {
    EXPECT_EQ(verdict_of(snapshot().set("total_price", value)), "bad_price data.total_price")
        << value;
    EXPECT_EQ(verdict_of_line(line().set("total_price", value)),
              "bad_price data.order_details[0].total_price");
    EXPECT_EQ(verdict_of_line(line().set("price", value)), "bad_price data.order_details[0].price");
  }
  for (const char* value :
       {"5", "5.0", "5e0", R"("5.00")", "0.5e1", "500e-2", "5.00000000000000000000"}) {
    EXPECT_EQ(verdict_of(snapshot().set("total_price", value)), "accepted") << value;
    EXPECT_EQ(event_.snapshot.total_price, 500) << value;
  }
  EXPECT_EQ(verdict_of(snapshot().set("total_price", "9999999999999.99")), "accepted");
  EXPECT_EQ(event_.snapshot.total_price, 999'999'999'999'999);
}

TEST_F(RuleCodesTest, AFreeOrderNeedsTheSettingAndAFreeLineDoesNot) {
  for (const char* value : {"0", "-0", "0.00", "0e999", R"("0")", "-0.0e-5"}) {
    EXPECT_EQ(verdict_of(snapshot().set("total_price", value)), "bad_price data.total_price")
        << value;
    EXPECT_EQ(verdict_of_line(line().set("total_price", value).set("price", value)), "accepted");
    EXPECT_EQ(event_.snapshot.lines[0].total_price, 0);
  }
  EXPECT_EQ(verdict_of(snapshot().set("total_price", "0.01")), "accepted");
  Rules rules;
  rules.allow_zero_total = true;
  set_up(rules);
  EXPECT_EQ(verdict_of(snapshot().set("total_price", "-0")), "accepted");
  EXPECT_EQ(verdict_of(snapshot().set("total_price", "-0.01")), "bad_price data.total_price");
}

TEST_F(RuleCodesTest, BadQuantityByValue) {
  for (const char* value :
       {"0", "-1", "1.5", "1000001", "1e7", R"("0")", "0.9999999999999999999"}) {
    EXPECT_EQ(verdict_of_line(line().set("quantity", value)),
              "bad_quantity data.order_details[0].quantity")
        << value;
  }
  for (const char* value : {"1", "1000000", "1e6", R"("2.0")", "0.2e1"}) {
    EXPECT_EQ(verdict_of_line(line().set("quantity", value)), "accepted") << value;
  }
}

TEST_F(RuleCodesTest, TextFitsItsColumnInCodePointsAfterNormalForm) {
  const auto limit_of = [&](std::size_t limit, auto&& verdict_with, const std::string& path) {
    const std::string too_long = "field_too_long " + path;
    EXPECT_EQ(verdict_with(in_quotes(repeated("x", limit))), "accepted") << path;
    EXPECT_EQ(verdict_with(in_quotes(repeated("x", limit + 1))), too_long);
    EXPECT_EQ(verdict_with(in_quotes(repeated("\\u1ec7", limit))), "accepted") << path;
    EXPECT_EQ(verdict_with(in_quotes(repeated("ệ", limit + 1))), too_long);
    EXPECT_EQ(verdict_with(in_quotes(repeated("\\ud83d\\ude00", limit))), "accepted") << path;
    EXPECT_EQ(verdict_with(in_quotes(repeated("\\ud83d\\ude00", limit + 1))), too_long);
    // Three code points as they are sent, one in normal form; and one that falls into two.
    EXPECT_EQ(verdict_with(in_quotes(repeated("e\\u0323\\u0302", limit))), "accepted") << path;
    EXPECT_EQ(verdict_with(in_quotes(repeated("\\u0958", limit / 2))), "accepted") << path;
    EXPECT_EQ(verdict_with(in_quotes(repeated("\\u0958", limit / 2 + 1))), too_long);
    EXPECT_EQ(verdict_with(in_quotes(repeated(" ", limit + 1))), too_long);
  };
  limit_of(
      100,
      [&](std::string text) {
        return verdict(Topic::kOrderCreated, created(snapshot()).set("event_id", std::move(text)));
      },
      "event_id");
  for (const std::string key : {"order_status", "payment_status", "payment_method"}) {
    limit_of(
        50, [&](std::string text) { return verdict_of(snapshot().set(key, std::move(text))); },
        "data." + key);
  }
  for (const std::string key : {"old_status", "new_status"}) {
    limit_of(
        50,
        [&](std::string text) {
          return verdict_of_status(status_change().set(key, std::move(text)));
        },
        "data." + key);
  }
  limit_of(
      50,
      [&](std::string text) {
        return verdict(Topic::kOrderEvents,
                       envelope("order.payment_status_changed",
                                payment_change().set("new_payment_status", std::move(text))));
      },
      "data.new_payment_status");
  for (const std::string key : {"user.name", "user.email", "branch.name"}) {
    const std::string object = key.substr(0, key.find('.'));
    const std::string member = key.substr(key.find('.') + 1);
    limit_of(
        255,
        [&](std::string text) {
          return verdict_of(snapshot().set(object, Json{{member, std::move(text)}}.text()));
        },
        "data." + key);
  }
  limit_of(
      255,
      [&](std::string text) {
        return verdict_of_line(line().set("product_name", std::move(text)));
      },
      "data.order_details[0].product_name");
  limit_of(
      50, [&](std::string text) { return verdict_of_line(line().set("color", std::move(text))); },
      "data.order_details[0].color");
}

TEST_F(RuleCodesTest, AddressesAndNoteHaveNoLimit) {
  const std::string text = in_quotes(repeated("ệ", 20'000));
  EXPECT_EQ(verdict_of(snapshot()
                           .set("address", text)
                           .set("note", text)
                           .set("branch", Json{{"address", text}}.text())),
            "accepted");
}

TEST_F(RuleCodesTest, NulInAnyTextOrKeyReadOrNot) {
  EXPECT_EQ(verdict_of(snapshot().set("note", R"("a\u0000b")")), "nul_in_text data.note");
  EXPECT_EQ(verdict_of(snapshot().set("metadata", R"([1,["\u0000"]])")),
            "nul_in_text data.metadata[1][0]");
  EXPECT_EQ(verdict_of(snapshot().set("metadata", R"({"a\u0000":[]})")),
            "nul_in_text data.metadata.a\uFFFD");
  EXPECT_EQ(verdict_of(snapshot().set("metadata", R"({"a\u0000":{"b":"\u0000"}})")),
            "nul_in_text data.metadata.a\uFFFD");
  EXPECT_EQ(verdict(Topic::kOrderCreated, created(snapshot()).set("event_id", R"("\u0000")")),
            "nul_in_text event_id");
  EXPECT_EQ(rejection_.event_id, "\uFFFD");
  // Written, but not meant.
  EXPECT_EQ(verdict_of(snapshot().set("note", R"("\\u0000 \u00000")")), "nul_in_text data.note");
  EXPECT_EQ(verdict_of(snapshot().set("note", R"("\\u0000")")), "accepted");
}

}  // namespace
}  // namespace lensart::orders
