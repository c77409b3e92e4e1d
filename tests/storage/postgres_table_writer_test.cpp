#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/postgres/table_writer.hpp"
#include "tests/storage/postgres_fixture.hpp"

namespace lensart::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WriterFixture : public PostgresFixture {
 protected:
  void SetUp() override {
    PostgresFixture::SetUp();
    make_small_tables();
    for (const TableSpec& table : small_tables().tables()) {
      statements.emplace_back(table, schema);
      run(statements.back().create_stage);
    }
  }
  void add(std::uint8_t table, EntryKind kind, const std::string& body) {
    entries.push_back({table, kind, body});
  }
  /// Writes what was added to a table since the last write, in a transaction.
  Result<Unit> write(std::uint8_t id, WriteMode mode) {
    LaneGroup group(small_tables());
    for (const auto& [table, kind, body] : entries) group.add({table, kind, {}, body});
    group.close();
    std::vector<const KeyChange*> changes;
    for (const TableChanges& of : group.tables()) {
      if (of.table->id != id) continue;
      for (const KeyChange& change : of.changes) changes.push_back(&change);
    }
    LENSART_TRY(admin->run("BEGIN"));
    TableWriter writer(*admin, statements[small_tables().index_of(id)]);
    const auto done = writer.apply(changes, mode);
    LENSART_TRY(admin->run(done ? "COMMIT" : "ROLLBACK"));
    entries.clear();
    return done;
  }
  void must_write(std::uint8_t id, WriteMode mode) {
    const auto done = write(id, mode);
    ASSERT_TRUE(done) << done.error().message;
  }
  Errc refused(std::uint8_t id, WriteMode mode) {
    const auto done = write(id, mode);
    EXPECT_FALSE(done);
    if (done) return Errc::kBadUsage;
    message = done.error().message;
    return done.error().code;
  }
  std::vector<std::string> parents() {
    return rows("SELECT k, value FROM {schema}.parents ORDER BY k");
  }
  std::vector<std::string> children() {
    return rows("SELECT k, line FROM {schema}.children ORDER BY k, line");
  }

  struct Entry {
    std::uint8_t table;
    EntryKind kind;
    std::string body;
  };
  std::vector<Entry> entries;
  std::vector<TableStatements> statements;
  std::string message;
};

class TableWriterTest : public WriterFixture, public ::testing::WithParamInterface<WriteMode> {};
using CarefulWriterTest = WriterFixture;

TEST_P(TableWriterTest, AppendedRowsGoIn) {
  add(kLog, EntryKind::kAppend, row_of(1, "t\t1"));
  add(kLog, EntryKind::kAppend, row_of(2, "t2"));
  must_write(kLog, GetParam());
  EXPECT_THAT(rows("SELECT * FROM {schema}.log ORDER BY id"), ElementsAre("1|t\t1", "2|t2"));
}

TEST_P(TableWriterTest, TheLastRowOfAKeyStands) {
  add(kParents, EntryKind::kInsert, row_of(1, "one"));
  add(kParents, EntryKind::kInsert, row_of(2, "two"));
  add(kParents, EntryKind::kInsert, row_of(3, "three"));
  must_write(kParents, GetParam());
  add(kParents, EntryKind::kUpdate, row_of(1, "uno"));
  add(kParents, EntryKind::kDelete, key_of_row(2));
  add(kParents, EntryKind::kInsert, row_of(4, "four"));
  must_write(kParents, GetParam());
  EXPECT_THAT(parents(), ElementsAre("1|uno", "3|three", "4|four"));
}

TEST_P(TableWriterTest, AnOwnersRowsAreReplacedWhole) {
  run("INSERT INTO {schema}.parents SELECT g, 'p' FROM generate_series(1, 4) g");
  add(kChildren, EntryKind::kReplaceNew, bag_of(1, {5, 5, 7}));
  add(kChildren, EntryKind::kReplaceNew, bag_of(2, {8}));
  add(kChildren, EntryKind::kReplaceNew, bag_of(3, {9}));
  must_write(kChildren, GetParam());
  EXPECT_THAT(children(), ElementsAre("1|5", "1|5", "1|7", "2|8", "3|9"));
  add(kChildren, EntryKind::kReplace, bag_of(1, {6}));
  add(kChildren, EntryKind::kReplace, bag_of(2, {}));
  add(kChildren, EntryKind::kDelete, key_of_row(3));
  add(kChildren, EntryKind::kReplaceNew, bag_of(4, {}));
  must_write(kChildren, GetParam());
  EXPECT_THAT(children(), ElementsAre("1|6"));
}

