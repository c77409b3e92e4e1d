// Where an order's status writes are kept, and that nothing of them is lost on the way.

#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>

#include "apps/jobs/order_state.hpp"
#include "apps/jobs/status_track.hpp"
#include "tests/jobs/jobs_fixture.hpp"
#include "tests/storage/hex.hpp"

namespace lensart::jobs {
namespace {

using namespace std::chrono_literals;
using orders::Event;
using orders::EventType;

class StatusStorageTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lensart-writes-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
    storage::StateStoreOptions options;
    options.directory = name;
    store = std::move(*storage::StateStore::open(options));
    history = *store->logged_table("history");
  }
  void TearDown() override {
    store.reset();
    std::filesystem::remove_all(directory);
  }

  /// A write that comes now; its texts are as unlike each other as they may be.
  void add(Instant at, std::string_view id, std::string_view status,
           std::optional<std::string_view> old = std::nullopt) {
    Event event = event_of(EventType::kStatusChanged, id, at);
    event.new_status = status;
    event.old_status = old;
    track.add(event, {7, ++offset}, {});
  }
  /// What the epoch leaves behind; the track is read again, as after a restart.
  void close() {
    storage::EpochCommit commit;
    commit.number = ++epoch;
    const auto done = track.store_fresh(commit.changes.emplace_back(), history, 1042, stored);
    ASSERT_TRUE(done) << done.error().message;
    entries += commit.changes.back().items.size();
    ASSERT_TRUE(store->commit(commit, {}));
    const std::vector<StatusWrite> expected = std::exchange(track.writes, {});
    OrderState state;
    state.writes = stored;
    std::string bytes;
    state.encode(bytes);
    stored = OrderState::decode(bytes)->writes;
    const auto loaded = StatusTrack::load(*store->read(), history, 1042, stored);
    ASSERT_TRUE(loaded) << loaded.error().message;
    track = *loaded;
    expect_equal(track.writes, expected);
  }
  static void expect_equal(const std::vector<StatusWrite>& found,
                           const std::vector<StatusWrite>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      SCOPED_TRACE(expected[i].event_id.view());
      EXPECT_EQ(found[i].at, expected[i].at);
      EXPECT_EQ(found[i].type, expected[i].type);
      EXPECT_EQ(found[i].event_id, expected[i].event_id);
      EXPECT_EQ(found[i].status, expected[i].status);
      EXPECT_EQ(found[i].old_status, expected[i].old_status);
      EXPECT_EQ(found[i].unknown_payment, expected[i].unknown_payment);
      EXPECT_EQ(found[i].has_snapshot, expected[i].has_snapshot);
      EXPECT_EQ(found[i].origin.source, expected[i].origin.source);
      EXPECT_EQ(found[i].origin.offset, expected[i].origin.offset);
      EXPECT_FALSE(found[i].fresh);
    }
  }

  std::filesystem::path directory;
  std::unique_ptr<storage::StateStore> store;
  storage::Table history = 0;
  StatusTrack track;
  StoredWrites stored;
  std::int64_t offset = 0;
  EpochNumber epoch = 0;
  std::size_t entries = 0;  ///< that were put into the tree
};

TEST_F(StatusStorageTest, TheFirstWritesTakeNoEntryOfTheirOwn) {
  for (int i = 0; i < StoredWrites::kMost; ++i) {
    add(kNoon + i * 1min, fmt::format("e{}", i), fmt::format("s{}", i), fmt::format("s{}", i - 1));
    close();
  }
  EXPECT_EQ(entries, 0U);
  EXPECT_FALSE(stored.in_tree);
}

TEST_F(StatusStorageTest, OneTooManySendsTheOlderOnesIntoTheTreeOnceForAll) {
  for (int i = 0; i < 3 * StoredWrites::kMost + 1; ++i) {
    add(kNoon - i * 1min, fmt::format("e{}", i), "sent", "new");
    close();
  }
  EXPECT_EQ(entries, 3U * StoredWrites::kMost) << "each of them once";
  EXPECT_EQ(stored.count, 1);
  EXPECT_TRUE(stored.in_tree);
}

TEST_F(StatusStorageTest, ManyInOneEpochAreStoredLikeManyEpochs) {
  for (int i = 0; i < 21; ++i) add(kNoon + (i * 37 % 21) * 1s, fmt::format("e{}", i), "sent");
  close();
  EXPECT_EQ(entries, 16U);
}

TEST_F(StatusStorageTest, EveryTextSurvivesAsItIs) {
  const std::string longest(400, 'x');  // 100 code points of four bytes
  const std::string edge(254, 'a'), beyond(255, 'b');
  add(kNoon, "", "", "");
  add(kNoon + 1s, longest, edge, beyond);
  add(kNoon + 2s, edge, beyond, edge);
  add(kNoon + 3s, beyond, "Đã giao", "no such status before");
  add(kNoon + 4s, "none", "Đã giao", std::nullopt);
  add(kNoon + 5s, "previous", "Đã hủy", "Đã giao");
  close();
  Event event = event_with(EventType::kCreated, "snapshot", kNoon - 1s, snapshot_of("new", "1"));
  event.snapshot.payment_method = "bitcoin";
  track.add(event, {9, 1}, {});
  close();
  EXPECT_EQ(track.writes.front().unknown_payment, "bitcoin");
  EXPECT_TRUE(track.writes.front().has_snapshot);
}

TEST_F(StatusStorageTest, AnOldStatusOfTheWriteThatCameBeforeIsNotWrittenTwice) {
  add(kNoon, "a", std::string(200, 's'));
  close();
  const std::size_t before = stored.packed.size();
  add(kNoon + 1s, "b", "t", std::string(200, 's'));
  close();
  EXPECT_LT(stored.packed.size(), before + 100);
}

TEST_F(StatusStorageTest, GoldenBytesOfTwoPackedWrites) {
  add(Instant{1us}, "a", "n");
  close();
  add(Instant{2us}, "b", "r", "n");
  close();
  EXPECT_EQ(storage::hex(stored.packed),
            "0200000000000000"
            "03"
            "09"
            "0162"
            "0172"
            "07000000"
            "0200000000000000"
            "0100000000000000"
            "03"
            "00"
            "0161"
            "016e"
            "07000000"
            "0100000000000000");
}

TEST_F(StatusStorageTest, PackedBytesThatAreCutOrFollowedByMoreAreCorruption) {
  add(kNoon, "a", "n");
  add(kNoon + 1s, "b", "r", "n");
  close();
  const StoredWrites whole = stored;
  const auto is_damaged = [&] {
    const auto loaded = StatusTrack::load(*store->read(), history, 1042, stored);
    return !loaded && loaded.error().code == Errc::kStateCorrupt;
  };
  EXPECT_FALSE(is_damaged());
  for (std::size_t size = 0; size < whole.packed.size(); ++size) {
    stored.packed = whole.packed.substr(0, size);
    EXPECT_TRUE(is_damaged()) << size;
  }
  stored.packed = whole.packed + "x";
  EXPECT_TRUE(is_damaged());
  stored = whole;
  stored.packed.resize(stored.packed.size() / 2);
  stored.count = 1;
  EXPECT_TRUE(is_damaged()) << "its old status is said to be that of a write that is not there";
}

}  // namespace
}  // namespace lensart::jobs
