#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/postgres/lane_writer.hpp"
#include "storage/postgres/session.hpp"
#include "tests/storage/postgres_fixture.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LaneWriterTest : public PostgresFixture {
 protected:
  void SetUp() override {
    PostgresFixture::SetUp();
    migrate();
    make_small_tables();
    StateStoreOptions state;
    state.directory = directory.path() + "/state";
    store = std::move(*StateStore::open(state));
    context.pipeline = "lens'art";
    context.schema = schema;
    context.incarnation = claim();
    hooks.letter_for = [this](const Refusal& refusal) {
      refusals.push_back(refusal);
      std::string row;
      RowWriter(row).text(std::string(refusal.table) + " " + refusal.key);
      RowWriter(row).text(std::string_view("refused"));
      return std::pair{small_tables().find(kLetters), row};
    };
    hooks.owned_rows = [this](const TableSpec&,
                              std::string_view) -> Result<std::vector<std::string>> {
      ++owned_asked;
      return owned;
    };
    writer = std::make_unique<LaneWriter>(small_tables(), context, hooks);
    connection = connect();
    const auto ready = writer->prepare(*connection);
    ASSERT_TRUE(ready) << ready.error().message;
  }

  /// Takes the pipeline over, as a start does.
  Incarnation claim() {
    SessionOptions session;
    session.connection = options;
    session.pipeline = context.pipeline;
    session.schema = schema;
    session.schema_version = static_cast<std::int64_t>(sql::migrations().size());
    session.allow_unsafe_fsync = true;
    const Incarnation incarnation = random_incarnation();
    auto opened = Session::open(session, incarnation);
    EXPECT_TRUE(opened) << opened.error().message;
    const auto plan = opened->claim(store->chain());
    EXPECT_TRUE(plan) << plan.error().message;
    return incarnation;
  }
  void add(std::uint8_t table, EntryKind kind, const std::string& body) {
    builder.begin(table, kind, {3, ++offset}).append(body);
    builder.end();
  }
  /// What was added becomes an epoch of the state.
  ChainRecord commit() {
    EpochCommit epoch;
    epoch.number = store->chain().back().number + 1;
    epoch.offsets_json = fmt::format(R"({{"t": {{"0": {}}}}})", epoch.number);
    epoch.watermark = Instant{std::chrono::seconds(epoch.number)};
    for (std::string& chunk : builder.take()) epoch.chunks.push_back({0, std::move(chunk)});
    auto record = store->commit(epoch, context.incarnation);
    EXPECT_TRUE(record) << record.error().message;
    return *record;
  }
  LaneOutcome apply(EpochNumber from, EpochNumber to) {
    const auto& chain = store->chain();
    return writer->apply(*connection, *store, {0, from, to}, chain[from], chain[to]);
  }
  void must_apply(EpochNumber from, EpochNumber to) {
    const LaneOutcome outcome = apply(from, to);
    ASSERT_EQ(outcome.ending, Ending::kApplied) << outcome.error.message;
  }
  std::string epoch_row() {
    return rows(
               "SELECT epoch, offsets, watermark AT TIME ZONE 'UTC' FROM "
               "{schema}.pipeline_epochs WHERE lane = 0")
        .at(0);
  }
  std::vector<std::string> parents() {
    return rows("SELECT k, value FROM {schema}.parents ORDER BY k");
  }
  std::vector<std::string> children() {
    return rows("SELECT k, line FROM {schema}.children ORDER BY k, line");
  }

  TemporaryDirectory directory;
  std::unique_ptr<StateStore> store;
  LaneContext context;
  SinkHooks hooks;
  std::unique_ptr<LaneWriter> writer;
  std::optional<Connection> connection;
  ChunkBuilder builder;
  std::int64_t offset = 0;
  std::vector<Refusal> refusals;
  std::vector<std::string> owned;
  int owned_asked = 0;
};

TEST_F(LaneWriterTest, SeveralEpochsGoInAsOneTransactionWithTheLanesRow) {
  add(kParents, EntryKind::kInsert, row_of(1, "one"));
  commit();
  add(kParents, EntryKind::kUpdate, row_of(1, "uno"));
  add(kChildren, EntryKind::kReplaceNew, bag_of(1, {5}));
  commit();
  const LaneOutcome outcome = apply(0, 2);
  ASSERT_EQ(outcome.ending, Ending::kApplied) << outcome.error.message;
  EXPECT_EQ(outcome.rows, 2U);
  EXPECT_FALSE(outcome.letters);
  EXPECT_THAT(parents(), ElementsAre("1|uno"));
  EXPECT_THAT(children(), ElementsAre("1|5"));
  EXPECT_EQ(epoch_row(), R"(2|{"t": {"0": 2}}|1970-01-01 00:00:02)");
}

