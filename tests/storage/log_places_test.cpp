// Where the newest values of logged trees stand: the bytes, groups of neighbours, and how a state
// without groups is taken over.

#include "storage/log_places.hpp"

#include <rapidcheck/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

#include "storage/codec.hpp"
#include "storage/place_writer.hpp"
#include "tests/storage/hex.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::storage {
namespace {

class GroupingTest : public StateFixture {};

TEST_F(GroupingTest, PlacesByKeyAreGroupedWhenTheirTreeIsOpenedSo) {
  open();
  Table orders = *store->logged_table("orders");
  EpochCommit epoch = next_epoch();
  epoch.changes.resize(1);
  for (std::uint64_t key = 0; key < 1'000; ++key) {
    epoch.changes[0].put(orders, key_of(key * key), std::to_string(key));
  }
  epoch.changes[0].erase(orders, key_of(7));
  commit(epoch);
  close();

  StateStoreOptions viewing = options();
  viewing.read_only = true;
  open(viewing);
  ASSERT_EQ(*store->logged_table("orders", PlaceLayout::kGrouped),
            store->tables().find("orders")->second);
  EXPECT_EQ(store->tables().count("orders.recent64"), 0U) << "a viewer takes it as it is";
  EXPECT_EQ(*store->read()->count(store->tables().find("orders")->second), 1'000U);

  for (int start = 0; start < 2; ++start) {
    reopen();
    orders = *store->logged_table("orders", PlaceLayout::kGrouped);
    const auto txn = store->read();
    EXPECT_EQ(*txn->count(store->tables().find("orders.recent")->second), 0U);
    EXPECT_EQ(*txn->count_places(
                  {orders, store->tables().find("orders.recent64")->second, PlaceLayout::kGrouped}),
              1'001U);
    EXPECT_EQ(*txn->count(orders), 1'000U);
    for (std::uint64_t key = 0; key < 1'000; ++key) {
      EXPECT_EQ(**txn->get(orders, key_of(key * key)), std::to_string(key));
    }
  }
}

TEST_F(GroupingTest, AStartThatEndedBeforeTheGroupingIsDoneAgain) {
  open();
  Table orders = *store->logged_table("orders");
  EpochCommit epoch = next_epoch();
  epoch.changes.resize(1);
  epoch.changes[0].put(orders, key_of(5), "five");
  commit(epoch);
  ASSERT_TRUE(store->table("orders.recent64"));  // made, and nothing moved into it
  close();
  open();
  orders = *store->logged_table("orders", PlaceLayout::kGrouped);
  EXPECT_EQ(**store->read()->get(orders, key_of(5)), "five");
  EXPECT_EQ(*store->read()->count(store->tables().find("orders.recent")->second), 0U);
}

TEST_F(GroupingTest, APlaceThatTheLogNeverHadIsCorruption) {
  for (const auto& [key, place] : std::vector<std::pair<std::string, LogPlace>>{
           {key_of(4), {std::uint64_t{1} << 40, 0}},  // it would look like number 5
           {key_of(4), {0, 0x1'0000}},
           {"short", {0, 0}}}) {
    open();
    const Table orders = *store->logged_table("orders");
    const Table by_key = store->tables().find("orders.recent")->second;
    ASSERT_TRUE(store->write([&, &k = key, &p = place](WriteTransaction& txn) -> Result<Unit> {
      LENSART_TRY(txn.clear(by_key));
      return txn.put(by_key, k, encode(p));
    }));
    const auto grouped = store->logged_table("orders", PlaceLayout::kGrouped);
    ASSERT_FALSE(grouped);
    EXPECT_EQ(grouped.error().code, Errc::kStateCorrupt);
    EXPECT_EQ(*store->read()->count_places({orders, by_key, PlaceLayout::kByKey}), 1U);
    close();
  }
}

/// Groups come and go all over a tree of many pages.
TEST_F(GroupingTest, ALargeTreeOfGroupsIsAMapOfItsPlaces) {
  open();
  const LoggedTree tree{*store->table("orders"), *store->table("orders.recent64"),
                        PlaceLayout::kGrouped};
  std::map<std::uint64_t, std::uint64_t> model;
  std::mt19937_64 random(7);
  for (unsigned epoch = 1; epoch <= 60; ++epoch) {
    std::map<std::uint64_t, bool> changes;  // whether it is put
    const unsigned puts_in_ten = epoch % 20 < 10 ? 8 : 1;
    for (int i = 0; i < 3'000; ++i) {
      // Dense at the one end, one of a group at the other.
      const std::uint64_t number = i % 2 == 0 ? random() % 20'000 : (random() % 20'000) << 32;
      changes[number] = random() % 10 < puts_in_ten;
    }
    ASSERT_TRUE(store->write([&](WriteTransaction& txn) -> Result<Unit> {
      PlaceWriter writer(txn);
      for (const auto& [number, is_put] : changes) {
        LENSART_TRY(is_put ? writer.put(tree, key_of(number), {epoch, 0})
                           : writer.erase(tree, key_of(number)));
      }
      return writer.finish();
    }));
    for (const auto& [number, is_put] : changes) {
      if (is_put) {
        model[number] = epoch;
      } else {
        model.erase(number);
      }
    }
    ASSERT_TRUE(store->write([&](WriteTransaction& txn) -> Result<Unit> {
      LENSART_ASSIGN(PlaceCursor cursor, txn.places(tree, ""));
      for (const auto& [number, chunk] : model) {
        EXPECT_TRUE(cursor.valid());
        EXPECT_EQ(key_to_u64(cursor.key()), number);
        EXPECT_EQ(cursor.place().chunk, chunk);
        LENSART_TRY(cursor.next());
      }
      EXPECT_FALSE(cursor.valid());
      return Unit{};
    })) << epoch;
    ASSERT_FALSE(HasFailure()) << "after epoch " << epoch;
    ASSERT_EQ(*store->read()->count_places(tree), model.size());
  }
}

TEST(LogFormatTest, GoldenBytes) {
  std::string chunk;
  append_log_entry(chunk, {"key", "value"});
  append_log_entry(chunk, {"gone", std::nullopt});
  EXPECT_EQ(hex(chunk),
            "0300"
            "05000000"
            "6b6579"
            "76616c7565"
            "0400"
            "ffffffff"
            "676f6e65");
  EXPECT_EQ(hex(encode(LogPlace{258, 3})),
            "0201000000000000"
            "03000000");
}

TEST(PlaceGroupTest, GoldenBytes) {
  PlaceGroup group(group_of(0x1234'5678));
  group.put(0x1234'567F, {kMaxLogChunk, 65'535});
  group.put(0x1234'5641, {258, 3});
  EXPECT_EQ(group.first(), 0x1234'5640U);
  EXPECT_EQ(hex_unsigned(group.encode()),
            "01"
            "0300020100000001"
            "ffffffffffffff3f");
}

TEST(PlaceGroupTest, WhatIsNoGroupIsRefused) {
  PlaceGroup group(64);
  EXPECT_FALSE(PlaceGroup::decode(64, group.encode())) << "an empty one is erased, not written";
  group.put(65, {1, 2});
  const std::string right = group.encode();
  EXPECT_TRUE(PlaceGroup::decode(64, right));
  EXPECT_FALSE(PlaceGroup::decode(65, right)) << "no group begins there";
  EXPECT_FALSE(PlaceGroup::decode(64, seal(1, right.substr(1, 7))));
  const auto entries = [](const std::vector<std::uint64_t>& lows) {
    std::string out;
    for (const std::uint64_t low : lows) ByteWriter(out).number(low << 56);
    return seal(1, out);
  };
  EXPECT_TRUE(PlaceGroup::decode(64, entries({0, 1, 63})));
  EXPECT_FALSE(PlaceGroup::decode(64, entries({0, 1, 64})));
  EXPECT_FALSE(PlaceGroup::decode(64, entries({1, 0})));
  EXPECT_FALSE(PlaceGroup::decode(64, entries({1, 1})));
  EXPECT_FALSE(PlaceGroup::decode(64, entries(std::vector<std::uint64_t>(65, 1))));
}

/// A group is a map.
RC_GTEST_PROP(PlaceGroup, IsAMapOfItsNumbers, ()) {
  const std::uint64_t first = group_of(*rc::gen::arbitrary<std::uint64_t>());
  PlaceGroup group(first);
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint32_t>> model;
  const int steps = *rc::gen::inRange(1, 300);
  for (int i = 0; i < steps; ++i) {
    const std::uint64_t number = first + *rc::gen::inRange<std::uint64_t>(0, kKeysAGroup);
    if (*rc::gen::inRange(0, 3) == 0) {
      group.erase(number);
      model.erase(number);
    } else {
      const LogPlace place{*rc::gen::inRange<std::uint64_t>(0, kMaxLogChunk + 1),
                           *rc::gen::inRange<std::uint32_t>(0, 65'536)};
      group.put(number, place);
      model[number] = {place.chunk, place.offset};
    }
  }
  if (!model.empty()) {
    const auto again = PlaceGroup::decode(first, group.encode());
    RC_ASSERT(again.has_value());
    group = *again;
  }
  RC_ASSERT(group.size() == model.size());
  std::size_t index = 0;
  for (const auto& [number, place] : model) {
    RC_ASSERT(group.number_at(index) == number);
    RC_ASSERT(group.place_at(index).chunk == place.first);
    RC_ASSERT(group.place_at(index).offset == place.second);
    RC_ASSERT(group.find(number).has_value());
    ++index;
  }
  for (std::uint64_t number = first; number - first < kKeysAGroup; ++number) {
    RC_ASSERT(group.find(number).has_value() == (model.count(number) == 1));
  }
}

}  // namespace
}  // namespace lensart::storage
