// The last hour, its averages and its quantiles; and the pages made of them.

#include "apps/api/history.hpp"

#include <gmock/gmock.h>

#include "apps/api/graph_picture.hpp"
#include "apps/api/pictures.hpp"
#include "tests/api/simulated_pipeline.hpp"

namespace lensart::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(RingTest, KeepsTheNewestInOrder) {
  Ring<int> ring(3);
  for (const int value : {1, 2, 3, 4, 5}) ring.push(value);
  EXPECT_EQ(ring.size(), 3U);
  EXPECT_EQ(ring[0], 3);
  EXPECT_EQ(ring.back(), 5);
  EXPECT_EQ(ring.ago(1), 4);
  EXPECT_EQ(ring.ago(10), 3);
}

TEST(HistoryTest, RatesAreOverTheTimeAskedForOrAsLongAsThereIs) {
  SimulatedPipeline pipeline;
  pipeline.pass();
  EXPECT_EQ(pipeline.history.rate(&Point::read, 5), 0);
  pipeline.flow(10);  // in each of three partitions
  pipeline.pass(4);
  EXPECT_DOUBLE_EQ(pipeline.history.rate(&Point::read, 3600), 30);
  pipeline.flow(20);
  pipeline.pass(5);
  EXPECT_DOUBLE_EQ(pipeline.history.rate(&Point::read, 5), 60);
  EXPECT_DOUBLE_EQ(pipeline.history.rate(&Point::read, 3600), (4 * 30 + 5 * 60) / 9.0);
}

