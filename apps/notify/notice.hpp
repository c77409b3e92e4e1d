/// What a person is told, and how often: notices added up by kind, at most one message a kind and
/// interval.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/clock.hpp"

namespace lensart::notify {

/// What a message may be about. The order is that in which they go.
enum class NoticeKind : std::uint8_t { kStall, kRecovered, kStuckOrders, kDeadLetters };
inline constexpr std::size_t kNoticeKinds = 4;
/// As messages have it: `stall`, `recovered`, `stuck_orders`, `dead_letters`.
std::string_view name_of(NoticeKind kind);

/// PostgreSQL takes 8 000 bytes in a NOTIFY.
inline constexpr std::size_t kMessageBytes = 7'900;
/// Of what was seen, as many stand in a message; the count says how many there were.
inline constexpr std::size_t kExamples = 10;

/// Ready to go: one JSON object (docs/operations.md, Notifications), at most kMessageBytes.
struct Message {
  std::string id;  ///< the same in every attempt to deliver it
  NoticeKind kind = NoticeKind::kStall;
  std::string json;
};

struct StuckOrder {
  std::int64_t order_id = 0;
  std::string status;
  std::string since;  ///< ISO 8601
};

struct LetterSeen {
  std::string code, field, topic;
  std::int64_t partition = 0;
  std::int64_t offset = 0;
};

/// What the pipeline looks like at an instant.
struct Sight {
  std::map<std::string, std::uint64_t> letters = {};  ///< by code, since the start
  std::vector<std::string> trouble = {};              ///< why it is not ready
  std::int64_t lag_records = 0;
  std::uint64_t outbox_epochs = 0;
  std::uint64_t applied_records = 0;
};

/// A stall, or its end.
struct StallChange {
  bool ended = false;
  Duration lasted{};
  Sight sight;
};

/// Stalled: work waits (a lag, an outbox, a trouble) and nothing is applied for `after`. It has
/// ended when something is applied, or nothing waits any more. Threads: one.
class StallWatch {
 public:
  explicit StallWatch(Duration after) : after_(after) {}
  std::optional<StallChange> look(const Sight& sight, Tick now);

 private:
  Duration after_;
  std::optional<Tick> since_;  ///< work waits and nothing is applied
  std::uint64_t applied_ = 0;
  bool told_ = false;
};

/// Adds up what was seen until a message of its kind is due. The first of a kind is due at once.
/// Threads: one.
class NoticeBook {
 public:
  NoticeBook(std::string pipeline, Duration interval)
      : pipeline_(std::move(pipeline)), interval_(interval) {}

  void stuck(std::uint64_t count, const std::vector<StuckOrder>& examples);
  void letters(const std::map<std::string, std::uint64_t>& by_code,
               const std::vector<LetterSeen>& examples);
  void stall(const StallChange& change);
  /// What is due now; `everything`: whatever there is, since the process ends.
  std::vector<Message> due(Tick now, Instant wall, bool everything = false);

 private:
  struct Page {
    std::uint64_t count = 0;
    std::map<std::string, std::uint64_t> by_code;
    std::vector<std::string> examples;  ///< JSON objects
    std::optional<StallChange> change;
    std::optional<Tick> last_sent;
  };
  Page& page(NoticeKind kind) { return pages_[static_cast<std::size_t>(kind)]; }
  Message message(NoticeKind kind, const Page& page, Instant wall) const;

  std::string pipeline_;
  Duration interval_;
  std::array<Page, kNoticeKinds> pages_;
};

}  // namespace lensart::notify
