// Trees that are a log first: to a reader they are trees like any other.

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "storage/codec.hpp"
#include "storage/log_format.hpp"
#include "storage/state_format.hpp"
#include "tests/storage/hex.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::storage {
namespace {

using ::testing::HasSubstr;

using Pairs = std::map<std::string, std::string>;

/// A key of eight bytes, as the trees with grouped places have them all.
std::string key8(std::string text) {
  text.resize(sizeof(std::uint64_t));
  return text;
}

/// Both layouts of the places must look alike.
class LoggedTablesTest : public StateFixture, public ::testing::WithParamInterface<PlaceLayout> {
 protected:
  StateStoreOptions with_log(std::uint64_t bytes) const {
    StateStoreOptions out = options();
    out.log_bytes = bytes;
    return out;
  }
  void start(std::uint64_t log_bytes) {
    close();
    open(with_log(log_bytes));
    ASSERT_NE(store, nullptr);
    orders = *store->logged_table("orders", GetParam());
    history = *store->logged_table("history");
  }
  void write(const std::function<void(ChangeSet&)>& change) {
    EpochCommit epoch = next_epoch();
    epoch.changes.resize(1);
    change(epoch.changes[0]);
    commit(epoch);
  }
  static Pairs seen(const ReadTransaction& txn, Table table, std::string_view from = "") {
    Pairs out;
    std::string last;
    const auto scanned = txn.scan(table, from, [&](std::string_view key, std::string_view value) {
      EXPECT_LT(last, key) << "not in order";
      last = key;
      out.emplace(key, value);
      return true;
    });
    EXPECT_TRUE(scanned) << scanned.error().message;
    return out;
  }
  std::uint64_t raw_count(const std::string& name) const {
    return *store->read()->count(store->tables().find(name)->second);
  }
  std::string places_name() const {
    return GetParam() == PlaceLayout::kGrouped ? "orders.recent64" : "orders.recent";
  }
  /// How many orders have their value in the log.
  std::uint64_t in_log() const {
    const Table recent = store->tables().find(places_name())->second;
    return *store->read()->count_places({orders, recent, GetParam()});
  }

  /// What has been folded into the tree itself.
  std::optional<std::string> raw_value(const char* name, const std::string& key) {
    std::optional<std::string> out;
    EXPECT_TRUE(store->write([&](WriteTransaction& txn) -> Result<Unit> {
      LENSART_ASSIGN(const auto value, txn.get(store->tables().find(name)->second, key));
      if (value) out = *value;
      return Unit{};
    }));
    return out;
  }

