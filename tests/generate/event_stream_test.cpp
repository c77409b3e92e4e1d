#include "apps/generate/event_stream.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "apps/generate/render.hpp"
#include "graph/time_zone.hpp"
#include "tests/generate/stream_fixture.hpp"

namespace lensart::generate {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

bool same(const GeneratedRecord& a, const GeneratedRecord& b) {
  return a.topic == b.topic && a.partition == b.partition && a.payload == b.payload &&
         a.is_null == b.is_null && a.expected == b.expected;
}

GenerateOptions mixed(std::uint64_t orders) {
  GenerateOptions options = options_of(orders);
  options.duplicates = 0.05;
  options.poison = 0.02;
  options.disorder = 10min;
  return options;
}

TEST(EventStream, SameSeedMakesTheSameBytes) {
  const auto first = all_of(mixed(200));
  const auto second = all_of(mixed(200));
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) ASSERT_TRUE(same(first[i], second[i])) << i;
}

TEST(EventStream, AnotherSeedMakesOthers) {
  GenerateOptions options = mixed(200);
  const auto first = all_of(options);
  options.seed = 2;
  const auto second = all_of(options);
  std::size_t equal = 0;
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    equal += first[i].payload == second[i].payload && !first[i].payload.empty();
  }
  EXPECT_LT(equal, first.size() / 50);
}

