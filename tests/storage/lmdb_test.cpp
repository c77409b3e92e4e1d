#include "storage/lmdb.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <map>
#include <stdexcept>
#include <thread>

#include "storage/codec.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LmdbTest : public ::testing::Test {
 protected:
  void open(std::uint64_t initial = 1 << 20, std::uint64_t max = 64 << 20) {
    environment.reset();
    EnvironmentOptions options;
    options.directory = directory.path();
    options.initial_size_bytes = initial;
    options.max_size_bytes = max;
    auto opened = Environment::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    environment = std::move(*opened);
    auto made = environment->table("t");
    ASSERT_TRUE(made) << made.error().message;
    table = *made;
  }
  Result<Unit> put(std::uint64_t key, std::string_view value) {
    return environment->write(
        [&](WriteTransaction& txn) { return txn.put(table, key_of(key), value); });
  }
  std::vector<std::uint64_t> keys(std::string_view from = "") {
    std::vector<std::uint64_t> out;
    auto txn = environment->read();
    EXPECT_TRUE(txn->scan(table, from, [&](std::string_view key, std::string_view) {
      out.push_back(key_to_u64(key));
      return true;
    }));
    return out;
  }

  TemporaryDirectory directory;
  std::unique_ptr<Environment> environment;
  Table table = 0;
};

TEST_F(LmdbTest, WhatIsWrittenIsThereAfterAReopen) {
  open();
  ASSERT_TRUE(put(1, "one"));
  open();
  auto txn = environment->read();
  EXPECT_EQ(**txn->get(table, key_of(1)), "one");
  EXPECT_FALSE(txn->get(table, key_of(2))->has_value());
}

TEST_F(LmdbTest, ABodyThatFailsWritesNothing) {
  open();
  const auto failed = environment->write([&](WriteTransaction& txn) -> Result<Unit> {
    LENSART_TRY(txn.put(table, key_of(1), "one"));
    return fail(Errc::kFatal, "no");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "no");
  EXPECT_TRUE(keys().empty());
}

TEST_F(LmdbTest, ABodyThatThrowsWritesNothingAndTheNextOneCan) {
  open();
  EXPECT_THROW(static_cast<void>(environment->write([&](WriteTransaction& txn) -> Result<Unit> {
                 LENSART_TRY(txn.put(table, key_of(1), "one"));
                 throw std::runtime_error("no");
               })),
               std::runtime_error);
  EXPECT_TRUE(put(2, "two"));
  EXPECT_THAT(keys(), ElementsAre(2));
}

TEST_F(LmdbTest, AMapTooSmallGrowsAndLosesNothing) {
  open(64 << 10);
  const std::string value(1000, 'x');
  for (std::uint64_t key = 0; key < 1000; ++key) ASSERT_TRUE(put(key, value)) << key;
  EXPECT_GE(environment->map_size_bytes(), 1U << 20);
  EXPECT_EQ(keys().size(), 1000U);
  EXPECT_GE(environment->map_size_bytes(), environment->used_bytes());
}

TEST_F(LmdbTest, OneTransactionLargerThanTheMapRunsAgainUntilItFits) {
  open(64 << 10);
  int runs = 0;
  const std::string value(100'000, 'x');
  ASSERT_TRUE(environment->write([&](WriteTransaction& txn) -> Result<Unit> {
    ++runs;
    for (std::uint64_t key = 0; key < 20; ++key) LENSART_TRY(txn.append(table, key_of(key), value));
    return Unit{};
  }));
  EXPECT_GT(runs, 1);
  EXPECT_EQ(keys().size(), 20U);
}

TEST_F(LmdbTest, AtItsLargestTheStateIsFullAndKeepsWhatItHas) {
  open(64 << 10, 256 << 10);
  const std::string value(1000, 'x');
  std::uint64_t written = 0;
  Result<Unit> done = Unit{};
  while ((done = put(written, value))) ++written;
  EXPECT_EQ(done.error().code, Errc::kStateFull);
  EXPECT_THAT(done.error().message, HasSubstr("state.max_size (262144 bytes)"));
  EXPECT_GT(written, 50U);
  EXPECT_EQ(keys().size(), written);
  open(64 << 10, 1 << 20);
  EXPECT_EQ(keys().size(), written);
  EXPECT_TRUE(put(written, value)) << "a larger state.max_size mends it";
}

TEST_F(LmdbTest, GrowingWaitsForReadersAndReadersSeeAWholeTransaction) {
  open(64 << 10);
  constexpr std::uint64_t kRounds = 100;
  std::atomic<std::uint64_t> rounds{0};
  std::atomic<int> torn{0};
  const std::string expected(2000, 'x');
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      auto txn = environment->read();
      for (std::uint64_t seen = 0; seen < kRounds; seen = rounds) {
        // Each transaction writes 10 keys: a view that has another number is torn.
        std::uint64_t whole = 0;
        const auto read = txn->scan(table, "", [&](std::string_view, std::string_view value) {
          whole += value == expected ? 1U : 0U;
          return true;
        });
        if (!read || whole % 10 != 0 || whole != *txn->count(table)) ++torn;
        txn->reset();
        rounds.wait(seen);  // readers that never pause would keep the map from growing for ever
        if (!txn->renew()) ++torn;
      }
    });
  }
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    EXPECT_TRUE(environment->write([&](WriteTransaction& txn) -> Result<Unit> {
      for (std::uint64_t i = 0; i < 10; ++i) {
        LENSART_TRY(txn.put(table, key_of(round * 10 + i), expected));
      }
      return Unit{};
    }));
    ++rounds;
    rounds.notify_all();
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(keys().size(), 1000U);
}

