// Rules 3 and 6: each field in each wrong type.

#include "tests/corpus/corpus.hpp"

namespace lensart::corpus {
namespace {

const char* const kNoText[] = {"5", "true", "[]", "{}", "[\"a\"]", "1.5"};
const char* const kNoNumber[] = {
    "true",     "false",  "[]",      "{}",          "[5]",      "\"\"",    "\" 5\"",      "\"5 \"",
    "\"+5\"",   "\"05\"", "\"0x5\"", "\"five\"",    "\"5,0\"",  "\"1e\"",  "\"1 000\"",   "\"NaN\"",
    "\"5\\n\"", "\".5\"", "\"5.\"",  "\"\\uff15\"", "\"null\"", "\"--5\"", "\"5\\u0000\""};
const char* const kNoObject[] = {"5", "true", "\"\"", "\"{}\"", "[1]", "[null]", "[[]]", "[{}]"};
const char* const kNoArray[] = {"5", "true", "\"\"", "\"[]\"", "{}", "{\"0\":{}}"};

const std::string kBareEnvelope = R"({"event_type":"order.created","event_id":"corpus @ORDER@",)"
                                  R"("timestamp":"2024-05-01T10:30:02Z")";

std::string named(const std::string& field, const std::string& value) {
  return field + " as " + value;
}

void add_event_types(Collector& cases) {
  for (const char* value : {"5", "true", "[]", "{}", "[\"order.created\"]"}) {
    cases.reject(named("event_type", value), created().top("event_type", value), "bad_type",
                 "event_type");
    cases.reject(named("event_type on order-events", value),
                 status_changed().top("event_type", value), "bad_type", "event_type");
  }
  cases.reject("event_type null", created().top("event_type", "null"), "missing_field",
               "event_type");
  cases.reject("no event_type", created().top_without("event_type"), "missing_field", "event_type");
  cases.reject("no event_type on order-events", status_changed().top_without("event_type"),
               "missing_field", "event_type");
  cases.reject("event_type inside data only",
               created().top_without("event_type").data("event_type", R"("order.created")"),
               "missing_field", "event_type");
  cases.reject("event_type twice", created().top_append("event_type", R"("order.created")"),
               "bad_type", "event_type");
  cases.reject("event_type twice, once escaped",
               created().top_append("event_\\u0074ype", R"("order.created")"), "bad_type",
               "event_type");
  cases.reject("event_type twice, the second of no type",
               status_changed().top_append("event_type", R"("test.connection")"), "bad_type",
               "event_type");
  cases.reject("event_type twice on order-events, both of no type",
               status_changed().top("event_type", R"("x")").top_append("event_type", R"("x")"),
               "bad_type", "event_type");
  cases.reject("event_type null and then again",
               created().top("event_type", "null").top_append("event_type", R"("order.created")"),
               "bad_type", "event_type");
  cases.accept("event_type spelt with escapes",
               created().top("event_type", R"("\u006frder\u002ecreated")"));
}

void add_envelope(Collector& cases) {
  for (const char* value : kNoText) {
    cases.reject(named("event_id", value), created().top("event_id", value), "bad_type", "event_id")
        .event_id.reset();
    cases.reject(named("timestamp", value), created().top("timestamp", value), "bad_type",
                 "timestamp");
  }
  for (const char* value : kNoObject) {
    // Nothing inside a `data` of a wrong type is judged: its required fields are not missing.
    const std::string event_id = "corpus " + std::to_string(cases.next_order_id());
    Case& none = cases.accept_bytes(named("data", value), model::TopicKind::kOrderCreated,
                                    kBareEnvelope + R"(,"data":)" + value + "}");
    none.outcome = "bad_type";
    none.field = "data";
    none.event_id = event_id;
  }
  const std::string event_id = "corpus " + std::to_string(cases.next_order_id());
  Case& empty = cases.accept_bytes("data []", model::TopicKind::kOrderCreated,
                                   kBareEnvelope + R"(,"data":[],"id":5})");
  empty.outcome = "missing_field";
  empty.field = "data.id";
  empty.event_id = event_id;
}

void add_numbers(Collector& cases) {
  for (const char* value : kNoNumber) {
    for (const char* field : {"user_id", "branch_id", "coupon_id", "total_price"}) {
      cases.reject(named(field, value), created().data(field, value), "bad_type",
                   std::string("data.") + field);
    }
    cases.reject(named("id", value), created().data("id", value), "bad_type", "data.id")
        .order_id.reset();
    cases
        .reject(named("order_id", value), status_changed().data("order_id", value), "bad_type",
                "data.order_id")
        .order_id.reset();
    for (const char* field : {"product_id", "quantity", "total_price", "price"}) {
      ObjectText line = good_line();
      line.set(field, value);
      cases.reject(named(std::string("line ") + field, value), created_with(line), "bad_type",
                   std::string("data.order_details[0].") + field);
    }
  }
}

void add_texts(Collector& cases) {
  for (const char* value : kNoText) {
    for (const char* field :
         {"address", "note", "order_status", "payment_status", "payment_method", "date"}) {
      cases.reject(named(field, value), created().data(field, value), "bad_type",
                   std::string("data.") + field);
    }
    const std::string text = value;
    cases.reject(named("user.name", text), created().data("user", "{\"name\":" + text + "}"),
                 "bad_type", "data.user.name");
    cases.reject(named("user.email", text), created().data("user", "{\"email\":" + text + "}"),
                 "bad_type", "data.user.email");
    cases.reject(named("branch.name", text), created().data("branch", "{\"name\":" + text + "}"),
                 "bad_type", "data.branch.name");
    cases.reject(named("branch.address", text),
                 created().data("branch", "{\"address\":" + text + "}"), "bad_type",
                 "data.branch.address");
    for (const char* field : {"product_name", "color"}) {
      ObjectText line = good_line();
      line.set(field, text);
      cases.reject(named(std::string("line ") + field, text), created_with(line), "bad_type",
                   std::string("data.order_details[0].") + field);
    }
    cases.reject(named("new_status", text), status_changed().data("new_status", text), "bad_type",
                 "data.new_status");
    cases.reject(named("old_status", text), status_changed().data("old_status", text), "bad_type",
                 "data.old_status");
    cases.reject(named("new_payment_status", text),
                 payment_changed().data("new_payment_status", text), "bad_type",
                 "data.new_payment_status");
  }
}

void add_objects_and_arrays(Collector& cases) {
  for (const char* value : kNoObject) {
    for (const char* field : {"user", "branch"}) {
      cases.reject(named(field, value), created().data(field, value), "bad_type",
                   std::string("data.") + field);
    }
    cases.reject(named("order", value), status_changed().data("order", value), "bad_type",
                 "data.order");
    cases.reject(
        named("a line", value),
        created().data("order_details", "[" + good_line().text() + "," + std::string(value) + "]"),
        "bad_type", "data.order_details[1]");
  }
  for (const char* value : kNoArray) {
    cases.reject(named("order_details", value), created().data("order_details", value), "bad_type",
                 "data.order_details");
  }
  cases.reject("a line that is null", created().data("order_details", "[null]"), "bad_type",
               "data.order_details[0]");
  cases.reject("the third line is null",
               created().data("order_details",
                              "[" + good_line().text() + "," + good_line().text() + ",null]"),
               "bad_type", "data.order_details[2]");
}

void add_unread(Collector& cases) {
  for (const char* value : {"5", "true", "null", "[]", "{}", "\"\"", "[null,{\"a\":[1e400]}]"}) {
    for (const char* field : {"status", "metadata", "old_payment_status", "unheard_of", "order",
                              "old_status", "new_status", "new_payment_status"}) {
      cases.accept(named(std::string("unread ") + field, value), created().data(field, value));
    }
    const std::string text = value;
    cases.accept(named("unread user.id", text),
                 created().data("user", "{\"id\":" + text + ",\"x\":" + text + "}"),
                 {{"processed.user_name", "NULL"}, {"processed.user_id", "12"}});
    cases.accept(named("unread branch.id", text), created().data("branch", "{\"id\":" + text + "}"),
                 {{"processed.branch_id", "2"}});
    ObjectText line = good_line();
    line.set("id", text);
    cases.accept(named("unread id of a line", text), created_with(line));
    cases.accept(named("unread old_payment_status of its event", text),
                 payment_changed().data("old_payment_status", text));
    cases.accept(named("unread old_status of a payment event", text),
                 payment_changed().data("old_status", text).data("new_status", text));
    cases.accept(named("unread beside data", text),
                 created().top("total_price", text).top("order_details", text).top("user", text));
    cases.accept(named("unread snapshot fields of a status event", text),
                 status_changed().data("total_price", text).data("branch_id", text));
  }
}

}  // namespace

void add_type_cases(Collector& cases) {
  add_event_types(cases);
  add_envelope(cases);
  add_numbers(cases);
  add_texts(cases);
  add_objects_and_arrays(cases);
  add_unread(cases);
}

}  // namespace lensart::corpus
