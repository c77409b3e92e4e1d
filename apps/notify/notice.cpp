#include "apps/notify/notice.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "apps/config/values.hpp"
#include "storage/epoch.hpp"

namespace lensart::notify {

using app::json_string;

namespace {

constexpr std::size_t kReasons = 3;
constexpr std::size_t kTextBytes = 300;  // of one text in a message

/// Not in the middle of a character.
std::string cut(const std::string& text, std::size_t bytes = kTextBytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::string instant_text(Instant instant) {
  return date::format("%FT%TZ", std::chrono::floor<std::chrono::milliseconds>(instant));
}

std::string joined(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ","));
}

/// A sentence for a person, and the members that hold the same for a program.
struct Content {
  std::string sentence;
  std::string members;
};

Content stuck_content(std::uint64_t count, const std::vector<std::string>& orders) {
  return {count == 1 ? "An order is stuck: its status has not changed for too long."
                     : fmt::format("{} orders are stuck: their status has not changed for too "
                                   "long.",
                                   count),
          fmt::format(R"("count":{},"orders":{})", count, joined(orders))};
}

Content letters_content(std::uint64_t count, const std::map<std::string, std::uint64_t>& by_code,
                        const std::vector<std::string>& letters) {
  std::string words;
  std::string codes;
  for (const auto& [code, of_code] : by_code) {
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", of_code, code);
    codes += fmt::format("{}{}:{}", codes.empty() ? "" : ",", json_string(code), of_code);
  }
  return {fmt::format("{} dead letter{}: {}.", count, count == 1 ? "" : "s", words),
          fmt::format(R"("count":{},"codes":{{{}}},"letters":{})", count, codes, joined(letters))};
}

Content stall_content(const StallChange& change) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(change.lasted).count();
  const Sight& sight = change.sight;
  std::vector<std::string> reasons;
  for (const std::string& reason : sight.trouble) {
    if (reasons.size() < kReasons) reasons.push_back(json_string(cut(reason)));
  }
  std::string sentence = change.ended
                             ? fmt::format("The pipeline goes on, after {} s.", seconds)
                             : fmt::format(
                                   "The pipeline stands still: nothing was applied for {} s, {} "
                                   "records wait in Kafka and {} epochs in the outbox.",
                                   seconds, sight.lag_records, sight.outbox_epochs);
  if (!change.ended && !sight.trouble.empty()) sentence += " " + cut(sight.trouble.front());
  return {std::move(sentence),
          fmt::format(R"("seconds":{},"lag_records":{},"outbox_epochs":{},"reasons":{})", seconds,
                      sight.lag_records, sight.outbox_epochs, joined(reasons))};
}

}  // namespace

std::string_view name_of(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kStall:
      return "stall";
    case NoticeKind::kRecovered:
      return "recovered";
    case NoticeKind::kStuckOrders:
      return "stuck_orders";
    case NoticeKind::kDeadLetters:
      return "dead_letters";
  }
  std::abort();
}

std::optional<StallChange> StallWatch::look(const Sight& sight, Tick now) {
  const bool waits = sight.lag_records > 0 || sight.outbox_epochs > 0 || !sight.trouble.empty();
  const bool moved = std::exchange(applied_, sight.applied_records) != sight.applied_records;
  if (waits && !moved) {
    if (!since_) since_ = now;
    if (told_ || now - *since_ < after_) return std::nullopt;
    told_ = true;
    return StallChange{false, now - *since_, sight};
  }
  const auto began = std::exchange(since_, std::nullopt);
  if (!std::exchange(told_, false)) return std::nullopt;
  return StallChange{true, now - *began, sight};
}

void NoticeBook::stuck(std::uint64_t count, const std::vector<StuckOrder>& examples) {
  Page& to = page(NoticeKind::kStuckOrders);
  to.count += count;
  for (const StuckOrder& order : examples) {
    if (to.examples.size() == kExamples) break;
    to.examples.push_back(fmt::format(R"({{"order_id":{},"status":{},"since":{}}})", order.order_id,
                                      json_string(order.status), json_string(order.since)));
  }
}

void NoticeBook::letters(const std::map<std::string, std::uint64_t>& by_code,
                         const std::vector<LetterSeen>& examples) {
  Page& to = page(NoticeKind::kDeadLetters);
  for (const auto& [code, count] : by_code) {
    if (count == 0) continue;
    to.count += count;
    to.by_code[code] += count;
  }
  for (const LetterSeen& letter : examples) {
    if (to.examples.size() == kExamples) break;
    to.examples.push_back(
        fmt::format(R"({{"code":{},"field":{},"topic":{},"partition":{},"offset":{}}})",
                    json_string(letter.code), json_string(cut(letter.field)),
                    json_string(letter.topic), letter.partition, letter.offset));
  }
}

void NoticeBook::stall(const StallChange& change) {
  Page& to = page(change.ended ? NoticeKind::kRecovered : NoticeKind::kStall);
  ++to.count;
  to.change = change;
}

Message NoticeBook::message(NoticeKind kind, const Page& from, Instant wall) const {
  Message message;
  message.id = "msg_" + storage::random_epoch_id().hex();
  message.kind = kind;
  const auto with = [&](const std::vector<std::string>& examples) {
    const Content content = from.change ? stall_content(*from.change)
                            : kind == NoticeKind::kStuckOrders
                                ? stuck_content(from.count, examples)
                                : letters_content(from.count, from.by_code, examples);
    return fmt::format(R"({{"version":1,"id":{},"kind":{},"pipeline":{},"at":{},"text":{},{}}})",
                       json_string(message.id), json_string(name_of(kind)), json_string(pipeline_),
                       json_string(instant_text(wall)), json_string(content.sentence),
                       content.members);
  };
  std::vector<std::string> examples = from.examples;
  message.json = with(examples);
  while (message.json.size() > kMessageBytes && !examples.empty()) {
    examples.pop_back();
    message.json = with(examples);
  }
  return message;
}

std::vector<Message> NoticeBook::due(Tick now, Instant wall, bool everything) {
  std::vector<Message> out;
  for (std::size_t i = 0; i < kNoticeKinds; ++i) {
    Page& from = pages_[i];
    const bool rested = !from.last_sent || now - *from.last_sent >= interval_;
    if (from.count == 0 || (!rested && !everything)) continue;
    out.push_back(message(static_cast<NoticeKind>(i), from, wall));
    from = Page{};
    from.last_sent = now;
  }
  return out;
}

}  // namespace lensart::notify
