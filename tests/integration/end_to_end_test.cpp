// A large stream with everything wrong in it that may be wrong, through the program: what comes out
// is what the model makes of it, no more and no less.

#include <fmt/format.h>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

std::vector<std::string> accounts_of(const Pipeline& pipeline) {
  std::vector<std::string> lines;
  auto database = pipeline.database();
  need(database.query(
      "SELECT topic, partition, sum(consumed), sum(accepted + duplicate + ignored + "
      "dead_lettered), min(first_offset), max(last_offset) + 1 FROM " +
          pipeline.schema() + ".pipeline_accounts GROUP BY 1, 2 ORDER BY 1, 2",
      [&](const Database::Cells& cells) {
        lines.push_back(fmt::format("{}/{}: {} consumed, {} accounted for, offsets {} to {}",
                                    *cells[0], *cells[1], *cells[2], *cells[3], *cells[4],
                                    *cells[5]));
      }));
  return lines;
}

std::vector<std::string> what_the_accounts_must_say(const Pipeline& pipeline) {
  std::map<std::pair<std::string, std::int32_t>, support::OffsetRange> ranges;
  for (const std::string& topic : pipeline.workspace().topics()) {
    for (const auto& [partition, range] :
         need(support::offset_ranges(pipeline.stack().brokers, topic))) {
      if (range.size() > 0) ranges[{topic, partition}] = range;
    }
  }
  std::vector<std::string> lines;
  for (const auto& [where, range] : ranges) {
    lines.push_back(fmt::format("{}/{}: {} consumed, {} accounted for, offsets {} to {}",
                                where.first, where.second, range.size(), range.size(), range.begin,
                                range.end));
  }
  return lines;
}

/// Each table's rows, with their surrogate ids and times of writing: what may not change when
/// nothing happens.
std::string fingerprint(const Pipeline& pipeline) {
  std::string all;
  for (const char* table : {"orders_raw", "orders_processed", "order_items_analytics",
                            "dead_letters", "pipeline_accounts"}) {
    all += pipeline.ask(
        fmt::format("SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY "
                    "md5(t::text))), '') FROM {}.{} t",
                    pipeline.schema(), table));
    all += '\n';
  }
  return all;
}

TEST(EndToEnd, EveryTableIsWhatTheModelMakesOfTheLog) {
  Stream stream;
  stream.events = number_from_environment("LENSART_TEST_E2E_EVENTS", 20'000);
  stream.seed = chosen_seed();
  SCOPED_TRACE("LENSART_TEST_SEED=" + std::to_string(stream.seed));
  Pipeline pipeline;
  pipeline.generate(stream);
  expect_exit(pipeline.run_to_end(), 0);

  expect_all_is_well(pipeline);
  EXPECT_EQ(accounts_of(pipeline), what_the_accounts_must_say(pipeline));
  EXPECT_EQ(pipeline.letters_amiss(), std::vector<std::string>{});

  // Read again from the same state, there is nothing to do.
  const std::string before = fingerprint(pipeline);
  expect_exit(pipeline.run_to_end(), 0);
  EXPECT_EQ(fingerprint(pipeline), before);

  std::printf("seed %lu: %ld records\n%s", stream.seed, pipeline.records_in_topics(),
              pipeline.compare().describe().c_str());
}

TEST(EndToEnd, WhatIsReadInTwoGoesEqualsWhatIsReadInOne) {
  Pipeline pipeline;
  Stream stream;
  stream.events = 3'000;
  stream.seed = chosen_seed();
  SCOPED_TRACE("LENSART_TEST_SEED=" + std::to_string(stream.seed));
  pipeline.generate(stream);
  expect_exit(pipeline.run_to_end(), 0);
  // The same orders go on, and others are read for the second time.
  stream.events = 4'000;
  pipeline.generate(stream);
  pipeline.set("LENSART_SINK_LANES", "3");
  expect_exit(pipeline.run_to_end(), 0);
  expect_all_is_well(pipeline);
}

}  // namespace
}  // namespace lensart::integration
