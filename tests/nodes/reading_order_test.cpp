#include "nodes/source/reading_order.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lensart::nodes {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRun = 1 << 20;
constexpr std::size_t kRecord = 1024;
constexpr std::size_t kRecordsOfRun = kRun / kRecord;
constexpr std::int64_t kFar = 1'000'000;
constexpr std::int64_t kNear = ReadingOrder::kNearEnd;

/// Changes are told as "-4 -5 +1": 4 and 5 are paused, 1 is resumed.
class ReadingOrderTest : public ::testing::Test {
 protected:
  static std::string told(const ReadingOrder::Change& change) {
    std::string out;
    for (const auto source : change.pause) out += "-" + std::to_string(source) + " ";
    for (const auto source : change.resume) out += "+" + std::to_string(source) + " ";
    if (!out.empty()) out.pop_back();
    return out;
  }
  std::string begin(std::size_t sources) {
    behind.assign(sources, kFar);
    return told(order.begin(behind));
  }
  std::string turn() { return told(order.turn(behind)); }
  std::string on_empty(std::chrono::milliseconds at) {
    return told(order.on_empty(behind, Tick{at}));
  }
  void read(std::uint32_t source, std::int64_t written_ms) {
    order.on_record(source, written_ms, kRecord);
  }
  /// One record of each that is not paused, of about `written_ms`; the run of 0 is taken last.
  void read_all(std::int64_t written_ms) {
    for (auto source = static_cast<std::uint32_t>(behind.size()); source-- > 0;) {
      if (!order.is_paused(source)) read(source, written_ms + source);
    }
  }
  /// Of five. 4, whose last record says `written_ms`.
  std::string pause_4_alone(std::int64_t written_ms) {
    read_all(1);
    EXPECT_EQ(turn(), "-3 +4") << "4 was never read";
    read(4, written_ms);
    for (const std::uint32_t source : {2U, 1U, 0U}) read(source, 2);
    return turn();
  }
  void read_run(std::uint32_t source, std::size_t records) {
    for (std::size_t i = 0; i < records; ++i) read(source, 1);
  }

  ReadingOrder order{kRun, 4};
  std::vector<std::int64_t> behind;
};

TEST_F(ReadingOrderTest, NothingIsPausedWhereNothingIsBehind) {
  behind.assign(12, kNear);
  EXPECT_EQ(told(order.begin(behind)), "");
  for (std::uint32_t source = 0; source < 12; ++source) read(source, source);
  EXPECT_EQ(turn(), "");
  EXPECT_FALSE(order.any_paused());
}

TEST_F(ReadingOrderTest, NothingIsPausedWhereNoMoreAreBehindThanAreReadAtATime) {
  EXPECT_EQ(begin(4), "");
  behind.resize(12, 0);
  EXPECT_EQ(told(order.begin(behind)), "");
}

TEST_F(ReadingOrderTest, TheFirstAreReadWhereNothingWasReadYet) { EXPECT_EQ(begin(6), "-4 -5"); }

TEST_F(ReadingOrderTest, WhatWasNeverReadComesFirstThenWhoseLastRecordIsTheOldest) {
  begin(7);
  for (const std::uint32_t source : {1U, 2U, 3U, 0U}) read(source, 100 * source);
  EXPECT_EQ(turn(), "-1 -2 -3 +4 +5 +6");
  for (const std::uint32_t source : {4U, 5U, 6U, 0U}) read(source, 250 + source);
  EXPECT_EQ(turn(), "-5 -6 +1 +2") << "of 100, 200, 250, 254, 255, 256, 300";
}

TEST_F(ReadingOrderTest, WhatGaveNothingSinceTheLastTurnIsNotPaused) {
  begin(6);
  for (const std::uint32_t source : {0U, 1U, 2U, 3U}) read(source, 100 * source);
  EXPECT_EQ(turn(), "-2 -3 +4 +5");
  for (const std::uint32_t source : {0U, 4U}) read(source, 900);
  EXPECT_EQ(turn(), "-0 -4 +2 +3") << "1 and 5 are two of the four";
  for (const std::uint32_t source : {1U, 2U, 3U}) read(source, 1000);
  EXPECT_EQ(turn(), "-3 +0 +4") << "5 was never read, then 900, 900, 1000, 1000";
  for (const std::uint32_t source : {0U, 2U, 4U}) read(source, 800);
  EXPECT_EQ(turn(), "+3") << "1 has the latest, but it may be on its way; so may 5";
}

