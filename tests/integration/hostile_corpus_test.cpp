// Every hostile payload through Kafka, case by case: the right code for the right field, or the
// row, and nothing happens to its neighbours.

#include <fmt/format.h>

#include "tests/corpus/corpus.hpp"
#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using Where = std::pair<std::int32_t, std::int64_t>;

struct Sent {
  const corpus::Case* one = nullptr;
  Where at;
};

/// Each case once, the partitions in turn.
std::vector<Sent> send_all(const Pipeline& pipeline, const std::vector<corpus::Case>& cases) {
  std::vector<Sent> sent(cases.size());
  auto writer = need(support::LogWriter::open(pipeline.stack().brokers));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    sent[i].one = &cases[i];
    const auto note = [&sent, i](const support::Delivery& delivery) {
      sent[i].at = {delivery.partition, delivery.offset};
    };
    need(writer.send(pipeline.topic(cases[i].topic), static_cast<std::int32_t>(i % 3),
                     cases[i].payload, note));
  }
  need(writer.flush());
  return sent;
}

/// By topic and place: `accepted EVENT-ID`, or `CODE FIELD EVENT-ID ORDER-ID`.
std::map<std::pair<std::string, Where>, std::string> outcomes_of(const Pipeline& pipeline) {
  std::map<std::pair<std::string, Where>, std::string> outcomes;
  auto database = pipeline.database();
  const auto note = [&](const Database::Cells& cells) {
    const Where at{std::stoi(*cells[1]), std::stoll(*cells[2])};
    auto& outcome = outcomes[{*cells[0], at}];
    outcome += (outcome.empty() ? "" : " and ") + *cells[3];
  };
  need(database.query("SELECT kafka_topic, kafka_partition, kafka_offset, 'accepted' FROM " +
                          pipeline.schema() + ".orders_raw",
                      note));
  // A letter for lateness belongs to an event that is accepted, and depends on arrival.
  need(database.query(
      fmt::format("SELECT topic, partition, \"offset\", code || ' field=' || field || ' event=' || "
                  "coalesce(event_id, 'NULL') || ' order=' || coalesce(order_id::text, 'NULL') "
                  "FROM {}.dead_letters WHERE code <> 'too_late'",
                  pipeline.schema()),
      note));
  return outcomes;
}

std::string expected_outcome(const corpus::Case& one) {
  if (one.outcome == "accepted") return "accepted";
  if (one.outcome == "ignored") return "";
  return fmt::format("{} field={} event={} order={}", one.outcome, one.field,
                     one.event_id.value_or("NULL"),
                     one.order_id ? std::to_string(*one.order_id) : "NULL");
}

TEST(HostileCorpus, EachCaseHasItsCodeAndFieldOrItsRow) {
  const auto cases = corpus::all_cases(SystemClock().wall());
  ASSERT_GT(cases.size(), 100U);
  Pipeline pipeline;
  const std::vector<Sent> sent = send_all(pipeline, cases);
  expect_exit(pipeline.run_to_end(), 0);

  const auto outcomes = outcomes_of(pipeline);
  std::map<std::string, int> counts;
  for (const Sent& each : sent) {
    const auto found = outcomes.find({pipeline.topic(each.one->topic), each.at});
    const std::string actual = found == outcomes.end() ? "" : found->second;
    EXPECT_EQ(actual, expected_outcome(*each.one)) << each.one->name;
    ++counts[each.one->outcome];
  }
  for (const auto& [outcome, count] : counts) std::printf("%-22s %d\n", outcome.c_str(), count);

  expect_all_is_well(pipeline);
  EXPECT_EQ(pipeline.letters_amiss(), std::vector<std::string>{});
}

}  // namespace
}  // namespace lensart::integration
