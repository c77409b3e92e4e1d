// The changes of all lanes in one order.

#include "storage/change_set.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lensart::storage {
namespace {

TEST(SortedChanges, OfNoSetsThereAreNone) {
  EXPECT_TRUE(sorted_changes({}).empty());
  EXPECT_TRUE(sorted_changes(std::vector<ChangeSet>(3)).empty());
}

TEST(SortedChanges, AKeyComesBeforeThoseThatBeginWithIt) {
  std::vector<ChangeSet> sets(1);
  const std::vector<std::string> keys = {std::string("a"),
                                         std::string("a\0", 2),
                                         std::string("a\0\0\0\0\0\0\0", 8),
                                         std::string("a\0\0\0\0\0\0\0\0", 9),
                                         std::string("a\0\0\0\0\0\0\0\0\0\0\0", 12),
                                         std::string("a\0\0\0\0\0\0\0\0\0\0\0\0", 13),
                                         std::string("a\0\0\0\0\0\0\0\0\0\0\0\1", 13),
                                         std::string("a\0\0\0\0\0\0\0\0\0\0\xff", 12),
                                         std::string("\xff")};
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) sets[0].put(1, *key, *key);
  const std::vector<StateChange> changes = sorted_changes(sets);
  ASSERT_EQ(changes.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(changes[i].key, keys[i]) << i;
    EXPECT_EQ(changes[i].value, keys[i]) << i;
  }
}

/// Trees in their order, keys in that of their bytes, and of several changes to one key the last.
RC_GTEST_PROP(SortedChanges, AreTheLastOfEachKeyInOrder, ()) {
  std::vector<ChangeSet> sets(*rc::gen::inRange<std::size_t>(1, 4));
  std::map<std::pair<Table, std::string>, std::optional<std::string>> model;
  const auto letter = rc::gen::element('\0', '\1', 'a', '\x7f', '\x80', '\xff');
  for (ChangeSet& set : sets) {  // of one key in two sets the later set has the last change
    const int changes = *rc::gen::inRange(0, 200);
    for (int i = 0; i < changes; ++i) {
      const Table table = *rc::gen::inRange<Table>(2, 5);
      std::string key(*rc::gen::inRange<std::size_t>(0, 3), 'k');
      key.resize(*rc::gen::element<std::size_t>(1, 2, 7, 8, 9, 11, 12, 13, 20), 'k');
      key.back() = *letter;
      key[key.size() / 2] = *letter;
      if (*rc::gen::inRange(0, 4) == 0) {
        set.erase(table, key);
        model[{table, key}] = std::nullopt;
      } else {
        const std::string value(*rc::gen::inRange<std::size_t>(0, 2'000), *letter);
        set.put(table, key, value);
        model[{table, key}] = value;
      }
    }
  }
  const std::vector<StateChange> changes = sorted_changes(sets);
  RC_ASSERT(changes.size() == model.size());
  std::size_t at = 0;
  for (const auto& [key, value] : model) {
    RC_ASSERT(changes[at].table == key.first);
    RC_ASSERT(changes[at].key == key.second);
    RC_ASSERT(changes[at].value == value);
    ++at;
  }
}

}  // namespace
}  // namespace lensart::storage
