// Rules 12 and 13, and the texts that must pass: NFC, its length, and what is not trimmed.

#include "tests/corpus/corpus.hpp"

namespace lensart::corpus {
namespace {

// One letter, composed and decomposed: ế is e, circumflex, acute.
const std::string kComposed = "ế";
const std::string kDecomposed = "e\xCC\x82\xCC\x81";

struct LimitedField {
  const char* path;
  std::size_t limit;
  Draft (*with)(const std::string& text);
};

Draft with_line(const char* field, const std::string& text) {
  ObjectText line = good_line();
  line.set(field, quoted(text));
  return created_with(line);
}

Draft with_member(const char* object, const char* field, const std::string& text) {
  return created().data(object, "{" + quoted(field) + ":" + quoted(text) + "}");
}

const LimitedField kLimited[] = {
    {"data.order_status", 50,
     [](const std::string& text) { return created().data("order_status", quoted(text)); }},
    {"data.payment_status", 50,
     [](const std::string& text) { return created().data("payment_status", quoted(text)); }},
    {"data.payment_method", 50,
     [](const std::string& text) { return created().data("payment_method", quoted(text)); }},
    {"data.user.name", 255,
     [](const std::string& text) { return with_member("user", "name", text); }},
    {"data.user.email", 255,
     [](const std::string& text) { return with_member("user", "email", text); }},
    {"data.branch.name", 255,
     [](const std::string& text) { return with_member("branch", "name", text); }},
    {"data.order_details[0].product_name", 255,
     [](const std::string& text) { return with_line("product_name", text); }},
    {"data.order_details[0].color", 50,
     [](const std::string& text) { return with_line("color", text); }},
    {"data.new_status", 50,
     [](const std::string& text) { return status_changed().data("new_status", quoted(text)); }},
    {"data.old_status", 50,
     [](const std::string& text) { return status_changed().data("old_status", quoted(text)); }},
    {"data.new_payment_status", 50,
     [](const std::string& text) {
       return payment_changed().data("new_payment_status", quoted(text));
     }},
};

void add_lengths(Collector& cases) {
  for (const LimitedField& field : kLimited) {
    const std::string path = field.path;
    const std::pair<const char*, std::string> units[] = {
        {"ASCII", "x"},         {"two bytes", "é"},          {"four bytes", "😀"},
        {"escapes", "\\u1ebf"}, {"decomposed", kDecomposed}, {"pairs of escapes", "\\ud83d\\ude00"},
    };
    for (const auto& [name, unit] : units) {
      cases.accept(path + " full of " + name, field.with(repeated(unit, field.limit)));
      cases.reject(path + " one more of " + name, field.with(repeated(unit, field.limit + 1)),
                   "field_too_long", path);
    }
    // What NFC takes apart is longer after it: U+0958 is two code points.
    cases.reject(path + " longer when normalised",
                 field.with(repeated("\xE0\xA5\x98", field.limit)), "field_too_long", path);
    cases.reject(path + " far too long", field.with(repeated("x", 10'000)), "field_too_long", path);
  }
  cases.accept("addresses and note have no limit",
               created()
                   .data("address", quoted(repeated("a", 20'000)))
                   .data("note", quoted(repeated("n", 20'000)))
                   .data("branch", "{\"address\":" + quoted(repeated("b", 20'000)) + "}"));
  cases.accept("unread texts have no limit",
               created()
                   .data("status", quoted(repeated("s", 20'000)))
                   .data("user", "{\"phone\":" + quoted(repeated("1", 20'000)) + "}"));
  cases.accept("old_payment_status has no limit",
               payment_changed().data("old_payment_status", quoted(repeated("x", 300))));
  ObjectText snapshot = good_snapshot();
  snapshot.set("order_status", quoted(repeated("x", 51)));
  cases.reject("a snapshot's status too long", status_changed_with(snapshot), "field_too_long",
               "data.order.order_status");
  cases.reject("a status that reaches no column is still held to its length",
               cancelled().data("order_status", quoted(repeated("x", 51))), "field_too_long",
               "data.order_status");
}

void add_event_ids(Collector& cases) {
  const std::string end = " @ORDER@\"";  // 8 characters once the number is in
  cases.accept("event_id of 100", created().top("event_id", "\"" + repeated("i", 92) + end));
  Case& longer =
      cases.reject("event_id of 101", created().top("event_id", "\"" + repeated("i", 93) + end),
                   "field_too_long", "event_id");
  longer.event_id = (repeated("i", 93) + " " + std::to_string(*longer.order_id)).substr(0, 100);
  cases.accept("event_id of 100 after NFC",
               created().top("event_id", "\"" + repeated(kDecomposed, 92) + end));
  cases
      .reject("event_id of 101 after NFC",
              created().top("event_id", "\"" + repeated(kDecomposed, 101) + "\""), "field_too_long",
              "event_id")
      .event_id = repeated(kComposed, 100);
  const std::string id = "ca phe " + std::to_string(cases.next_order_id());
  cases.accept("event_id decomposed", created().top("event_id", "\"ca phe @ORDER@\""),
               {{"event_id", id}});
  const std::string accented = "c\xC3\xA0 " + std::to_string(cases.next_order_id());
  cases.accept("event_id with a combining accent",
               created().top("event_id", "\"ca\xCC\x80 @ORDER@\""), {{"event_id", accented}});
  const std::string blank = " " + std::to_string(cases.next_order_id()) + " ";
  cases.accept("event_id with blanks", created().top("event_id", "\" @ORDER@ \""),
               {{"event_id", blank}});
  cases.accept("no event_id", created().top_without("event_id"));
  cases.accept("event_id null", created().top("event_id", "null"));
  cases.accept("event_id empty", created().top("event_id", "\"\""));
  cases
      .reject("a letter's event_id is NULL where it is empty",
              created().top("event_id", "\"\"").data("user_id", "0"), "bad_id", "data.user_id")
      .event_id.reset();
  cases.accept("event_id inside data only",
               created().top_without("event_id").data("event_id", "5"));
  cases.accept_bytes(
      "a derived event_id", model::TopicKind::kOrderEvents,
      R"({"event_type":"order.status_changed","timestamp":"2024-05-01T10:30:02Z",)"
      R"("order_id":424242,"new_status":"x"})",
      {{"event_id", "hash_fd6286d26c7cb2121e17ac66af4c230e9d1b4e78d69ed12fb7cd9d2fa0b2beb4"}});
}

void add_normal_forms(Collector& cases) {
  const std::pair<const char*, const char*> texts[] = {
      {"Nguye\xCC\x82\xCC\x83n", "Nguyễn"},
      {"D\xCC\x82\xCC\xA3", "\xE1\xB8\x8C\xCC\x82"},
      {"e\xCC\x81\xCC\x82", "\xC3\xA9\xCC\x82"},  // acute first: only it composes
      {"o\xCC\x9B\xCC\x81", "ớ"},
      {"a\xCC\x86\xCC\xA3", "ặ"},                                // reordered, then composed
      {"\xE2\x84\xAB", "Å"},                                     // Ångström sign
      {"\xE2\x84\xAA", "K"},                                     // Kelvin sign
      {"\xCD\xBE", ";"},                                         // Greek question mark
      {"\xEF\xAC\x81", "\xEF\xAC\x81"},                          // ﬁ stays: compatibility only
      {"\xEF\xBC\x91", "\xEF\xBC\x91"},                          // full-width 1 stays
      {"\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "한"},            // Hangul
      {"\xEA\xB0\x80\xE1\x86\xA7", "\xEA\xB0\x80\xE1\x86\xA7"},  // U+11A7 is no final consonant
      {"\xE0\xA5\x98", "\xE0\xA4\x95\xE0\xA4\xBC"},              // excluded from composition
      {"\xF0\xAF\xA0\x80", "丽"},                                // compatibility ideograph
      {"\xCC\x81"
       "e",
       "\xCC\x81"
       "e"},                                               // an accent before anything
      {"a\xE2\x80\x8B\xCC\x81", "a\xE2\x80\x8B\xCC\x81"},  // kept apart by U+200B
      {"a\xF0\x9E\xA3\x8F\xCC\xA3", "a\xF0\x9E\xA3\x8F\xCC\xA3"},
      {"  two blanks  ", "  two blanks  "},
      {"", ""},
      {"ẞß", "ẞß"},
  };
  for (const auto& [text, normal] : texts) {
    cases.accept(std::string("note ") + text, created().data("note", quoted(text)),
                 {{"processed.note", normal}});
  }
  // U+1E08F got its combining class in Unicode 15; before that it is no reason to reorder, and it
  // keeps what follows from what stands before it.
  cases.accept("a mark that Unicode 14 does not know",
               created().data("note", quoted("a\xF0\x9E\x82\x8F\xCC\xA3")),
               {{"processed.note", "a\xF0\x9E\x82\x8F\xCC\xA3"}});
  cases.accept(
      "every text is normalised",
      created()
          .data("user",
                "{\"name\":" + quoted(kDecomposed) + ",\"email\":" + quoted(kDecomposed) + "}")
          .data("branch",
                "{\"name\":" + quoted(kDecomposed) + ",\"address\":" + quoted(kDecomposed) + "}")
          .data("address", quoted(kDecomposed))
          .data("order_status", quoted(kDecomposed))
          .data("payment_status", quoted(kDecomposed))
          .data("payment_method", R"("e\u0302\u0301")")
          .data("order_details", "[{\"product_id\":1,\"quantity\":1,\"total_price\":1," +
                                     std::string("\"product_name\":") + quoted(kDecomposed) +
                                     ",\"color\":" + quoted(kDecomposed) + "}]"),
      {{"processed.user_name", kComposed},
       {"processed.user_email", kComposed},
       {"processed.branch_name", kComposed},
       {"processed.branch_address", kComposed},
       {"processed.address", kComposed},
       {"processed.order_status", kComposed},
       {"processed.payment_status", kComposed},
       {"processed.payment_method", kComposed},
       {"item.product_name", kComposed},
       {"item.color", kComposed},
       {"order_status", kComposed},
       {"payment_method", kComposed}});
  cases.accept("an empty status",
               created().data("order_status", "\"\"").data("payment_status", "\"\""),
               {{"order_status", ""}, {"payment_status", ""}});
  cases.accept("an unknown status", created().data("order_status", "\"đang xử lý\""),
               {{"order_status", "đang xử lý"}});
  cases.accept("a quote in every direction", created().data("note", R"("'\"`´\\'';--$$")"),
               {{"processed.note", "'\"`´\\'';--$$"}});
  cases.accept("what COPY would take for something else",
               created().data("note", R"("\\N\t\\.\n\\\\x00\r\n{},\"NULL\"")"),
               {{"processed.note", "\\N\t\\.\n\\\\x00\r\n{},\"NULL\""}});
}

void add_nuls(Collector& cases) {
  const std::pair<const char*, const char*> texts[] = {{"address", "data.address"},
                                                       {"note", "data.note"},
                                                       {"order_status", "data.order_status"},
                                                       {"payment_method", "data.payment_method"},
                                                       {"status", "data.status"},
                                                       {"metadata", "data.metadata"}};
  for (const auto& [key, path] : texts) {
    cases.reject(std::string("U+0000 in ") + key, created().data(key, R"("a\u0000b")"),
                 "nul_in_text", path);
  }
  const std::string nul_id = "a\xEF\xBF\xBD " + std::to_string(cases.next_order_id());
  cases
      .reject("U+0000 in event_id", created().top("event_id", R"("a\u0000 @ORDER@")"),
              "nul_in_text", "event_id")
      .event_id = nul_id;
  cases.reject("U+0000 in a line", with_line("color", R"(\u0000)"), "nul_in_text",
               "data.order_details[0].color");
  cases.reject("U+0000 in user.id", created().data("user", R"({"id":"\u0000"})"), "nul_in_text",
               "data.user.id");
  cases.reject("U+0000 deep in metadata",
               created().data("metadata", R"([1,{"a":[["x","\u0000"]]}])"), "nul_in_text",
               "data.metadata[1].a[0][1]");
  cases.reject("U+0000 in a key", created().data(R"(a\u0000b)", "1"), "nul_in_text",
               "data.a\xEF\xBF\xBD"
               "b");
  cases.reject("U+0000 in a key deep inside", created().data("metadata", R"({"x":[{"\u0000":1}]})"),
               "nul_in_text", "data.metadata.x[0].\xEF\xBF\xBD");
  cases.reject("U+0000 beside data", created().top("x", R"("\u0000")"), "nul_in_text", "x");
  cases.reject("U+0000 in a key beside data", created().top("\\u0000", "1"), "nul_in_text",
               "\xEF\xBF\xBD");
  cases.accept("an escaped backslash before u0000", created().data("note", R"("\\u0000")"),
               {{"processed.note", "\\u0000"}});
  cases.accept("the visible sign for NUL", created().data("note", R"("\u2400\ufffd")"),
               {{"processed.note", "\xE2\x90\x80\xEF\xBF\xBD"}});
}

}  // namespace

void add_text_cases(Collector& cases) {
  add_lengths(cases);
  add_event_ids(cases);
  add_normal_forms(cases);
  add_nuls(cases);
}

}  // namespace lensart::corpus