TEST_F(LaneWriterTest, TheGuardRefusesALaneThatStandsElsewhere) {
  add(kParents, EntryKind::kInsert, row_of(1, "one"));
  commit();
  commit();
  must_apply(0, 1);
  const LaneOutcome again = apply(0, 1);
  EXPECT_EQ(again.ending, Ending::kRolledBack);
  EXPECT_EQ(again.error.code, Errc::kStateMismatch);
  EXPECT_THAT(parents(), ElementsAre("1|one")) << "applied once";
  must_apply(1, 2);
}

TEST_F(LaneWriterTest, TheGuardRefusesAnIncarnationThatWasReplaced) {
  add(kParents, EntryKind::kInsert, row_of(1, "one"));
  commit();
  claim();
  const LaneOutcome outcome = apply(0, 1);
  EXPECT_EQ(outcome.ending, Ending::kRolledBack);
  EXPECT_EQ(outcome.error.code, Errc::kFenced);
  EXPECT_THAT(parents(), IsEmpty());
}

TEST_F(LaneWriterTest, TheGuardRefusesALaneWithoutARow) {
  commit();
  run("DELETE FROM {schema}.pipeline_epochs");
  EXPECT_EQ(apply(0, 1).error.code, Errc::kFenced);
}

TEST_F(LaneWriterTest, ExactlyTheRefusedRowsAreLeftOutAndBecomeLetters) {
  for (std::int64_t key = 1; key <= 40; ++key) {
    const bool bad = key == 7 || key == 23;
    add(kParents, EntryKind::kInsert, row_of(key, bad ? "bad" : "good"));
    add(kChildren, EntryKind::kReplaceNew, bag_of(key, {key}));
  }
  commit();
  const LaneOutcome outcome = apply(0, 1);
  ASSERT_EQ(outcome.ending, Ending::kApplied) << outcome.error.message;
  EXPECT_TRUE(outcome.letters);
  EXPECT_EQ(parents().size(), 38U);
  EXPECT_THAT(rows("SELECT k FROM {schema}.parents WHERE k IN (7, 23)"), IsEmpty());
  EXPECT_EQ(children().size(), 38U) << "children of a refused row cannot stand";
  EXPECT_THAT(rows("SELECT field FROM {schema}.letters ORDER BY field"),
              ElementsAre("parents k=23", "parents k=7"));
  ASSERT_EQ(refusals.size(), 2U);
  EXPECT_EQ(refusals[0].origin.source, 3U);
  EXPECT_EQ(refusals[0].origin.offset, 13) << "of the entry that wrote row 7";
  EXPECT_THAT(refusals[0].message, HasSubstr("parents_value_check"));
}

TEST_F(LaneWriterTest, ARefusedChildLeavesItsParentAndTheOthers) {
  for (std::int64_t key = 1; key <= 8; ++key) {
    add(kParents, EntryKind::kInsert, row_of(key, "good"));
    add(kChildren, EntryKind::kReplaceNew, bag_of(key, {key == 5 ? -1 : 1}));
  }
  commit();
  must_apply(0, 1);
  EXPECT_EQ(parents().size(), 8U);
  EXPECT_EQ(children().size(), 7U);
  EXPECT_THAT(rows("SELECT field FROM {schema}.letters"), ElementsAre("children k=5"));
}

TEST_F(LaneWriterTest, MoreRefusalsThanAllowedStopThePipelineAndLoseNothing) {
  context.max_refusals = 5;
  writer = std::make_unique<LaneWriter>(small_tables(), context, hooks);
  for (std::int64_t key = 1; key <= 6; ++key) {
    add(kParents, EntryKind::kInsert, row_of(key, "bad"));
  }
  commit();
  const LaneOutcome outcome = apply(0, 1);
  EXPECT_EQ(outcome.ending, Ending::kRolledBack);
  EXPECT_EQ(outcome.error.code, Errc::kFatal);
  EXPECT_THAT(outcome.error.message, HasSubstr("sink.max_refusals = 5"));
  EXPECT_THAT(outcome.error.message, HasSubstr("parents_value_check"));
  EXPECT_THAT(rows("SELECT * FROM {schema}.letters"), IsEmpty());
  run("ALTER TABLE {schema}.parents DROP CONSTRAINT parents_value_check");
  writer = std::make_unique<LaneWriter>(small_tables(), context, hooks);
  must_apply(0, 1);
  EXPECT_EQ(parents().size(), 6U);
}