TEST_F(LmdbTest, TheSizesCanBeAskedForWhileTheMapGrows) {
  open(1 << 16);
  std::atomic<bool> stop{false};
  std::thread scraper([&] {
    while (!stop) {
      const std::uint64_t used = environment->used_bytes();
      EXPECT_LE(used, environment->map_size_bytes());
    }
  });
  for (std::uint64_t i = 0; i < 64; ++i) ASSERT_TRUE(put(i, std::string(1 << 18, 'x')));
  stop = true;
  scraper.join();
  EXPECT_GE(environment->used_bytes(), 64U << 18);
}

TEST_F(LmdbTest, AReaderKeepsItsViewUntilItIsRenewed) {
  open();
  auto txn = environment->read();
  ASSERT_TRUE(put(1, "one"));
  EXPECT_FALSE(txn->get(table, key_of(1))->has_value());
  txn->reset();
  EXPECT_FALSE(txn->live());
  ASSERT_TRUE(txn->renew());
  EXPECT_TRUE(txn->get(table, key_of(1))->has_value());
}

TEST_F(LmdbTest, ScansBeginAtTheKeyGivenAndEndWhenTold) {
  open();
  for (const std::uint64_t key : {1, 3, 5, 7}) ASSERT_TRUE(put(key, ""));
  EXPECT_THAT(keys(key_of(3)), ElementsAre(3, 5, 7));
  EXPECT_THAT(keys(key_of(4)), ElementsAre(5, 7));
  EXPECT_THAT(keys(key_of(8)), ElementsAre());
  int visited = 0;
  auto txn = environment->read();
  ASSERT_TRUE(
      txn->scan(table, "", [&](std::string_view, std::string_view) { return ++visited < 2; }));
  EXPECT_EQ(visited, 2);
  EXPECT_EQ(key_to_u64(**txn->last_key(table)), 7U);
}

TEST_F(LmdbTest, AnEmptyTableHasNoLastKey) {
  open();
  EXPECT_FALSE(environment->read()->last_key(table)->has_value());
}

