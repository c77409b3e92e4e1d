#include "apps/orders/replay_envelope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace lensart::orders {

namespace {

constexpr std::array<std::pair<Topic, std::string_view>, 4> kNames = {
    {{Topic::kOrderCreated, "order_created"},
     {Topic::kOrderUpdated, "order_updated"},
     {Topic::kOrderCancelled, "order_cancelled"},
     {Topic::kOrderEvents, "order_events"}}};

constexpr std::string_view kBegin = R"({"lensart_replay":1,"topic":")";
constexpr std::string_view kOriginal = R"(,"original":")";
constexpr std::string_view kTooLate = R"(,"too_late":true)";
constexpr std::string_view kEnd = "}\n";

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// Up to the quote that ends it, which is taken too.
std::optional<std::string_view> take_text(std::string_view& text) {
  const auto end = text.find('"');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end + 1);
  return taken;
}

template <class Number>
bool read_whole(std::string_view text, Number& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && number >= 0;
}

/// What Kafka takes for a topic's name. Another would be no key of the state, or no text of a
/// table.
bool is_topic_name(std::string_view name) {
  constexpr std::size_t kLongest = 249;
  return !name.empty() && name.size() <= kLongest &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

std::optional<OriginalRecord> parse_record_place(std::string_view text) {
  const auto last = text.rfind('/');
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  const auto first = text.rfind('/', last - 1);
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  OriginalRecord original;
  original.topic = text.substr(0, first);
  const bool good = is_topic_name(original.topic) &&
                    read_whole(text.substr(first + 1, last - first - 1), original.partition) &&
                    read_whole(text.substr(last + 1), original.offset);
  return good ? std::optional(original) : std::nullopt;
}

std::string_view replay_name(Topic topic) {
  for (const auto& [known, name] : kNames) {
    if (known == topic) return name;
  }
  return {};
}

std::optional<Topic> topic_from_replay_name(std::string_view name) {
  for (const auto& [topic, known] : kNames) {
    if (known == name) return topic;
  }
  return std::nullopt;
}

std::string replay_header(Topic topic, const std::optional<OriginalRecord>& original) {
  const std::string_view name = replay_name(topic);
  if (name.empty()) return {};  // a replay of a replay has no header: it would not be read
  std::string header = fmt::format("{}{}\"", kBegin, name);
  if (original) {
    header += fmt::format("{}{}/{}/{}\"", kOriginal, original->topic, original->partition,
                          original->offset);
    if (original->too_late) header += kTooLate;
  }
  return header.append(kEnd);
}

std::optional<ReplayEnvelope> open_replay(std::string_view message) {
  // Only this program writes headers, in one spelling: they are compared, not parsed.
  std::string_view rest = message;
  if (!take(rest, kBegin)) return std::nullopt;
  const auto name = take_text(rest);
  const auto topic = topic_from_replay_name(name.value_or(""));
  if (!topic) return std::nullopt;
  ReplayEnvelope envelope{*topic, {}};
  if (take(rest, kOriginal)) {
    envelope.original = parse_record_place(take_text(rest).value_or(""));
    if (!envelope.original) return std::nullopt;
    envelope.original->too_late = take(rest, kTooLate);
  }
  if (!take(rest, kEnd)) return std::nullopt;
  envelope.payload = rest;
  return envelope;
}

}  // namespace lensart::orders