TEST_F(ReadingOrderTest, WhatIsNearItsEndIsReadAndTakesNoPlace) {
  behind.assign(7, kFar);
  behind[0] = kNear;
  EXPECT_EQ(told(order.begin(behind)), "-5 -6") << "1 to 4 have the places";
  read_all(1);
  behind[6] = kNear;
  EXPECT_EQ(turn(), "-4 +6 +5") << "5 was never read, and 6 has come near its end";
}

TEST_F(ReadingOrderTest, WhatGivesNothingForTwoTurnsTakesNoPlaceAndIsStillRead) {
  begin(6);
  for (const std::uint32_t source : {1U, 2U, 3U}) read(source, 10 * source);
  EXPECT_EQ(turn(), "-2 -3 +4 +5") << "0, 4, 5 and 1 come first";
  for (const std::uint32_t source : {1U, 4U, 5U}) read(source, 100 + source);
  EXPECT_EQ(turn(), "-5 +2 +3") << "2, 3, 1 and 4 have the places, 0 has none any more";
  EXPECT_FALSE(order.is_paused(0));
}

TEST_F(ReadingOrderTest, WhatGivesAgainTakesItsPlaceAgain) {
  begin(6);
  for (int i = 0; i < 3; ++i) {
    for (const std::uint32_t source : {1U, 2U, 3U, 4U, 5U}) {
      if (!order.is_paused(source)) read(source, 1 + i);
    }
    turn();
  }
  read_all(1);
  read(5, 1000);
  turn();
  read_all(10);
  turn();
  EXPECT_EQ(order.paused().size(), 2U);
  EXPECT_FALSE(order.is_paused(0)) << "it is the oldest";
}

TEST_F(ReadingOrderTest, WhatWasPassedOverForLongIsReadWhateverItsTimestampsSay) {
  begin(5);
  ASSERT_EQ(pause_4_alone(kFar), "-4 +3") << "its clock is ahead";
  for (unsigned i = 1; i < ReadingOrder::kMostTurnsPassedOver; ++i) {
    read_all(2 + i);
    ASSERT_EQ(turn(), "") << i;
  }
  read_all(100);
  EXPECT_EQ(turn(), "-3 +4");
  read(4, 2 * kFar);
  read_all(200);
  EXPECT_EQ(turn(), "-4 +3") << "then it waits again";
}

TEST_F(ReadingOrderTest, AnOddTimestampCountsUntilTheNextRecord) {
  begin(5);
  ASSERT_EQ(pause_4_alone(INT64_MAX), "-4 +3");
  behind[0] = kNear;
  ASSERT_EQ(turn(), "+4") << "nobody else is there";
  behind[0] = kFar;
  read(4, 4);
  read_all(100);
  read(4, 5);
  read(1, INT64_MIN);
  read(0, 100);
  EXPECT_EQ(turn(), "-3") << "of 100, 101, 102, 103 and 5, one of which says it is the oldest";
  read_all(200);
  read(1, 500);
  read(0, 200);
  EXPECT_EQ(turn(), "-1 +3");
}

TEST_F(ReadingOrderTest, WithoutTimestampsAllAreReadInTurn) {
  begin(9);
  std::vector<int> turns(9, 0);
  for (int i = 0; i < 90; ++i) {
    for (std::uint32_t source = 0; source < 9; ++source) {
      if (order.is_paused(source)) continue;
      ++turns[source];
      read(source, -1);
    }
    turn();
  }
  for (std::uint32_t source = 0; source < 9; ++source) EXPECT_GT(turns[source], 20) << source;
}

