/// Requests, responses, and which function answers which path.
///
/// Threads: a Router is filled before the server starts and only read afterwards; its handlers run
/// on the server's thread, one at a time, and must not block: whoever waits holds up every client.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lensart::app {

/// One request, read whole. Names of headers are in lower case; of one sent twice the values are
/// joined by ", ". Query parameters are decoded; the first of a name counts.
struct HttpRequest {
  std::string method;  ///< as sent, in capitals; HEAD arrives here as GET
  std::string path;    ///< without the query, not decoded
  std::map<std::string, std::string, std::less<>> query;
  std::map<std::string, std::string, std::less<>> headers;
  std::string body;
  std::string remote;  ///< the client's IP address

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

class Router {
 public:
  /// `method` in capitals; GET answers HEAD too. A path ending in `/*` takes everything below it.
  /// REQUIRES: no handler for the same method and path yet.
  void add(std::string method, std::string path, HttpHandler handler);

  /// 404 for a path nobody has, 405 with Allow for a method nobody has there, 500 if a handler
  /// throws.
  HttpResponse answer(const HttpRequest& request) const;

 private:
  using Methods = std::map<std::string, HttpHandler, std::less<>>;
  const Methods* find(std::string_view path) const;

  std::map<std::string, Methods, std::less<>> exact_;
  std::map<std::string, Methods, std::less<>> below_;  ///< by prefix, with its last slash
};

/// `a=1&b=%20`: names and values, decoded. nullopt when an escape is malformed.
std::optional<std::map<std::string, std::string, std::less<>>> parse_query(std::string_view text);

}  // namespace lensart::app
