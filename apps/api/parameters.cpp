#include "apps/api/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "apps/config/values.hpp"
#include "apps/explain/arguments.hpp"
#include "apps/orders/instant_text.hpp"
#include "graph/text.hpp"

namespace lensart::app {

namespace {

constexpr std::size_t kShown = 60;

/// As much of a value as fits a sentence.
std::string shown(std::string_view value) {
  if (!is_utf8_text(value)) return "(no text)";
  const auto head = first_code_points(value, kShown);
  return head.size() == value.size() ? std::string(value) : std::string(head) + "…";
}

/// Bytes that continue a code point after this first one; nothing where it begins none.
std::optional<std::size_t> continuation_bytes(unsigned char first) {
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first <= 0xDF) return 1;
  if (first >= 0xE0 && first <= 0xEF) return 2;
  if (first >= 0xF0 && first <= 0xF4) return 3;
  return std::nullopt;
}

bool is_continued(std::string_view text, std::size_t at, std::size_t bytes) {
  if (at + bytes >= text.size()) return bytes == 0;
  const auto first = static_cast<unsigned char>(text[at]);
  for (std::size_t i = 1; i <= bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (i == 1) {  // neither overlong nor a surrogate nor past U+10FFFF
      if (first == 0xE0) low = 0xA0;
      if (first == 0xED) high = 0x9F;
      if (first == 0xF0) low = 0x90;
      if (first == 0xF4) high = 0x8F;
    }
    if (byte < low || byte > high) return false;
  }
  return true;
}

}  // namespace

bool is_utf8_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto bytes = continuation_bytes(static_cast<unsigned char>(text[at]));
    if (!bytes || !is_continued(text, at, *bytes)) return false;
    at += *bytes + 1;
  }
  return true;
}

HttpResponse api_error(int status, std::string_view code, std::string_view message,
                       std::string_view field) {
  // Messages of other people's making need not be UTF-8; JSON is.
  std::string text(message);
  if (!is_utf8_text(text)) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; }, '?');
  }
  std::string body = fmt::format(R"({{"status":"error","message":{},"code":{})", json_string(text),
                                 json_string(code));
  if (!field.empty()) body += fmt::format(R"(,"field":{})", json_string(field));
  return HttpResponse::json(status, body + "}\n");
}

HttpResponse json_answer(std::string body) {
  auto response = HttpResponse::json(200, std::move(body));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse unavailable(std::string_view code, std::string_view message) {
  auto response = api_error(503, code, message);
  response.headers.emplace_back("Retry-After", "2");
  return response;
}

HttpResponse not_found(std::string_view message) { return api_error(404, "not_found", message); }

std::optional<std::int64_t> parse_plain_whole(std::string_view text, std::int64_t low,
                                              std::int64_t high) {
  const auto number = parse_whole(text, low, high);
  return number && std::to_string(*number) == text ? number : std::nullopt;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  static const TimeZone kUtc = TimeZone::find("UTC").value();
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const bool has_date = upper.size() >= 20 && upper[4] == '-' && upper[7] == '-' &&
                        std::all_of(upper.begin(), upper.begin() + 4,
                                    [](unsigned char c) { return std::isdigit(c) != 0; });
  const bool has_offset = has_date && (upper.ends_with('Z') || upper[upper.size() - 3] == ':');
  if (!has_offset) return std::nullopt;
  const std::string year = upper.substr(0, 4);
  const bool inside = year >= "2000" && year <= "2100";
  const auto instant = inside ? orders::parse_instant(upper, kUtc) : std::nullopt;
  if (instant || (inside && year != "2000" && year != "2100")) return instant;
  // Outside, or at the edge by its offset: an instant if it is one in another year. 2004 has every
  // day that a year can have.
  upper.replace(0, 4, "2004");
  if (!orders::parse_instant(upper, kUtc)) return std::nullopt;
  return orders::parse_instant(year < "2050" ? "2000-01-01T00:00:00Z" : "2100-12-31T23:59:59Z",
                               kUtc);
}

const std::string* QueryReader::find(std::string_view name) {
  known_.emplace(name);
  const auto found = query_.find(name);
  return found == query_.end() ? nullptr : &found->second;
}

void QueryReader::refuse(std::string_view name, std::string_view what) {
  if (refusal_) return;
  const auto found = query_.find(name);
  refusal_ = api_error(
      400, "bad_parameter",
      fmt::format("{} = \"{}\": {}", name, found == query_.end() ? "" : shown(found->second), what),
      name);
}

std::optional<std::int64_t> QueryReader::whole(std::string_view name, std::int64_t low,
                                               std::int64_t high) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto number = parse_plain_whole(*value, low, high);
  if (!number) refuse(name, fmt::format("must be a whole number from {} to {}", low, high));
  return number;
}

std::optional<bool> QueryReader::boolean(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (*value != "true" && *value != "false") refuse(name, "must be true or false");
  return *value == "true";
}

std::optional<Instant> QueryReader::instant(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto instant = parse_rfc3339(*value);
  if (!instant) refuse(name, "must be an instant like 2026-11-20T03:30:00Z");
  return instant;
}

std::optional<std::string> QueryReader::text(std::string_view name, std::size_t most) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!is_utf8_text(*value) || value->find('\0') != std::string::npos) {
    refuse(name, "must be text in UTF-8 without U+0000");
  } else if (value->empty() || count_code_points(*value) > most) {
    refuse(name, fmt::format("must have from 1 to {} characters", most));
  }
  return *value;
}

std::optional<std::string> QueryReader::one_of(std::string_view name,
                                               const std::vector<std::string_view>& choices) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (std::find(choices.begin(), choices.end(), *value) == choices.end()) {
    refuse(name, fmt::format("must be one of {}", fmt::join(choices, ", ")));
  }
  return *value;
}

std::optional<HttpResponse> QueryReader::refusal() {
  for (const auto& [name, value] : query_) {
    if (refusal_ || known_.contains(name)) continue;
    refusal_ =
        api_error(400, "bad_parameter",
                  known_.empty() ? fmt::format("{}: this path takes no parameters", shown(name))
                                 : fmt::format("{}: is no parameter here; there are {}",
                                               shown(name), fmt::join(known_, ", ")),
                  shown(name));
  }
  return refusal_;
}

std::optional<std::vector<std::string>> path_after(std::string_view path, std::string_view prefix) {
  path.remove_prefix(std::min(prefix.size(), path.size()));
  std::vector<std::string> segments;
  while (true) {
    const auto slash = path.find('/');
    // What means something in a query alone is itself here.
    std::string query = "_=";
    for (const char c : path.substr(0, slash)) {
      query += c == '+' ? "%2B" : c == '&' ? "%26" : std::string(1, c);
    }
    const auto decoded = parse_query(query);
    if (!decoded) return std::nullopt;
    segments.push_back(decoded->at("_"));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_json(const HttpRequest& request) {
  const auto type = request.header("content-type");
  const auto end = type.find(';');
  std::string_view name = type.substr(0, end);
  while (name.ends_with(' ')) name.remove_suffix(1);
  constexpr std::string_view kJson = "application/json";
  return std::equal(name.begin(), name.end(), kJson.begin(), kJson.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

HttpResponse not_json() {
  return api_error(415, "bad_body", "send the body as Content-Type: application/json");
}

bool is_topic(std::string_view text) {
  return !text.empty() && text.size() <= 249 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
         });
}

}  // namespace lensart::app
