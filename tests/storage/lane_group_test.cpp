#include "storage/lane_group.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "storage/row.hpp"

namespace lensart::storage {
namespace {

constexpr std::uint8_t kLog = 1;
constexpr std::uint8_t kRows = 2;
constexpr std::uint8_t kBags = 3;
constexpr std::uint8_t kSums = 4;
constexpr std::uint8_t kFirsts = 5;

TableSpec spec(std::uint8_t id, std::string_view name, Conflation conflation) {
  TableSpec table;
  table.id = id;
  table.name = name;
  table.conflation = conflation;
  table.columns = {{"k", ColumnType::kBigint},
                   {"least", ColumnType::kBigint},
                   {"greatest", ColumnType::kBigint},
                   {"sum", ColumnType::kBigint}};
  table.first_added = 3;
  return table;
}

const TableRegistry& registry() {
  static const TableRegistry kRegistry(
      {spec(kLog, "log", Conflation::kAppend), spec(kRows, "rows", Conflation::kLastRow),
       spec(kBags, "bags", Conflation::kReplaceAll), spec(kSums, "sums", Conflation::kAdd),
       spec(kFirsts, "firsts", Conflation::kOnce)});
  return kRegistry;
}

std::string key_bytes(std::int64_t key) {
  std::string out;
  RowWriter(out).bigint(key);
  return out;
}

std::string row_bytes(std::int64_t key, std::int64_t value) {
  std::string out;
  RowWriter row(out);
  row.bigint(key);
  for (int i = 0; i < 3; ++i) row.bigint(value);
  return out;
}

struct Sum {
  std::int64_t least, greatest, sum;
  friend bool operator==(const Sum&, const Sum&) = default;
};

Sum sum_of(std::string_view row) {
  ByteReader reader(row);
  std::int64_t cells[4];
  for (std::int64_t& cell : cells) cell = read_cell(ColumnType::kBigint, reader).number;
  return {cells[1], cells[2], cells[3]};
}

/// What a database is after changes, and what in them did not fit it.
struct Tables {
  std::vector<std::string> log;
  std::map<std::string, std::string> rows;
  std::map<std::string, std::multiset<std::string>> bags;
  std::map<std::string, Sum> sums;
  std::map<std::string, std::string> firsts;
  std::string complaint;

  friend bool operator==(const Tables& a, const Tables& b) {
    return a.log == b.log && a.rows == b.rows && a.bags == b.bags && a.sums == b.sums &&
           a.firsts == b.firsts;
  }

  void apply(const TableSpec& table, const KeyChange& change) {
    const std::string key(change.key);
    switch (table.conflation) {
      case Conflation::kAppend:
        log.emplace_back(change.rows.at(0));
        return;
      case Conflation::kLastRow:
        if (change.kind == EntryKind::kDelete) {
          rows.erase(key);
          return;
        }
        if (change.kind == EntryKind::kInsert && rows.contains(key)) complaint = "insert twice";
        rows[key] = change.rows.at(0);
        return;
      case Conflation::kReplaceAll:
        // Rows of an owner that has some would stand there twice: nothing in the table stops it.
        if (change.kind == EntryKind::kReplaceNew && bags.contains(key)) complaint = "bag twice";
        bags.erase(key);
        for (const std::string_view row : change.rows) bags[key].emplace(row);
        return;
      case Conflation::kAdd: {
        const Sum more = sum_of(change.rows.at(0));
        const auto [at, fresh] = sums.try_emplace(key, more);
        if (fresh) return;
        at->second.least = std::min(at->second.least, more.least);
        at->second.greatest = std::max(at->second.greatest, more.greatest);
        at->second.sum += more.sum;
        return;
      }
      case Conflation::kOnce:
        firsts.try_emplace(key, change.rows.at(0));
        return;
    }
  }

