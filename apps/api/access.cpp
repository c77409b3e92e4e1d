#include "apps/api/access.hpp"

#include <fmt/format.h>

#include <memory>

#include "apps/api/parameters.hpp"
#include "apps/explain/answer.hpp"
#include "apps/http/access.hpp"

namespace lensart::app {

namespace {

constexpr std::string_view kCookie = "lensart_token";
constexpr std::size_t kLongestToken = 512;

/// The value of a cookie, or nothing.
std::string_view cookie_of(const HttpRequest& request, std::string_view name) {
  std::string_view cookies = request.header("cookie");
  while (!cookies.empty()) {
    const auto end = cookies.find(';');
    std::string_view one = cookies.substr(0, end);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(name) && one.substr(name.size()).starts_with('=')) {
      return one.substr(name.size() + 1);
    }
    if (end == std::string_view::npos) break;
    cookies.remove_prefix(end + 1);
  }
  return {};
}

bool is_token_text(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+/=-";
  return !text.empty() && text.size() <= kLongestToken &&
         text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

class ConsoleAccess {
 public:
  explicit ConsoleAccess(const HttpConfig& http)
      : reads_need_token_(http.auth == AuthKind::kToken),
        writes_need_token_(reads_need_token_ || !http.tokens.empty()),
        with_token_(access_guard({AuthKind::kToken, http.tokens, http.hosts})),
        without_(access_guard({AuthKind::kNone, {}, http.hosts})) {}

  std::optional<HttpResponse> refusal(HttpRequest& request) const {
    const bool is_write = request.method != "GET";
    const bool is_open =
        request.path == "/api/v1/session" || request.path == "/api/v1/openapi.json";
    const bool needs_token = !is_open && (is_write ? writes_need_token_ : reads_need_token_);
    if (!needs_token) return without_(request);
    take_cookie(request);
    return with_token_(request);
  }

  HttpResponse session(const HttpRequest& request) const {
    if (auto refused = QueryReader(request).refusal()) return *refused;
    HttpRequest asked = request;
    take_cookie(asked);
    return picture(knows(asked));
  }

  HttpResponse open_session(const HttpRequest& request) const {
    if (auto refused = QueryReader(request).refusal()) return *refused;
    if (!is_json(request)) return not_json();
    const Json body = Json::parse(request.body, nullptr, false);
    const bool is_object = body.is_object() && body.size() == 1;
    const auto token = is_object ? body.find("token") : body.end();
    if (token == body.end() || !token->is_string() ||
        !is_token_text(token->get_ref<const std::string&>())) {
      return api_error(400, "bad_body", R"(send {"token":"…"}, the token as it was given out)",
                       "token");
    }
    HttpRequest asked = request;
    asked.headers["authorization"] = "Bearer " + token->get<std::string>();
    if (auto refused = with_token_(asked)) return *refused;
    auto response = picture(true);
    const bool is_https = request.header("x-forwarded-proto") == "https";
    response.headers.emplace_back(
        "Set-Cookie", fmt::format("{}={}; Path=/api/; HttpOnly; SameSite=Strict{}", kCookie,
                                  token->get<std::string>(), is_https ? "; Secure" : ""));
    return response;
  }

  HttpResponse close_session(const HttpRequest& request) const {
    if (auto refused = QueryReader(request).refusal()) return *refused;
    auto response = picture(false);
    response.headers.emplace_back(
        "Set-Cookie",
        fmt::format("{}=; Path=/api/; HttpOnly; SameSite=Strict; Max-Age=0", kCookie));
    return response;
  }

 private:
  static void take_cookie(HttpRequest& request) {
    const auto cookie = cookie_of(request, kCookie);
    if (request.header("authorization").empty() && is_token_text(cookie)) {
      request.headers["authorization"] = "Bearer " + std::string(cookie);
    }
  }
  bool knows(HttpRequest& request) const {
    request.method = "GET";  // who asks, not what for
    return !with_token_(request);
  }
  HttpResponse picture(bool has_token) const {
    return json_answer(fmt::format(R"({{"token_to_read":{},"token_to_write":{},"has_token":{}}})",
                                   reads_need_token_, writes_need_token_, has_token) +
                       "\n");
  }

  bool reads_need_token_;
  bool writes_need_token_;
  HttpGuard with_token_;
  HttpGuard without_;
};

}  // namespace

void add_access(Router& router, const HttpConfig& http) {
  const auto access = std::make_shared<const ConsoleAccess>(http);
  router.add_guard("/api/", [access](HttpRequest& request) { return access->refusal(request); });
  router.add("GET", "/api/v1/session",
             [access](const HttpRequest& request) { return access->session(request); });
  router.add("POST", "/api/v1/session",
             [access](const HttpRequest& request) { return access->open_session(request); });
  router.add("DELETE", "/api/v1/session",
             [access](const HttpRequest& request) { return access->close_session(request); });
}

}  // namespace lensart::app
