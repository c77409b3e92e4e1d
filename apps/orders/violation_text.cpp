// What a person reads about a broken rule: rules.hpp, `describe` and `fit_for_column`.

#include <fmt/format.h>

#include "apps/orders/rules.hpp"
#include "graph/text.hpp"

namespace lensart::orders {
namespace {

constexpr std::size_t kFieldColumn = 255;
constexpr std::size_t kMessageColumn = 1000;
constexpr std::size_t kShownValue = 60;

/// A value as a message shows it.
std::string shown(const JsonNode& node) {
  switch (node.kind) {
    case JsonKind::kObject:
      return "an object";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kNull:
    case JsonKind::kTrue:
    case JsonKind::kFalse:
    case JsonKind::kNumber:
    case JsonKind::kText:
      break;
  }
  const std::string_view start = first_code_points(node.text, kShownValue);
  const std::string_view dots = start.size() < node.text.size() ? "…" : "";
  return node.kind == JsonKind::kText ? fmt::format("\"{}{}\"", start, dots)
                                      : fmt::format("{}{}", start, dots);
}

/// A path may be as long as the payload; a message needs only as much as its column.
std::string shortened(const std::string& path) {
  return std::string(first_code_points(path, kFieldColumn));
}

std::string sentence(const JsonDocument& document, const Finding& finding,
                     const std::string& path) {
  const JsonNode& node = document.node(finding.node);
  switch (finding.code) {
    case Code::kMissingField:
      return fmt::format("{} is missing: {}", shortened(path), finding.remedy);
    case Code::kBadType:
      if (finding.is_repeated) {
        return fmt::format("{} stands twice: {}", shortened(path), finding.remedy);
      }
      return fmt::format("{} is {}: what fits is {}", shortened(path), shown(node), finding.remedy);
    case Code::kNulInText:
      return fmt::format("{} holds U+0000: {}", shortened(path), finding.remedy);
    case Code::kFieldTooLong:
      return fmt::format("{} is {} characters long: {}", shortened(path),
                         count_code_points(to_nfc(node.text)), finding.remedy);
    case Code::kTooLarge:
    case Code::kBadJson:
    case Code::kWrongTopic:
    case Code::kBadTimestamp:
    case Code::kTimestampInFuture:
    case Code::kBadId:
    case Code::kBadPrice:
    case Code::kBadQuantity:
    case Code::kExpiredOrder:
    case Code::kTooLate:
    case Code::kSinkRejected:
      break;
  }
  return fmt::format("{} is {}: {}", shortened(path), shown(node), finding.remedy);
}

}  // namespace

std::string fit_for_column(std::string_view text, std::size_t code_points) {
  std::string out;
  for (const char c : text) {
    if (c == '\0') {
      out += "\uFFFD";
    } else {
      out += c;
    }
  }
  out = to_nfc(out);
  return std::string(first_code_points(out, code_points));
}

Violation describe(const JsonDocument& document, const Finding& finding) {
  if (finding.is_shared) {
    return {
        finding.code, "",
        fit_for_column(fmt::format("order_id and id disagree (the later one is {}): send one of "
                                   "them, or both with the same value",
                                   shown(document.node(finding.node))),
                       kMessageColumn)};
  }
  std::string path = document.path_of(finding.node);
  if (!finding.missing.empty()) {
    if (!path.empty()) path += '.';
    path += finding.missing;
  }
  return {finding.code, fit_for_column(path, kFieldColumn),
          fit_for_column(sentence(document, finding, path), kMessageColumn)};
}

}  // namespace lensart::orders
