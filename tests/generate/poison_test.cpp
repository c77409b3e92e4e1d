#include "apps/generate/poison.hpp"

#include <set>

#include "graph/time_zone.hpp"
#include "tests/generate/stream_fixture.hpp"

namespace lensart::generate {
namespace {

/// Applies cases to the events of a few orders and has the pipeline's own reader judge them.
class PoisonTest : public testing::Test {
 protected:
  std::string verdict(orders::Topic topic, std::string payload) {
    const std::size_t size = payload.size();
    payload.resize(size + orders::kPayloadPadding);
    Arena arena;
    orders::Event event;
    orders::Rejection rejection;
    switch (reader_.read(topic, std::string_view(payload).substr(0, size), kNow, arena, event,
                         rejection)) {
      case orders::Outcome::kEvent:
        return "accepted";
      case orders::Outcome::kIgnored:
        return "ignored";
      case orders::Outcome::kRejected:
        return std::string(orders::name_of(rejection.violation.code));
    }
    return "";
  }

  std::string judge(const PoisonCase& each, std::uint64_t order) {
    const OrderPlan plan = make_plan({}, order, kNow - std::chrono::days(5));
    const PoisonContext context{plan, plan.steps[order % plan.step_count], 1, order, 1024 * 1024};
    std::string payload;
    const Poison poison = apply_poison(each, context, payload);
    EXPECT_EQ(poison.is_null && !payload.empty(), false);
    return verdict(poison.topic, payload);
  }

  const TimeZone zone_ = *TimeZone::find("Asia/Ho_Chi_Minh");
  orders::EventReader reader_ = orders::EventReader([this] {
    orders::Rules rules;
    rules.zone = &zone_;
    return rules;
  }());
};

TEST_F(PoisonTest, EachCaseBreaksTheRuleItIsMadeFor) {
  for (const PoisonCase& each : poison_cases()) {
    for (std::uint64_t order = 0; order < 20; ++order) {
      EXPECT_EQ(judge(each, order), orders::name_of(each.code)) << each.name << ", order " << order;
    }
  }
}

TEST_F(PoisonTest, EveryCodeThatThePayloadAloneDecidesHasCases) {
  std::map<orders::Code, std::size_t> cases;
  for (const PoisonCase& each : poison_cases()) ++cases[each.code];
  for (auto code = orders::Code::kTooLarge; code <= orders::Code::kNulInText;
       code = static_cast<orders::Code>(static_cast<int>(code) + 1)) {
    EXPECT_GE(cases[code], 2U) << orders::name_of(code);
  }
}

TEST_F(PoisonTest, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const PoisonCase& each : poison_cases())
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
}

TEST_F(PoisonTest, AStreamsPoisonIsRejectedAsExpectedAndVaried) {
  GenerateOptions options = options_of(20'000);
  options.poison = 0.05;
  std::set<std::string_view> seen;
  for (const auto& record : all_of(options)) {
    if (record.expected != Expected::kRejected) continue;
    seen.insert(record.poison);
    ASSERT_EQ(verdict(record.topic, record.payload), orders::name_of(*record.code))
        << record.poison << "\n"
        << record.payload.substr(0, 2000);
  }
  EXPECT_GT(seen.size(), poison_cases().size() - 10);
}

}  // namespace
}  // namespace lensart::generate
