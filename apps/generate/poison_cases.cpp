#include <string>
#include <vector>

#include "apps/generate/poison.hpp"

namespace lensart::generate {
namespace {

using enum PoisonBase;
using enum PoisonEdit;
using orders::Code;
using namespace std::string_literals;

using Cases = std::vector<PoisonCase>;

std::string times(std::size_t count, std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

void add_size_and_json(Cases& all) {
  const auto add = [&all](std::string_view name, PoisonEdit edit, std::string_view path,
                          std::string text, std::uint32_t weight = 100) {
    all.push_back({name, Code::kBadJson, kCreated, edit, path, std::move(text), weight});
  };
  all.push_back({"blanks beyond the limit", Code::kTooLarge, kCreated, kOversize, "", "", 1});
  all.push_back({"oversize status event", Code::kTooLarge, kStatus, kOversize, "", "", 1});
  add("null value", kNull, "", "");
  add("empty payload", kWhole, "", "");
  add("only blanks", kWhole, "", " \t ");
  add("cut off", kCut, "", "");
  add("text after the object", kAppend, "", "x");
  add("two objects", kAppend, "", "{}");
  add("NUL after the object", kAppend, "", "\0"s);
  add("byte order mark", kPrepend, "", "\xef\xbb\xbf");
  add("text before the object", kPrepend, "", ")]}',\n");
  add("plain text", kWhole, "", "order.created 1042");
  add("an array at the top", kWhole, "", R"([{"event_type":"order.created"}])");
  add("a string at the top", kWhole, "", R"("order.created")");
  add("null at the top", kWhole, "", "null");
  add("a number at the top", kWhole, "", "42");
  add("single quotes", kWhole, "", "{'event_type':'order.created'}");
  add("a key without quotes", kInsert, "data", "colour:1,");
  add("a comma too many", kInsert, "data", ",");
  add("a comma before the brace", kSet, "metadata", "[],");
  add("a comma missing", kInsert, "data", "\"x\":1 ");
  add("a colon missing", kInsert, "data", "\"x\" 1,");
  add("a comment", kInsert, "data", "/* x */");
  add("wrong brackets", kSet, "metadata", "[1,2}");
  add("a cut literal in a field that nobody reads", kSet, "metadata", "tru");
  add("NaN", kSet, "total_price", "NaN");
  add("Infinity", kSet, "metadata", "-Infinity");
  add("a leading zero", kSet, "branch_id", "02");
  add("a leading plus", kSet, "branch_id", "+2");
  add("a number that ends in a point", kSet, "total_price", "5.");
  add("a number without digits before the point", kSet, "total_price", ".5");
  add("an exponent without digits", kSet, "total_price", "5e");
  add("hexadecimal", kSet, "branch_id", "0x2");
  add("1001 digits", kSet, "metadata", "1" + times(1000, "0"));
  add("1001 digits by exponent", kSet, "metadata", "1e1000");
  add("1001 decimals by exponent", kSet, "metadata", "0e-1001");
  add("a huge exponent", kSet, "metadata", "1e99999999999999999999");
  add("depth 33", kSet, "metadata", times(31, "[") + times(31, "]"));
  add("depth 400", kSet, "metadata", times(398, "{\"a\":") + "1" + times(398, "}"), 20);
  add("a raw line feed in a text", kSet, "note", "\"a\nb\"");
  add("a raw tab in a text", kSet, "note", "\"a\tb\"");
  add("a raw NUL in a text", kSet, "note", "\"a\0b\""s);
  add("an unknown escape", kSet, "note", R"("\x41")");
  add("a cut escape", kSet, "note", R"("\u12")");
  add("a high surrogate alone", kSet, "note", R"("\ud83d")");
  add("a low surrogate alone", kSet, "note", R"("\ude00 x")");
  add("two high surrogates", kSet, "note", R"("\ud83d\ud83d")");
  add("a surrogate alone in a key", kSet, "metadata", R"({"\udc00":1})");
  add("invalid UTF-8", kSet, "note", "\"Nguy\xff\"");
  add("cut UTF-8", kSet, "address", "\"Nguy\xe1\xbb\"");
  add("overlong UTF-8", kSet, "note", "\"\xc0\xaf\"");
  add("a surrogate in UTF-8", kSet, "note", "\"\xed\xa0\xbd\"");
  add("Latin-1 in a key", kSet, "metadata", "{\"caf\xe9\":1}");
}

void add_type_and_topic(Cases& all) {
  const auto add = [&all](std::string_view name, Code code, PoisonBase base, PoisonEdit edit,
                          std::string_view path, std::string text) {
    all.push_back({name, code, base, edit, path, std::move(text)});
  };
  add("no event_type", Code::kMissingField, kCreated, kDrop, "event_type", "");
  add("no event_type on order-events", Code::kMissingField, kStatus, kDrop, "event_type", "");
  add("event_type null", Code::kMissingField, kUpdated, kSet, "event_type", "null");
  add("event_type a number", Code::kBadType, kCreated, kSet, "event_type", "7");
  add("event_type an object", Code::kBadType, kStatus, kSet, "event_type", "{}");
  add("event_type twice", Code::kBadType, kCreated, kInsert, "",
      R"("event_type":"order.created",)");
  add("event_type twice on order-events", Code::kBadType, kStatus, kInsert, "",
      R"("event_type":"test.connection",)");
  add("event_type twice, once escaped", Code::kBadType, kCreated, kInsert, "",
      R"("event\u005ftype":"order.created",)");
  add("created on order-updated", Code::kWrongTopic, kCreated, kTopic, "updated", "");
  add("created on order-events", Code::kWrongTopic, kCreated, kTopic, "events", "");
  add("updated on order-created", Code::kWrongTopic, kUpdated, kTopic, "created", "");
  add("cancelled on order-events", Code::kWrongTopic, kCancelled, kTopic, "events", "");
  add("status on order-created", Code::kWrongTopic, kStatus, kTopic, "created", "");
  add("payment on order-cancelled", Code::kWrongTopic, kBarePayment, kTopic, "cancelled", "");
  add("unknown type on order-created", Code::kWrongTopic, kCreated, kSet, "event_type",
      quoted("test.connection"));
  add("type in capitals", Code::kWrongTopic, kUpdated, kSet, "event_type", quoted("ORDER.UPDATED"));
  add("empty type on order-cancelled", Code::kWrongTopic, kCancelled, kSet, "event_type", "\"\"");
}

void add_missing(Cases& all) {
  const auto drop = [&all](std::string_view name, PoisonBase base, std::string_view path) {
    all.push_back({name, Code::kMissingField, base, kDrop, path, ""});
  };
  const auto set = [&all](std::string_view name, PoisonBase base, std::string_view path,
                          std::string text) {
    all.push_back({name, Code::kMissingField, base, kSet, path, std::move(text)});
  };
  drop("no timestamp", kCreated, "timestamp");
  drop("no id", kCreated, "data>id");
  drop("no order_id in the flat form", kFlatCreated, "order_id");
  drop("no branch_id", kUpdated, "branch_id");
  drop("no total_price", kCancelled, "total_price");
  drop("no order_status", kCreated, "order_status");
  drop("no payment_status", kFlatCreated, "payment_status");
  drop("a line without product_id", kCreated, "order_details>product_id");
  drop("a line without quantity", kCreated, "order_details>quantity");
  drop("a line without total_price", kUpdated, "order_details>total_price");
  drop("no new_status", kBareStatus, "new_status");
  drop("no new_payment_status", kBarePayment, "new_payment_status");
  drop("a status event without order_id", kStatus, "data>order_id");
  drop("a status event's snapshot without branch_id", kStatus, "order>branch_id");
  drop("no data", kCreated, "data");
  set("timestamp null", kUpdated, "timestamp", "null");
  set("branch_id null", kCreated, "branch_id", "null");
  set("total_price null", kCreated, "total_price", "null");
  set("new_status null", kStatus, "new_status", "null");
  set("data an empty array", kCreated, "data", "[]");
  set("data empty", kStatus, "data", "{}");
  set("data null", kCancelled, "data", "null");
  set("an empty line", kCreated, "order_details", "[[]]");
  set("a snapshot without what it requires", kStatus, "order", R"({"note":"x"})");
}

void add_bad_types(Cases& all) {
  const auto add = [&all](std::string_view name, PoisonBase base, PoisonEdit edit,
                          std::string_view path, std::string text) {
    all.push_back({name, Code::kBadType, base, edit, path, std::move(text)});
  };
  add("data a text", kCreated, kSet, "data", quoted("x"));
  add("data a full array", kUpdated, kSet, "data", "[1]");
  add("event_id a number", kCreated, kSet, "event_id", "42");
  add("timestamp a number", kCreated, kSet, "timestamp", "1795145402");
  add("date a number", kCreated, kSet, "date", "1795145402");
  add("id an object", kCreated, kSet, "data>id", R"({"$oid":"1"})");
  add("id a word", kCreated, kSet, "data>id", quoted("abc"));
  add("id empty", kUpdated, kSet, "data>id", "\"\"");
  add("branch_id true", kCreated, kSet, "branch_id", "true");
  add("user_id with a blank", kCreated, kSet, "user_id", quoted(" 12"));
  add("coupon_id an array", kCreated, kSet, "coupon_id", "[]");
  add("total_price true", kCreated, kSet, "total_price", "true");
  add("total_price empty", kCreated, kSet, "total_price", "\"\"");
  add("total_price with a currency", kUpdated, kSet, "total_price", quoted("1.750.000 đ"));
  add("total_price with separators", kCreated, kSet, "total_price", quoted("1,750,000.00"));
  add("total_price with a plus", kCreated, kSet, "total_price", quoted("+5"));
  add("total_price hexadecimal", kCreated, kSet, "total_price", quoted("0x10"));
  add("total_price NaN as text", kCreated, kSet, "total_price", quoted("NaN"));
  add("order_status a number", kCreated, kSet, "order_status", "1");
  add("payment_status false", kCreated, kSet, "payment_status", "false");
  add("payment_method an array", kCreated, kSet, "payment_method", "[]");
  add("note an object", kCreated, kSet, "note", "{}");
  add("address a number", kFlatCreated, kSet, "address", "12");
  add("user a text", kCreated, kSet, "user", quoted("Ánh"));
  add("user a full array", kCreated, kSet, "user", R"([{"name":"x"}])");
  add("user's name a number", kCreated, kSet, "user>name", "5");
  add("branch a number", kCreated, kSet, "branch", "2");
  add("order_details an object", kCreated, kSet, "order_details", "{}");
  add("order_details a text", kCreated, kSet, "order_details", quoted("[]"));
  add("a line null", kCreated, kSet, "order_details", "[null]");
  add("a line a text", kCreated, kSet, "order_details", "[\"x\"]");
  add("product_id a word", kCreated, kSet, "order_details>product_id", quoted("RB5154"));
  add("product_name a number", kCreated, kSet, "order_details>product_name", "5154");
  add("quantity empty", kCreated, kSet, "order_details>quantity", "\"\"");
  add("quantity true", kUpdated, kSet, "order_details>quantity", "true");
  add("new_status a number", kBareStatus, kSet, "new_status", "3");
  add("old_status an array", kBareStatus, kSet, "old_status", "[]");
  add("new_payment_status true", kBarePayment, kSet, "new_payment_status", "true");
  add("order a text", kBareStatus, kSet, "order", "\"\"");
  add("order false", kBareStatus, kSet, "order", "false");
  add("branch_id twice", kCreated, kInsert, "data", "\"branch_id\":1,");
  add("branch_id twice, once escaped", kCreated, kInsert, "data", R"("\u0062ranch_id":1,)");
  add("event_id twice", kCreated, kInsert, "", R"("event_id":"evt_x",)");
  add("a field twice where nobody looks", kCreated, kSet, "metadata", R"({"a":1,"a":2})");
  add("a field twice deep inside", kStatus, kSet, "metadata", R"([{"b":[{"c":1,"\u0063":1}]}])");
  add("a field twice and a bad price", kCreated, kSet, "total_price",
      R"("-1","extra":{"a":1,"a":2})");
}

void add_times(Cases& all) {
  const auto add = [&all](std::string_view name, std::string_view path, std::string_view text) {
    all.push_back({name, Code::kBadTimestamp, kCreated, kSet, path, quoted(std::string(text))});
  };
  add("an empty timestamp", "timestamp", "");
  add("a word for a timestamp", "timestamp", "yesterday");
  add("a date without time", "timestamp", "2026-11-20");
  add("no seconds", "timestamp", "2026-11-20T10:30+07:00");
  add("30 February", "timestamp", "2026-02-30T10:30:02+07:00");
  add("29 February of no leap year", "timestamp", "2025-02-29T10:30:02+07:00");
  add("month 13", "timestamp", "2026-13-01T10:30:02+07:00");
  add("hour 24", "timestamp", "2026-11-20T24:00:00+07:00");
  add("second 60", "timestamp", "2016-12-31T23:59:60Z");
  add("offset 24:00", "timestamp", "2026-11-20T10:30:02+24:00");
  add("a one-digit offset", "timestamp", "2026-11-20T10:30:02+7");
  add("a named zone", "timestamp", "2026-11-20T10:30:02 ICT");
  add("ten decimals", "timestamp", "2026-11-20T10:30:02.0000000001Z");
  add("a point without decimals", "timestamp", "2026-11-20T10:30:02.Z");
  add("two blanks", "timestamp", "2026-11-20  10:30:02Z");
  add("a small t", "timestamp", "2026-11-20t10:30:02Z");
  add("day before month", "timestamp", "20/11/2026 10:30:02");
  add("a blank at the end", "timestamp", "2026-11-20T10:30:02Z ");
  add("the year 1999", "timestamp", "1999-12-31T23:59:59Z");
  add("1999 in UTC", "timestamp", "2000-01-01T00:00:00+07:00");
  add("the year 2101", "timestamp", "2101-01-01T00:00:00Z");
  add("MySQL's zero date", "date", "0000-00-00 00:00:00");
  add("an empty date", "date", "");
  add("a date of 1970", "date", "1970-01-01 08:00:00");
  add("day 32", "date", "2026-10-32 08:00:00");
  const auto future = [&all](std::string_view name, PoisonBase base, std::string_view text) {
    all.push_back(
        {name, Code::kTimestampInFuture, base, kSet, "timestamp", quoted(std::string(text))});
  };
  future("2099", kCreated, "2099-11-20T10:30:02+07:00");
  future("2100 without an offset", kBareStatus, "2100-01-01 00:00:00");
  future("2098 in UTC", kFlatCreated, "2098-06-30T23:59:59.999999Z");
}

void add_ids(Cases& all) {
  const auto add = [&all](std::string_view name, PoisonBase base, PoisonEdit edit,
                          std::string_view path, std::string text) {
    all.push_back({name, Code::kBadId, base, edit, path, std::move(text)});
  };
  add("id 0", kCreated, kSet, "data>id", "0");
  add("id negative", kUpdated, kSet, "data>id", "-1042");
  add("id with a fraction", kCreated, kSet, "data>id", "1042.5");
  add("id 2^63", kCreated, kSet, "data>id", "9223372036854775808");
  add("id 1e30", kCreated, kSet, "data>id", "1e30");
  add("order_id zero as text", kFlatCreated, kSet, "order_id", quoted("0"));
  add("two order ids", kCreated, kInsert, "data", "\"order_id\":4611686018427387905,");
  add("another order's snapshot", kStatus, kSet, "order>id", "4611686018427387905");
  add("user_id negative", kCreated, kSet, "user_id", "-1");
  add("branch_id 0", kCreated, kSet, "branch_id", "0");
  add("branch_id with a fraction as text", kCreated, kSet, "branch_id", quoted("1.5"));
  add("branch_id 2^64", kCancelled, kSet, "branch_id", quoted("18446744073709551616"));
  add("coupon_id 0", kUpdated, kSet, "coupon_id", "0");
  add("product_id 0", kCreated, kSet, "order_details>product_id", "0");
  add("product_id tiny", kCreated, kSet, "order_details>product_id", "1e-9");
  add("order_id of a status event 0", kBareStatus, kSet, "order_id", "0");
  add("a bad id before a NUL", kCreated, kSet, "coupon_id", "-7,\"x\":\"\\u0000\"");
}

void add_amounts(Cases& all) {
  const auto price = [&all](std::string_view name, PoisonBase base, std::string_view path,
                            std::string text) {
    all.push_back({name, Code::kBadPrice, base, kSet, path, std::move(text)});
  };
  price("a negative total", kCreated, "total_price", "\"-1750000.00\"");
  price("a total of nothing", kCreated, "total_price", "0");
  price("a total of nothing as text", kUpdated, "total_price", "\"0.00\"");
  price("a total of minus nothing", kCreated, "total_price", "-0.0");
  price("a tenth of a hundredth", kCreated, "total_price", "\"1750000.005\"");
  price("too small", kCreated, "total_price", "1e-3");
  price("ten million million", kCreated, "total_price", "10000000000000");
  price("ten million million by exponent", kCancelled, "total_price", "1e13");
  price("beyond a double", kCreated, "total_price", "1e400");
  price("a status event's snapshot with a negative total", kStatus, "total_price", "-1");
  price("a line's negative total", kCreated, "order_details>total_price", "-5");
  price("a line's total with three decimals", kCreated, "order_details>total_price", "1.005");
  price("a negative unit price", kCreated, "order_details",
        R"([{"product_id":1,"quantity":1,"total_price":"10.00","price":"-1.00"}])");
  const auto quantity = [&all](std::string_view name, std::string text) {
    all.push_back(
        {name, Code::kBadQuantity, kCreated, kSet, "order_details>quantity", std::move(text)});
  };
  quantity("quantity 0", "0");
  quantity("quantity negative", "-2");
  quantity("quantity with a fraction", "1.5");
  quantity("quantity with a fraction as text", "\"0.5\"");
  quantity("quantity 1000001", "1000001");
  quantity("quantity huge", "1e300");
}

void add_texts(Cases& all) {
  const auto longer = [&all](std::string_view name, PoisonBase base, std::string_view path,
                             std::size_t count, std::string_view unit = "\\u0111") {
    all.push_back({name, Code::kFieldTooLong, base, kSet, path, quoted(times(count, unit))});
  };
  longer("event_id of 101", kCreated, "event_id", 101, "e");
  longer("order_status of 51", kCreated, "order_status", 51);
  longer("payment_status of 51", kUpdated, "payment_status", 51);
  longer("payment_method of 51", kCreated, "payment_method", 51, "đ");
  longer("user's name of 256", kCreated, "user>name", 256);
  longer("user's email of 256", kCreated, "user>email", 256, "m");
  longer("branch's name of 256", kCreated, "branch>name", 256, "\\ud83d\\ude00");
  longer("product_name of 256", kCreated, "order_details>product_name", 256);
  longer("color of 51, composed", kCreated, "order_details>color", 51, "e\\u0301");
  longer("new_status of 51", kBareStatus, "new_status", 51);
  longer("old_status of 51", kBareStatus, "old_status", 51);
  longer("new_payment_status of 51", kBarePayment, "new_payment_status", 51);
  const auto nul = [&all](std::string_view name, PoisonBase base, std::string_view path,
                          std::string text) {
    all.push_back({name, Code::kNulInText, base, kSet, path, std::move(text)});
  };
  nul("NUL in note", kCreated, "note", R"("a\u0000b")");
  nul("NUL in address", kFlatCreated, "address", R"("\u0000")");
  nul("NUL in event_id", kCreated, "event_id", R"("evt_\u0000")");
  nul("NUL in the user's name", kUpdated, "user>name", R"("\u0000Ánh")");
  nul("NUL where nobody reads", kCreated, "status", R"("act\u0000ive")");
  nul("NUL in a key", kCreated, "metadata", R"({"a\u0000":1})");
  nul("NUL deep inside", kStatus, "metadata", R"([[["\u0000"]]])");
  nul("NUL in new_status", kBareStatus, "new_status", R"("\u0000")");
}

}  // namespace

std::span<const PoisonCase> poison_cases() {
  static const Cases kCases = [] {
    Cases all;
    add_size_and_json(all);
    add_type_and_topic(all);
    add_missing(all);
    add_bad_types(all);
    add_times(all);
    add_ids(all);
    add_amounts(all);
    add_texts(all);
    return all;
  }();
  return kCases;
}

}  // namespace lensart::generate
