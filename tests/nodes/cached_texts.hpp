/// Texts in a tree and a cache of them: what the tests of the caches have in common.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/codec.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::nodes {

/// A value of the size of its text.
struct Text {
  std::string text;
  static bool decode(std::string_view bytes, Text& value) {
    const storage::Unsealed unsealed = storage::unseal(1, bytes);
    value.text = unsealed.value;
    return unsealed.ok;
  }
  static std::optional<Text> decode(std::string_view bytes) {
    std::optional<Text> value(std::in_place);
    if (!decode(bytes, *value)) value.reset();
    return value;
  }
  std::size_t bytes() const { return text.size(); }
};

template <class Cache>
class CachedTexts : public storage::StateFixture {
 protected:
  void SetUp() override { start(1 << 20); }
  /// As after a restart: nothing in memory.
  void start(std::size_t budget_bytes) {
    if (!store) open();
    table = *store->table("values");
    cache = std::make_unique<Cache>(table, budget_bytes);
  }
  std::string read(std::int64_t key) {
    auto txn = store->read();
    const auto found = cache->find(key, *txn);
    EXPECT_TRUE(found) << found.error().message;
    return found ? (*found)->text : "";
  }
  static void put(storage::ChangeSet& changes, storage::Table table, std::int64_t key,
                  const Text& value) {
    changes.put(table, storage::state_key(key), storage::seal(1, value.text));
  }
  /// Past the cache.
  void write_to_the_tree(std::int64_t key, const std::string& bytes) {
    ASSERT_TRUE(store->write([&](storage::WriteTransaction& txn) {
      return txn.put(table, storage::state_key(key), bytes);
    }));
  }

  void expect_that_damage_is_found_each_time() {
    write_to_the_tree(7, "damaged");
    auto txn = store->read();
    for (int i = 0; i < 2; ++i) {
      const auto found = cache->find(7, *txn);
      ASSERT_FALSE(found);
      EXPECT_EQ(found.error().code, Errc::kStateCorrupt);
    }
    EXPECT_EQ(cache->size(), 0U);
  }
  void expect_that_a_failed_read_is_tried_again() {
    write_to_the_tree(1, storage::seal(1, "a"));
    auto txn = store->read();
    txn->reset();
    EXPECT_FALSE(cache->find(1, *txn));
    EXPECT_EQ(cache->size(), 0U);
    ASSERT_TRUE(txn->renew());
    EXPECT_EQ((*cache->find(1, *txn))->text, "a");
  }

  storage::Table table = 0;
  std::unique_ptr<Cache> cache;
};

}  // namespace lensart::nodes
