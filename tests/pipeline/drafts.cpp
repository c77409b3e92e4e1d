#include "tests/pipeline/drafts.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <ostream>
#include <string_view>

#include "apps/generate/random.hpp"

namespace lensart::rehearsal {

namespace {

using generate::Random;

constexpr std::array<std::string_view, 5> kTypes = {"order.created", "order.updated",
                                                    "order.payment_status_changed",
                                                    "order.status_changed", "order.cancelled"};
constexpr std::array<std::uint32_t, 5> kTopics = {0, 1, 3, 3, 2};

/// Some are the same instant in another spelling. Midnight is that of the zones the tests use. The
/// watermark is at most 03:24:59, and 03:25:00 where half past three is the latest.
constexpr std::array<std::string_view, kInstantCount> kInstants = {
    "2026-11-20T03:30:00Z", "2026-11-20T03:30:00.000000Z", "2026-11-20T10:30:00+07:00",
    "2026-11-20 03:30:00Z", "2026-11-20T03:30:00.000001Z", "2026-11-20T03:29:59.999999Z",
    "2026-11-20T03:30:00.0000019Z", "2026-11-20T03:31:00Z", "2026-11-19T17:00:00Z",
    "2026-11-19T16:59:59.999999Z", "2000-01-01T00:00:00Z", "2026-11-20T04:29:59+00",
    // Half an hour from one another, a minute more, a minute less, a microsecond more.
    "2026-11-20T03:00:00Z", "2026-11-20T02:59:00Z", "2026-11-20T03:01:00Z", "2026-11-20T04:00:00Z",
    "2026-11-20T04:00:00.000001Z", "2026-11-20T03:59:00Z", "2026-11-20T02:59:59.999999Z",
    "2026-11-20T02:30:00Z", "2026-11-20T03:15:00Z", "2026-11-20T02:45:00Z",
    // A day from one another and from the timer clock, and what falls between.
    "2026-11-19T03:30:00Z", "2026-11-19T03:30:00.000001Z", "2026-11-19T03:29:59.999999Z",
    "2026-11-18T03:30:00Z", "2026-11-19T03:25:00Z", "2026-11-19T03:25:00.000001Z",
    "2026-11-19T03:24:59Z", "2026-11-19T15:00:00Z", "2026-11-18T15:00:00Z",
    // An hour before the watermark, and a microsecond more.
    "2026-11-20T02:25:00Z", "2026-11-20T02:24:59.999999Z", "2026-11-20T02:24:59Z",
    "2026-11-20T02:24:58.999999Z", "2026-11-20T02:00:00Z",
    // Midnight and hours, by the zone where the offset is left out.
    "2026-11-20 00:00:00", "2026-11-19T23:59:59.999999", "2026-11-20 10:00:00",
    "2026-11-20T09:59:59.999999", "2026-11-19T05:00:00Z", "2026-11-19T04:59:59.999999Z",
    // 400 days before the watermark, and a microsecond more.
    "2025-10-16T03:25:00Z", "2025-10-16T03:24:59.999999Z", "2025-10-16T03:24:59Z"};

/// Ids whose bytes sort otherwise than their code units, two that are one in NFC, one that only
/// looks like another.
constexpr std::array<std::string_view, 10> kIds = {
    "a", "b", "A", "~", "é", "e\u0301", "\uFFFD", "\U0001F600", "a ", "hash_"};

constexpr std::array<std::string_view, 6> kStatuses = {
    "Đang xử lý", "Đã xử lý và sẵn sàng giao hàng", "Đang giao hàng", "Đã giao", "Đã hủy",
    "Mới lạ"};
/// What a status event says of before; two are one in NFC.
constexpr std::array<std::string_view, kOldStatusCount - 2> kOldStatuses = {
    "Đang xử lý",
    "Đã xử lý và sẵn sàng giao hàng",
    "Đang giao hàng",
    "Đã giao",
    "Đã hủy",
    "Mới lạ",
    "\u0110a\u0303 giao",
    ""};
constexpr std::array<std::string_view, 4> kPayments = {"Chưa thanh toán", "Đã thanh toán", "",
                                                       "Đã hoàn tiền"};
/// One of the unknown ones is a status as well.
constexpr std::array<std::string_view, 8> kMethods = {
    "\"COD\"",  "\"cod\"",      "null", "\"Chuyển khoản\"",
    "\"momo\"", "\"Tiền mặt\"", "\"\"", "\"Mới lạ\""};
constexpr std::array<std::string_view, 14> kDates = {
    "null",
    "null",
    "null",
    R"("2026-11-20 23:59:59")",
    R"("2026-11-20T16:59:59.999999Z")",
    R"("2026-11-20T17:00:00Z")",
    R"("2026-11-01 01:30:00")",  // twice, in New York
    R"("2026-03-08T02:30:00")",  // never, there
    R"("2026-11-20 10:00:00")",
    R"("2026-11-20T09:59:59.999999")",
    R"("2026-11-20T03:05:00Z")",
    R"("2026-11-20T03:04:59.999999Z")",
    R"("2025-10-16T02:25:00Z")",  // its first window ends 400 days before the watermark, or so
    R"("2025-10-16T02:24:59.999999Z")"};
constexpr std::array<std::string_view, 5> kTexts = {"null", "\"\"", "\"e\\u0301\"", "\"é\"",
                                                    "\"ghi chú \\ud83d\\ude00\""};

template <class List>
auto pick(Random& random, const List& list) {
  return list[random.below(list.size())];
}

std::string line(Random& random) {
  const std::uint64_t quantity = 1 + random.below(7);
  const std::uint64_t total = random.below(2000);
  std::string text = fmt::format(R"({{"product_id":{},"product_name":{},"color":{},"quantity":{},)"
                                 R"("total_price":"{}.{:02}")",
                                 1 + random.below(2), pick(random, kTexts), pick(random, kTexts),
                                 quantity, total / 100, total % 100);
  if (random.below(3) == 0) text += fmt::format(R"(,"price":{})", random.below(5));
  return text + "}";
}

/// Members of an order snapshot, without the braces.
std::string snapshot(std::uint32_t body, std::string_view id_member) {
  Random random(body);
  std::string text = fmt::format(
      R"({}"branch_id":{},"total_price":"{}.50","order_status":"{}","payment_status":"{}",)"
      R"("payment_method":{},"date":{},"note":{},"address":{})",
      id_member, 1 + random.below(3), random.below(9), pick(random, kStatuses),
      pick(random, kPayments), pick(random, kMethods), pick(random, kDates), pick(random, kTexts),
      pick(random, kTexts));
  if (random.below(2) == 0)
    text += fmt::format(R"(,"user_id":"{}","user":{{"name":{},"email":"a@b"}})", body + 1,
                        pick(random, kTexts));
  if (random.below(2) == 0)
    text += fmt::format(R"(,"branch":{{"name":{}}},"coupon_id":7)", pick(random, kTexts));
  if (const std::uint64_t lines = random.below(4); lines > 0) {
    text += ",\"order_details\":[";
    for (std::uint64_t i = 0; i < lines; ++i) text += (i > 0 ? "," : "") + line(random);
    text += "]";
  }
  return text;
}

std::string carried_order(const Draft& draft) {
  switch (draft.form / 2 % 6) {
    case 1:
      return R"(,"order":null)";
    case 2:
      return R"(,"order":[])";
    case 3:
      return R"(,"order":{})";
    case 4:
      return "";
    default:
      return R"(,"order":{)" + snapshot(draft.body, "") + "}";
  }
}

std::string old_status(const Draft& draft) {
  const std::uint32_t from = draft.from % kOldStatusCount;
  if (from == 0) return R"("old_status":null,)";
  if (from == 1) return "";
  return fmt::format(R"("old_status":"{}",)", kOldStatuses[from - 2]);
}

std::string data_of(const Draft& draft) {
  const std::string order_id = fmt::format(R"("order_id":{},)", 1 + draft.order);
  switch (draft.type % kTypes.size()) {
    case 2:
      return order_id + fmt::format(R"("new_payment_status":"{}")", kPayments[draft.body / 3 % 4]) +
             carried_order(draft);
    case 3:
      return order_id + old_status(draft) +
             fmt::format(R"("new_status":"{}")", kStatuses[draft.body / 5 % 6]) +
             carried_order(draft);
    default:
      return snapshot(draft.body, fmt::format(R"("id":"{}",)", 1 + draft.order));
  }
}

std::string id_member(const Draft& draft, std::size_t number) {
  if (draft.id == 0) return fmt::format(R"(,"event_id":"evt_{}")", number);
  if (draft.id % 12 == 11) return "";  // derived from the payload
  return fmt::format(R"(,"event_id":"{}")", kIds[draft.id % 12 % kIds.size()]);
}

std::string payload_of(const Draft& draft, std::size_t number) {
  const std::string head =
      fmt::format(R"("event_type":"{}","timestamp":"{}"{})", kTypes[draft.type % kTypes.size()],
                  kInstants[draft.instant % kInstants.size()], id_member(draft, number));
  const bool flat = draft.form % 2 == 1;
  return flat ? "{" + head + "," + data_of(draft) + "}"
              : "{" + head + R"(,"data":{)" + data_of(draft) + "}}";
}

/// What is wrong with it, or not meant for us.
void spoil(std::uint32_t flaw, nodes::MemoryRecord& record) {
  switch (flaw) {
    case 20:
      record.topic_index = (record.topic_index + 1) % 4;
      return;
    case 21:
      record.payload.pop_back();
      return;
    case 22:
      record.payload.clear();
      record.null = true;
      return;
    case 23:
      record.payload.insert(1, R"("branch_id":0,"id":"x",)");
      return;
    case 24:
      record.topic_index = 3;
      record.payload = R"({"event_type":"test.connection","data":{"branch_id":"x"}})";
      return;
    case 25:
      record.payload.insert(1, R"("unread":"\u0000",)");
      return;
    case 26:
      record.payload.append(20'000, ' ');
      return;
    default:
      return;
  }
}

constexpr std::array<std::string_view, 5> kTopicNames = {
    "order-created", "order-updated", "order-cancelled", "order-events", "order-events-replay"};
constexpr std::array<std::string_view, 4> kReplayNames = {"order_created", "order_updated",
                                                          "order_cancelled", "order_events"};

/// What it takes to replay a record.
struct Letter {
  std::uint32_t kind = 0;   ///< of its topic, or of that of its envelope
  std::string payload;      ///< of its event
  std::string coordinates;  ///< of the first record of this letter
  bool too_late = false;    ///< its replays say so
};

class LogWriter {
 public:
  void add(const Draft& draft) {
    nodes::MemoryRecord record;
    if (draft.replay > 0) {
      record = replay_of(draft);
    } else if (draft.repeat > 0 && draft.repeat <= log_.size()) {
      record = log_[log_.size() - draft.repeat];
    } else {
      record.topic_index = kTopics[draft.type % kTypes.size()];
      record.payload = payload_of(draft, log_.size());
      spoil(draft.flaw, record);
    }
    record.partition = static_cast<std::int32_t>(draft.partition % 3);
    const std::int64_t offset = next_offset_[{record.topic_index, record.partition}]++;
    if (draft.replay == 0 || letters_.size() == log_.size()) {
      // Only an event of an id of its own is replayed as one that was too late: copies of another
      // may say another thing.
      const bool unique = draft.id == 0 && draft.flaw < 20 && draft.repeat == 0;
      Letter& letter = letters_.emplace_back();
      letter.kind = record.topic_index;
      letter.payload = record.payload;
      letter.too_late = unique && draft.replay == 0 && draft.body % 2 == 0;
      if (record.topic_index == kReplayTopic) {
        letter.kind = kTopics[draft.type % kTypes.size()];
        letter.payload.erase(0, letter.payload.find('\n') + 1);
      }
      letter.coordinates =
          fmt::format("{}/{}/{}", kTopicNames[record.topic_index], record.partition, offset);
    }
    log_.push_back(std::move(record));
  }
  std::vector<nodes::MemoryRecord> take() { return std::move(log_); }

 private:
  /// Through the replay topic: an earlier letter, or, where there is none so far back, an import.
  nodes::MemoryRecord replay_of(const Draft& draft) {
    nodes::MemoryRecord record;
    record.topic_index = kReplayTopic;
    std::uint32_t kind = kTopics[draft.type % kTypes.size()];
    std::string payload = payload_of(draft, log_.size());
    std::string more;
    if (draft.replay <= log_.size()) {
      const Letter letter = letters_[log_.size() - draft.replay];
      if (letter.too_late || draft.form % 3 != 2) {
        kind = letter.kind;
        payload = letter.payload;
      }
      more = fmt::format(R"(,"original":"{}"{})", letter.coordinates,
                         letter.too_late ? R"(,"too_late":true)" : "");
      letters_.push_back(letter);
    }
    record.payload =
        fmt::format("{{\"lensart_replay\":1,\"topic\":\"{}\"{}}}\n", kReplayNames[kind], more) +
        payload;
    return record;
  }

  std::vector<nodes::MemoryRecord> log_;
  std::vector<Letter> letters_;  ///< by record
  std::map<std::pair<std::uint32_t, std::int32_t>, std::int64_t> next_offset_;
};

}  // namespace

void showValue(const Draft& draft, std::ostream& out) {
  out << fmt::format(
      "\n  draft{{order {}, type {}, instant {}, from {}, id {}, form {}, body {}, flaw {}, "
      "partition {}, repeat {}, replay {}}}",
      draft.order, draft.type, draft.instant, draft.from, draft.id, draft.form, draft.body,
      draft.flaw, draft.partition, draft.repeat, draft.replay);
}

std::vector<nodes::MemoryRecord> log_of(const std::vector<Draft>& drafts) {
  LogWriter writer;
  for (const Draft& draft : drafts) writer.add(draft);
  return writer.take();
}

}  // namespace lensart::rehearsal