/// Runs of sorted puts into two tables, with erased keys, appended ones and ranges between them:
/// the cursor they share must not be led astray by what is done to the pages under it.
RC_GTEST_PROP(LmdbProperty, SortedPutsAreWhatPutsAre, ()) {
  TemporaryDirectory directory;
  EnvironmentOptions options;
  options.directory = directory.path();
  options.initial_size_bytes = 256 << 20;  // a body that is run twice draws other numbers
  auto environment = std::move(*Environment::open(options));
  const Table tables[] = {*environment->table("a"), *environment->table("b")};
  std::map<std::uint64_t, std::string> model[2];
  const auto transactions = *rc::gen::inRange(1, 5);
  for (int i = 0; i < transactions; ++i) {
    RC_ASSERT(environment->write([&](WriteTransaction& txn) -> Result<Unit> {
      const auto runs = *rc::gen::inRange(1, 12);
      for (int run = 0; run < runs; ++run) {
        const auto at = *rc::gen::inRange<std::size_t>(0, 2);
        auto& kept = model[at];
        std::uint64_t key = *rc::gen::inRange<std::uint64_t>(0, 2000);
        const auto stride = *rc::gen::inRange<std::uint64_t>(1, 9);
        const auto count = *rc::gen::inRange(0, 120);
        const std::size_t size = *rc::gen::element<std::size_t>(0, 20, 300, 1500, 9000);
        for (int n = 0; n < count; ++n, key += stride) {
          if (n % 7 == 3) {
            LENSART_TRY(txn.erase(tables[at], key_of(key)));
            kept.erase(key);
          } else {
            kept[key] = std::string(size, static_cast<char>('a' + (run + n) % 26));
            LENSART_TRY(txn.put_sorted(tables[at], key_of(key), kept[key]));
          }
        }
        if (run % 4 != 3) continue;
        LENSART_TRY(txn.erase_range(tables[at], key_of(key / 2), key_of(key)));
        kept.erase(kept.lower_bound(key / 2), kept.lower_bound(key));
      }
      return Unit{};
    }));
  }
  auto txn = environment->read();
  for (const std::size_t at : {0, 1}) {
    std::map<std::uint64_t, std::string> found;
    RC_ASSERT(txn->scan(tables[at], "", [&](std::string_view key, std::string_view value) {
      found.emplace(key_to_u64(key), value);
      return true;
    }));
    RC_ASSERT(found == model[at]);
  }
}

RC_GTEST_PROP(LmdbProperty, ErasingARangeRemovesExactlyItsKeys, ()) {
  TemporaryDirectory directory;
  EnvironmentOptions options;
  options.directory = directory.path();
  options.initial_size_bytes = 4 << 20;
  const auto environment = std::move(*Environment::open(options));
  const Table table = *environment->table("t");
  // Values of very different sizes, so that the range spans pages and their merging.
  const auto count = *rc::gen::inRange<std::uint64_t>(0, 400);
  const auto from = *rc::gen::inRange<std::uint64_t>(0, 420);
  const auto until = *rc::gen::inRange<std::uint64_t>(0, 420);
  const auto size = *rc::gen::element<std::size_t>(0, 40, 900, 3000);
  std::uint64_t erased = 0;
  RC_ASSERT(environment->write([&](WriteTransaction& txn) -> Result<Unit> {
    for (std::uint64_t key = 0; key < count; ++key) {
      LENSART_TRY(txn.put(table, key_of(key), std::string(key % 3 == 0 ? size : 10, 'x')));
    }
    return Unit{};
  }));
  RC_ASSERT(environment->write([&](WriteTransaction& txn) -> Result<Unit> {
    LENSART_ASSIGN(erased, txn.erase_range(table, key_of(from), key_of(until)));
    return Unit{};
  }));
  std::vector<std::uint64_t> left;
  auto txn = environment->read();
  RC_ASSERT(txn->scan(table, "", [&](std::string_view key, std::string_view) {
    left.push_back(key_to_u64(key));
    return true;
  }));
  std::vector<std::uint64_t> expected;
  for (std::uint64_t key = 0; key < count; ++key) {
    if (key < from || key >= until) expected.push_back(key);
  }
  RC_ASSERT(left == expected);
  RC_ASSERT(erased == count - expected.size());
}

}  // namespace
}  // namespace lensart::storage
