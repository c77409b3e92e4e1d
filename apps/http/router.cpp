#include "apps/http/router.hpp"

#include <fmt/format.h>

#include <exception>

#include "apps/config/values.hpp"
#include "apps/http/responder.hpp"

namespace lensart::app {
namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (!high || !low) return std::nullopt;
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  return out;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

HttpResponse HttpResponse::error(int status, std::string_view message) {
  return json(status,
              fmt::format(R"({{"status":"error","message":{}}})", json_string(message)) + "\n");
}

HttpResponse HttpResponse::json(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse server_failed(std::string_view what) {
  return HttpResponse::error(500, fmt::format("the server failed: {}", what));
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this == &other) return *this;
  give_up();
  sink_ = std::exchange(other.sink_, nullptr);
  return *this;
}

void Responder::answer(HttpResponse response) {
  if (const auto sink = std::exchange(sink_, nullptr)) sink(std::move(response));
}

void Responder::give_up() {
  if (sink_) answer(server_failed("nobody answered the request"));
}

void Router::add(std::string method, std::string path, HttpHandler handler) {
  add_handler(std::move(method), std::move(path), std::move(handler));
}

void Router::add_async(std::string method, std::string path, HttpAsyncHandler handler) {
  add_handler(std::move(method), std::move(path), std::move(handler));
}

void Router::add_stream(std::string path, HttpStreamHandler handler) {
  add_handler("GET", std::move(path), std::move(handler));
}

void Router::add_handler(std::string method, std::string path, Handler handler) {
  if (path.ends_with("/*")) {
    path.pop_back();
    below_[std::move(path)].emplace(std::move(method), std::move(handler));
  } else {
    exact_[std::move(path)].emplace(std::move(method), std::move(handler));
  }
}

void Router::add_guard(std::string prefix, HttpGuard guard) {
  guards_.emplace_back(std::move(prefix), std::move(guard));
}

std::optional<HttpResponse> Router::refusal(HttpRequest& request) const {
  for (const auto& [prefix, guard] : guards_) {
    if (!request.path.starts_with(prefix)) continue;
    try {
      if (auto response = guard(request)) return response;
    } catch (const std::exception& error) {
      return server_failed(error.what());
    }
  }
  return std::nullopt;
}

const Router::Methods* Router::methods_at(std::string_view path) const {
  if (const auto found = exact_.find(path); found != exact_.end()) return &found->second;
  // The longest prefix wins.
  for (auto slash = path.rfind('/'); slash != std::string_view::npos && slash < path.size();
       slash = slash == 0 ? std::string_view::npos : path.rfind('/', slash - 1)) {
    const auto found = below_.find(path.substr(0, slash + 1));
    if (found != below_.end()) return &found->second;
  }
  return nullptr;
}

std::variant<const Router::Handler*, HttpResponse> Router::find(const HttpRequest& request) const {
  const auto* methods = methods_at(request.path);
  if (methods == nullptr) return HttpResponse::error(404, "there is nothing at this path");
  const auto found = methods->find(request.method);
  if (found != methods->end()) return &found->second;
  std::vector<std::string> allowed;
  for (const auto& [method, handler] : *methods) {
    allowed.push_back(method);
    if (method == "GET") allowed.emplace_back("HEAD");
  }
  const auto list = fmt::format("{}", fmt::join(allowed, ", "));
  auto response = HttpResponse::error(405, fmt::format("this path answers {} only", list));
  response.headers.emplace_back("Allow", list);
  return response;
}

std::optional<std::map<std::string, std::string, std::less<>>> parse_query(std::string_view text) {
  std::map<std::string, std::string, std::less<>> parameters;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto part = text.substr(0, end);
    const auto equals = part.find('=');
    const auto name = decoded(part.substr(0, equals));
    const auto value =
        decoded(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    if (!name->empty()) parameters.emplace(*name, *value);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parameters;
}

}  // namespace lensart::app
