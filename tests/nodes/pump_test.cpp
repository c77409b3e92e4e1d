#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <numeric>

#include "tests/nodes/pump_fixture.hpp"

namespace lensart::nodes {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Le;

TEST_F(PumpTest, UntilTheEndEverythingIsReadOnceAndDurable) {
  records(103, 3);
  const EpochNumber last = run();
  ASSERT_EQ(payloads.size(), 103U);
  for (std::size_t i = 0; i < 103; ++i) EXPECT_EQ(payloads[i], log[i].payload);
  EXPECT_EQ(drafts.back()->number, last);
  EXPECT_EQ(pump->polled_records(), 103U);
  EXPECT_EQ(credits.used_bytes(), 0U);
}

TEST_F(PumpTest, SequencesAreDenseAndEpochsCloseInOrder) {
  records(50);
  run();
  EpochNumber open = 1;
  for (std::size_t i = 0; i < arrived.size(); ++i) {
    EXPECT_EQ(arrived[i].first, i);
    EXPECT_EQ(arrived[i].second, open);
    const bool closes = std::any_of(drafts.begin(), drafts.end(),
                                    [&](const auto& d) { return d->number == open; }) &&
                        (i + 1 == arrived.size() || arrived[i + 1].second == open + 1);
    if (closes) ++open;
  }
  EXPECT_EQ(open, drafts.size() + 1);
}

TEST_F(PumpTest, NothingToReadMakesNoEpoch) {
  EXPECT_EQ(run(), 0U);
  EXPECT_TRUE(drafts.empty());
}

TEST_F(PumpTest, ADraftHoldsTheirPositionsWithTheHashOfTheLastRecord) {
  records(10, 3);
  run();
  const auto& positions = drafts.back()->positions;
  ASSERT_EQ(positions.size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const storage::SourcePosition& position = positions[i];
    const std::int64_t last = i == 0 ? 3 : 2;
    const std::string& payload = log[static_cast<std::size_t>(last) * 3 + i].payload;
    EXPECT_EQ(position.source, i);
    EXPECT_EQ(position.topic, "t");
    EXPECT_EQ(position.partition, static_cast<std::int32_t>(i));
    EXPECT_EQ(position.last_offset, last);
    EXPECT_EQ(position.next_offset, last + 1);
    EXPECT_EQ(position.last_hash, XXH3_64bits(payload.data(), payload.size()));
  }
}

TEST_F(PumpTest, ARestartGoesOnWithTheNextEpochAndTheOldPositions) {
  records(10, 2);
  storage::SourcePosition known;
  known.topic = "t";
  known.next_offset = 3;
  known.highest = Instant{5s};
  make(41, {known});
  ASSERT_TRUE(pump->run());
  flow->drain();
  EXPECT_EQ(drafts.front()->number, 42U);
  EXPECT_EQ(payloads.size(), 7U);
  ASSERT_EQ(drafts.back()->positions.size(), 2U);
  EXPECT_EQ(drafts.back()->positions[0].next_offset, 5);
  EXPECT_EQ(drafts.back()->positions[0].highest, Instant{5s});
}

TEST_F(PumpTest, OfHalfTheRecordsAnEpochIsCutAndNoneHoldsMoreThanAllWhenTheSinkIsBusy) {
  sink.relay_idle = false;
  options.cut.max_time = 1h;
  options.cut.max_records = 10;
  records(30);
  run();
  const auto counts = records_by_epoch();
  EXPECT_EQ(counts.front(), 5U);
  EXPECT_THAT(counts, Each(Le(10U))) << "as many as came until the one before was durable";
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0U), 30U);
}

TEST_F(PumpTest, OfHalfTheBytesAnEpochIsCutAndNoneHoldsMoreThanAllWhenTheSinkIsBusy) {
  sink.relay_idle = false;
  options.cut.max_time = 1h;
  options.cut.max_bytes = 1000;
  for (int i = 0; i < 40; ++i) log.push_back({0, 0, std::string(100, 'x')});
  run();
  EXPECT_EQ(drafts.front()->credit_bytes, 500U);
  std::uint64_t bytes = 0;
  for (const auto& draft : drafts) {
    EXPECT_LE(draft->credit_bytes, 1000U);
    bytes += draft->credit_bytes;
  }
  EXPECT_EQ(bytes, 4000U);
}

