// The database in memory refuses what PostgreSQL's foreign keys would.

#include "tests/pipeline/memory_database.hpp"

#include <gtest/gtest.h>

#include "storage/row.hpp"

namespace lensart::rehearsal {
namespace {

using storage::ColumnType;
using storage::EntryKind;
using storage::TableSpec;

constexpr std::uint8_t kParents = 1;
constexpr std::uint8_t kChildren = 2;

/// Parents by one column, children by that one and another.
const storage::TableRegistry& family() {
  static const storage::TableRegistry kRegistry = [] {
    TableSpec parents;
    parents.id = kParents;
    parents.name = "parents";
    parents.columns = {{"k", ColumnType::kBigint}};
    TableSpec children;
    children.id = kChildren;
    children.name = "children";
    children.key_columns = 2;
    children.columns = {
        {"k", ColumnType::kBigint}, {"id", ColumnType::kText}, {"value", ColumnType::kBigint}};
    children.parent = "parents";
    return storage::TableRegistry({parents, children});
  }();
  return kRegistry;
}

class MemoryDatabaseTest : public testing::Test {
 protected:
  MemoryDatabaseTest() { database.lanes.resize(1); }

  bool parent(EntryKind kind, std::int64_t key) {
    std::string body;
    storage::RowWriter(body).bigint(key);
    return apply({kParents, kind, {}, body});
  }
  bool child(EntryKind kind, std::int64_t key, const std::string& id) {
    std::string body;
    storage::RowWriter row(body);
    row.bigint(key);
    row.text(id);
    if (kind != EntryKind::kDelete) row.bigint(key);
    return apply({kChildren, kind, {}, body});
  }

  MemoryDatabase database{family()};

 private:
  bool apply(const storage::OutboxEntry& entry) {
    storage::LaneGroup group(family());
    group.add(entry);
    group.close();
    return database.apply(group, {}).has_value();
  }
};

TEST_F(MemoryDatabaseTest, AChildNeedsTheParentThatItsLeadingColumnsName) {
  EXPECT_FALSE(child(EntryKind::kInsert, 7, "a"));
  EXPECT_TRUE(parent(EntryKind::kInsert, 7));
  EXPECT_TRUE(child(EntryKind::kInsert, 7, "a"));
  EXPECT_TRUE(child(EntryKind::kInsert, 7, "b"));
  EXPECT_TRUE(child(EntryKind::kUpdate, 7, "a"));
  EXPECT_FALSE(child(EntryKind::kInsert, 8, "a"));
}

TEST_F(MemoryDatabaseTest, AChildThatIsTakenAwayNeedsNoParent) {
  EXPECT_TRUE(parent(EntryKind::kInsert, 7));
  EXPECT_TRUE(child(EntryKind::kInsert, 7, "a"));
  EXPECT_TRUE(child(EntryKind::kDelete, 7, "a"));
  EXPECT_FALSE(child(EntryKind::kDelete, 7, "a"));
}

}  // namespace
}  // namespace lensart::rehearsal
