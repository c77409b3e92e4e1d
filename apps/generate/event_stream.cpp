#include "apps/generate/event_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/generate/poison.hpp"
#include "apps/generate/render.hpp"

namespace lensart::generate {
namespace {

using std::chrono::microseconds;

/// Independent sequences of one seed.
constexpr std::uint64_t kBirths = 0x626972746873ULL;
constexpr std::uint64_t kPlaces = 0x706c61636573ULL;
constexpr std::uint64_t kSending = 0x73656e64696e67ULL;

/// Marks a test message among what waits; no order's number reaches it.
constexpr std::uint64_t kTestBit = 1ULL << 63U;
/// Event numbers: 16 an order, the last for a poison record; test messages count from here.
constexpr std::uint64_t kNumbersPerOrder = 16;
constexpr std::uint64_t kFirstTestNumber = 900'000'000;
constexpr std::uint64_t kMaxOrders = kFirstTestNumber / kNumbersPerOrder;
constexpr std::uint64_t kMaxTests = 10'000'000;

/// A copy follows its event within this, shrunk like the lives.
constexpr std::chrono::minutes kMaxCopyDelay{10};

Result<Unit> check_fraction(double value, std::string_view option) {
  if (value >= 0 && value <= 1) return Unit{};
  return fail(
      Errc::kBadUsage,
      fmt::format("{} = {}: a fraction between 0 and 1 is needed, such as 0.05", option, value));
}

}  // namespace

Result<Unit> GenerateOptions::validate() const {
  LENSART_TRY(check_fraction(duplicates, "--duplicates"));
  LENSART_TRY(check_fraction(poison, "--poison"));
  if (orders && *orders > kMaxOrders) {
    return fail(Errc::kBadUsage,
                fmt::format("--orders {}: at most {} orders; use several runs with "
                            "--first-order",
                            *orders, kMaxOrders));
  }
  if (records && *records > kMaxOrders) {
    return fail(Errc::kBadUsage, fmt::format("--events {}: at most {} records; use several runs "
                                             "with --first-order",
                                             *records, kMaxOrders));
  }
  if (span < std::chrono::seconds(1) || span > std::chrono::days(365)) {
    return fail(Errc::kBadUsage, "--span: between 1s and 365d is possible");
  }
  if (disorder < microseconds(0) || disorder > std::chrono::days(365)) {
    return fail(Errc::kBadUsage, "--disorder: between 0s and 365d is possible");
  }
  if (partitions < 1 || partitions > 10'000) {
    return fail(Errc::kBadUsage, fmt::format("{} partitions: 1 to 10000 are possible", partitions));
  }
  if (tests > kMaxTests) {
    return fail(Errc::kBadUsage, fmt::format("--tests {}: at most {}", tests, kMaxTests));
  }
  if (first_order < 1 || first_order > std::int64_t{1} << 61U) {
    return fail(Errc::kBadUsage,
                fmt::format("--first-order {}: an id from 1 on is needed", first_order));
  }
  if (now - span < Instant{} + std::chrono::days(10'958) ||
      now > Instant{std::chrono::days(47'481)}) {
    return fail(Errc::kBadUsage,
                "--now and --span: the events' time must lie between 2000 and 2100");
  }
  return Unit{};
}

EventStream::EventStream(const GenerateOptions& options)
    : options_(options), random_(options.seed, kSending) {
  plan_options_.seed = options_.seed;
  plan_options_.first_order = options_.first_order;
  plan_options_.life_scale =
      std::min(1.0, static_cast<double>(options_.span.count()) /
                        static_cast<double>(microseconds(GenerateOptions::kNaturalSpan).count()));
  order_count_ = plan_orders();
  if (order_count_ > 0) next_born_ = born(0).time_since_epoch().count();
  enqueue_tests();
}

/// The orders that `records` records need, estimated from a sample, with a margin of some standard
/// deviations: too many cost a little of the span's end, too few would end the stream early.
std::uint64_t EventStream::plan_orders() const {
  if (!options_.records) return options_.orders.value_or(GenerateOptions::kDefaultOrders);
  constexpr std::uint64_t kSample = 4096;
  std::uint64_t events = 0;
  for (std::uint64_t i = 0; i < kSample; ++i) {
    const Instant at = options_.now - options_.span + options_.span / kSample * i;
    for (const Step& step : make_plan(plan_options_, i, at).life())
      events += step.at <= options_.now;
  }
  const double each = static_cast<double>(events) / static_cast<double>(kSample) *
                      (1 + options_.duplicates + options_.poison);
  const double needed = static_cast<double>(*options_.records) / each;
  const auto planned = static_cast<std::uint64_t>(needed * 1.01 + 5 * std::sqrt(needed) + 10);
  return std::min(planned, options_.orders.value_or(planned));
}

/// Orders are born evenly over the span, each somewhere in its own share of it: ids ascend with
/// time.
Instant EventStream::born(std::uint64_t index) const {
  const double share =
      static_cast<double>(Random(options_.seed ^ kBirths, index).next() >> 11U) * 0x1p-53;
  const double part = (static_cast<double>(index) + share) /
                      static_cast<double>(std::max<std::uint64_t>(1, order_count_));
  const auto offset = static_cast<std::int64_t>(static_cast<double>(options_.span.count()) * part);
  return options_.now - options_.span + microseconds(std::min(offset, options_.span.count()));
}

void EventStream::enqueue_life(std::uint64_t index) {
  Random random(options_.seed ^ kPlaces, index);
  const OrderPlan plan = make_plan(plan_options_, index, born(index));
  const auto copy_delay = std::max<std::int64_t>(
      1, static_cast<std::int64_t>(static_cast<double>(microseconds(kMaxCopyDelay).count()) *
                                   plan_options_.life_scale));
  for (std::uint64_t step = 0; step < plan.step_count; ++step) {
    const Instant at = plan.steps[step].at;
    if (at > options_.now) return;
    std::int64_t place = at.time_since_epoch().count();
    if (options_.disorder.count() > 0) place += random.between(0, options_.disorder.count() - 1);
    waiting_.push({place, index << 8U | step << 1U});
    if (random.chance(options_.duplicates)) {
      waiting_.push({place + random.between(1, copy_delay), index << 8U | step << 1U | 1U});
    }
  }
}

void EventStream::enqueue_tests() {
  const auto count = static_cast<std::int64_t>(options_.tests);
  for (std::int64_t i = 0; i < count; ++i) {
    const Instant at = options_.now - options_.span + options_.span / (count + 1) * (i + 1);
    waiting_.push({at.time_since_epoch().count(), kTestBit | static_cast<std::uint64_t>(i)});
  }
}

/// A record's place is never before its order's birth, so what lies before the next birth is final.
void EventStream::bear_until(std::int64_t place) {
  while (next_order_ < order_count_ && next_born_ <= place) {
    enqueue_life(next_order_);
    if (++next_order_ < order_count_) next_born_ = born(next_order_).time_since_epoch().count();
  }
}

bool EventStream::next(GeneratedRecord& record) {
  if (options_.records && count_ >= *options_.records) return false;
  record.code.reset();
  record.poison = {};
  record.is_null = false;
  if (poison_after_) {
    render_poison(record);
  } else {
    if (waiting_.empty()) bear_until(next_born_);
    if (waiting_.empty()) return false;
    bear_until(waiting_.top().place);
    const std::uint64_t what = waiting_.top().what;
    waiting_.pop();
    render(record, what);
  }
  record.partition = place_on(record.topic);
  ++count_;
  return true;
}

void EventStream::render(GeneratedRecord& record, std::uint64_t what) {
  if ((what & kTestBit) != 0) {
    const std::uint64_t number = what & ~kTestBit;
    const auto count = static_cast<std::int64_t>(options_.tests);
    record.event_time = options_.now - options_.span +
                        options_.span / (count + 1) * (static_cast<std::int64_t>(number) + 1);
    record.topic = orders::Topic::kOrderEvents;
    record.expected = Expected::kIgnored;
    record.order_id = 0;
    // The numbers alternate, so that each type of message comes up.
    return render_test(record.payload, record.event_time, options_.seed, kFirstTestNumber + number);
  }
  const std::uint64_t index = what >> 8U;
  const std::uint64_t number = what >> 1U & 0x7fU;
  const OrderPlan plan = make_plan(plan_options_, index, born(index));
  const Step& step = plan.steps[number];
  render_event(record.payload, plan, step, options_.seed, index * kNumbersPerOrder + number);
  record.topic = topic_of(step.type);
  record.type = step.type;
  record.order_id = plan.order_id;
  record.event_time = step.at;
  record.expected = (what & 1U) != 0 ? Expected::kDuplicate : Expected::kAccepted;
  if (random_.chance(options_.poison)) poison_after_ = what;
}

void EventStream::render_poison(GeneratedRecord& record) {
  const std::uint64_t index = *poison_after_ >> 8U;
  const std::uint64_t number = *poison_after_ >> 1U & 0x7fU;
  poison_after_.reset();
  const OrderPlan plan = make_plan(plan_options_, index, born(index));
  // Half of them are broken copies of the event they follow, id and all.
  const bool own_id = random_.chance(0.5);
  const PoisonContext context{plan, plan.steps[number], options_.seed,
                              index * kNumbersPerOrder + (own_id ? kNumbersPerOrder - 1 : number),
                              options_.max_payload_bytes};
  const Poison poison = make_poison(context, random_, record.payload);
  record.topic = poison.topic;
  record.is_null = poison.is_null;
  record.code = poison.code;
  record.poison = poison.name;
  record.expected = Expected::kRejected;
  record.order_id = plan.order_id;
  record.event_time = plan.steps[number].at;
}

std::int32_t EventStream::place_on(orders::Topic topic) {
  const auto partitions = static_cast<std::uint64_t>(options_.partitions);
  switch (options_.placement) {
    case Placement::kOne:
      return 0;
    case Placement::kRandom:
      return static_cast<std::int32_t>(random_.below(partitions));
    case Placement::kRoundRobin: {
      std::int32_t& next = round_robin_[static_cast<std::size_t>(topic)];
      const std::int32_t at = next;
      next = (next + 1) % options_.partitions;
      return at;
    }
  }
  std::abort();
}

}  // namespace lensart::generate