TEST_F(PumpTest, EpochsAreCutByTheirTimeWhenTheSinkIsBusy) {
  sink.relay_idle = false;
  options.cut.max_time = 30ms;
  records(7);
  const auto before = std::chrono::steady_clock::now();
  run();
  EXPECT_THAT(records_by_epoch(), ElementsAre(7));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 30ms);
}

TEST_F(PumpTest, AnIdleSinkGetsAnEpochBeforeAnyLimit) {
  sink.relay_idle = false;
  options.cut.max_time = 1h;
  records(7);
  start();
  ASSERT_TRUE(wait_for([this] { return payloads.size() == 7; }));
  EXPECT_TRUE(drafts.empty());
  sink.relay_idle = true;
  pump->wake();
  wait_result();
  EXPECT_THAT(records_by_epoch(), ElementsAre(7));
}

TEST_F(PumpTest, WithoutCreditItPausesAndGoesOnWhenAnEpochIsDurable) {
  durable_at_once = false;
  // All but the bytes of a few records is taken.
  ASSERT_TRUE(credits.try_take(credits.limit_bytes() - 50));
  records(100);
  start();
  std::size_t epochs = 0;
  for (;;) {
    bool ended = false;
    ASSERT_TRUE(wait_for([&] {
      ended = result.has_value();
      return ended || (drafts.size() > epochs && pump->paused());
    }));
    if (ended) break;
    ++epochs;
    EXPECT_LE(pump->polled_records(), 10 * epochs) << "it read on without credit";
    make_durable(epochs);
  }
  wait_result();
  EXPECT_GE(epochs, 10U);
  EXPECT_EQ(payloads.size(), 100U);
}

TEST_F(PumpTest, WithTheOutboxFullNothingIsReadUntilThereIsRoom) {
  sink.relay_idle = false;
  sink.outbox_bytes = options.cut.outbox_max_bytes;
  records(20);
  start();
  ASSERT_TRUE(wait_for([this] { return pump->paused(); }));
  EXPECT_EQ(pump->polled_records(), 0U);
  ASSERT_TRUE(wait_for([this] { return pump->paused_time(PauseReason::kOutbox) > 50ms; }));
  for (const auto other : {PauseReason::kCommit, PauseReason::kMemory, PauseReason::kGraph})
    EXPECT_EQ(pump->paused_time(other), 0us);
  sink.outbox_bytes = 0;
  sink.relay_idle = true;
  pump->wake();
  wait_result();
  EXPECT_EQ(payloads.size(), 20U);
}

TEST_F(PumpTest, NoMoreBatchesAreInTheFlowThanAllowed) {
  options.max_batches_in_flow = 3;
  options.cut.max_time = 1h;
  sink.relay_idle = false;
  gate_open = false;
  records(100);
  start();
  ASSERT_TRUE(wait_for([this] { return pump->paused(); }));
  EXPECT_EQ(pump->polled_records(), 15U);
  sink.relay_idle = true;
  open_gate();
  wait_result();
  EXPECT_EQ(payloads.size(), 100U);
}

TEST_F(PumpTest, StoppingCommitsWhatWasReadThoughTheSinkIsBusy) {
  options.until_end = false;
  options.cut.max_time = 1h;
  sink.relay_idle = false;
  source.endless = true;
  start();
  ASSERT_TRUE(wait_for([this] { return payloads.size() >= 20; }));
  pump->stop();
  wait_result();
  ASSERT_TRUE(result->has_value());
  EXPECT_EQ(drafts.size(), 1U);
  EXPECT_EQ(drafts.back()->records, pump->polled_records());
  EXPECT_EQ(drafts.back()->positions.at(0).next_offset,
            static_cast<std::int64_t>(pump->polled_records()));
}

