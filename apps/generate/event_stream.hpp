/// The generated events, one after the other, in the order in which they are sent.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "apps/generate/generate_options.hpp"
#include "apps/generate/order_plan.hpp"
#include "apps/generate/random.hpp"
#include "apps/orders/event.hpp"
#include "apps/orders/event_reader.hpp"

namespace lensart::generate {

/// What the pipeline must make of a record.
enum class Expected : std::uint8_t { kAccepted, kDuplicate, kIgnored, kRejected };

struct GeneratedRecord {
  orders::Topic topic = orders::Topic::kOrderCreated;
  std::int32_t partition = 0;
  std::string payload;   ///< reused from record to record
  bool is_null = false;  ///< no value at all; then `payload` is empty
  Expected expected = Expected::kAccepted;
  std::optional<orders::Code> code;  ///< of a rejected one: the rule it breaks
  std::string_view poison;           ///< of a rejected one: what is wrong with it
  orders::EventType type = orders::EventType::kCreated;  ///< of an accepted one or a duplicate
  std::int64_t order_id = 0;                             ///< likewise
  Instant event_time;                                    ///< likewise
};

/// A stream is a pure function of its options. Memory grows with the orders that live at one time
/// (about 80 bytes each), not with the length of the stream.
///
/// Threads: one at a time.
class EventStream {
 public:
  /// REQUIRES: `options.validate()` succeeds.
  explicit EventStream(const GenerateOptions& options);

  /// Makes the next record, reusing the buffers of `record`; false at the end.
  bool next(GeneratedRecord& record);

  /// Records handed out so far.
  std::uint64_t count() const { return count_; }
  /// How many orders the stream will have; planned from the number of records where that is given.
  std::uint64_t orders() const { return order_count_; }

 private:
  /// A record that waits for its place: `order << 8 | step << 1 | copy`, or a test message.
  struct Waiting {
    std::int64_t place = 0;
    std::uint64_t what = 0;
    bool operator>(const Waiting& other) const {
      return place != other.place ? place > other.place : what > other.what;
    }
  };

  Instant born(std::uint64_t index) const;
  void bear_until(std::int64_t place);
  void enqueue_life(std::uint64_t index);
  void enqueue_tests();
  std::uint64_t plan_orders() const;
  void render(GeneratedRecord& record, std::uint64_t what);
  void render_poison(GeneratedRecord& record);
  std::int32_t place_on(orders::Topic topic);

  GenerateOptions options_;
  PlanOptions plan_options_;
  Random random_;  ///< what depends on the order of sending: poison and partitions
  std::uint64_t order_count_ = 0;
  std::uint64_t next_order_ = 0;
  std::int64_t next_born_ = 0;
  std::uint64_t count_ = 0;
  std::optional<std::uint64_t> poison_after_;  ///< the event that a poison record follows
  std::array<std::int32_t, 4> round_robin_{};
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> waiting_;
};

}  // namespace lensart::generate
