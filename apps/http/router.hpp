/// Requests, responses, and which function answers which path.
///
/// Threads: a Router is filled before the server starts and only read afterwards; its handlers and
/// guards run on the server's thread, one at a time, and must not block: whoever waits holds up
/// every client. What takes time is an asynchronous handler's, which hands its Responder to a
/// thread of its own.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lensart::app {

class EventStream;
class Responder;

/// One request, read whole. Names of headers are in lower case; of one sent twice the values are
/// joined by ", ". Query parameters are decoded; the first of a name counts.
struct HttpRequest {
  std::string method;  ///< as sent, in capitals; HEAD arrives here as GET
  std::string path;    ///< without the query, not decoded
  std::map<std::string, std::string, std::less<>> query;
  std::map<std::string, std::string, std::less<>> headers;
  std::string body;
  std::string remote;  ///< the client's IP address
  int token = -1;      ///< which of the configured tokens it carries, as `access_guard` found

  /// Empty where there is none.
  std::string_view header(std::string_view lower_case_name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< beside those of the server

  /// `{"status":"error","message":…}`, for people.
  static HttpResponse error(int status, std::string_view message);
  static HttpResponse json(int status, std::string body);
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;
/// Answers through the Responder, then or later, from any thread (`responder.hpp`).
using HttpAsyncHandler = std::function<void(HttpRequest, Responder)>;
/// Keeps the stream and sends to it for as long as it is open (`event_stream.hpp`). Events sent
/// before it returns are the stream's first.
using HttpStreamHandler = std::function<void(const HttpRequest&, EventStream)>;
/// Sees a request before its body is read (`body` is empty) and may note on it who asks. A response
/// refuses the request, nothing lets it in.
using HttpGuard = std::function<std::optional<HttpResponse>(HttpRequest&)>;

class Router {
 public:
  using Handler = std::variant<HttpHandler, HttpAsyncHandler, HttpStreamHandler>;

  /// `method` in capitals; GET answers HEAD too. A path ending in `/*` takes everything below it.
  /// REQUIRES: no handler for the same method and path yet.
  void add(std::string method, std::string path, HttpHandler handler);
  void add_async(std::string method, std::string path, HttpAsyncHandler handler);
  /// Server-sent events, to a GET.
  void add_stream(std::string path, HttpStreamHandler handler);

  /// Asked for every path that begins with `prefix`, whether anybody answers there or not; guards
  /// are asked in the order they were added. `access_guard` makes the usual one.
  void add_guard(std::string prefix, HttpGuard guard);

  /// What the first guard that refuses answers; 500 if one throws.
  std::optional<HttpResponse> refusal(HttpRequest& request) const;

  /// The handler, or the answer where there is none: 404 for a path nobody has, 405 with Allow for
  /// a method nobody has there.
  std::variant<const Handler*, HttpResponse> find(const HttpRequest& request) const;

 private:
  using Methods = std::map<std::string, Handler, std::less<>>;
  void add_handler(std::string method, std::string path, Handler handler);
  const Methods* methods_at(std::string_view path) const;

  std::map<std::string, Methods, std::less<>> exact_;
  std::map<std::string, Methods, std::less<>> below_;  ///< by prefix, with its last slash
  std::vector<std::pair<std::string, HttpGuard>> guards_;
};

/// What a handler or guard that threw is answered with.
HttpResponse server_failed(std::string_view what);

/// `a=1&b=%20`: names and values, decoded. nullopt when an escape is malformed.
std::optional<std::map<std::string, std::string, std::less<>>> parse_query(std::string_view text);

}  // namespace lensart::app
