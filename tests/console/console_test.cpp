#include "apps/console/console.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <variant>

namespace lensart::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ConsoleTest : public ::testing::Test {
 protected:
  ConsoleTest() { add_console(router_); }

  HttpResponse get(const std::string& path,
                   std::map<std::string, std::string, std::less<>> headers = {}) {
    HttpRequest request;
    request.method = "GET";
    request.path = path;
    request.headers = std::move(headers);
    const auto found = router_.find(request);
    if (const auto* refusal = std::get_if<HttpResponse>(&found)) return *refusal;
    return std::get<HttpHandler>(*std::get<const Router::Handler*>(found))(request);
  }

  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }

  static std::string asset(std::string_view name) {
    return "/assets/" + std::string(console_version()) + "/" + std::string(name);
  }

  static std::string_view content(std::string_view name) {
    const auto assets = console_assets();
    return std::ranges::find(assets, name, &ConsoleAsset::name)->plain;
  }

  static std::set<std::string> matches(std::string_view text, const char* pattern) {
    std::set<std::string> found;
    const std::string copy(text);
    const std::regex regex(pattern);
    for (std::sregex_iterator it(copy.begin(), copy.end(), regex), end; it != end; ++it) {
      found.insert((*it)[1]);
    }
    return found;
  }

 private:
  Router router_;
};

TEST_F(ConsoleTest, EveryPageIsTheSameDocumentAndAllowsOnlyItsOwnOrigin) {
  for (const char* path :
       {"/", "/graph", "/epochs", "/watermarks", "/business", "/orders", "/orders/4711", "/letters",
        "/letters/order-created/0/17", "/configuration"}) {
    const HttpResponse page = get(path);
    EXPECT_EQ(page.status, 200) << path;
    EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
    EXPECT_THAT(page.body, HasSubstr(asset("main.js"))) << path;
    EXPECT_EQ(header(page, "Cache-Control"), "no-cache");
    const std::string policy = header(page, "Content-Security-Policy");
    EXPECT_THAT(policy, HasSubstr("script-src 'self';"));
    EXPECT_THAT(policy, StartsWith("default-src 'none';"));
    EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
    EXPECT_THAT(policy, Not(HasSubstr("http")));
  }
  EXPECT_EQ(get("/nowhere").status, 404);
}

TEST_F(ConsoleTest, NoPageOrScriptNamesAnotherHostOrRunsInline) {
  for (const ConsoleAsset& file : console_assets()) {
    if (file.name.starts_with("uplot") || file.name.starts_with("dagre")) continue;
    if (file.content_type == "font/woff2") continue;
    auto hosts = matches(file.plain, R"((https?://[^"' )]+))");
    hosts.erase("http://www.w3.org/2000/svg");  // the name of a namespace; nothing is fetched
    EXPECT_TRUE(hosts.empty()) << file.name << " names " << *hosts.begin();
  }
  const std::string_view index = content("index.html");
  EXPECT_TRUE(matches(index, R"(<script(?![^>]* src=)([^>]*)>)").empty());
  EXPECT_TRUE(matches(index, R"(\s(on[a-z]+|style)=)").empty());
}

TEST_F(ConsoleTest, WhatAPageNamesIsThere) {
  for (const std::string& path : matches(content("index.html"), R"re((?:src|href)="([^"]+)")re")) {
    EXPECT_EQ(get(path).status, 200) << path;
  }
  for (const ConsoleAsset& file : console_assets()) {
    if (file.content_type != "text/javascript; charset=utf-8") continue;
    const auto slash = file.name.rfind('/');
    const std::string folder(slash == std::string_view::npos ? "" : file.name.substr(0, slash + 1));
    for (std::string to : matches(file.plain, R"(from\s+'([^']+)')")) {
      to = to.starts_with("../") ? to.substr(3) : folder + to.substr(2);
      EXPECT_EQ(get(asset(to)).status, 200) << file.name << " imports " << to;
    }
  }
}

TEST_F(ConsoleTest, ABrowserThatWasHereBeforeIsTold304AndAssetsMayBeKeptForEver) {
  const HttpResponse first = get("/");
  const std::string tag = header(first, "ETag");
  EXPECT_FALSE(tag.empty());
  for (const std::string& known : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    const HttpResponse again = get("/", {{"if-none-match", known}});
    EXPECT_EQ(again.status, 304) << known;
    EXPECT_TRUE(again.body.empty());
    EXPECT_EQ(header(again, "ETag"), tag);
  }
  EXPECT_EQ(get("/", {{"if-none-match", "\"other\""}}).status, 200);
  EXPECT_THAT(header(get(asset("app.css")), "Cache-Control"), HasSubstr("immutable"));
}

TEST_F(ConsoleTest, GzipIsSentToThoseWhoTakeIt) {
  const std::string path = asset("app.css");
  const HttpResponse plain = get(path);
  for (const char* accepted : {"gzip", "br, gzip", "deflate, gzip;q=0.8, *;q=0.1"}) {
    const HttpResponse packed = get(path, {{"accept-encoding", accepted}});
    EXPECT_EQ(header(packed, "Content-Encoding"), "gzip") << accepted;
    EXPECT_THAT(packed.body, StartsWith("\x1f\x8b"));
    EXPECT_LT(packed.body.size(), plain.body.size() / 2);
    EXPECT_NE(header(packed, "ETag"), header(plain, "ETag"));
    EXPECT_EQ(header(packed, "Vary"), "Accept-Encoding");
  }
  for (const char* refused : {"", "br", "gzip;q=0", "gzip;q=0.0", "x-gzip"}) {
    EXPECT_EQ(header(get(path, {{"accept-encoding", refused}}), "Content-Encoding"), "") << refused;
  }
  EXPECT_EQ(header(get(asset("inter.woff2"), {{"accept-encoding", "gzip"}}), "Content-Encoding"),
            "");
}

TEST_F(ConsoleTest, AnotherVersionOrANameThatIsNoneIsNotFound) {
  const std::string version(console_version());
  for (const std::string& path :
       {std::string("/assets/"), "/assets/" + version, "/assets/" + version + "/",
        "/assets/" + version + "/../console.cpp", "/assets/" + version + "/index.html",
        std::string("/assets/000000000000/main.js"), "/assets/" + version + "/nothing.js"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST_F(ConsoleTest, TheFirstViewIsAtMost300KB) {
  std::size_t bytes = get("/", {{"accept-encoding", "gzip"}}).body.size();
  auto paths = matches(content("index.html"), R"re((?:src|href)="([^"]+)")re");
  for (const char* later : {"uplot.js", "uplot.css", "inter-vietnamese.woff2"}) {
    paths.insert(asset(later));
  }
  for (const std::string& path : paths) {
    bytes += get(path, {{"accept-encoding", "gzip"}}).body.size();
  }
  RecordProperty("bytes", static_cast<int>(bytes));
  EXPECT_LE(bytes, 300'000U);
}

}  // namespace
}  // namespace lensart::app