  Table orders = 0;
  Table history = 0;
};

TEST_P(LoggedTablesTest, WhatWasWrittenIsReadAtOnceAndFromTheLogAlone) {
  start(1 << 20);
  write([&](ChangeSet& set) { set.put(orders, key8("a"), "1"); });
  auto txn = store->read();
  EXPECT_EQ(**txn->get(orders, key8("a")), "1");
  EXPECT_FALSE(txn->get(history, "a")->has_value());
  EXPECT_EQ(raw_count("log"), 1U);
  txn->reset();
  EXPECT_EQ(in_log(), 1U);
  EXPECT_EQ(raw_value("orders", key8("a")), std::nullopt) << "it may change again in its round";
}

TEST_P(LoggedTablesTest, AReaderKeepsItsView) {
  start(1 << 20);
  write([&](ChangeSet& set) { set.put(orders, key8("a"), "old"); });
  const auto before = store->read();
  for (int i = 0; i < 50; ++i) {
    write([&](ChangeSet& set) {
      set.put(orders, key8("a"), "new " + std::to_string(i));
      set.put(orders, key8("b" + std::to_string(i)), std::string(5'000, 'x'));
    });
  }
  EXPECT_EQ(**before->get(orders, key8("a")), "old");
  EXPECT_EQ(seen(*before, orders).size(), 1U);
  EXPECT_EQ(**store->read()->get(orders, key8("a")), "new 49");
}

TEST_P(LoggedTablesTest, TheLogStaysBoundedUnderOneHotKeyAndUnderMany) {
  start(256 << 10);
  const std::string value(2'000, 'v');
  std::uint64_t most = 0;
  for (int i = 0; i < 400; ++i) {
    write([&](ChangeSet& set) {
      set.put(orders, key8("hot"), value + std::to_string(i));
      for (std::uint64_t key = 0; key < 10; ++key) {
        set.put(orders, key_of(static_cast<std::uint64_t>(i) * 7919 % 1000 + key), value);
      }
    });
    most = std::max(most, *store->read()->bytes(store->tables().find("log")->second));
  }
  EXPECT_LT(most, 2U * (256 << 10) + (64 << 10)) << "of 9 MB written: two rounds and an epoch";
  EXPECT_GT(most, 256U << 10);
  EXPECT_LT(in_log(), 500U) << "most keys have been folded";
}

TEST_P(LoggedTablesTest, TheLogStaysBoundedWhenStartsFollowEachOther) {
  std::uint64_t most = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    start(128 << 10);  // each writes a twelfth of a round
    write([&](ChangeSet& set) { set.put(orders, key_of(i), std::string(10'000, 'v')); });
    most = std::max(most, *store->read()->bytes(store->tables().find("log")->second));
  }
  EXPECT_LT(most, 3U * (128 << 10) + (32 << 10));
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_TRUE(store->read()->get(orders, key_of(i))->has_value()) << i;
  }
}

TEST_P(LoggedTablesTest, AStartWithALongLogFoldsItOverSeveralEpochs) {
  constexpr std::uint64_t kKeys = 20'000;
  start(64 << 10);
  write([&](ChangeSet& set) {
    for (std::uint64_t key = 0; key < kKeys; ++key) set.put(orders, key_of(key), "some value");
  });
  start(64 << 10);  // with far more than three rounds in the log
  std::uint64_t before = in_log();
  ASSERT_EQ(before, kKeys);
  for (int epoch = 0; epoch < 6; ++epoch) {
    write([&](ChangeSet& set) { set.put(orders, key_of(0), std::to_string(epoch)); });
    const std::uint64_t after = in_log();
    EXPECT_LE(before - after, 5'000U) << "no burst";
    before = after;
  }
  EXPECT_LE(before, 1U) << "all is folded but the one that changes";
  EXPECT_LT(*store->read()->bytes(store->tables().find("log")->second), 64U << 10);
}

TEST_P(LoggedTablesTest, WhatChangesInEveryRoundIsNeverFolded) {
  start(64 << 10);
  for (std::uint64_t i = 0; i < 200; ++i) {
    write([&](ChangeSet& set) {
      set.put(orders, key_of(0), "hot " + std::to_string(i));
      set.put(orders, key_of(1 + i), std::string(4'000, 'v'));
    });
  }
  EXPECT_EQ(raw_value("orders", key_of(0)), std::nullopt) << "200 times written, 12 rounds";
  EXPECT_NE(raw_value("orders", key_of(1)), std::nullopt);
  EXPECT_EQ(**store->read()->get(orders, key_of(0)), "hot 199");
}

TEST_P(LoggedTablesTest, ARefusedCommitChangesNothingAndTheNextGoesOn) {
  start(64 << 10);
  write([&](ChangeSet& set) { set.put(orders, key8("a"), "1"); });
  EpochCommit wrong = next_epoch();
  wrong.changes.resize(1);
  wrong.changes[0].put(orders, key8("b"), "2");
  wrong.changes[0].put(orders, std::string(600, 'k'), "LMDB takes keys of 511 bytes");
  EXPECT_FALSE(store->commit(wrong, incarnation));
  EXPECT_FALSE(store->read()->get(orders, key8("b"))->has_value());
  write([&](ChangeSet& set) { set.put(orders, key8("c"), "3"); });
  EXPECT_EQ(seen(*store->read(), orders), (Pairs{{key8("a"), "1"}, {key8("c"), "3"}}));
}

TEST_P(LoggedTablesTest, AViewerFindsTheLogByItself) {
  start(1 << 20);
  for (int i = 0; i < 20; ++i) {
    write([&](ChangeSet& set) {
      set.put(orders, key8(std::to_string(i)), std::string(20'000, 'x'));
    });
  }
  close();
  StateStoreOptions viewing = options();
  viewing.read_only = true;
  open(viewing);
  const auto txn = store->read();
  EXPECT_EQ(*txn->count(store->tables().find("orders")->second), 20U);
  EXPECT_EQ(seen(*txn, store->tables().find("orders")->second).size(), 20U);
}

TEST_P(LoggedTablesTest, AWriterThatOpensOneTreeKeepsWhatTheOthersHaveInTheLog) {
  start(64 << 10);
  write([&](ChangeSet& set) { set.put(history, "kept", std::string(5'000, 'h')); });
  close();
  open(with_log(64 << 10));
  orders = *store->logged_table("orders", GetParam());
  for (int i = 0; i < 50; ++i) {
    write([&](ChangeSet& set) {
      set.put(orders, key8(std::to_string(i)), std::string(20'000, 'x'));
    });
  }
  const Table again = *store->logged_table("history");
  EXPECT_EQ((*store->read()->get(again, "kept"))->size(), 5'000U);
}

TEST_P(LoggedTablesTest, AStateOfFormatOneIsTakenOver) {
  open();
  const Table before = *store->table("orders");
  write([&](ChangeSet& set) { set.put(before, key8("a"), "1"); });
  StateMeta meta;
  meta.format = 1;
  meta.pipeline = "lensart";
  meta.fingerprint = "f1";
  const Table metas = *store->table("meta");
  ASSERT_TRUE(
      store->write([&](WriteTransaction& txn) { return txn.put(metas, "meta", encode(meta)); }));
  start(1 << 20);
  write([&](ChangeSet& set) { set.put(orders, key8("b"), "2"); });
  EXPECT_EQ(seen(*store->read(), orders), (Pairs{{key8("a"), "1"}, {key8("b"), "2"}}));
  const auto txn = store->read();
  EXPECT_EQ(decode_meta(**txn->get(*store->table("meta"), "meta"))->format, kStateFormat);
}

TEST_P(LoggedTablesTest, APlaceThatHoldsAnotherKeyIsCorruption) {
  start(1 << 20);
  write([&](ChangeSet& set) {
    for (int i = 0; i < 50; ++i) {
      set.put(orders, key8(std::to_string(10 + i)), std::string(5'000, 'x'));
    }
  });
  const std::string key = key8("30");
  const bool grouped = GetParam() == PlaceLayout::kGrouped;
  const std::uint64_t number = key_to_u64(key);
  const std::string entry = grouped ? key_of(group_of(number)) : key;
  const Table recent = *store->table(places_name().c_str());
  std::vector<std::string> all_wrong;
  {
    const auto txn = store->read();
    const std::string right(**txn->get(recent, entry));
    all_wrong = {"", right.substr(1), right.substr(0, right.size() - 1), right + "x"};
    for (std::size_t at = 0; grouped && at < right.size(); ++at) {
      all_wrong.push_back(right);
      all_wrong.back()[at] = static_cast<char>(all_wrong.back()[at] ^ 4);
    }
  }
  for (const LogPlace& place : {LogPlace{0, 0}, LogPlace{0, 7}, LogPlace{77, 0},
                                LogPlace{0, 65'535}, LogPlace{kMaxLogChunk, 0}}) {
    PlaceGroup group(group_of(number));
    group.put(number, place);
    all_wrong.push_back(grouped ? group.encode() : encode(place));
  }
  for (const std::string& wrong : all_wrong) {
    ASSERT_TRUE(store->write([&](WriteTransaction& txn) { return txn.put(recent, entry, wrong); }));
    const auto txn = store->read();
    const auto value = txn->get(orders, key);
    ASSERT_FALSE(value) << hex(wrong);
    EXPECT_EQ(value.error().code, Errc::kStateCorrupt);
    EXPECT_THAT(value.error().message, HasSubstr("state adopt"));
    EXPECT_FALSE(txn->scan(orders, "", [](auto, auto) { return true; }));
    EXPECT_FALSE(txn->count(orders));
  }
}

TEST_P(LoggedTablesTest, OnlyNumbersAreGrouped) {
  start(1 << 20);
  write([&](ChangeSet& set) { set.put(orders, key8("a"), "1"); });
  EpochCommit wrong = next_epoch();
  wrong.changes.resize(1);
  wrong.changes[0].put(orders, "short", "2");
  EXPECT_EQ(store->commit(wrong, incarnation).has_value(), GetParam() == PlaceLayout::kByKey);
  const auto txn = store->read();
  EXPECT_EQ(txn->get(orders, "short")->has_value(), GetParam() == PlaceLayout::kByKey);
  EXPECT_EQ(**txn->get(orders, key8("a")), "1");
}

INSTANTIATE_TEST_SUITE_P(Layouts, LoggedTablesTest,
                         ::testing::Values(PlaceLayout::kByKey, PlaceLayout::kGrouped),
                         [](const auto& tested) {
                           return tested.param == PlaceLayout::kGrouped ? "Grouped" : "ByKey";
                         });

/// Whatever is put and erased, in epochs of any size, with starts in between: what a reader sees of
/// a logged tree is what it sees of a plain one.
RC_GTEST_PROP(LoggedTables, AreToAReaderWhatAPlainTreeIs, ()) {
  const TemporaryDirectory directory;
  StateStoreOptions options;
  options.directory = directory.path() + "/state";
  options.log_bytes = *rc::gen::element<std::uint64_t>(4'096, 65'536, 1 << 20);
  std::unique_ptr<StateStore> store;
  std::array<Table, 2> logged{};
  std::array<Table, 2> plain{};
  const auto open = [&] {
    store.reset();
    auto opened = StateStore::open(options);
    RC_ASSERT(opened.has_value());
    store = std::move(*opened);
    logged = {*store->logged_table("a", PlaceLayout::kGrouped), *store->logged_table("b")};
    plain = {*store->table("plain a"), *store->table("plain b")};
  };
  open();
  const int epochs = *rc::gen::inRange(1, 40);
  for (int i = 0; i < epochs; ++i) {
    EpochCommit epoch;
    epoch.number = store->chain().back().number + 1;
    epoch.changes.resize(2);
    const int changes = *rc::gen::inRange(0, 60);
    for (int change = 0; change < changes; ++change) {
      const auto key = key_of(*rc::gen::inRange<std::uint64_t>(0, 200));
      const auto which = *rc::gen::inRange<std::size_t>(0, 2);
      ChangeSet& set = epoch.changes[which];
      if (*rc::gen::inRange(0, 4) == 0) {
        set.erase(logged[which], key);
        set.erase(plain[which], key);
      } else {
        const std::string value(*rc::gen::inRange<std::size_t>(0, 3'000),
                                static_cast<char>('a' + i));
        set.put(logged[which], key, value);
        set.put(plain[which], key, value);
      }
    }
    RC_ASSERT(store->commit(epoch, Incarnation{}).has_value());
    if (*rc::gen::inRange(0, 4) != 0) RC_ASSERT(store->fold().has_value());
    if (*rc::gen::inRange(0, 8) == 0) open();
    const auto txn = store->read();
    for (std::size_t which = 0; which < 2; ++which) {
      const auto all = [&](Table table, std::string_view from) {
        std::vector<std::pair<std::string, std::string>> out;
        const auto scanned =
            txn->scan(table, from, [&](std::string_view key, std::string_view value) {
              out.emplace_back(key, value);
              return true;
            });
        RC_ASSERT(scanned.has_value());
        return out;
      };
      RC_ASSERT(all(logged[which], "") == all(plain[which], ""));
      const auto key = key_of(*rc::gen::inRange<std::uint64_t>(0, 200));
      RC_ASSERT(all(logged[which], key) == all(plain[which], key));
      RC_ASSERT(*txn->get(logged[which], key) == *txn->get(plain[which], key));
      RC_ASSERT(*txn->count(logged[which]) == *txn->count(plain[which]));
    }
  }
}

}  // namespace
}  // namespace lensart::storage