  void apply(const LaneGroup& group) {
    for (const TableChanges& table : group.tables()) {
      for (const KeyChange& change : table.changes) apply(*table.table, change);
    }
  }
};

/// An entry that owns its bytes.
struct Written {
  std::uint8_t table;
  EntryKind kind;
  std::string body;
  std::int64_t offset;
};

/// Writes entries as a job does: it knows which keys the database will have by then.
class Writer {
 public:
  std::vector<Written> entries;

  void put(std::int64_t key, std::int64_t value) {
    add(kRows, rows_.insert(key).second ? EntryKind::kInsert : EntryKind::kUpdate,
        row_bytes(key, value));
  }
  void erase(std::int64_t key) {
    if (rows_.erase(key) > 0) add(kRows, EntryKind::kDelete, key_bytes(key));
  }
  void replace(std::int64_t key, const std::vector<std::int64_t>& values) {
    std::string body = key_bytes(key);
    for (const std::int64_t value : values) ByteWriter(body).text(row_bytes(key, value));
    const bool has_some = bags_.contains(key);
    add(kBags, has_some ? EntryKind::kReplace : EntryKind::kReplaceNew, body);
    bags_.insert(key);
  }
  void erase_bag(std::int64_t key) {
    if (bags_.erase(key) > 0) add(kBags, EntryKind::kDelete, key_bytes(key));
  }
  void append(std::int64_t value) { add(kLog, EntryKind::kAppend, row_bytes(next_++, value)); }
  void sum(std::int64_t key, std::int64_t value) {
    add(kSums, EntryKind::kAdd, row_bytes(key, value));
  }
  void once(std::int64_t key, std::int64_t value) {
    add(kFirsts, EntryKind::kOnce, row_bytes(key, value));
  }
  void anything() {
    const auto key = *rc::gen::inRange<std::int64_t>(0, 4);
    const auto value = *rc::gen::inRange<std::int64_t>(-1000, 1000);
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
        return append(value);
      case 1:
        return erase(key);
      case 2:
        return replace(key, *rc::gen::container<std::vector<std::int64_t>>(
                                rc::gen::inRange<std::int64_t>(0, 3)));
      case 3:
        return erase_bag(key);
      case 4:
        return sum(key, value);
      case 5:
        return once(key, value);
      default:
        return put(key, value);
    }
  }

 private:
  void add(std::uint8_t table, EntryKind kind, std::string body) {
    entries.push_back({table, kind, std::move(body), static_cast<std::int64_t>(entries.size())});
  }
  std::set<std::int64_t> rows_;
  std::set<std::int64_t> bags_;
  std::int64_t next_ = 0;
};

void load(LaneGroup& group, std::span<const Written> entries) {
  for (const Written& entry : entries) {
    group.add({entry.table, entry.kind, {0, entry.offset}, entry.body});
  }
  group.close();
}

/// Applies the entries in groups of the sizes given (the last group takes what is left).
Tables apply_in_groups(const std::vector<Written>& entries, const std::vector<std::size_t>& sizes) {
  Tables tables;
  std::span<const Written> rest(entries);
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const std::size_t size = i < sizes.size() ? std::min(sizes[i], rest.size()) : rest.size();
    LaneGroup group(registry());
    load(group, rest.first(size));
    tables.apply(group);
    rest = rest.subspan(size);
  }
  return tables;
}

Tables apply_one_by_one(const std::vector<Written>& entries) {
  return apply_in_groups(entries, std::vector<std::size_t>(entries.size(), 1));
}

RC_GTEST_PROP(LaneGroupProperty, AnyRunOfEpochsConflatedEqualsThemOneByOne, ()) {
  Writer writer;
  const auto count = *rc::gen::inRange(0, 60);
  for (int i = 0; i < count; ++i) writer.anything();
  const auto sizes =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 20));
  const Tables singly = apply_one_by_one(writer.entries);
  const Tables grouped = apply_in_groups(writer.entries, sizes);
  RC_ASSERT(singly.complaint.empty());
  RC_ASSERT(grouped.complaint.empty());
  RC_ASSERT(grouped == singly);
}

