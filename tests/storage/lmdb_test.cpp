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