TEST(HistoryTest, AnHourIsKeptAndNoMore) {
  SimulatedPipeline pipeline;
  pipeline.pass(4'000);
  EXPECT_EQ(pipeline.history.points().size(), History::kSeconds);
  EXPECT_EQ(pipeline.history.node_points().size(), History::kSeconds / History::kNodeStep);
}

TEST(HistoryTest, QuantilesLieInsideTheBucketsOfWhatWasCountedSince) {
  Freshness::Histogram before;
  before.add(100, 1'000);
  Freshness::Histogram after = before;
  after.add(0.2, 90);
  after.add(2, 10);
  EXPECT_EQ(quantile_between(before, before, 0.5), std::nullopt);
  const double p50 = quantile_between(before, after, 0.5).value();
  EXPECT_GT(p50, 0.15);
  EXPECT_LE(p50, 0.25);
  const double p99 = quantile_between(before, after, 0.99).value();
  EXPECT_GT(p99, 1);
  EXPECT_LE(p99, 2.5);
}

TEST(HistoryTest, LagIsWhatIsUnreadAndWhatIsUnderWay) {
  SimulatedPipeline pipeline;
  Readings& now = pipeline.now;
  now.in_flight = 5;
  now.partitions[1].lag = 7;
  now.partitions[1].appended_at = now.at - std::chrono::seconds(30);
  now.partitions[2].appended_at = now.at - std::chrono::hours(9);  // read to its end: says nothing
  Lag lag = lag_of(now);
  EXPECT_EQ(lag.events, 12U);
  EXPECT_EQ(lag.seconds, 30.0);
  now.oldest_in_flight = now.at - std::chrono::seconds(40);
  EXPECT_EQ(lag_of(now).seconds, 40.0);
  now.partitions[0].lag.reset();
  EXPECT_EQ(lag_of(now).events, std::nullopt);
  now = SimulatedPipeline().now;
  EXPECT_EQ(lag_of(now).seconds, 0.0);
}

TEST(HistoryTest, ANodesShareIsOfAllItsBodies) {
  SimulatedPipeline pipeline;
  pipeline.now.nodes[1].busy_seconds = 0;
  pipeline.each_second = [](Readings& readings) {
    *readings.nodes[1].busy_seconds += 1.5;  // of the two that its two bodies have
    readings.nodes[1].total += 100;
    readings.nodes[0].pressed_seconds = readings.nodes[0].pressed_seconds.value_or(0) + 0.25;
  };
  pipeline.pass(10);
  const NodeLive parse = pipeline.history.live(1);
  EXPECT_DOUBLE_EQ(parse.per_second, 100);
  EXPECT_DOUBLE_EQ(parse.busy_share.value(), 0.75);
  EXPECT_DOUBLE_EQ(pipeline.history.live(0).back_pressure, 0.25);
  EXPECT_EQ(pipeline.history.live(0).busy_share, std::nullopt);
}

TEST(PicturesTest, StepsAddUpToTheWhole) {
  SimulatedPipeline pipeline;
  pipeline.flow(10);
  pipeline.pass(95);
  const Json seconds = overview_history(pipeline.history, 60, 1);
  EXPECT_EQ(seconds["at"].size(), 60U);
  EXPECT_EQ(seconds["read_per_second"][17], 30.0);
  const Json tens = overview_history(pipeline.history, 3600, 10);
  double events = 0;
  std::int64_t before = pipeline.history.points()[0].at;
  for (std::size_t i = 0; i < tens["at"].size(); ++i) {
    const std::int64_t at = tens["at"][i];
    events += tens["read_per_second"][i].get<double>() * static_cast<double>(at - before);
    before = at;
  }
  EXPECT_DOUBLE_EQ(events, 94 * 30);
  EXPECT_EQ(before, pipeline.history.points().back().at);
  EXPECT_TRUE(tens["freshness_p99_seconds"][0].is_null());
}

TEST(PicturesTest, TheStatusIsThatOfTheWorstThing) {
  SimulatedPipeline pipeline;
  pipeline.pass();
  const auto health = [&] {
    return overview_of(
        {pipeline.facts, pipeline.now, pipeline.history, pipeline.attention})["health"];
  };
  EXPECT_EQ(health()["status"], "ok");
  pipeline.stuck = StuckOrders{1, 7, "Đã giao", "2026-11-18T00:00:00Z"};
  pipeline.pass();
  EXPECT_EQ(health()["status"], "warning");
  pipeline.now.sink.trouble = "away";
  pipeline.pass();
  EXPECT_EQ(health().dump(), R"({"status":"critical","ready":false,"reasons":["database_away"]})");
}

TEST(PicturesTest, EpochsTellTheirPhasesAndWhatIsNotAppliedYet) {
  SimulatedPipeline pipeline;
  pipeline.pass();
  std::vector<EpochFigures> epochs(3);
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    epochs[i].number = 9 - i;
    epochs[i].durable_at = pipeline.now.at - std::chrono::seconds(50 * i);
    epochs[i].commit = std::chrono::milliseconds(10 * (i + 1));
  }
  epochs[1].apply = std::chrono::milliseconds(200);
  const Json page =
      epochs_of({pipeline.facts, pipeline.now, pipeline.history, pipeline.attention}, epochs);
  EXPECT_EQ(page["recent"].size(), 3U);
  EXPECT_TRUE(page["recent"][0]["apply_seconds"].is_null());
  EXPECT_EQ(page["phases"][2]["most_seconds"], 0.02);  // of the last minute
  EXPECT_EQ(page["phases"][3]["p50_seconds"], 0.2);
}

TEST(PicturesTest, AGraphsTextsCannotBreakOutOfTheirQuotes) {
  SimulatedPipeline pipeline;
  pipeline.facts.nodes[1].note = "a \"note\" <b>\\";
  pipeline.pass();
  const Json graph = graph_of({pipeline.facts, pipeline.now, pipeline.history, pipeline.attention});
  EXPECT_THAT(graph_dot(graph), HasSubstr(R"(a \"note\" <b>\\)"));
  EXPECT_THAT(graph_mermaid(graph), HasSubstr("a #34;note#34; #60;b#62;\\"));
  EXPECT_THAT(graph_mermaid(graph), HasSubstr("n_source --> n_parse"));
  EXPECT_THAT(graph_dot(graph), HasSubstr("\"source\" -> \"parse\";"));
}

TEST(PicturesTest, WhatIsNoGraphIsDrawnAsFarAsItIsUnderstood) {
  for (const char* text :
       {"{}", R"({"nodes":1})", R"({"nodes":[1,{"name":5,"live":[]}],"edges":[{}]})"}) {
    const Json graph = Json::parse(text);
    EXPECT_THAT(graph_dot(graph), HasSubstr("digraph")) << text;
    EXPECT_THAT(graph_mermaid(graph), HasSubstr("flowchart")) << text;
  }
}

}  // namespace
}  // namespace lensart::app
