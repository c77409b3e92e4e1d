// What a request may say, and who may make it.

#include <gmock/gmock.h>

#include "apps/api/access.hpp"
#include "apps/api/api.hpp"
#include "apps/api/parameters.hpp"
#include "apps/explain/answer.hpp"

namespace lensart::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

HttpRequest with_query(std::map<std::string, std::string, std::less<>> query) {
  HttpRequest request;
  request.query = std::move(query);
  return request;
}

TEST(QueryReaderTest, TheFirstThatIsWrongIsNamedWithItsValueAndARemedy) {
  const HttpRequest request = with_query({{"limit", "0"}, {"step", "7"}});
  QueryReader query(request);
  query.whole("limit", 1, 10);
  query.one_of("step", {"1", "5"});
  const auto refused = query.refusal();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 400);
  EXPECT_EQ(refused->body,
            R"({"status":"error","message":"limit = \"0\": must be a whole number from 1 to 10",)"
            R"("code":"bad_parameter","field":"limit"})"
            "\n");
}

TEST(QueryReaderTest, AParameterThatNobodyAskedForIsRefused) {
  const HttpRequest request = with_query({{"limitt", "5"}});
  QueryReader query(request);
  EXPECT_EQ(query.whole("limit", 1, 10), std::nullopt);
  EXPECT_THAT(query.refusal()->body, HasSubstr("limitt: is no parameter here; there are limit"));
}

TEST(QueryReaderTest, WholeNumbersAreThoseOfJson) {
  for (const char* wrong :
       {"", "+1", "01", "1.0", "1e1", " 1", "1 ", "0x1", "-0", "-1", "9223372036854775808", "١"}) {
    EXPECT_EQ(parse_plain_whole(wrong, 0, INT64_MAX), std::nullopt) << wrong;
  }
  EXPECT_EQ(parse_plain_whole("0", 0, 5), 0);
  EXPECT_EQ(parse_plain_whole("9223372036854775807", 1, INT64_MAX), INT64_MAX);
}

TEST(QueryReaderTest, TextIsUtf8OfALimitedLengthWithoutNul) {
  const std::vector<std::string> wrong = {"",         std::string("a\0b", 3), "\xff",
                                          "\xc0\x80", "\xed\xa0\x80",         "\xf4\x90\x80\x80",
                                          "\xe1\xbb", std::string("đđđđđđ")};
  for (const std::string& text : wrong) {
    const HttpRequest request = with_query({{"text", text}});
    QueryReader query(request);
    query.text("text", 5);
    EXPECT_TRUE(query.refusal()) << text;
  }
  const HttpRequest request = with_query({{"text", "đđđđ😀"}});
  QueryReader query(request);
  EXPECT_EQ(query.text("text", 5), "đđđđ😀");
  EXPECT_FALSE(query.refusal());
}

TEST(QueryReaderTest, InstantsOutsideOurYearsAreTheirEdges) {
  EXPECT_EQ(text_of(*parse_rfc3339("2026-11-20T03:30:00.5+07:00")), "2026-11-19T20:30:00.500000Z");
  EXPECT_EQ(text_of(*parse_rfc3339("2026-11-20t03:30:00z")), "2026-11-20T03:30:00.000000Z");
  EXPECT_EQ(text_of(*parse_rfc3339("0001-01-01T00:00:00Z")), "2000-01-01T00:00:00.000000Z");
  EXPECT_EQ(text_of(*parse_rfc3339("2000-01-01T00:00:00+07:00")), "2000-01-01T00:00:00.000000Z");
  EXPECT_EQ(text_of(*parse_rfc3339("9999-12-31T23:59:59Z")), "2100-12-31T23:59:59.000000Z");
  for (const char* wrong : {"", "now", "2026-11-20", "2026-11-20T03:30:00", "2026-13-20T03:30:00Z",
                            "2026-02-30T00:00:00Z", "0001-13-01T00:00:00Z", "20261120T033000Z"}) {
    EXPECT_EQ(parse_rfc3339(wrong), std::nullopt) << wrong;
  }
}

TEST(PathTest, SegmentsAreDecodedEachForItself) {
  EXPECT_THAT(*path_after("/api/a%2Fb/c+d/e&f=g", "/api/"), ElementsAre("a/b", "c+d", "e&f=g"));
  EXPECT_THAT(*path_after("/api/", "/api/"), ElementsAre(""));
  EXPECT_EQ(path_after("/api/%zz", "/api/"), std::nullopt);
}

TEST(ErrorTest, AMessageThatIsNoUtf8IsStillJson) {
  EXPECT_FALSE(
      Json::parse(api_error(500, "failed", "caf\xe9").body, nullptr, false).is_discarded());
}

TEST(DocumentTest, IsCarriedInside) {
  const Json document = Json::parse(openapi_document(), nullptr, false);
  ASSERT_TRUE(document.is_object());
  EXPECT_EQ(document["openapi"], "3.1.0");
}

// --------------------------------------------------------------------------------- access

// printf %s first | sha256sum
constexpr const char* kFirst = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";

