// Rule 2 of the contract's §2, byte by byte, and against a reader as plain as can be.

#include "apps/orders/json_document.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include <memory>
#include <random>

#include "tests/orders/mutated_json.hpp"
#include "tests/orders/plain_json.hpp"

namespace lensart::orders {
namespace {

/// A JsonDocument with its payload, padded with what would mislead a reader that goes too far.
class Parsed {
 public:
  const char* parse(std::string_view payload) {
    buffer_ = std::make_unique<char[]>(payload.size() + JsonDocument::kPadding);
    payload.copy(buffer_.get(), payload.size());
    for (std::size_t i = 0; i < JsonDocument::kPadding; ++i) {
      buffer_[payload.size() + i] = R"(9\"}],)"[i % 6];
    }
    return document.parse({buffer_.get(), payload.size()});
  }
  bool accepts(std::string_view payload) { return parse(payload) == nullptr; }

  JsonDocument document;

 private:
  std::unique_ptr<char[]> buffer_;
};

std::string nested(std::size_t depth) {
  return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

TEST(JsonDocumentTest, TakesWhatRfc8259Takes) {
  Parsed parsed;
  for (const std::string_view payload :
       {R"({})", " \t\r\n{ } \n", R"({"":""})", R"({"a":[1,-0,0.5,1e5,1E-5,1e+05,-1.5E+0]})",
        R"({"a":[true,false,null,[],{}]})", R"({"\u0000":"\u0000"})",
        R"({"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00\ud83d\ude00"})", "{\"a\":\"\x7F\"}",
        "{\"a\":\"é\xF0\x9F\x98\x80\xEF\xBF\xBF\"}", R"({"a":1,"a":2})", R"({"a":"//"})",
        R"({"a" : "b" , "c" : [ 1 , 2 ] })"}) {
    EXPECT_TRUE(parsed.accepts(payload)) << payload;
  }
}

TEST(JsonDocumentTest, RefusesWhatIsNoObjectOrNotAlone) {
  Parsed parsed;
  for (const std::string_view payload : {"",
                                         " ",
                                         "\n\n",
                                         "[]",
                                         "null",
                                         "5",
                                         R"("a")",
                                         "true",
                                         "{}{}",
                                         "{} {}",
                                         "{},",
                                         "{}]",
                                         "{}x",
                                         "{}\"",
                                         "{}0",
                                         "x{}",
                                         "{",
                                         "}",
                                         "{]",
                                         "[}",
                                         "\xEF\xBB\xBF{}",
                                         "{}\xEF\xBB\xBF",
                                         "\f{}",
                                         "{}\f",
                                         "{}\v",
                                         "\xC2\xA0{}",
                                         "/**/{}",
                                         "{}//",
                                         "{}\\"}) {
    EXPECT_FALSE(parsed.accepts(payload)) << payload;
  }
  EXPECT_FALSE(parsed.accepts(std::string_view("{}\0", 3)));
  EXPECT_FALSE(parsed.accepts(std::string_view("\0{}", 3)));
  EXPECT_FALSE(parsed.accepts(std::string_view("{\0}", 3)));
}

TEST(JsonDocumentTest, RefusesBrokenStructure) {
  Parsed parsed;
  for (const std::string_view payload : {R"({"a"})",
                                         R"({"a":})",
                                         R"({"a":1,})",
                                         R"({,"a":1})",
                                         R"({"a":1 "b":2})",
                                         R"({"a":1,,"b":2})",
                                         R"({"a" 1})",
                                         R"({a:1})",
                                         R"({1:1})",
                                         R"({"a"::1})",
                                         R"({"a":1:2})",
                                         R"({"a":[1,]})",
                                         R"({"a":[,1]})",
                                         R"({"a":[1 2]})",
                                         R"({"a":[1}})",
                                         R"({"a":{"b":1]})",
                                         R"({"a":["b":1]})",
                                         R"({"a":'b'})",
                                         R"({"a":"b"c})",
                                         R"({"a":"b""c"})",
                                         R"({"a":"b" "c":1})",
                                         "{\"a\":1\f}",
                                         "{\"a\"\x1A"
                                         "1}",
                                         R"({"a":1}})",
                                         R"({"a":[[]})",
                                         R"({null:1})",
                                         R"({"a":[]"b"})",
                                         R"({"a":{}1})",
                                         R"({"a")",
                                         R"({"a":)",
                                         R"({"a":1)",
                                         R"({"a":1,)",
                                         R"({"a":"b)",
                                         R"({")"}) {
    EXPECT_FALSE(parsed.accepts(payload)) << payload;
  }
}

TEST(JsonDocumentTest, RefusesScalarsThatAreNone) {
  Parsed parsed;
  for (const std::string_view value :
       {"tru",   "truee",  "true1",        "True",     "TRUE",      "nul",       "nulll",
        "fals",  "falsey", "NaN",          "Infinity", "-Infinity", "undefined", "+1",
        "01",    "-01",    "00",           "1.",       ".5",        "-.5",       "1e",
        "1e+",   "1.e5",   "1.5.5",        "1e5e5",    "0x10",      "1_000",     "1,5e",
        "--1",   "-",      "1a",           "1\"a\"",   "tru\"e\"",  "1\\",       "\"a\"\\",
        "1/**/", "1 2",    "\xEF\xBC\x91", "\x80",     "\xC3\xA9"}) {
    EXPECT_FALSE(parsed.accepts(R"({"a":)" + std::string(value) + "}")) << value;
    EXPECT_FALSE(parsed.accepts(R"({"skipped":[{"b":)" + std::string(value) + R"(}],"c":1})"))
        << value;
  }
}

TEST(JsonDocumentTest, RefusesBrokenTextInValuesAndKeys) {
  Parsed parsed;
  for (const std::string_view text : {R"(\x)",
                                      R"(\u)",
                                      R"(\u12)",
                                      R"(\u12g4)",
                                      R"(\U0041)",
                                      R"(\')",
                                      R"(\0)",
                                      R"(\u 041)",
                                      R"(\u+041)",
                                      R"(\uD800)",
                                      R"(\uDBFF)",
                                      R"(\uDC00)",
                                      R"(\uDFFF)",
                                      R"(\uD800\uD800)",
                                      R"(\uD800\u0041)",
                                      R"(\uD800A)",
                                      R"(\uD800\n)",
                                      R"(\uDC00\uD800)",
                                      R"(\uDC00\uDC00)",
                                      R"(\uD83D \uDE00)",
                                      R"(a\uD83D)",
                                      R"(\uD800\uDC0)",
                                      "a\nb",
                                      "\t",
                                      "\x01",
                                      "\x1F",
                                      "\x80",
                                      "\xC3",
                                      "\xC0\x80",
                                      "\xE0\x80\x80",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF8\x88\x80\x80\x80",
                                      "\xFF",
                                      "a\xC3(",
                                      "\xF0\x9F\x98"}) {
    const std::string quoted = '"' + std::string(text) + '"';
    EXPECT_FALSE(parsed.accepts(R"({"a":)" + quoted + "}")) << text;
    EXPECT_FALSE(parsed.accepts("{" + quoted + ":1}")) << text;
    EXPECT_FALSE(parsed.accepts(R"({"skipped":[{)" + quoted + ":1}]}")) << text;
  }
  EXPECT_FALSE(parsed.accepts(std::string_view("{\"a\":\"\0\"}", 9)));
}

TEST(JsonDocumentTest, TakesADepthOf32AndNoMore) {
  Parsed parsed;
  EXPECT_TRUE(parsed.accepts(nested(32)));
  EXPECT_FALSE(parsed.accepts(nested(33)));
  EXPECT_FALSE(parsed.accepts(nested(100'000)));
  EXPECT_FALSE(parsed.accepts(R"({"a":)" + std::string(100'000, '[')));
}

TEST(JsonDocumentTest, RefusesNumbersOfMoreThan1000DigitsAsSpelt) {
  Parsed parsed;
  const auto takes = [&](const std::string& number) {
    return parsed.accepts(R"({"a":)" + number + "}");
  };
  EXPECT_TRUE(takes("0e999"));
  EXPECT_FALSE(takes("0e1000"));
  EXPECT_TRUE(takes("0e-1000"));
  EXPECT_FALSE(takes("0e-1001"));
  EXPECT_TRUE(takes("1e400"));
  EXPECT_TRUE(takes(std::string(1000, '9')));
  EXPECT_FALSE(takes(std::string(1001, '9')));
  EXPECT_TRUE(takes("-" + std::string(1000, '9')));
  EXPECT_TRUE(takes("0." + std::string(1000, '0')));
  EXPECT_FALSE(takes("0." + std::string(1001, '0')));
  EXPECT_TRUE(takes(std::string(1500, '9') + "e-600"));
  EXPECT_TRUE(takes("0." + std::string(1500, '9') + "e600"));
  EXPECT_FALSE(takes("0." + std::string(1500, '9') + "e499"));
  EXPECT_FALSE(takes("1e99999999999999999999999999999"));
  EXPECT_FALSE(takes("1e-99999999999999999999999999999"));
  EXPECT_TRUE(takes("1e0000000000000000000000000000000000005"));
}

TEST(JsonDocumentTest, SaysWhereAValueStands) {
  Parsed parsed;
  ASSERT_TRUE(parsed.accepts(R"({"a":{"b":[0,{"c.d":1},[2]]},"":{"":3}})"));
  std::vector<std::string> paths;
  for (NodeId id = 0; id < parsed.document.nodes().size(); ++id) {
    paths.push_back(parsed.document.path_of(id));
  }
  const std::vector<std::string> expected = {
      "", "a", "a.b", "a.b[0]", "a.b[1]", "a.b[1].c.d", "a.b[2]", "a.b[2][0]", "", "."};
  EXPECT_EQ(paths, expected);
}

TEST(JsonDocumentTest, ReadsGoOnAfterAGiantAndAfterAFailure) {
  Parsed parsed;
  const std::string giant = R"({"a":[)" + std::string(2'000'000, '0').replace(1, 1, ",") + "]}";
  EXPECT_FALSE(parsed.accepts(giant));
  std::string many = R"({"a":["\u00e9")";
  for (int i = 0; i < 600'000; ++i) many += R"(,"\u00e9")";
  EXPECT_TRUE(parsed.accepts(many + "]}"));
  EXPECT_EQ(parsed.document.nodes().size(), 600'003U);
  EXPECT_TRUE(parsed.accepts(R"({"a":"\u00e9"})"));
  EXPECT_EQ(parsed.document.nodes()[1].text, "é");
}

void expect_same_verdict_as_plain_reader(int rounds) {
  std::mt19937_64 random(20261124);
  Parsed parsed;
  int accepted = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::string payload = mutated(random);
    const bool expected = plain_json(payload).has_value();
    accepted += expected ? 1 : 0;
    ASSERT_EQ(parsed.accepts(payload), expected) << payload;
  }
  EXPECT_GT(accepted, rounds / 20);
  EXPECT_LT(accepted, rounds / 2);
}

std::string well_formed_json(int depth) {
  static const std::vector<std::string> kScalars = {
      "0",
      "-1.5e3",
      "true",
      "false",
      "null",
      R"("")",
      R"("x y")",
      R"("\u1ec7")",
      R"("\\\"")",
      R"("ệ 😀 {[,:]}")",
      R"("a long text that spans more than a single step of sixteen bytes\n")"};
  if (depth == 0) return *rc::gen::elementOf(kScalars);
  const int count = *rc::gen::inRange(0, 5);
  const bool is_object = *rc::gen::arbitrary<bool>();
  const std::string blank = *rc::gen::element<std::string>("", "", " ", "\r\n\t");
  std::string out = is_object ? "{" : "[";
  for (int i = 0; i < count; ++i) {
    if (i > 0) out += "," + blank;
    if (is_object)
      out += *rc::gen::element<std::string>(R"("a")", R"("\u0061")", R"("key")") + ":" + blank;
    out += well_formed_json(*rc::gen::inRange(0, depth));
  }
  return out + blank + (is_object ? "}" : "]");
}

TEST(JsonDocumentTest, AcceptsExactlyWhatThePlainReaderAccepts) {
  expect_same_verdict_as_plain_reader(100'000);
}

RC_GTEST_PROP(JsonDocumentTest, ReadsTheSameValuesAsThePlainReader, ()) {
  const std::string payload = R"({"top":)" + well_formed_json(5) + "}";
  Parsed parsed;
  RC_ASSERT(parsed.accepts(payload));
  const auto plain = plain_json(payload);
  RC_ASSERT(plain.has_value());
  std::vector<PlainValue> read;
  for (const JsonNode& node : parsed.document.nodes()) {
    read.push_back({std::string(node.key), std::string(node.text)});
  }
  RC_ASSERT(read == *plain);
}

TEST(JsonDocumentTest, EveryKernelOfSimdjsonFindsTheSame) {
  const auto* best = simdjson::get_active_implementation().operator->();
  for (const auto* kernel : simdjson::get_available_implementations()) {
    if (!kernel->supported_by_runtime_system()) continue;
    simdjson::get_active_implementation() = kernel;
    SCOPED_TRACE(kernel->name());
    expect_same_verdict_as_plain_reader(10'000);
  }
  simdjson::get_active_implementation() = best;
}

}  // namespace
}  // namespace lensart::orders