TEST_F(LaneWriterTest, AsManyRefusalsAsAllowedAreStillLetters) {
  context.max_refusals = 5;
  writer = std::make_unique<LaneWriter>(small_tables(), context, hooks);
  for (std::int64_t key = 1; key <= 5; ++key) {
    add(kParents, EntryKind::kInsert, row_of(key, "bad"));
  }
  commit();
  must_apply(0, 1);
  EXPECT_EQ(rows("SELECT * FROM {schema}.letters").size(), 5U);
}

TEST_F(LaneWriterTest, ARowSomebodyDeletedIsSentWholeAgainWithItsChildren) {
  add(kParents, EntryKind::kInsert, row_of(1, "one"));
  add(kChildren, EntryKind::kReplaceNew, bag_of(1, {5, 6}));
  commit();
  must_apply(0, 1);
  run("DELETE FROM {schema}.parents");
  add(kParents, EntryKind::kUpdate, row_of(1, "uno"));
  commit();
  owned = {row_of(1, 5), row_of(1, 6)};
  must_apply(1, 2);
  EXPECT_THAT(parents(), ElementsAre("1|uno"));
  EXPECT_THAT(children(), ElementsAre("1|5", "1|6"));
  EXPECT_EQ(owned_asked, 1);
}

TEST_F(LaneWriterTest, ChildrenThatTheEpochReplacesAnywayAreNotAskedFor) {
  add(kParents, EntryKind::kInsert, row_of(1, "one"));
  commit();
  must_apply(0, 1);
  run("DELETE FROM {schema}.parents");
  add(kParents, EntryKind::kUpdate, row_of(1, "uno"));
  add(kChildren, EntryKind::kReplace, bag_of(1, {9}));
  commit();
  must_apply(1, 2);
  EXPECT_THAT(children(), ElementsAre("1|9"));
  EXPECT_EQ(owned_asked, 0);
}

TEST_F(LaneWriterTest, ALostConnectionBeforeTheCommitLeavesNothingBehind) {
  add(kParents, EntryKind::kInsert, row_of(1, "one"));
  commit();
  end_backend(*connection);
  const LaneOutcome outcome = apply(0, 1);
  EXPECT_EQ(outcome.ending, Ending::kRolledBack);
  EXPECT_EQ(outcome.error.code, Errc::kDatabaseDown);
  EXPECT_THAT(parents(), IsEmpty());
  connection = connect();
  ASSERT_TRUE(writer->prepare(*connection));
  must_apply(0, 1);
}

TEST_F(LaneWriterTest, AConstraintThatFiresAtCommitIsNotTakenForApplied) {
  run("ALTER TABLE {schema}.children DROP CONSTRAINT children_k_fkey; "
      "ALTER TABLE {schema}.children ADD CONSTRAINT late FOREIGN KEY (k) REFERENCES "
      "{schema}.parents DEFERRABLE INITIALLY DEFERRED");
  add(kChildren, EntryKind::kReplaceNew, bag_of(1, {5}));
  commit();
  const LaneOutcome outcome = apply(0, 1);
  EXPECT_EQ(outcome.ending, Ending::kRolledBack);
  EXPECT_THAT(children(), IsEmpty());
  EXPECT_THAT(epoch_row(), HasSubstr("0|"));
}

TEST(RefusalWatch, LooksAtAboutTheLastThousandRowsOfATable) {
  RefusalWatch watch;
  watch.on_rows("a", 0, 60);
  EXPECT_EQ(watch.refused_lately("a"), 60U);
  EXPECT_EQ(watch.refused_lately("b"), 0U);
  watch.on_rows("a", 500, 0);
  EXPECT_EQ(watch.refused_lately("a"), 60U);
  watch.on_rows("a", 500, 3);
  EXPECT_EQ(watch.refused_lately("a"), 3U) << "the first sixty are more than 1 000 rows ago";
}

}  // namespace
}  // namespace lensart::storage
