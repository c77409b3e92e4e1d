/// Payloads that break exactly the rule they are made for (docs/contract.md §2, rules 1 to 13).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "apps/generate/order_plan.hpp"
#include "apps/generate/random.hpp"
#include "apps/orders/event.hpp"
#include "apps/orders/event_reader.hpp"

namespace lensart::generate {

/// The good event that is broken.
enum class PoisonBase : std::uint8_t {
  kCreated,  ///< with a user and at least one line, in the envelope
  kFlatCreated,
  kUpdated,
  kCancelled,
  kStatus,       ///< status_changed with a snapshot
  kBareStatus,   ///< status_changed without
  kBarePayment,  ///< payment_status_changed without
};

/// What is done to it.
enum class PoisonEdit : std::uint8_t {
  kSet,       ///< the value at `path` becomes `text`
  kDrop,      ///< the member at `path` goes
  kInsert,    ///< `text` is put just inside the object at `path` (the whole event when empty)
  kPrepend,   ///< `text` stands before the event
  kAppend,    ///< and after it
  kWhole,     ///< the payload is `text`
  kCut,       ///< the last quarter is lost
  kNull,      ///< no value at all
  kOversize,  ///< blanks up to one byte more than allowed
  kTopic,     ///< it goes to the topic of `path`: created, updated, cancelled, events
};

struct PoisonCase {
  std::string_view name;
  orders::Code code;
  PoisonBase base;
  PoisonEdit edit;
  std::string_view path;  ///< keys joined by '>', each the first of its name after the one before
  std::string text;
  /// Chances: most cases 100, those that are large 1.
  std::uint32_t weight = 100;
};

/// Every case there is. Threads: any.
std::span<const PoisonCase> poison_cases();

struct PoisonContext {
  const OrderPlan& plan;
  const Step& step;
  std::uint64_t seed;
  std::uint64_t event_number;
  std::size_t max_payload_bytes;
};

struct Poison {
  orders::Topic topic;
  orders::Code code;
  std::string_view name;
  bool is_null;
};

/// Replaces `payload` by one case, applied to an event of the context's order.
Poison apply_poison(const PoisonCase& chosen, const PoisonContext& context, std::string& payload);

/// The same for a case drawn by its weight.
Poison make_poison(const PoisonContext& context, Random& random, std::string& payload);

}  // namespace lensart::generate
