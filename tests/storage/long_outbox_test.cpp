// Outbox chunks of states up to format 6, which have numbers and texts in their long form: they are
// read as those of today, so that keys of both compare alike.

#include <gtest/gtest.h>
#include <lz4.h>

#include "storage/lane_group.hpp"
#include "storage/outbox_format.hpp"
#include "storage/row.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::storage {
namespace {

constexpr std::uint8_t kAll = 1;
constexpr std::uint8_t kBags = 2;

const TableRegistry& registry() {
  static const TableRegistry kRegistry = [] {
    TableSpec all;
    all.id = kAll;
    all.name = "all";
    all.columns = {{"id", ColumnType::kBigint},    {"name", ColumnType::kText},
                   {"day", ColumnType::kDate},     {"at", ColumnType::kInstant},
                   {"price", ColumnType::kMoney},  {"sum", ColumnType::kBigMoney},
                   {"late", ColumnType::kBoolean}, {"data", ColumnType::kJson},
                   {"raw", ColumnType::kBytes},    {"none", ColumnType::kBigint}};
    TableSpec bags;
    bags.id = kBags;
    bags.name = "bags";
    bags.conflation = Conflation::kReplaceAll;
    bags.columns = {{"owner", ColumnType::kBigint}, {"name", ColumnType::kText}};
    return TableRegistry({all, bags});
  }();
  return kRegistry;
}

/// The long form, as it stood in storage/row.hpp up to format 6.
class LongRow {
 public:
  template <class T>
  LongRow& number(T value) {
    writer_.number(std::uint8_t{1});
    writer_.number(value);
    return *this;
  }
  LongRow& wide(Int128 value) {
    writer_.number(std::uint8_t{1});
    writer_.wide(value);
    return *this;
  }
  LongRow& text(std::string_view value) {
    writer_.number(std::uint8_t{1});
    writer_.text(value);
    return *this;
  }
  LongRow& null() {
    writer_.number(std::uint8_t{0});
    return *this;
  }
  std::string bytes() const { return bytes_; }

 private:
  std::string bytes_;
  ByteWriter writer_{bytes_};
};

std::string long_row(std::int64_t id) {
  return LongRow()
      .number(id)
      .text("Nguyễn")
      .number(std::int32_t{-3})
      .number(std::int64_t{1'700'000'000'000'000})
      .number(std::int64_t{335'000'00})
      .wide(Int128{1} << 70)
      .number(std::uint8_t{1})
      .text(std::string(300, 'j'))
      .text("")
      .null()
      .bytes();
}

std::string row_of_today(std::int64_t id) {
  std::string out;
  RowWriter row(out);
  row.bigint(id);
  row.text(std::string_view("Nguyễn"));
  row.date(-3);
  row.instant(Instant{std::chrono::microseconds(1'700'000'000'000'000)});
  row.money(335'000'00);
  row.big_money(Int128{1} << 70);
  row.boolean(true);
  row.text(std::string(300, 'j'));
  row.text(std::string_view(""));
  row.null();
  return out;
}

void append_long_entry(std::string& entries, std::uint8_t table, EntryKind kind,
                       std::string_view body) {
  ByteWriter writer(entries);
  writer.number(table);
  writer.number(static_cast<std::uint8_t>(kind));
  writer.number(std::uint32_t{3});
  writer.number(std::int64_t{70'000});
  writer.text(body);
}

std::string packed(std::string_view entries) {
  std::string out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(entries.size()))),
                  '\0');
  out.resize(static_cast<std::size_t>(LZ4_compress_default(
      entries.data(), out.data(), static_cast<int>(entries.size()), static_cast<int>(out.size()))));
  std::string body;
  ByteWriter(body).number(static_cast<std::uint32_t>(entries.size()));
  return seal(kLongOutboxCompressedVersion, body + out);
}

struct Seen {
  int table;
  EntryKind kind;
  std::string body;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::vector<Seen> seen(std::string_view chunk) {
  std::vector<Seen> all;
  const auto entries = entries_of(chunk, registry());
  EXPECT_TRUE(entries) << (entries ? "" : entries.error().message);
  if (!entries) return all;
  EXPECT_TRUE(for_each_entry(*entries, [&](const OutboxEntry& entry) {
    EXPECT_EQ(entry.origin.source, 3U);
    EXPECT_EQ(entry.origin.offset, 70'000);
    all.push_back({entry.table, entry.kind, std::string(entry.body)});
  }));
  return all;
}

TEST(LongOutbox, EntriesOfEachShapeAreReadAsThoseOfToday) {
  std::string long_bag = LongRow().number(std::int64_t{9}).bytes();
  for (const std::string_view name : {"red", "blue"}) {
    ByteWriter(long_bag).text(LongRow().number(std::int64_t{9}).text(name).bytes());
  }
  std::string bag;
  RowWriter(bag).bigint(9);
  for (const std::string_view name : {"red", "blue"}) {
    std::string row;
    RowWriter(row).bigint(9);
    RowWriter(row).text(name);
    ByteWriter(bag).text(row);
  }
  std::string key;
  RowWriter(key).bigint(8);

  std::string entries;
  append_long_entry(entries, kAll, EntryKind::kUpdate, long_row(7));
  append_long_entry(entries, kAll, EntryKind::kDelete, LongRow().number(std::int64_t{8}).bytes());
  append_long_entry(entries, kBags, EntryKind::kReplace, long_bag);
  append_long_entry(entries, 200, EntryKind::kUpdate, "of a table nobody knows");
  const std::vector<Seen> expected{{kAll, EntryKind::kUpdate, row_of_today(7)},
                                   {kAll, EntryKind::kDelete, key},
                                   {kBags, EntryKind::kReplace, bag},
                                   {200, EntryKind::kUpdate, "of a table nobody knows"}};
  EXPECT_EQ(seen(seal(kLongOutboxVersion, entries)), expected);
  EXPECT_EQ(seen(packed(entries)), expected);
}

TEST(LongOutbox, ABodyThatIsNoRowIsDamage) {
  const std::string row = long_row(7);
  for (const std::string& body : {row.substr(0, row.size() - 1), row + "x", std::string("\x01")}) {
    std::string entries;
    append_long_entry(entries, kAll, EntryKind::kUpdate, body);
    const auto read = entries_of(seal(kLongOutboxVersion, entries), registry());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::kStateCorrupt);
  }
  EXPECT_FALSE(entries_of(seal(kLongOutboxVersion, "\x01\x02"), registry())) << "half an entry";
  EXPECT_FALSE(entries_of(seal(5, ""), registry())) << "a version that nobody knows";
  EXPECT_FALSE(entries_of("", registry()));
}

class LongOutboxInStateTest : public StateFixture {};

TEST_F(LongOutboxInStateTest, AKeyInBothFormsIsOneChange) {
  open();
  std::string before;
  append_long_entry(before, kAll, EntryKind::kInsert, long_row(7));
  commit(next_epoch({{0, seal(kLongOutboxVersion, before)}}));
  ChunkBuilder builder;
  builder.begin(kAll, EntryKind::kUpdate, {3, 70'001}).append(row_of_today(7));
  builder.end();
  commit(next_epoch({{0, builder.take().front()}}));

  LaneGroup group(registry());
  ASSERT_TRUE(group.load(*store, 0, 0, 2));
  group.close();
  ASSERT_EQ(group.tables().size(), 1U);
  ASSERT_EQ(group.tables()[0].changes.size(), 1U);
  EXPECT_EQ(group.tables()[0].changes[0].kind, EntryKind::kInsert);
}

}  // namespace
}  // namespace lensart::storage
