// Rule 1 and rule 2 without its numbers: what is no payload at all, and what looks as if it were
// none.

#include <array>

#include "tests/corpus/corpus.hpp"

namespace lensart::corpus {
namespace {

using model::TopicKind;
using Named = std::pair<const char*, std::string>;

constexpr std::size_t kMebibyte = 1024 * 1024;

/// An accepted payload with `raw` spliced in as the note's text, escapes and all.
std::string with_note(const std::string& raw) { return created().data("note", quoted(raw)).text(); }
std::string with_key(const std::string& raw) { return created().data(raw, "1").text(); }
std::string with_metadata(const std::string& raw) { return created().data("metadata", raw).text(); }

std::string padded_to(std::size_t bytes, const std::string& payload) {
  return payload + std::string(bytes - payload.size(), ' ');
}

void add_frames(Collector& cases) {
  const std::string good = created().text();
  const Named broken[] = {
      {"empty", ""},
      {"only white space", " \t\r\n"},
      {"a byte order mark before it", "\xEF\xBB\xBF" + good},
      {"a UTF-16 byte order mark", "\xFF\xFE{}"},
      {"two objects", good + good},
      {"something after it", good + "x"},
      {"a comma after it", good + ","},
      {"a zero byte after it", good + std::string(1, '\0')},
      {"a zero byte before it", std::string(1, '\0') + good},
      {"a vertical tab after it", good + "\v"},
      {"a form feed before it", "\f" + good},
      {"a blank of another script after it", good + "\xC2\xA0"},
      {"an array", "[" + good + "]"},
      {"an empty array", "[]"},
      {"a string", quoted("order.created")},
      {"a number", "42"},
      {"null", "null"},
      {"true", "true"},
      {"PHP serialized", "a:1:{s:2:\"id\";i:1;}"},
      {"XML", "<order/>"},
      {"cut before the last brace", good.substr(0, good.size() - 1)},
      {"cut in the middle", good.substr(0, good.size() / 2)},
      {"cut to one brace", "{"},
      {"cut inside an escape", with_note("x").substr(0, 40) + "\\u00"},
      {"a comma too many in an object", "{\"event_type\":\"order.created\",}"},
      {"a comma too many in an array", with_metadata("[1,]")},
      {"a comma too few", "{\"event_type\":\"order.created\" \"event_id\":\"x\"}"},
      {"two commas", "{\"event_type\":\"order.created\",,\"event_id\":\"x\"}"},
      {"a colon too few", "{\"event_type\" \"order.created\"}"},
      {"a key without quotes", "{event_type:\"order.created\"}"},
      {"a number as key", "{1:\"order.created\"}"},
      {"single quotes", "{'event_type':'order.created'}"},
      {"a comment", "{/* hello */\"event_type\":\"order.created\"}"},
      {"a line comment", good + "// hello"},
      {"an unread word cut short", with_metadata("tru")},
      {"an unread word too long", with_metadata("nulll")},
      {"an unread word in capitals", with_metadata("NULL")},
      {"undefined", with_metadata("undefined")},
      {"brackets that do not match", with_metadata("[1,2}")},
      {"a bracket too many", with_metadata("[]]")},
      {"nothing for a value", with_metadata("")},
      {"two values with a blank between", with_metadata("1 2")},
  };
  for (const auto& [name, payload] : broken) cases.unreadable(name, payload);
  cases.unreadable("a null value", std::nullopt);
  cases.unreadable("broken on order-events", "{").topic = TopicKind::kOrderEvents;
  cases.accept_bytes("white space around it", TopicKind::kOrderCreated,
                     " \t\r\n" + good + "\n\r\t ");
  cases.accept_bytes("white space within it", TopicKind::kOrderCreated,
                     "{ \"data\" :\r\n" + good_snapshot().text() +
                         "\t,\"event_type\"\t:\t\"order.created\", \"timestamp\":"
                         "\"2024-05-01 10:30:02\" , \"event_id\" : \"corpus @ORDER@\" }");
}

void add_sizes(Collector& cases) {
  const std::string good = created().text();
  // The order id is put in for a longer mark, so the size is made up afterwards.
  cases.accept_bytes("1 MiB of white space", TopicKind::kOrderCreated, good)
      .payload->resize(kMebibyte, ' ');
  cases.unreadable("1 MiB and a byte", "", "too_large").payload = padded_to(kMebibyte + 1, good);
  cases.unreadable("too large and broken", "", "too_large").payload =
      std::string(kMebibyte + 1, '[');
  cases.unreadable("exactly 1 MiB and broken", "").payload = std::string(kMebibyte, '[');
  Case& ignored = cases.unreadable("too large for an ignored type", "", "too_large");
  ignored.topic = TopicKind::kOrderEvents;
  ignored.payload = padded_to(kMebibyte + 1, R"({"event_type":"test.connection"})");
}

void add_control_characters(Collector& cases) {
  for (const int byte : {0x00, 0x01, 0x08, 0x09, 0x0A, 0x0D, 0x1B, 0x1F}) {
    const std::string raw(1, static_cast<char>(byte));
    const std::string name = "raw control character " + std::to_string(byte);
    cases.unreadable(name + " in a text", with_note("a" + raw + "b"));
    cases.unreadable(name + " in a key", with_key("a" + raw + "b"));
    cases.unreadable(name + " in an unread text", with_metadata(quoted(raw)));
  }
  cases.accept("a raw DEL",
               created().data("note", quoted("a\x7F"
                                             "b")),
               {{"processed.note",
                 "a\x7F"
                 "b"}});
  cases.accept("escaped control characters",
               created().data("note", R"("a\u0001\b\f\n\r\t\u001Fb")"),
               {{"processed.note",
                 "a\x01\b\f\n\r\t\x1F"
                 "b"}});
}

void add_escapes(Collector& cases) {
  const char* broken[] = {R"(\x41)",   R"(\a)",     R"(\')",     R"(\0)",     R"(\u)",
                          R"(\u00)",   R"(\u004)",  R"(\u00G1)", R"(\u 041)", R"(\U0041)",
                          R"(\u-041)", R"(\u+041)", R"(\u{41})", R"(\)",      R"(\u0x41)"};
  for (const char* escape : broken) {
    cases.unreadable(std::string("escape ") + escape, with_note(escape));
    cases.unreadable(std::string("escape in a key ") + escape, with_key(escape));
  }
  cases.accept("every escape there is", created().data("note", R"("\"\\\/\b\f\n\r\t\u00e9\u00E9")"),
               {{"processed.note", "\"\\/\b\f\n\r\té\xC3\xA9"}});
}

void add_surrogates(Collector& cases) {
  const char* alone[] = {R"(\ud800)",
                         R"(\udfff)",
                         R"(\uD83D)",
                         R"(\uDE00\uD83D)",
                         R"(\ud83dx)",
                         R"(\ud83d\u0041)",
                         R"(\ud83d\ud83d\ude00)",
                         R"(\ud83d\n)",
                         R"(\ud83d \ude00)",
                         R"(\ud83d\\ude00)",
                         R"(\ud83d\uDE0)",
                         R"(x\udc00y)",
                         R"(\ud83d\ude00\ude00)"};
  for (const char* text : alone) {
    cases.unreadable(std::string("surrogate in a text ") + text, with_note(text));
    cases.unreadable(std::string("surrogate in a key ") + text, with_key(text));
    cases.unreadable(std::string("surrogate in an unread text ") + text,
                     with_metadata("[" + quoted(text) + "]"));
    cases.unreadable(std::string("surrogate in an unread key ") + text,
                     with_metadata("{" + quoted(text) + ":1}"));
  }
  cases.accept("a surrogate pair", created().data("note", R"("\ud83d\ude00")"),
               {{"processed.note", "😀"}});
  cases.accept("the first and the last surrogate pair",
               created().data("note", R"("\ud800\udc00\udbff\udfff")"),
               {{"processed.note", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"}});
  cases.accept("a surrogate pair in a key", created().data(R"(\uD83D\uDE00)", "1"));
  cases.accept("an escaped backslash before udc00", created().data("note", R"("\\udc00")"),
               {{"processed.note", "\\udc00"}});
}

void add_invalid_utf8(Collector& cases) {
  const Named broken[] = {
      {"a lone continuation byte", "\x80"},
      {"a lone last continuation byte", "\xBF"},
      {"overlong slash in two bytes", "\xC0\xAF"},
      {"overlong NUL", "\xC0\x80"},
      {"overlong DEL", "\xC1\xBF"},
      {"overlong in three bytes", "\xE0\x80\xAF"},
      {"overlong U+07FF", "\xE0\x9F\xBF"},
      {"overlong in four bytes", "\xF0\x80\x80\xAF"},
      {"overlong U+FFFF", "\xF0\x8F\xBF\xBF"},
      {"a high surrogate's bytes", "\xED\xA0\x80"},
      {"a low surrogate's bytes", "\xED\xBF\xBF"},
      {"a pair of surrogates' bytes", "\xED\xA0\xBD\xED\xB8\x80"},
      {"U+110000", "\xF4\x90\x80\x80"},
      {"lead byte F5", "\xF5\x80\x80\x80"},
      {"five bytes", "\xF8\x88\x80\x80\x80"},
      {"lead byte FE", "\xFE"},
      {"lead byte FF", "\xFF"},
      {"two bytes cut to one", "\xC3"},
      {"three bytes cut to two", "\xE2\x82"},
      {"four bytes cut to three", "\xF0\x9F\x98"},
      {"Windows-1258", "Nguy\xEA\xF2n"},
      {"Latin-1", "caf\xE9"},
  };
  for (const auto& [name, bytes] : broken) {
    cases.unreadable(std::string(name) + " in a text", with_note("a" + bytes + "b"));
    cases.unreadable(std::string(name) + " at a text's end", with_note(bytes));
    cases.unreadable(std::string(name) + " in a key", with_key(bytes));
    cases.unreadable(std::string(name) + " in an unread text", with_metadata(quoted(bytes)));
  }
  cases.unreadable("valid UTF-8 outside of a text", with_metadata("é"));
  cases.unreadable("cut by the payload's end", "{\"event_type\":\"order.created\xF0\x9F\x98");
  cases.accept("the edges of UTF-8",
               created().data("note", quoted("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80"
                                             "\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")),
               {{"processed.note",
                 "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF"
                 "\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"}});
  cases.accept("noncharacters", created().data("note", R"("\uffff\ufffe\ufdd0")"),
               {{"processed.note", "\xEF\xBF\xBF\xEF\xBF\xBE\xEF\xB7\x90"}});
  cases.accept("a byte order mark inside a text", created().data("note", quoted("\xEF\xBB\xBFx")),
               {{"processed.note", "\xEF\xBB\xBFx"}});
}

void add_depths(Collector& cases) {
  const auto arrays = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  const auto objects = [](std::size_t depth) {
    return repeated("{\"a\":", depth - 1) + "{}" + repeated("}", depth - 1);
  };
  // `data` lies at depth 2, so what is in it begins at 3.
  cases.accept("arrays to depth 32", created().data("metadata", arrays(30)));
  cases.unreadable("arrays to depth 33", created().data("metadata", arrays(31)).text());
  cases.accept("objects to depth 32", created().data("metadata", objects(30)));
  cases.unreadable("objects to depth 33", created().data("metadata", objects(31)).text());
  cases.accept("a number at depth 32",
               created().top("x", repeated("[", 31) + "1" + repeated("]", 31)));
  cases.unreadable("arrays to depth 33 beside data", created().top("x", arrays(32)).text());
  cases.unreadable("a thousand brackets", created().data("metadata", arrays(1000)).text());
  cases.unreadable("a hundred thousand open brackets", with_metadata(repeated("[", 100'000)));
  cases.unreadable("a hundred thousand open braces", repeated("{\"a\":", 100'000));
  cases.accept("siblings are not depth",
               created().data("metadata", "[" + repeated("[],", 1000) + "{}]"));
  Case& ignored = cases.unreadable("depth 33 in an ignored type", "");
  ignored.topic = TopicKind::kOrderEvents;
  ignored.payload = R"({"event_type":"test.connection","data":)" + arrays(32) + "}";
}

}  // namespace

void add_json_cases(Collector& cases) {
  add_frames(cases);
  add_sizes(cases);
  add_control_characters(cases);
  add_escapes(cases);
  add_surrogates(cases);
  add_invalid_utf8(cases);
  add_depths(cases);
}

}  // namespace lensart::corpus
