#include "storage/protocol/start_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lensart::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

EpochId id_of(EpochNumber number) {
  EpochId id;
  id.bytes[0] = static_cast<std::uint8_t>(number + 1);
  return id;
}

std::vector<ChainRecord> chain(EpochNumber from, EpochNumber to) {
  std::vector<ChainRecord> out;
  for (EpochNumber number = from; number <= to; ++number) {
    ChainRecord record;
    record.number = number;
    record.id = id_of(number);
    out.push_back(record);
  }
  return out;
}

LaneRow row(int lane, int lanes, EpochNumber epoch) {
  return {lane, lanes, epoch, id_of(epoch), Incarnation{}};
}

Error refused(std::vector<ChainRecord> chain, std::vector<LaneRow> rows) {
  const auto plan = plan_start(chain, rows, 2);
  EXPECT_FALSE(plan) << "the start was planned";
  return plan ? Error{} : plan.error();
}

TEST(StartCheck, TheVeryFirstStartInsertsARowForEachLane) {
  const auto plan = plan_start(chain(0, 0), {}, 3);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->insert_rows);
  EXPECT_EQ(plan->lanes, 3);
  EXPECT_THAT(plan->positions, ElementsAre(0, 0, 0));
}

TEST(StartCheck, RowsInTheChainGiveTheLanesTheirPositions) {
  const std::vector<LaneRow> rows{row(0, 2, 7), row(1, 2, 5)};
  const auto plan = plan_start(chain(4, 9), rows, 2);
  ASSERT_TRUE(plan);
  EXPECT_FALSE(plan->insert_rows);
  EXPECT_THAT(plan->positions, ElementsAre(7, 5));
}

TEST(StartCheck, TheRowsSayHowManyLanesThereAreWhateverIsWanted) {
  const std::vector<LaneRow> rows{row(0, 1, 0)};
  const auto plan = plan_start(chain(0, 2), rows, 4);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->lanes, 1);
}

TEST(StartCheck, BothEndsOfTheChainAreInIt) {
  const std::vector<LaneRow> rows{row(0, 2, 4), row(1, 2, 9)};
  EXPECT_TRUE(plan_start(chain(4, 9), rows, 2));
}

TEST(StartCheck, AnEmptyDatabaseBesideAStateThatHasHistoryIsRefused) {
  const Error error = refused(chain(0, 1), {});
  EXPECT_EQ(error.code, Errc::kStateMismatch);
  EXPECT_THAT(error.message, HasSubstr("epoch 1"));
  EXPECT_THAT(error.message, HasSubstr("postgres.dsn"));
}

TEST(StartCheck, AnIdThatIsNotInTheChainIsRefused) {
  LaneRow other = row(0, 1, 5);
  other.id = id_of(77);
  const Error error = refused(chain(4, 9), {other});
  EXPECT_EQ(error.code, Errc::kStateMismatch);
  EXPECT_THAT(error.message, HasSubstr("different ways"));
  EXPECT_THAT(error.message, HasSubstr("lensart state adopt"));
  EXPECT_THAT(error.message, HasSubstr(other.id.hex()));
}

TEST(StartCheck, TheRightIdUnderAnotherNumberIsRefused) {
  LaneRow other = row(0, 1, 5);
  other.id = id_of(6);
  EXPECT_EQ(refused(chain(4, 9), {other}).code, Errc::kStateMismatch);
}

TEST(StartCheck, ADatabaseOlderThanTheOutboxIsRefused) {
  const Error error = refused(chain(4, 9), {row(0, 1, 3)});
  EXPECT_EQ(error.code, Errc::kStateMismatch);
  EXPECT_THAT(error.message, HasSubstr("the database is older"));
}

TEST(StartCheck, AStateOlderThanTheDatabaseIsRefused) {
  const Error error = refused(chain(4, 9), {row(0, 1, 10)});
  EXPECT_EQ(error.code, Errc::kStateMismatch);
  EXPECT_THAT(error.message, HasSubstr("the state directory is older"));
}

TEST(StartCheck, AFreshStateBesideADatabaseInUseIsRefused) {
  EXPECT_EQ(refused(chain(0, 0), {row(0, 1, 10)}).code, Errc::kStateMismatch);
  LaneRow genesis_of_another = row(0, 1, 0);
  genesis_of_another.id = id_of(99);
  EXPECT_EQ(refused(chain(0, 0), {genesis_of_another}).code, Errc::kStateMismatch);
}

TEST(StartCheck, MissingRowsAreRefused) {
  const Error error = refused(chain(0, 9), {row(0, 2, 5)});
  EXPECT_EQ(error.code, Errc::kStateMismatch);
  EXPECT_THAT(error.message, HasSubstr("1 rows"));
  EXPECT_THAT(error.message, HasSubstr("where 2"));
}

TEST(StartCheck, LanesThatAreNotNumberedFromZeroWithoutGapsAreRefused) {
  EXPECT_EQ(refused(chain(0, 9), {row(1, 2, 5), row(2, 2, 5)}).code, Errc::kStateMismatch);
  EXPECT_EQ(refused(chain(0, 9), {row(0, 2, 5), row(0, 2, 5)}).code, Errc::kStateMismatch);
}

TEST(StartCheck, OneLaneOfSeveralThatDoesNotFitIsEnough) {
  EXPECT_EQ(refused(chain(4, 9), {row(0, 2, 5), row(1, 2, 3)}).code, Errc::kStateMismatch);
}

TEST(StartCheck, AStateWithoutAChainIsDamaged) {
  EXPECT_EQ(refused({}, {row(0, 1, 0)}).code, Errc::kStateCorrupt);
}

}  // namespace
}  // namespace lensart::storage