TEST(EventStream, FractionsAreWhatWasAsked) {
  const auto records = all_of(mixed(20'000));
  const auto events = static_cast<double>(count_of(records, Expected::kAccepted));
  EXPECT_NEAR(static_cast<double>(count_of(records, Expected::kDuplicate)) / events, 0.05, 0.004);
  // Poison follows events and their copies alike.
  EXPECT_NEAR(static_cast<double>(count_of(records, Expected::kRejected)) / (events * 1.05), 0.02,
              0.002);
  EXPECT_EQ(count_of(records, Expected::kIgnored), 3U);
}

TEST(EventStream, AnOrderHasFourToFiveEventsOfOneKilobyte) {
  const auto records = all_of(options_of(20'000));
  std::uint64_t bytes = 0;
  for (const auto& record : records) bytes += record.payload.size();
  EXPECT_NEAR(static_cast<double>(records.size()) / 20'000, 4.6, 0.4);
  EXPECT_NEAR(static_cast<double>(bytes) / static_cast<double>(records.size()), 1100, 80);
}

TEST(EventStream, EveryGoodPayloadIsAnEnvelopeOrTheFlatForm) {
  std::size_t flat = 0;
  const auto records = all_of(options_of(1000));
  for (const auto& record : records) {
    const json event = json::parse(record.payload);
    ASSERT_TRUE(event.at("event_type").is_string());
    ASSERT_TRUE(event.at("timestamp").is_string());
    if (record.expected == Expected::kIgnored) continue;
    const bool is_flat = !event.contains("data");
    flat += is_flat;
    EXPECT_NE(is_flat, event.contains("event_id"));
    const json& data = is_flat ? event : event.at("data");
    const json& id = data.contains("order_id") ? data.at("order_id") : data.at("id");
    EXPECT_EQ(id.is_string() ? std::stoll(id.get<std::string>()) : id.get<std::int64_t>(),
              record.order_id);
    EXPECT_EQ(record.topic, topic_of(record.type));
  }
  EXPECT_NEAR(static_cast<double>(flat) / static_cast<double>(records.size()), 0.03, 0.01);
}

TEST(EventStream, ThePayloadIsPureAscii) {
  for (const auto& record : all_of(options_of(500))) {
    ASSERT_TRUE(std::all_of(record.payload.begin(), record.payload.end(), [](char c) {
      return c >= ' ' && c < '\x7f';
    })) << record.payload;
  }
}

TEST(EventStream, EventIdsAreUniqueAndCopiesIdentical) {
  std::map<std::string, std::string> by_id;
  for (const auto& record : all_of(mixed(1500))) {
    if (record.expected != Expected::kAccepted && record.expected != Expected::kDuplicate) continue;
    const json event = json::parse(record.payload);
    const std::string id =
        event.contains("event_id") ? event.at("event_id").get<std::string>() : record.payload;
    const bool is_new = by_id.emplace(id, record.payload).second;
    EXPECT_EQ(is_new, record.expected == Expected::kAccepted);
    EXPECT_EQ(by_id.at(id), record.payload);
  }
}

TEST(EventStream, EventIdsOfOneInstantDiffer) {
  std::set<std::string> ids;
  for (std::uint64_t number = 0; number < 100'000; ++number) {
    std::string id;
    append_event_id(id, 1, number, kNow);
    ASSERT_EQ(id.size(), 27U);
    ASSERT_TRUE(ids.insert(id).second) << number;
  }
}

TEST(EventStream, NoEventIsInTheFutureAndTheLastIsNearNow) {
  Instant last{};
  for (const auto& record : all_of(mixed(5000))) {
    ASSERT_LE(record.event_time, kNow);
    ASSERT_GE(record.event_time, kNow - GenerateOptions::kNaturalSpan);
    last = std::max(last, record.event_time);
  }
  EXPECT_GT(last, kNow - 1h);
}

TEST(EventStream, WithoutDisorderEventTimeAscends) {
  Instant before{};
  for (const auto& record : all_of(options_of(2000))) {
    ASSERT_GE(record.event_time, before);
    before = record.event_time;
  }
}

TEST(EventStream, DisorderStaysWithinItsBound) {
  GenerateOptions options = options_of(3000);
  options.disorder = 10min;
  options.tests = 0;
  Instant highest{};
  std::chrono::microseconds worst{0};
  for (const auto& record : all_of(options)) {
    worst = std::max(worst, highest - record.event_time);
    highest = std::max(highest, record.event_time);
  }
  EXPECT_LT(worst, 10min);
  EXPECT_GT(worst, 5min);
}

TEST(EventStream, AShortSpanHoldsWholeLives) {
  GenerateOptions options = options_of(2000);
  options.span = 1min;
  const auto records = all_of(options);
  EXPECT_NEAR(static_cast<double>(records.size()) / 2000, 4.6, 0.4);
  for (const auto& record : records) ASSERT_GE(record.event_time, kNow - 1min);
}

TEST(EventStream, ExactlyAsManyRecordsAsAsked) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const std::uint64_t wanted : {1U, 10U, 5000U}) {
      GenerateOptions options = mixed(0);
      options.orders.reset();
      options.records = wanted;
      options.seed = seed;
      ASSERT_EQ(all_of(options).size(), wanted) << "seed " << seed;
    }
  }
}

TEST(EventStream, PartitionsAreRandomOneOrInTurn) {
  GenerateOptions options = options_of(500);
  std::map<std::int32_t, std::size_t> random;
  for (const auto& record : all_of(options)) ++random[record.partition];
  ASSERT_EQ(random.size(), 3U);
  for (const auto& [partition, count] : random) EXPECT_GT(count, 600U) << partition;

  options.placement = Placement::kOne;
  for (const auto& record : all_of(options)) ASSERT_EQ(record.partition, 0);

  options.placement = Placement::kRoundRobin;
  std::map<orders::Topic, std::int32_t> next;
  for (const auto& record : all_of(options)) {
    ASSERT_EQ(record.partition, next[record.topic]);
    next[record.topic] = (record.partition + 1) % 3;
  }
}

TEST(EventStream, TheReaderAcceptsWhatIsGoodAndIgnoresTests) {
  const auto zone = TimeZone::find("Asia/Ho_Chi_Minh");
  ASSERT_TRUE(zone);
  orders::Rules rules;
  rules.zone = &*zone;
  orders::EventReader reader(rules);
  for (auto& record : all_of(mixed(4000))) {
    if (record.expected == Expected::kRejected) continue;
    const std::size_t size = record.payload.size();
    record.payload.resize(size + orders::kPayloadPadding);
    Arena arena;
    orders::Event event;
    orders::Rejection rejection;
    const auto outcome = reader.read(record.topic, std::string_view(record.payload).substr(0, size),
                                     kNow, arena, event, rejection);
    if (record.expected == Expected::kIgnored) {
      ASSERT_EQ(outcome, orders::Outcome::kIgnored) << record.payload;
      continue;
    }
    ASSERT_EQ(outcome, orders::Outcome::kEvent) << rejection.violation.message << "\n"
                                                << record.payload;
    EXPECT_EQ(event.type, record.type);
    EXPECT_EQ(event.order_id, record.order_id);
    EXPECT_LT(record.event_time - event.timestamp, 1s);
    EXPECT_GE(record.event_time, event.timestamp);
  }
}

TEST(GenerateOptions, AnOptionThatCannotWorkIsNamed) {
  const auto complaint = [](auto change) {
    GenerateOptions options = options_of(1);
    change(options);
    const auto valid = options.validate();
    return valid ? std::string("fine") : valid.error().message;
  };
  using testing::HasSubstr;
  EXPECT_THAT(complaint([](auto& o) { o.poison = 1.5; }), HasSubstr("--poison = 1.5"));
  EXPECT_THAT(complaint([](auto& o) { o.duplicates = -1; }), HasSubstr("--duplicates = -1"));
  EXPECT_THAT(complaint([](auto& o) { o.duplicates = std::nan(""); }), HasSubstr("--duplicates"));
  EXPECT_THAT(complaint([](auto& o) { o.span = 0s; }), HasSubstr("--span"));
  EXPECT_THAT(complaint([](auto& o) { o.disorder = -1s; }), HasSubstr("--disorder"));
  EXPECT_THAT(complaint([](auto& o) { o.orders = 1ULL << 40U; }), HasSubstr("--orders"));
  EXPECT_THAT(complaint([](auto& o) { o.first_order = 0; }), HasSubstr("--first-order 0"));
  EXPECT_THAT(complaint([](auto& o) { o.partitions = 0; }), HasSubstr("0 partitions"));
  EXPECT_THAT(complaint([](auto& o) { o.now = Instant{}; }), HasSubstr("--now"));
  EXPECT_EQ(complaint([](auto&) {}), "fine");
}

}  // namespace
}  // namespace lensart::generate