class LaneGroupTest : public ::testing::Test {
 protected:
  const TableChanges& only() {
    load(group, writer.entries);
    EXPECT_EQ(group.tables().size(), 1U);
    return group.tables().front();
  }
  const KeyChange& only_change() {
    const TableChanges& changes = only();
    EXPECT_EQ(changes.changes.size(), 1U);
    return changes.changes.front();
  }
  Writer writer;
  LaneGroup group{registry()};
};

TEST_F(LaneGroupTest, ANewRowChangedInTheSameGroupIsStillAnInsert) {
  writer.put(1, 10);
  writer.put(1, 20);
  EXPECT_EQ(only_change().kind, EntryKind::kInsert);
  EXPECT_EQ(group.tables()[0].changes[0].rows.at(0), row_bytes(1, 20));
}

TEST_F(LaneGroupTest, ARowDeletedAndMadeAgainIsAnUpdate) {
  writer.put(1, 10);
  writer.entries.clear();
  writer.erase(1);
  writer.put(1, 20);
  EXPECT_EQ(only_change().kind, EntryKind::kUpdate);
}

TEST_F(LaneGroupTest, ARowThatCameAndWentWithinTheGroupIsNotSent) {
  writer.put(1, 10);
  writer.erase(1);
  EXPECT_TRUE(only().changes.empty());
}

TEST_F(LaneGroupTest, ARowThatCameWentAndCameAgainIsAnInsert) {
  writer.put(1, 10);
  writer.erase(1);
  writer.put(1, 20);
  EXPECT_EQ(only_change().kind, EntryKind::kInsert);
}

TEST_F(LaneGroupTest, TheOriginOfAChangeIsTheLastEventThatChangedTheRow) {
  writer.put(1, 10);
  writer.put(1, 20);
  writer.put(1, 30);
  EXPECT_EQ(only_change().origin.offset, 2);
}

TEST_F(LaneGroupTest, TheFirstRowOfAKeyThatComesOnceStays) {
  writer.once(1, 10);
  writer.once(1, 20);
  const KeyChange& change = only_change();
  EXPECT_EQ(change.rows.at(0), row_bytes(1, 10));
  EXPECT_EQ(change.origin.offset, 0);
}

TEST_F(LaneGroupTest, SumsAddUpAndBoundsWiden) {
  writer.sum(1, 5);
  writer.sum(1, -7);
  writer.sum(1, 1);
  EXPECT_EQ(sum_of(only_change().rows.at(0)), (Sum{-7, 5, -1}));
}

TEST_F(LaneGroupTest, AnOwnerWithoutRowsIsReplacedByNothing) {
  writer.replace(1, {});
  const KeyChange& change = only_change();
  EXPECT_TRUE(change.rows.empty());
  EXPECT_EQ(change.kind, EntryKind::kReplaceNew);
  EXPECT_EQ(group.rows(), 0U);
}

TEST_F(LaneGroupTest, ChangesAreSortedByKeyAndTablesStandInTheRegistrysOrder) {
  writer.once(1, 1);
  writer.put(3, 1);
  writer.put(1, 1);
  writer.put(2, 1);
  writer.append(9);
  load(group, writer.entries);
  ASSERT_EQ(group.tables().size(), 3U);
  EXPECT_EQ(group.tables()[0].table->name, "log");
  EXPECT_EQ(group.tables()[1].table->name, "rows");
  EXPECT_EQ(group.tables()[2].table->name, "firsts");
  const auto& changes = group.tables()[1].changes;
  EXPECT_TRUE(std::is_sorted(changes.begin(), changes.end(),
                             [](const auto& a, const auto& b) { return a.key < b.key; }));
  EXPECT_EQ(group.rows(), 5U);
}

TEST_F(LaneGroupTest, AppendedRowsKeepTheirOrderAndAreNeverMerged) {
  for (int i = 0; i < 5; ++i) writer.append(7);
  EXPECT_EQ(only().changes.size(), 5U);
}

}  // namespace
}  // namespace lensart::storage
