// Rules 4, 5 and the repeated fields of rule 6.

#include "tests/corpus/corpus.hpp"

namespace lensart::corpus {
namespace {

using model::TopicKind;

ObjectText snapshot_with(const std::string& key, const std::string& value) {
  ObjectText snapshot = good_snapshot();
  snapshot.set(key, value);
  return snapshot;
}

ObjectText snapshot_without(const std::string& key) {
  ObjectText snapshot = good_snapshot();
  snapshot.drop(key);
  return snapshot;
}

ObjectText line_without(const std::string& key) {
  ObjectText line = good_line();
  line.drop(key);
  return line;
}

void add_missing_in_data(Collector& cases) {
  for (const char* name : {"branch_id", "total_price", "order_status", "payment_status"}) {
    const std::string field = name;
    for (const Draft& draft : {created(), updated(), cancelled()}) {
      cases.reject(field + " missing", draft.data_without(field), "missing_field", "data." + field);
      cases.reject(field + " null", draft.data(field, "null"), "missing_field", "data." + field);
    }
    cases.reject(field + " missing, flat", created().data_without(field).flat(), "missing_field",
                 field);
    cases.reject(field + " missing in a status event's snapshot",
                 status_changed_with(snapshot_without(field)), "missing_field",
                 "data.order." + field);
    cases.reject(field + " null in a flat status event's snapshot",
                 status_changed_with(snapshot_with(field, "null")).flat(), "missing_field",
                 "order." + field);
  }
  for (const char* name : {"product_id", "quantity", "total_price"}) {
    const std::string field = name;
    cases.reject(field + " missing in a line", created_with(line_without(field)), "missing_field",
                 "data.order_details[0]." + field);
    ObjectText line = good_line();
    line.set(field, "null");
    cases.reject(
        field + " null in a second line",
        created().data("order_details", "[" + good_line().text() + "," + line.text() + "]"),
        "missing_field", "data.order_details[1]." + field);
  }
  cases.reject("a line {}", created().data("order_details", "[{}]"), "missing_field",
               "data.order_details[0].product_id");
  cases.reject("a line []", created().data("order_details", "[[]]"), "missing_field",
               "data.order_details[0].product_id");
}

void add_missing_ids_and_times(Collector& cases) {
  cases.reject("no order id", created().data_without("id"), "missing_field", "data.id")
      .order_id.reset();
  cases.reject("order id null", created().data("id", "null"), "missing_field", "data.id")
      .order_id.reset();
  cases
      .reject("no order id in a status event", status_changed().data_without("order_id"),
              "missing_field", "data.order_id")
      .order_id.reset();
  cases
      .reject("both order ids null", payment_changed().data("order_id", "null").data("id", "null"),
              "missing_field", "data.order_id")
      .order_id.reset();
  cases
      .reject("an order id beside data only", created().data_without("id").top("id", "5"),
              "missing_field", "data.id")
      .order_id.reset();
  cases
      .reject("an order id in the snapshot only",
              status_changed_with(good_snapshot()).data_without("order_id"), "missing_field",
              "data.order_id")
      .order_id.reset();
  cases.reject("no timestamp", created().top_without("timestamp"), "missing_field", "timestamp");
  cases.reject("timestamp null", created().top("timestamp", "null"), "missing_field", "timestamp");
  cases.reject("timestamp inside data only",
               created().top_without("timestamp").data("timestamp", R"("2024-05-01T10:30:02Z")"),
               "missing_field", "timestamp");
  cases.reject("no timestamp, flat", created().top_without("timestamp").flat(), "missing_field",
               "timestamp");
  cases.reject("no new_status", status_changed().data_without("new_status"), "missing_field",
               "data.new_status");
  cases.reject("new_status null", status_changed().data("new_status", "null"), "missing_field",
               "data.new_status");
  cases.reject("no new_status, a snapshot instead",
               status_changed_with(good_snapshot()).data_without("new_status"), "missing_field",
               "data.new_status");
  cases.reject("new_payment_status for new_status",
               status_changed().data_without("new_status").data("new_payment_status", "\"x\""),
               "missing_field", "data.new_status");
  cases.reject("no new_payment_status", payment_changed().data_without("new_payment_status"),
               "missing_field", "data.new_payment_status");
  Case& bare = cases.accept_bytes("nothing but a type", TopicKind::kOrderCreated,
                                  R"({"event_type":"order.created"})");
  bare.outcome = "missing_field";
  bare.field = "timestamp";
}

void add_wrong_topics(Collector& cases) {
  const std::pair<Draft, TopicKind> wrong[] = {
      {created(), TopicKind::kOrderUpdated},          {created(), TopicKind::kOrderCancelled},
      {created(), TopicKind::kOrderEvents},           {updated(), TopicKind::kOrderCreated},
      {updated(), TopicKind::kOrderEvents},           {cancelled(), TopicKind::kOrderEvents},
      {cancelled(), TopicKind::kOrderUpdated},        {status_changed(), TopicKind::kOrderCreated},
      {status_changed(), TopicKind::kOrderCancelled}, {payment_changed(), TopicKind::kOrderUpdated},
      {payment_changed(), TopicKind::kOrderCreated},
  };
  for (const auto& [draft, topic] : wrong) {
    cases.reject("wrong topic", draft.on(topic), "wrong_topic", "event_type");
  }
  for (const char* type :
       {"test.connection", "", "Order.Created", "order.created ", "ORDER.CREATED", " order.created",
        "order.create", "order_created", "order.created\\u0000"}) {
    cases.reject(std::string("no type of this topic: ") + type,
                 created().top("event_type", quoted(type)), "wrong_topic", "event_type");
    cases.ignore(std::string("ignored type: ") + type,
                 status_changed().top("event_type", quoted(type)));
  }
}

void add_ignored(Collector& cases) {
  const Draft test = status_changed().top("event_type", "\"test.connection\"");
  cases.ignore("ignored with a repeated field", test.top_append("event_id", "\"x\""));
  cases.ignore("ignored with a repeated field deep inside",
               test.data("x", R"([{"a":{"b":1,"b":1}}])"));
  cases.ignore("ignored with U+0000", test.data("x", R"("\u0000")").data("\\u0000", "1"));
  cases.ignore("ignored with no time", test.top_without("timestamp"));
  cases.ignore("ignored with wrong types", test.top("timestamp", "5").top("event_id", "[]"));
  cases.ignore("ignored with data twice", test.top_append("data", "1"));
  cases.ignore("ignored with a type of 300 characters",
               test.top("event_type", quoted(repeated("t", 300))));
}

void add_repeated_known(Collector& cases) {
  const Draft good = created();
  cases.reject("event_id twice", good.top_append("event_id", "\"x\""), "bad_type", "event_id")
      .event_id.reset();
  cases
      .reject("event_id twice, the same", good.top_append("event_id", "\"corpus @ORDER@\""),
              "bad_type", "event_id")
      .event_id.reset();
  cases
      .reject("event_id twice, once null", good.top_append("event_id", "null"), "bad_type",
              "event_id")
      .event_id.reset();
  cases.reject("timestamp twice", good.top_append("timestamp", "\"2024-05-01T10:30:02Z\""),
               "bad_type", "timestamp");
  // Draft::text puts `data` last, so that this one stands before it.
  cases.reject("data twice", good.top_append("data", "{}"), "bad_type", "data").order_id.reset();
  cases.reject("order id twice", good.data_append("id", "@ORDER@"), "bad_type", "data.id")
      .order_id.reset();
  cases
      .reject("order id twice, escaped", good.data_append("\\u0069d", "@ORDER@"), "bad_type",
              "data.id")
      .order_id.reset();
  cases.reject("a required field twice null",
               good.data("branch_id", "null").data_append("branch_id", "null"), "bad_type",
               "data.branch_id");
  cases
      .reject("data twice null", good.top("data", "null").top_append("data", "null").flat(),
              "bad_type", "data")
      .order_id.reset();
  for (const char* field : {"branch_id", "total_price", "date", "note", "user", "order_details",
                            "order_status", "status", "metadata"}) {
    cases.reject(std::string(field) + " twice", good.data_append(field, "null"), "bad_type",
                 std::string("data.") + field);
    cases.reject(std::string(field) + " twice, flat", good.data_append(field, "null").flat(),
                 "bad_type", field);
  }
  cases.reject("a key twice by an escape", good.data_append("n\\u006Fte", "\"x\""), "bad_type",
               "data.note");
  cases.reject("a required field null and then there", good.data_prepend("branch_id", "null"),
               "bad_type", "data.branch_id");
  ObjectText line = good_line();
  line.append("quantity", "2");
  cases.reject("a field twice in a line", created_with(line), "bad_type",
               "data.order_details[0].quantity");
  ObjectText snapshot = good_snapshot();
  snapshot.append("note", "null");
  cases.reject("a field twice in a status event's snapshot", status_changed_with(snapshot),
               "bad_type", "data.order.note");
  cases.reject("a field twice in user", good.data("user", R"({"name":"a","id":1,"name":"b"})"),
               "bad_type", "data.user.name");
}

void add_repeated_unread(Collector& cases) {
  const std::pair<const char*, const char*> deep[] = {
      {R"({"a":1,"a":2})", "data.metadata.a"},
      {R"({"a":1,"\u0061":1})", "data.metadata.a"},
      {R"({"":1,"":1})", "data.metadata."},
      {R"({"a":{"b":{"c":1,"d":1,"c":1}}})", "data.metadata.a.b.c"},
      {R"([1,{"a":1,"a":1}])", "data.metadata[1].a"},
      {R"([[{"a":1,"a":1}]])", "data.metadata[0][0].a"},
      {R"({"\u00e9":1,"é":2})", "data.metadata.é"},
      {R"({"\ud83d\ude00":1,"😀":2})", "data.metadata.😀"},
      {R"({"\/":1,"/":2})", "data.metadata./"},
      {R"({"a.b":1,"a.b":2})", "data.metadata.a.b"},
      {R"({"\u0000":1,"\u0000":2})", "data.metadata.\xEF\xBF\xBD"},
  };
  for (const auto& [metadata, field] : deep) {
    cases.reject(std::string("repeated in ") + metadata, created().data("metadata", metadata),
                 "bad_type", field);
  }
  cases.reject("repeated under an empty key", created().top("", R"({"a":1,"a":1})"), "bad_type",
               ".a");
  cases.reject("repeated under two empty keys", created().top("", R"({"":[{"a":1,"a":1}]})"),
               "bad_type", ".[0].a");
  cases.reject("repeated beside data", created().top("x", R"({"a":1,"a":1})"), "bad_type", "x.a");
  cases.reject("an unread field of the envelope twice",
               created().top("x", "1").top_append("x", "1"), "bad_type", "x");
  cases.reject("a path is cut to 255 code points",
               created().data("metadata", "{" + quoted(repeated("é", 300)) + ":1," +
                                              quoted(repeated("é", 300)) + ":1}"),
               "bad_type", "data.metadata." + repeated("é", 255 - 14));
  cases.accept("keys that differ in case", created().data("metadata", R"({"a":1,"A":2})"));
  cases.accept("keys that differ by composition only",
               created().data("metadata", "{\"\xC3\xA9\":1,\"e\xCC\x81\":2}"));
  cases.accept("the same key in sibling objects",
               created().data("metadata", R"([{"a":1},{"a":1},{"b":{"a":1}}])"));
  cases.accept("a key of data beside data", created().top("id", "1").top("total_price", "{}"));
}

}  // namespace

void add_missing_field_cases(Collector& cases) {
  add_missing_in_data(cases);
  add_missing_ids_and_times(cases);
  add_wrong_topics(cases);
  add_ignored(cases);
}

void add_repeated_field_cases(Collector& cases) {
  add_repeated_known(cases);
  add_repeated_unread(cases);
}

}  // namespace lensart::corpus
