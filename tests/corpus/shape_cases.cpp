// What PHP does to JSON, the flat form, the five types' columns, and the order of the rules.

#include "tests/corpus/corpus.hpp"

namespace lensart::corpus {
namespace {

using model::TopicKind;

void add_phpisms(Collector& cases) {
  cases.accept("as Laravel writes it", created(),
               {{"event_type", "order.created"},
                {"user_id", "12"},
                {"branch_id", "2"},
                {"total_price", "1750000.00"},
                {"order_status", "Đang xử lý"},
                {"payment_status", "Chưa thanh toán"},
                {"payment_method", "Tiền mặt"},
                {"event_timestamp", "2024-05-01T03:30:02.000000Z"},
                {"processed.user_name", "Nguyễn Ánh"},
                {"processed.user_email", "anh@example.com"},
                {"processed.branch_name", "LensArt Quận 3"},
                {"processed.branch_address", "25 Võ Văn Tần"},
                {"processed.order_date", "2024-05-01T03:30:00.000000Z"},
                {"processed.address", "12/5 Nguyễn Đình Chiểu"},
                {"processed.note", "NULL"},
                {"processed.coupon_id", "NULL"},
                {"processed.items_count", "2"},
                {"processed.created_at", "2024-05-01T03:30:02.000000Z"},
                {"processed.updated_at", "2024-05-01T03:30:02.000000Z"},
                {"item.product_id", "37"},
                {"item.product_name", "Gọng kính Ray-Ban"},
                {"item.color", "Đen nhám"},
                {"item.quantity", "2"},
                {"item.unit_price", "625000.00"},
                {"item.total_price", "1250000.00"},
                {"item.order_date", "2024-05-01"},
                {"item.branch_id", "2"}});
  cases.accept("[] for every object",
               created().data("user", "[]").data("branch", "[]").data("metadata", "[]"),
               {{"processed.user_name", "NULL"}, {"processed.branch_name", "NULL"}});
  cases.accept("[ ] for an object", created().data("user", "[ \n]"));
  cases.accept("null for every object",
               created().data("user", "null").data("branch", "null").data("metadata", "null"));
  cases.accept("{} for every object",
               created().data("user", "{}").data("branch", "{}").data("metadata", "{}"));
  cases.accept("a walk-in: user and user_id null",
               created().data("user", "null").data("user_id", "null"), {{"user_id", "NULL"}});
  cases.accept("all numbers as texts",
               created()
                   .data("id", "\"@ORDER@\"")
                   .data("user_id", "\"12\"")
                   .data("branch_id", "\"3\"")
                   .data("coupon_id", "\"7\"")
                   .data("order_details", R"([{"product_id":"5","quantity":"2",)"
                                          R"("total_price":"99.90","price":"50.00"}])"),
               {{"branch_id", "3"},
                {"processed.coupon_id", "7"},
                {"item.product_id", "5"},
                {"item.unit_price", "50.00"}});
  cases.accept("nothing but what is required",
               created()
                   .data_without("user_id")
                   .data_without("date")
                   .data_without("address")
                   .data_without("note")
                   .data_without("coupon_id")
                   .data_without("payment_method")
                   .data_without("status")
                   .data_without("user")
                   .data_without("branch")
                   .data_without("order_details")
                   .data_without("metadata"),
               {{"user_id", "NULL"}, {"payment_method", "NULL"}, {"processed.items_count", "0"}});
  cases.accept("all that is optional null",
               created()
                   .data("user_id", "null")
                   .data("date", "null")
                   .data("address", "null")
                   .data("payment_method", "null")
                   .data("order_details", "null")
                   .data("user", R"({"name":null,"email":null})")
                   .data("branch", R"({"name":null,"address":null})"),
               {{"processed.order_date", "NULL"}, {"processed.items_count", "0"}});
  cases.accept("no lines", created().data("order_details", "[]"), {{"processed.items_count", "0"}});
  cases.accept(
      "the same line twice",
      created().data("order_details", "[" + good_line().text() + "," + good_line().text() + "]"),
      {{"processed.items_count", "4"}});
  ObjectText line = good_line();
  line.set("price", "null");
  line.set("color", "null");
  cases.accept("a line's optional fields null", created_with(line),
               {{"item.unit_price", "625000.00"}, {"item.color", "NULL"}});
}

void add_flat_forms(Collector& cases) {
  for (const Draft& draft : {created(), updated(), cancelled(), status_changed(), payment_changed(),
                             status_changed_with(good_snapshot())}) {
    cases.accept("flat", draft.flat());
    cases.accept("flat, data null", draft.flat().top("data", "null"));
    cases.accept("flat, without event_id", draft.flat().top_without("event_id"));
  }
  cases.accept("flat, PHP's order_id",
               created().data_without("id").data("order_id", "@ORDER@").flat());
  cases
      .reject("flat beside data {}", created().flat().top("data", "{}"), "missing_field", "data.id")
      .order_id.reset();
  cases.reject("flat beside data 0", created().flat().top("data", "0"), "bad_type", "data")
      .order_id.reset();
  cases.reject("flat, a line's field",
               created_with([] {
                 ObjectText line = good_line();
                 line.set("quantity", "0");
                 return line;
               }())
                   .flat(),
               "bad_quantity", "order_details[0].quantity");
}

void add_types(Collector& cases) {
  cases.accept("cancelled writes its own status", cancelled(),
               {{"event_type", "order.cancelled"},
                {"order_status", "Đã hủy"},
                {"payment_status", "Chưa thanh toán"},
                {"total_price", "1750000.00"},
                {"processed.order_status", "Đã hủy"}});
  cases.accept("updated", updated(),
               {{"event_type", "order.updated"}, {"order_status", "Đang xử lý"}});
  cases.accept("status changed without snapshot", status_changed(),
               {{"event_type", "order.status_changed"},
                {"order_status", "Đang giao hàng"},
                {"payment_status", "NULL"},
                {"total_price", "NULL"},
                {"branch_id", "NULL"},
                {"user_id", "NULL"},
                {"payment_method", "NULL"}});
  cases.accept("status changed with a snapshot", status_changed_with(good_snapshot()),
               {{"order_status", "Đang giao hàng"},
                {"payment_status", "Chưa thanh toán"},
                {"total_price", "1750000.00"},
                {"processed.order_status", "Đang giao hàng"},
                {"item.quantity", "2"}});
  cases.accept("payment changed without snapshot", payment_changed(),
               {{"event_type", "order.payment_status_changed"},
                {"order_status", "NULL"},
                {"payment_status", "Đã thanh toán"},
                {"total_price", "NULL"}});
  cases.accept("payment changed with a snapshot",
               payment_changed().data("order", good_snapshot().text()),
               {{"order_status", "Đang xử lý"},
                {"payment_status", "Đã thanh toán"},
                {"processed.order_status", "Đang xử lý"},
                {"processed.payment_status", "Đã thanh toán"}});
  for (const char* none : {"null", "[]", "{}", "[ ]", "{ }"}) {
    cases.accept(std::string("no snapshot: ") + none, status_changed().data("order", none),
                 {{"total_price", "NULL"}});
  }
  cases.accept("no snapshot: absent", status_changed().data_without("order"),
               {{"total_price", "NULL"}});
  cases.reject("a snapshot of one unknown field", status_changed().data("order", R"({"x":1})"),
               "missing_field", "data.order.branch_id");
  cases.accept("old_status null", status_changed().data("old_status", "null"));
  cases.accept("old_status absent", status_changed().data_without("old_status"));
}

/// Each payload breaks two rules; the earlier one is its code.
void add_rule_order(Collector& cases) {
  const Draft test = status_changed().top("event_type", "\"test.connection\"");
  cases.reject("event_type missing before all else",
               created().top("event_type", "null").top("timestamp", "5"), "missing_field",
               "event_type");
  cases.reject("wrong_topic before missing_field",
               created().data_without("branch_id").on(TopicKind::kOrderEvents), "wrong_topic",
               "event_type");
  cases.reject("missing_field before bad_type",
               created().top("timestamp", "5").data_without("payment_status"), "missing_field",
               "data.payment_status");
  cases.reject("missing_field before a repeated field",
               created().data_prepend("note", "1").data_without("payment_status"), "missing_field",
               "data.payment_status");
  cases.reject("a line's missing_field before bad_type",
               created().data("user_id", "true").data("order_details", "[{}]"), "missing_field",
               "data.order_details[0].product_id");
  cases.reject("nothing is missing in a line of a wrong type",
               created().data("order_details", "[5]"), "bad_type", "data.order_details[0]");
  cases.reject("bad_type before bad_timestamp",
               created().top("timestamp", "\"x\"").data("note", "5"), "bad_type", "data.note");
  cases.reject("a repeated unread field before bad_timestamp",
               created().top("timestamp", "\"x\"").data("metadata", R"({"a":1,"a":1})"), "bad_type",
               "data.metadata.a");
  cases.reject("bad_timestamp before timestamp_in_future",
               created().top("timestamp", "\"2100-01-01T00:00:00Z\"").data("date", "\"x\""),
               "bad_timestamp", "data.date");
  cases.reject("timestamp_in_future before bad_id",
               created().top("timestamp", "\"2100-01-01T00:00:00Z\"").data("user_id", "0"),
               "timestamp_in_future", "timestamp");
  cases.reject(
      "bad_id before bad_price",
      created().data("total_price", "0").data_prepend("coupon_id2", "0").data("coupon_id", "0"),
      "bad_id", "data.coupon_id");
  cases.reject(
      "bad_price before bad_quantity",
      created().data("order_details", R"([{"product_id":1,"quantity":0,"total_price":1.005}])"),
      "bad_price", "data.order_details[0].total_price");
  cases.reject("bad_quantity before field_too_long",
               created().data("order_details", R"([{"product_id":1,"color":")" + repeated("x", 51) +
                                                   R"(","quantity":0,"total_price":1}])"),
               "bad_quantity", "data.order_details[0].quantity");
  cases.reject(
      "field_too_long before nul_in_text",
      created().data("address", "\"\\u0000\"").data("payment_method", quoted(repeated("x", 51))),
      "field_too_long", "data.payment_method");
  cases.reject("of two broken ids the first in the payload",
               created().data("branch_id", "0").data("user_id", "0"), "bad_id", "data.user_id");
  cases.reject("of two broken prices the first in the payload",
               created()
                   .data_without("total_price")
                   .data("order_details", R"([{"product_id":1,"quantity":1,"total_price":-1}])")
                   .data("total_price", "0"),
               "bad_price", "data.order_details[0].total_price");
  cases.reject("of two texts with U+0000 the first in the payload",
               created().data("metadata", "\"\\u0000\"").data("note", "\"\\u0000\""), "nul_in_text",
               "data.note");
  cases.ignore("ignored before wrong types", test.data("order_id", "[]"));
}

}  // namespace

void add_shape_cases(Collector& cases) {
  add_phpisms(cases);
  add_flat_forms(cases);
  add_types(cases);
  add_rule_order(cases);
}

}  // namespace lensart::corpus
