// Whatever the order of arrival, the duplicates, the cuts, the conflation, the crashes, the threads
// and the lanes: the tables are the model's.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <random>
#include <sstream>

#include "apps/generate/event_stream.hpp"
#include "tests/pipeline/drafts.hpp"
#include "tests/pipeline/rehearsal.hpp"

namespace lensart::rehearsal {
namespace {

using std::chrono::steady_clock;

/// Making a counterexample smaller takes as many runs as finding it: not for ever.
constexpr auto kShrinkingPatience = std::chrono::seconds(60);

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// `property` draws a case and returns what is wrong with it. LENSART_PROPERTY_CASES: how many;
/// LENSART_TEST_SEED: where they begin.
void check_property(int cases, const std::function<std::string()>& property) {
  rc::detail::TestParams params;
  params.seed = number_from("LENSART_TEST_SEED", std::random_device{}());
  params.maxSuccess =
      static_cast<int>(number_from("LENSART_PROPERTY_CASES", static_cast<std::uint64_t>(cases)));
  std::cout << "LENSART_TEST_SEED=" << params.seed << ", " << params.maxSuccess << " cases\n";
  std::optional<steady_clock::time_point> failed_at;
  const auto result = rc::detail::checkTestable(
      [&]() -> std::string {
        if (failed_at && steady_clock::now() - *failed_at > kShrinkingPatience) return "";
        std::string wrong = property();
        if (!wrong.empty() && !failed_at) {
          failed_at = steady_clock::now();
          // What threads did may not come again when the case is made smaller.
          std::cout << "first seen as:\n" << wrong << "\n";
        }
        return wrong;
      },
      rc::detail::TestMetadata{}, params);
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  EXPECT_TRUE(result.is<rc::detail::SuccessResult>()) << "LENSART_TEST_SEED=" << params.seed << "\n"
                                                      << text.str();
}

/// From `low` up to and including `high`, the low ones when the case is made smaller.
rc::Gen<std::uint32_t> upto(std::uint32_t low, std::uint32_t high) {
  return rc::gen::inRange<std::uint32_t>(low, high + 1);
}

/// Mostly the instants that are close together, so that there are ties.
rc::Gen<std::uint32_t> any_instant() {
  return rc::gen::weightedOneOf<std::uint32_t>(
      {{2, upto(0, kCloseInstants - 1)}, {1, upto(0, kInstantCount - 1)}});
}

rc::Gen<std::uint32_t> any_repeat() {
  return rc::gen::weightedOneOf<std::uint32_t>({{3, rc::gen::just(0U)}, {1, upto(1, 20)}});
}

rc::Gen<std::uint32_t> any_replay() {
  return rc::gen::weightedOneOf<std::uint32_t>({{5, rc::gen::just(0U)}, {1, upto(1, 30)}});
}

rc::Gen<Draft> any_draft() {
  return rc::gen::build<Draft>(
      rc::gen::set(&Draft::order, upto(0, 4)), rc::gen::set(&Draft::type, upto(0, 4)),
      rc::gen::set(&Draft::instant, any_instant()),
      rc::gen::set(&Draft::from, upto(0, kOldStatusCount - 1)),
      rc::gen::set(&Draft::id, upto(0, 40)), rc::gen::set(&Draft::form, upto(0, 11)),
      rc::gen::set(&Draft::body, upto(0, 1000)), rc::gen::set(&Draft::flaw, upto(0, 26)),
      rc::gen::set(&Draft::partition, upto(0, 2)), rc::gen::set(&Draft::repeat, any_repeat()),
      rc::gen::set(&Draft::replay, any_replay()));
}

/// Mostly two orders, whose statuses change at instants from all over: sessions that merge, gaps
/// that a late event explains, days without a change, statuses before their snapshot, late events.
rc::Gen<Draft> status_draft() {
  return rc::gen::build<Draft>(
      rc::gen::set(&Draft::order,
                   rc::gen::weightedOneOf<std::uint32_t>({{4, upto(0, 1)}, {1, upto(0, 9)}})),
      rc::gen::set(&Draft::type, rc::gen::weightedElement<std::uint32_t>(
                                     {{6, 3U}, {1, 0U}, {2, 1U}, {2, 2U}, {1, 4U}})),
      rc::gen::set(&Draft::instant, upto(0, kInstantCount - 1)),
      rc::gen::set(&Draft::from, upto(0, kOldStatusCount - 1)),
      rc::gen::set(&Draft::form, upto(0, 11)), rc::gen::set(&Draft::body, upto(0, 1000)),
      rc::gen::set(&Draft::partition, upto(0, 2)), rc::gen::set(&Draft::repeat, any_repeat()),
      rc::gen::set(&Draft::replay, any_replay()));
}

/// All sorts, statuses above all, or both.
rc::Gen<std::vector<Draft>> any_drafts() {
  return rc::gen::oneOf(
      rc::gen::container<std::vector<Draft>>(any_draft()),
      rc::gen::container<std::vector<Draft>>(status_draft()),
      rc::gen::container<std::vector<Draft>>(rc::gen::oneOf(any_draft(), status_draft())));
}

rc::Gen<SinkHabits> any_habits() {
  return rc::gen::build<SinkHabits>(
      rc::gen::set(&SinkHabits::seed), rc::gen::set(&SinkHabits::lanes, rc::gen::inRange(1, 5)),
      rc::gen::set(&SinkHabits::eagerness_percent, rc::gen::element(100, 50, 10, 0)),
      rc::gen::set(&SinkHabits::group_max_bytes,
                   rc::gen::element<std::uint64_t>(16 << 20, 1, 2'000, 20'000)),
      rc::gen::set(&SinkHabits::keeps_applied));
}

rc::Gen<RunPlan> any_plan() {
  return rc::gen::build<RunPlan>(
      rc::gen::set(&RunPlan::ending, rc::gen::element(Ending::kPowerLost, Ending::kPowerLost,
                                                      Ending::kSourceFails, Ending::kStopped)),
      rc::gen::set(&RunPlan::after, rc::gen::inRange<std::uint64_t>(1, 20)),
      rc::gen::set(&RunPlan::database_age, rc::gen::inRange<std::uint64_t>(0, 4)),
      rc::gen::set(&RunPlan::threads, upto(1, 3)), rc::gen::set(&RunPlan::id_lanes, upto(1, 4)),
      rc::gen::set(&RunPlan::order_lanes, upto(1, 4)),
      rc::gen::set(&RunPlan::epoch_max_records,
                   rc::gen::element<std::uint64_t>(50'000, 1, 1, 2, 3, 4, 7, 20)),
      rc::gen::set(&RunPlan::epoch_min_micros, rc::gen::element<std::uint64_t>(0, 0, 0, 3'000)),
      rc::gen::set(&RunPlan::epoch_max_micros, rc::gen::element<std::uint64_t>(0, 1'000, 5'000)),
      rc::gen::set(&RunPlan::batch, rc::gen::element(512U, 1U, 2U, 5U, 16U)),
      rc::gen::set(&RunPlan::queue, rc::gen::element(16U, 1U, 3U)),
      rc::gen::set(&RunPlan::cache, rc::gen::element<std::uint64_t>(1, 4'000, 20'000, 1 << 26)),
      rc::gen::set(&RunPlan::outbox, rc::gen::element<std::uint64_t>(256, 1)),
      rc::gen::set(&RunPlan::sink, any_habits()));
}

/// Some runs that end before their time, then one that reads the log to its end.
std::string rehearse(std::vector<nodes::MemoryRecord> log, const std::string& zone,
                     std::vector<RunPlan> plans, RunPlan last) {
  Rehearsal rehearsal(std::move(log), zone);
  last.ending = Ending::kLogRead;
  plans.push_back(last);
  for (RunPlan& plan : plans) {
    if (plan.ending == Ending::kStopped && plan.sink.eagerness_percent < 50) {
      plan.sink.away_at_end_after = plan.after;
    }
    if (!plan.sink.keeps_applied) plan.database_age = 0;
    if (std::string wrong = rehearsal.run(plan); !wrong.empty()) return wrong;
  }
  if (rehearsal.credits_held() != 0) return "credits were not given back";
  return rehearsal.differences();
}

rc::Gen<std::string> any_zone() {
  return rc::gen::element<std::string>("Asia/Ho_Chi_Minh", "America/New_York");
}

TEST(PipelinePropertyTest, HostileEventsGiveTheModelsTablesHoweverTheyAreRead) {
  check_property(1000, [] {
    const auto drafts = *any_drafts().as("drafts");
    const auto zone = *any_zone().as("zone");
    const auto plans =
        *rc::gen::resize(4,
                         rc::gen::container<std::vector<RunPlan>>(rc::gen::resize(100, any_plan())))
             .as("plans");
    const auto last = *any_plan().as("last");
    return rehearse(log_of(drafts), zone, plans, last);
  });
}

/// A shop's days with duplicates and poison; shuffled, or only out of order.
std::vector<nodes::MemoryRecord> generated_log(const generate::GenerateOptions& options,
                                               bool shuffled) {
  generate::EventStream stream(options);
  std::vector<nodes::MemoryRecord> log;
  for (generate::GeneratedRecord record; stream.next(record);) {
    log.push_back({static_cast<std::uint32_t>(record.topic), record.partition, record.payload,
                   record.is_null});
  }
  std::mt19937_64 random(options.seed);
  if (shuffled) std::shuffle(log.begin(), log.end(), random);
  return log;
}

TEST(PipelinePropertyTest, GeneratedStreamsGiveTheModelsTablesHoweverTheyAreRead) {
  check_property(300, [] {
    generate::GenerateOptions options;
    options.now = RehearsalClock::kStart;
    options.seed = *rc::gen::arbitrary<std::uint64_t>().as("seed");
    options.orders = *rc::gen::inRange<std::uint64_t>(1, 25).as("orders");
    options.disorder = std::chrono::minutes(*rc::gen::element(0, 10, 3000).as("disorder"));
    options.duplicates = *rc::gen::element(0.2, 0.0).as("duplicates");
    options.poison = *rc::gen::element(0.2, 0.0).as("poison");
    options.placement =
        *rc::gen::element(generate::Placement::kRandom, generate::Placement::kOne).as("placement");
    options.max_payload_bytes = Rehearsal::kMaxPayload;
    const bool shuffled = *rc::gen::arbitrary<bool>().as("shuffled");
    const auto plans =
        *rc::gen::resize(4,
                         rc::gen::container<std::vector<RunPlan>>(rc::gen::resize(100, any_plan())))
             .as("plans");
    const auto last = *any_plan().as("last");
    return rehearse(generated_log(options, shuffled), "Asia/Ho_Chi_Minh", plans, last);
  });
}

/// Drawn at random, two edited replays of one letter in one epoch are rare.
TEST(PipelinePropertyTest, ALetterIsMadeGoodOnceHoweverItsReplaysAreEdited) {
  constexpr std::uint32_t kReplayTopic = 4;
  generate::GenerateOptions options;
  options.now = RehearsalClock::kStart;
  options.orders = 2;
  options.tests = 0;
  std::vector<nodes::MemoryRecord> log = {{0, 0, "{", false}};
  for (const nodes::MemoryRecord& event : generated_log(options, false)) {
    if (event.topic_index != 0) continue;
    log.push_back({kReplayTopic, 0,
                   R"({"lensart_replay":1,"topic":"order_created","original":"order-created/0/0"})"
                   "\n" +
                       event.payload,
                   false});
  }
  ASSERT_EQ(log.size(), 3U);
  for (const std::uint64_t records : {50'000, 2, 1}) {
    for (const std::uint32_t lanes : {1, 3}) {
      RunPlan plan;
      plan.epoch_max_records = records;
      plan.id_lanes = plan.order_lanes = lanes;
      EXPECT_EQ(rehearse(log, "Asia/Ho_Chi_Minh", {}, plan), "");
    }
  }
}

/// Orders of one day, a second after each other, which are all stuck when the last event comes,
/// days later: their timers fire in epochs without a record.
std::vector<nodes::MemoryRecord> stuck_orders(int orders) {
  std::vector<nodes::MemoryRecord> log;
  for (int id = 1; id <= orders + 1; ++id) {
    const auto at = fmt::format("2026-11-{}T{:02}:{:02}:{:02}+07:00", id <= orders ? 16 : 19,
                                id / 3600, id / 60 % 60, id % 60);
    log.push_back(
        {0, 0,
         fmt::format(R"({{"event_type":"order.created","event_id":"e{}","timestamp":"{}","data":)"
                     R"({{"id":{},"branch_id":1,"total_price":"100000.00","order_status":)"
                     R"("Đang xử lý","payment_status":"Chưa thanh toán","payment_method":)"
                     R"("Tiền mặt"}}}})",
                     id, at, id),
         false});
  }
  return log;
}

TEST(PipelineMemoryTest, EpochsOfTimersAloneLetGoOfWhatIsDurable) {
  std::vector<std::size_t> held;
  for (const int orders : {12'000, 48'000}) {
    Rehearsal rehearsal(stuck_orders(orders), "Asia/Ho_Chi_Minh");
    RunPlan plan;
    plan.epoch_max_records = 4'000;
    ASSERT_EQ(rehearsal.run(plan), "");
    const auto tables = rehearsal.database().tables();
    const auto stuck = std::find_if(tables.begin(), tables.end(), [](const model::Table& table) {
      return table.shape().name == "order_anomalies";
    });
    ASSERT_NE(stuck, tables.end());
    ASSERT_EQ(stuck->rows().size(), static_cast<std::size_t>(orders));
    held.push_back(rehearsal.most_cached_bytes());
    std::printf("%zu\n", held.back());
  }
  EXPECT_GT(held[0], 0U);
  EXPECT_LT(held[1], held[0] + held[0] / 2) << "and " << held[0] << " for a quarter of the orders";
}

TEST(PipelineMemoryTest, MoreCacheThanTheMachineHasMemoryIsRefused) {
  Rehearsal rehearsal(stuck_orders(1), "Asia/Ho_Chi_Minh");
  RunPlan plan;
  plan.cache = 1ULL << 50;
  const std::string wrong = rehearsal.run(plan);
  EXPECT_TRUE(wrong.starts_with("open: state.cache = \"1024TiB\" is more than the ")) << wrong;
}

}  // namespace
}  // namespace lensart::rehearsal