TEST_F(PumpTest, StoppingBringsTheTimerClockLevelThoughTheSinkIsBehind) {
  options.until_end = false;
  sink.outbox_bytes = 1;
  watermark = Instant{5s};
  records(5);
  start();
  ASSERT_TRUE(wait_for([this] { return payloads.size() == 5; }));
  pump->stop();
  wait_result();
  EXPECT_EQ(drafts.back()->records, 0U);
  EXPECT_EQ(drafts.back()->timer_clock, watermark);
}

TEST_F(PumpTest, StoppingEndsHoweverManyTimersAreDue) {
  options.until_end = false;
  limit_clock = [clock = Instant{0s}](Instant) mutable { return clock += 1us; };
  sink.outbox_bytes = 1;
  watermark = Instant{1h};
  records(5);
  start();
  ASSERT_TRUE(wait_for([this] { return payloads.size() == 5; }));
  pump->stop();
  wait_result();
  EXPECT_LT(drafts.back()->timer_clock, watermark);
}

TEST_F(PumpTest, AbandoningEndsItThoughAnEpochIsNotDurable) {
  durable_at_once = false;
  source.endless = true;
  start();
  ASSERT_TRUE(wait_for([this] { return drafts.size() == 1; }));
  pump->stop();
  pump->abandon();
  wait_result();
  EXPECT_TRUE(result->has_value());
  EXPECT_EQ(drafts.size(), 1U);
}

TEST_F(PumpTest, AFailureOfTheSourceEndsIt) {
  records(1);
  source.fails = true;
  make();
  const auto done = pump->run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kBrokerDown);
}

TEST_F(PumpTest, AFailureOfTheFlowEndsIt) {
  source.endless = true;
  make();
  flow = std::make_unique<Flow>(Wiring{"test",
                                       {{"bad",
                                         NodeKind::kSerial,
                                         {},
                                         "",
                                         [](std::size_t, Batch&) {
                                           throw Failure(Error{Errc::kFatal, "no"});
                                         }}},
                                       {}},
                                FlowOptions{1}, [](const Error&) {});
  Pump failing(options, parts(), storage::ChainRecord{}, {});
  EXPECT_TRUE(failing.run()) << "the flow itself has told whoever must know";
  EXPECT_TRUE(flow->failed());
}

TEST_F(PumpTest, UntilTheEndSourcesAtTheirEndAreIdleAtOnce) {
  records(10, 2);
  run();
  EXPECT_THAT(drafts.back()->idle, ElementsAre(true, true));
}

TEST_F(PumpTest, OtherwiseASourceIsIdleOnlyAfterTheTimeout) {
  options.until_end = false;
  options.idle_timeout = 1h;
  records(10, 2);
  start();
  ASSERT_TRUE(wait_for([this] { return payloads.size() == 10 && !drafts.empty(); }));
  pump->stop();
  wait_result();
  for (const auto& draft : drafts) EXPECT_THAT(draft->idle, Each(false));
}

TEST_F(PumpTest, ANewGenerationOfIdsBeginsAfterSoManyRecords) {
  sink.relay_idle = false;
  options.cut.max_time = 1h;
  options.cut.max_records = 10;
  options.freeze_ids_every = 20;
  records(60);
  run();
  std::size_t freezes = 0;
  std::uint64_t records_since = 0;
  for (const auto& draft : drafts) {
    records_since += draft->records;
    EXPECT_EQ(draft->freeze_ids, records_since >= 20) << "epoch " << draft->number;
    if (!draft->freeze_ids) continue;
    ++freezes;
    records_since = 0;
  }
  EXPECT_GE(freezes, 2U);
}

TEST_F(PumpTest, TheSourceIsToldWhatIsDurableForTheTools) {
  records(25);
  options.cut.max_records = 10;
  run();
  ASSERT_FALSE(source.reported.empty());
  EXPECT_EQ(source.reported.back(), 25);
  EXPECT_TRUE(std::is_sorted(source.reported.begin(), source.reported.end()));
}

}  // namespace
}  // namespace lensart::nodes