class AccessTest : public ::testing::Test {
 protected:
  /// The status of the refusal, 200 without one.
  int ask(const std::string& method, const std::string& path,
          std::map<std::string, std::string, std::less<>> headers = {}) {
    Router router;
    add_access(router, http);
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.headers = std::move(headers);
    request.headers["host"] = "localhost:8081";
    const auto refused = router.refusal(request);
    return refused ? refused->status : 200;
  }
  HttpResponse session(const std::string& method, const std::string& body,
                       std::map<std::string, std::string, std::less<>> headers = {}) {
    Router router;
    add_access(router, http);
    HttpRequest request;
    request.method = method;
    request.path = "/api/v1/session";
    request.body = body;
    request.headers = std::move(headers);
    const auto found = router.find(request);
    return std::get<HttpHandler>(*std::get<const Router::Handler*>(found))(request);
  }

  HttpConfig http;
};

TEST_F(AccessTest, WithoutTokensReadingAndWritingAreOpen) {
  EXPECT_EQ(ask("GET", "/api/v1/overview"), 200);
  EXPECT_EQ(ask("POST", "/api/v1/dead-letters/replay"), 200);
  EXPECT_EQ(ask("POST", "/api/v1/dead-letters/replay", {{"origin", "http://evil.example"}}), 403);
  EXPECT_EQ(ask("POST", "/api/v1/session", {{"sec-fetch-site", "cross-site"}}), 403);
}

TEST_F(AccessTest, WithTokensAWriteWantsOneThoughReadingDoesNot) {
  http.tokens = {kFirst};
  EXPECT_EQ(ask("GET", "/api/v1/overview"), 200);
  EXPECT_EQ(ask("POST", "/api/v1/dead-letters/replay"), 401);
  EXPECT_EQ(ask("POST", "/api/v1/dead-letters/replay", {{"authorization", "Bearer first"}}), 200);
  EXPECT_EQ(ask("POST", "/api/v1/dead-letters/replay", {{"cookie", "lensart_token=first"}}), 200);
}

TEST_F(AccessTest, WithAuthTokenEverythingThatHoldsDataWantsOne) {
  http.auth = AuthKind::kToken;
  http.tokens = {kFirst};
  for (const char* path : {"/api/v1/overview", "/api/v1/events", "/api/v1/orders/1", "/api/v1/x"}) {
    EXPECT_EQ(ask("GET", path), 401) << path;
    EXPECT_EQ(ask("GET", path, {{"authorization", "Bearer second"}}), 401) << path;
    EXPECT_EQ(ask("GET", path, {{"cookie", "x=1; lensart_token=second"}}), 401) << path;
    EXPECT_EQ(ask("GET", path, {{"cookie", "x=1; lensart_token=first"}}), 200) << path;
    EXPECT_EQ(ask("GET", path, {{"authorization", "Bearer first"}}), 200) << path;
  }
  EXPECT_EQ(ask("GET", "/api/v1/session"), 200);
  EXPECT_EQ(ask("GET", "/api/v1/openapi.json"), 200);
}

TEST_F(AccessTest, ASessionSetsAGoodTokenAsACookieThatNoScriptReads) {
  http.auth = AuthKind::kToken;
  http.tokens = {kFirst};
  const std::map<std::string, std::string, std::less<>> json = {
      {"content-type", "Application/JSON; charset=utf-8"}};
  const HttpResponse opened = session("POST", R"({"token":"first"})", json);
  EXPECT_EQ(opened.status, 200);
  EXPECT_THAT(
      opened.headers,
      Contains(Pair("Set-Cookie", "lensart_token=first; Path=/api/; HttpOnly; SameSite=Strict")));
  auto behind_tls = json;
  behind_tls["x-forwarded-proto"] = "https";
  EXPECT_THAT(session("POST", R"({"token":"first"})", behind_tls).headers,
              Contains(Pair("Set-Cookie", HasSubstr("; Secure"))));
  EXPECT_THAT(session("DELETE", "").headers, Contains(Pair("Set-Cookie", HasSubstr("Max-Age=0"))));
  EXPECT_EQ(session("GET", "", {{"cookie", "lensart_token=first"}}).body,
            "{\"token_to_read\":true,\"token_to_write\":true,\"has_token\":true}\n");
}

TEST_F(AccessTest, ASessionRefusesWhatIsNoTokenOfOurs) {
  http.auth = AuthKind::kToken;
  http.tokens = {kFirst};
  const std::map<std::string, std::string, std::less<>> json = {
      {"content-type", "application/json"}};
  EXPECT_EQ(session("POST", R"({"token":"second"})", json).status, 401);
  for (const char* body :
       {"", "[]", "{}", R"({"token":1})", R"({"token":""})", R"({"token":"a\r\nSet-Cookie: b"})",
        R"({"token":"a;b"})", R"({"token":"first","more":1})"}) {
    const HttpResponse refused = session("POST", body, json);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_THAT(refused.headers, Not(Contains(Pair("Set-Cookie", ::testing::_))));
  }
  EXPECT_EQ(session("POST", R"({"token":"first"})", {}).status, 415);
}

}  // namespace
}  // namespace lensart::app