TEST_F(ReadingOrderTest, WhereNothingComesForLongEverythingIsRead) {
  begin(6);
  EXPECT_EQ(on_empty(1000ms), "");
  EXPECT_EQ(on_empty(1099ms), "");
  EXPECT_EQ(on_empty(1100ms), "+4 +5");
  EXPECT_FALSE(order.any_paused());
}

TEST_F(ReadingOrderTest, ASourceThatIsNotAskedDoesNotStall) {
  begin(6);
  EXPECT_EQ(on_empty(1000ms), "");
  // Nobody polls for an hour; then there is a record.
  read(0, 1);
  EXPECT_EQ(on_empty(3'601'000ms), "");
  EXPECT_EQ(on_empty(3'601'099ms), "");
  EXPECT_EQ(on_empty(3'601'100ms), "+4 +5");
}

TEST_F(ReadingOrderTest, WhereTheQueueIsEmptyFreePlacesAreTaken) {
  begin(7);
  EXPECT_EQ(on_empty(1000ms), "") << "a response may be on its way";
  behind[0] = behind[2] = kNear;
  EXPECT_EQ(on_empty(1001ms), "+4 +5");
  EXPECT_EQ(on_empty(1002ms), "");
}

TEST_F(ReadingOrderTest, WhatCannotBePausedIsRead) {
  begin(6);
  order.on_not_paused(4);
  EXPECT_FALSE(order.is_paused(4));
  EXPECT_EQ(order.paused(), (ReadingOrder::Sources{5}));
}

TEST_F(ReadingOrderTest, ANewBeginningKnowsWhatWasReadLast) {
  begin(5);
  read_all(10);
  read(4, 5);
  EXPECT_EQ(begin(6), "-2 -3") << "of 10, 11, 12, 13, 5 and one that was never read";
  EXPECT_EQ(order.paused(), (ReadingOrder::Sources{2, 3}));
}

TEST_F(ReadingOrderTest, ItIsATurnWhenAboutARunIsLeftOfAResponse) {
  begin(6);
  EXPECT_FALSE(order.is_turn(4 * kRecordsOfRun));
  EXPECT_TRUE(order.awaits_turn());
  read_run(0, kRecordsOfRun);
  EXPECT_FALSE(order.is_turn(3 * kRecordsOfRun));
  read_run(1, kRecordsOfRun);
  EXPECT_FALSE(order.is_turn(2 * kRecordsOfRun));
  read_run(2, kRecordsOfRun);
  EXPECT_TRUE(order.is_turn(kRecordsOfRun));
  turn();
  EXPECT_FALSE(order.awaits_turn());
  EXPECT_FALSE(order.is_turn(kRecordsOfRun)) << "once a response";
}

TEST_F(ReadingOrderTest, ItIsNoTurnWhereNoResponseIsLargerThanARun) {
  begin(6);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(order.is_turn(kRecordsOfRun));
    read_run(0, kRecordsOfRun / 2);
    EXPECT_FALSE(order.is_turn(kRecordsOfRun / 2));
    read_run(1, kRecordsOfRun / 2);
  }
}

TEST_F(ReadingOrderTest, WhatIsLeftIsJudgedByTheLastRecordsSizes) {
  begin(6);
  for (int i = 0; i < 2000; ++i) order.on_record(0, 1, 10 * kRecord);
  EXPECT_FALSE(order.is_turn(kRecordsOfRun / 2)) << "five runs";
  EXPECT_TRUE(order.is_turn(kRecordsOfRun / 10));
}

TEST_F(ReadingOrderTest, ItIsATurnAfterManyRunsWhateverIsQueued) {
  begin(6);
  for (std::size_t run = 0; run < ReadingOrder::kRunsWithoutTurn; ++run) {
    EXPECT_FALSE(order.is_turn(kRecordsOfRun / 2));
    read_run(static_cast<std::uint32_t>(run % 4), kRecordsOfRun);
  }
  EXPECT_TRUE(order.is_turn(kRecordsOfRun / 2));
  turn();
  EXPECT_FALSE(order.is_turn(kRecordsOfRun / 2));
}

}  // namespace
}  // namespace lensart::nodes