TEST_P(TableWriterTest, SumsAddUpAndBoundsWiden) {
  const auto sum = [](std::int64_t key, std::int64_t low, std::int64_t high, std::int64_t total) {
    std::string out;
    for (const std::int64_t cell : {key, low, high, total}) RowWriter(out).bigint(cell);
    return out;
  };
  add(kSums, EntryKind::kAdd, sum(1, 10, 12, 3));
  must_write(kSums, GetParam());
  add(kSums, EntryKind::kAdd, sum(1, 8, 11, 4));
  add(kSums, EntryKind::kAdd, sum(2, 1, 1, 1));
  must_write(kSums, GetParam());
  EXPECT_THAT(rows("SELECT * FROM {schema}.sums ORDER BY k"), ElementsAre("1|8|12|7", "2|1|1|1"));
}

TEST_P(TableWriterTest, ARowThatIsThereAlreadyStays) {
  std::string letter;
  RowWriter(letter).text(std::string_view("field"));
  RowWriter(letter).text(std::string_view("first"));
  add(kLetters, EntryKind::kOnce, letter);
  must_write(kLetters, GetParam());
  letter.replace(letter.find("first"), 5, "later");
  add(kLetters, EntryKind::kOnce, letter);
  must_write(kLetters, GetParam());
  EXPECT_THAT(rows("SELECT * FROM {schema}.letters"), ElementsAre("field|first"));
}

TEST_P(TableWriterTest, ARowOfBadDataIsRefused) {
  add(kParents, EntryKind::kInsert, row_of(1, "good"));
  add(kParents, EntryKind::kInsert, row_of(2, "bad"));
  EXPECT_EQ(refused(kParents, GetParam()), Errc::kRowRefused);
  EXPECT_THAT(parents(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(BothModes, TableWriterTest,
                         ::testing::Values(WriteMode::kFast, WriteMode::kCareful),
                         [](const auto& mode) {
                           return mode.param == WriteMode::kFast ? "Fast" : "Careful";
                         });

TEST_P(TableWriterTest, FastNoticesAnUpdateWithoutARowAndCarefulInsertsIt) {
  add(kParents, EntryKind::kUpdate, row_of(1, "one"));
  if (GetParam() == WriteMode::kFast) {
    EXPECT_EQ(refused(kParents, WriteMode::kFast), Errc::kRowsMissing);
    EXPECT_THAT(message, HasSubstr("1 rows to update, 0 found"));
    return;
  }
  must_write(kParents, WriteMode::kCareful);
  EXPECT_THAT(parents(), ElementsAre("1|one"));
}

TEST_P(TableWriterTest, FastNoticesAnInsertOfARowThatIsThereAndCarefulUpdatesIt) {
  run("INSERT INTO {schema}.parents VALUES (1, 'old')");
  add(kParents, EntryKind::kInsert, row_of(1, "new"));
  if (GetParam() == WriteMode::kFast) {
    EXPECT_EQ(refused(kParents, WriteMode::kFast), Errc::kRowsMissing);
    return;
  }
  must_write(kParents, WriteMode::kCareful);
  EXPECT_THAT(parents(), ElementsAre("1|new"));
}

TEST_P(TableWriterTest, AnAppendedRowThatIsThereIsOursOrStopsThePipeline) {
  run("INSERT INTO {schema}.log VALUES (1, 'ours'), (2, 'theirs')");
  add(kLog, EntryKind::kAppend, row_of(1, "ours"));
  if (GetParam() == WriteMode::kFast) {
    EXPECT_EQ(refused(kLog, WriteMode::kFast), Errc::kRowsMissing);
    return;
  }
  must_write(kLog, WriteMode::kCareful);
  add(kLog, EntryKind::kAppend, row_of(2, "ours"));
  EXPECT_EQ(refused(kLog, WriteMode::kCareful), Errc::kStateMismatch);
  EXPECT_THAT(message, HasSubstr("id = 2"));
}

TEST_F(CarefulWriterTest, ReplacesABagThatIsThereThoughItShouldNotBe) {
  run("INSERT INTO {schema}.parents VALUES (1, 'p'); INSERT INTO {schema}.children VALUES (1, 3)");
  add(kChildren, EntryKind::kReplaceNew, bag_of(1, {4}));
  must_write(kChildren, WriteMode::kCareful);
  EXPECT_THAT(children(), ElementsAre("1|4"));
}

TEST_P(TableWriterTest, MissingNamesTheKeysWithoutARow) {
  run("INSERT INTO {schema}.parents VALUES (1, 'p')");
  KeyChange there;
  const std::string first = key_of_row(1);
  there.key = first;
  KeyChange gone;
  const std::string second = key_of_row(2);
  gone.key = second;
  const std::vector<const KeyChange*> changes{&there, &gone};
  run("BEGIN");
  TableWriter writer(*admin, statements[small_tables().index_of(kParents)]);
  const auto missing = writer.missing(changes);
  run("COMMIT");
  ASSERT_TRUE(missing) << missing.error().message;
  EXPECT_THAT(*missing, ElementsAre(second));
}

}  // namespace
}  // namespace lensart::storage
