#include "apps/jobs/accounts.hpp"

#include "tests/jobs/jobs_fixture.hpp"

namespace lensart::jobs {
namespace {

class AccountsTest : public testing::Test {
 protected:
  AccountsTest() {
    directory.add("order-created", 0, 0);
    directory.add("order-events", 2, 3);
  }
  /// The rows of an epoch closed at `now`.
  std::vector<std::vector<std::string>> close(Instant now) {
    storage::ChunkBuilder outbox;
    accounts.close_epoch(outbox, "lensart", directory, now);
    std::vector<std::vector<std::string>> rows;
    for (const std::string& chunk : outbox.take()) {
      const auto read = storage::for_each_entry(storage::entries_of(chunk, tables()).value(),
                                                [&](const storage::OutboxEntry& entry) {
                                                  EXPECT_EQ(entry.table, kAccounts);
                                                  EXPECT_EQ(entry.kind, storage::EntryKind::kAdd);
                                                  rows.push_back(cells_of(kAccounts, entry.body));
                                                });
      EXPECT_TRUE(read);
    }
    return rows;
  }
  using Row = std::vector<std::string>;

  nodes::SourceDirectory directory;
  Accounts accounts;
};

TEST_F(AccountsTest, EachVerdictHasAColumnAndTheirSumIsConsumed) {
  accounts.add(0, Verdict::kAccepted, 10);
  accounts.add(0, Verdict::kAccepted, 11);
  accounts.add(0, Verdict::kDuplicate, 12);
  accounts.add(0, Verdict::kIgnored, 13);
  accounts.add(0, Verdict::kDeadLettered, 14);
  const auto rows = close(kNoon);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0], (Row{"lensart", "order-created", "0", micros(kNoon), "10", "14", "5", "2", "1",
                          "1", "1", "0"}));
}

TEST_F(AccountsTest, PartitionsHaveRowsOfTheirOwn) {
  accounts.add(0, Verdict::kAccepted, 0);
  accounts.add(1, Verdict::kIgnored, 5);
  const auto rows = close(kNoon);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1], (Row{"lensart", "order-events", "2", micros(kNoon), "5", "5", "1", "0", "0",
                          "1", "0", "0"}));
}

TEST_F(AccountsTest, TheMinuteIsCutNotRounded) {
  accounts.add(0, Verdict::kAccepted, 0);
  EXPECT_EQ(close(kNoon + std::chrono::microseconds(59'999'999))[0][3], micros(kNoon));
  accounts.add(0, Verdict::kAccepted, 1);
  EXPECT_EQ(close(kNoon + std::chrono::seconds(60))[0][3],
            micros(kNoon + std::chrono::seconds(60)));
}

TEST_F(AccountsTest, AnEpochBeginsAnewAndAnEmptyOneHasNoRows) {
  accounts.add(0, Verdict::kAccepted, 0);
  close(kNoon);
  EXPECT_TRUE(close(kNoon).empty());
  accounts.add(0, Verdict::kDuplicate, 7);
  EXPECT_EQ(close(kNoon)[0], (Row{"lensart", "order-created", "0", micros(kNoon), "7", "7", "1",
                                  "0", "1", "0", "0", "0"}));
}

TEST_F(AccountsTest, SkippedOffsetsAreNotConsumed) {
  accounts.skip(0, 3, 8);
  accounts.add(0, Verdict::kAccepted, 8);
  EXPECT_EQ(close(kNoon)[0], (Row{"lensart", "order-created", "0", micros(kNoon), "3", "8", "1",
                                  "1", "0", "0", "0", "5"}));
}

TEST_F(AccountsTest, AGapAloneIsARowToo) {
  accounts.skip(1, 0, 4);
  EXPECT_EQ(close(kNoon)[0], (Row{"lensart", "order-events", "2", micros(kNoon), "0", "3", "0", "0",
                                  "0", "0", "0", "4"}));
}

}  // namespace
}  // namespace lensart::jobs
