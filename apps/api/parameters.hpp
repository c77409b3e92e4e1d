/// What a request asks for, read and judged, and how the API refuses.
///
/// Threads: one at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apps/http/router.hpp"
#include "graph/clock.hpp"

namespace lensart::app {

/// `{"status":"error","message","code","field"}`, the one shape of all failures; `field` is left
/// out where it is empty.
HttpResponse api_error(int status, std::string_view code, std::string_view message,
                       std::string_view field = {});
/// 200, not to be kept by anybody.
HttpResponse json_answer(std::string body);
/// 503 with Retry-After.
HttpResponse unavailable(std::string_view code, std::string_view message);
HttpResponse not_found(std::string_view message);

/// The query of one request. Each parameter is asked for once; the first that is wrong, or one that
/// nobody asked for, is what `refusal` answers.
class QueryReader {
 public:
  explicit QueryReader(const HttpRequest& request) : query_(request.query) {}

  std::optional<std::int64_t> whole(std::string_view name, std::int64_t low, std::int64_t high);
  std::optional<bool> boolean(std::string_view name);
  std::optional<Instant> instant(std::string_view name);
  /// Valid UTF-8 without U+0000, of 1 to `most` code points.
  std::optional<std::string> text(std::string_view name, std::size_t most);
  std::optional<std::string> one_of(std::string_view name,
                                    const std::vector<std::string_view>& choices);

  /// A parameter that was read is wrong for a reason of the caller's.
  void refuse(std::string_view name, std::string_view what);
  /// 400, or nothing. REQUIRES: every parameter there is has been asked for.
  std::optional<HttpResponse> refusal();

 private:
  const std::string* find(std::string_view name);

  const std::map<std::string, std::string, std::less<>>& query_;
  std::set<std::string, std::less<>> known_;
  std::optional<HttpResponse> refusal_;
};

/// A whole number as JSON writes one, from `low` to `high`: no sign, no leading zeros.
std::optional<std::int64_t> parse_plain_whole(std::string_view text, std::int64_t low,
                                              std::int64_t high);

/// An instant of RFC 3339. One outside 2000 to 2100 is the nearest inside: nothing of ours lies
/// beyond.
std::optional<Instant> parse_rfc3339(std::string_view text);

/// The decoded segments of `path` after `prefix`; nothing where an escape is malformed.
std::optional<std::vector<std::string>> path_after(std::string_view path, std::string_view prefix);

/// Whether the body is said to be JSON. A browser asks before it sends that to another site.
bool is_json(const HttpRequest& request);
HttpResponse not_json();

/// A topic's name, by Kafka's rules.
bool is_topic(std::string_view text);

bool is_utf8_text(std::string_view text);

}  // namespace lensart::app
