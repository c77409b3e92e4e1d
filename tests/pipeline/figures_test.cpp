// What the figures of /metrics are made from, without a pipeline.

#include <gtest/gtest.h>

#include <numeric>

#include "apps/pipeline/freshness.hpp"
#include "apps/pipeline/pipeline_watch.hpp"
#include "apps/pipeline/process_figures.hpp"
#include "nodes/source/reading_progress.hpp"

namespace lensart::app {
namespace {

using namespace std::chrono_literals;

Tick at(std::chrono::microseconds after_start) { return Tick{} + after_start; }
Instant wall(std::chrono::microseconds since_1970) { return Instant{since_1970}; }

TEST(BusyWindowTest, AShareIsOfTheTimeThatAllWorkersHad) {
  BusyWindow window(5s);
  EXPECT_TRUE(window.ratios({1, 2}).empty());
  window.add(at(0s), {0, 0});
  EXPECT_TRUE(window.ratios({1, 2}).empty());
  window.add(at(2s), {1, 1});
  EXPECT_EQ(window.ratios({1, 2}), (std::vector<double>{0.5, 0.25}));
}

TEST(BusyWindowTest, WhatIsLongAgoDoesNotCount) {
  BusyWindow window(5s);
  window.add(at(0s), {0});
  window.add(at(10s), {10});  // busy all the time
  for (int second = 11; second <= 16; ++second) window.add(at(std::chrono::seconds(second)), {10});
  EXPECT_EQ(window.ratios({1}), std::vector<double>{0});
}

TEST(BusyWindowTest, AfterALongSilenceItIsTheShareSinceThen) {
  BusyWindow window(5s);
  window.add(at(0s), {0});
  window.add(at(60s), {30});
  EXPECT_EQ(window.ratios({1}), std::vector<double>{0.5});
}

TEST(BusyWindowTest, ABodyThatEndsOnlyNowMakesNoMoreThanAllOfTheTime) {
  BusyWindow window(5s);
  window.add(at(0s), {0});
  window.add(at(1s), {4});
  EXPECT_EQ(window.ratios({1}), std::vector<double>{1});
}

TEST(FreshnessTest, ARecordCountsWhenItsEpochIsApplied) {
  Freshness freshness;
  freshness.on_batch(1'000'000, 10);
  freshness.on_closed(1);
  freshness.on_batch(1'500'000, 5);
  freshness.on_closed(2);
  freshness.on_applied(1, wall(1'020'000us));
  Freshness::Histogram found = freshness.histogram();
  EXPECT_EQ(found.count, 10U);
  EXPECT_DOUBLE_EQ(found.sum_seconds, 0.2);
  EXPECT_EQ(found.counts[2], 10U);  // up to and including 0.02 s
  freshness.on_applied(2, wall(701'500'000us));
  found = freshness.histogram();
  EXPECT_EQ(found.count, 15U);
  EXPECT_EQ(found.counts.back(), 5U);  // beyond the last bound
}

TEST(FreshnessTest, ClocksThatDisagreeMakeNoNegativeAge) {
  Freshness freshness;
  freshness.on_batch(2'000'000, 1);
  freshness.on_closed(1);
  freshness.on_applied(1, wall(1'000'000us));
  EXPECT_EQ(freshness.histogram().counts.front(), 1U);
  EXPECT_DOUBLE_EQ(freshness.histogram().sum_seconds, 0);
}

TEST(EpochPhasesTest, EachPhaseEndsWhereTheNextBegins) {
  EpochPhases phases;
  phases.on_closed(at(0ms), at(3ms), at(4ms));
  phases.on_durable(1, at(24ms));
  phases.on_closed(at(4ms), at(24ms), at(25ms));
  phases.on_durable(2, at(30ms));
  phases.on_applied(0, at(31ms));
  EXPECT_EQ(phases.histogram(EpochPhase::kApply).count, 0U);
  phases.on_applied(2, at(54ms));
  const auto sum = [&](EpochPhase phase) { return phases.histogram(phase).sum_seconds; };
  EXPECT_DOUBLE_EQ(sum(EpochPhase::kFill), 0.003 + 0.020);
  EXPECT_DOUBLE_EQ(sum(EpochPhase::kClose), 0.001 + 0.001);
  EXPECT_DOUBLE_EQ(sum(EpochPhase::kCommit), 0.020 + 0.005);
  EXPECT_DOUBLE_EQ(sum(EpochPhase::kApply), 0.030 + 0.024);
  EXPECT_EQ(phases.histogram(EpochPhase::kApply).count, 2U);
}

TEST(ReadingProgressTest, LagIsWhatThePartitionHasGrownByWhileNothingWasRead) {
  nodes::ReadingProgress progress;
  progress.note_end(0, 50);  // before anything is known of it
  progress.note_place(1, 10, -1);
  progress.note_end(1, 15);
  EXPECT_EQ(progress.lags(), (std::vector<std::int64_t>{0, 5}));
  progress.note_end(1, 12);  // an older answer that came late
  EXPECT_EQ(progress.lags(), (std::vector<std::int64_t>{0, 5}));
  progress.note_place(1, 16, 1'000);
  EXPECT_EQ(progress.lags(), (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(progress.appended_up_to(), (std::vector<std::int64_t>{-1, 1'000}));
}

TEST(ProcessFiguresTest, AreThoseOfThisProcess) {
  const ProcessFigures before = read_process_figures();
  EXPECT_GE(before.threads, 1);
  EXPECT_GT(before.open_fds, 2);
  EXPECT_GT(before.max_fds, before.open_fds);
  EXPECT_GT(before.virtual_bytes, before.resident_bytes);
  EXPECT_GT(before.resident_bytes, before.private_bytes / 2);
  const double now = std::chrono::duration<double>(SystemClock().wall().time_since_epoch()).count();
  EXPECT_LE(process_started_at(), now + 1);
  EXPECT_GT(process_started_at(), now - 600);
}

TEST(ProcessFiguresTest, ADirectoryThatIsNotThereHasNoDisk) {
  EXPECT_FALSE(disk_of("/nonexistent/directory"));
  const auto disk = disk_of("/tmp");
  ASSERT_TRUE(disk);
  EXPECT_GT(disk->size_bytes, disk->free_bytes);
}

}  // namespace
}  // namespace lensart::app
