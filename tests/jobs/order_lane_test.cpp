#include "apps/jobs/order_lane.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "tests/jobs/jobs_fixture.hpp"

namespace lensart::jobs {
namespace {

using orders::Event;
using orders::EventType;
using std::chrono::seconds;
using storage::EntryKind;

/// Notes the price that an order counted with and the one it counts with now; "-" for none.
class NotingJob final : public WindowedJob {
 public:
  const storage::TableSpec& table() const override { return *tables().find(kOrderMetrics); }
  Result<Unit> open(storage::StateStore&, std::size_t, std::size_t, std::size_t) override {
    return Unit{};
  }
  void exchange(std::size_t, const CountedOrder* before, const CountedOrder* after) override {
    const auto price = [](const CountedOrder* order) {
      return order == nullptr ? "-" : std::to_string(order->total_price);
    };
    exchanged.push_back(price(before) + " " + price(after));
  }
  std::unique_ptr<HandedOver> hand_over(std::size_t) override { return nullptr; }
  Result<Unit> close_epoch(std::size_t, const std::vector<const HandedOver*>&, EpochNumber,
                           std::optional<Instant>, const storage::ReadTransaction&,
                           storage::ChangeSet&, storage::ChunkBuilder&) override {
    return Unit{};
  }
  void shrink(std::size_t, EpochNumber) override {}
  Result<std::string> for_each_row(const storage::ReadTransaction&, const std::string&,
                                   const std::function<bool(std::string_view)>&) const override {
    return std::string();
  }
  std::vector<std::string> exchanged;
};

/// A lane over a state of its own, committed after each epoch as the pipeline does.
class OrderLaneTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lensart-lane-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
    storage::StateStoreOptions options;
    options.directory = name;
    auto opened = storage::StateStore::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
    trees.orders = store->table("orders").value();
    trees.lines = store->table("lines").value();
    trees.history = store->table("history").value();
    trees.replays = store->table("replays").value();
    timers = std::make_unique<nodes::Timers>(store->table("timers").value());
    auto opened_ids = storage::IdIndex::open(*store);
    ASSERT_TRUE(opened_ids);
    ids = std::move(*opened_ids);
    start();
  }
  void TearDown() override {
    lane.reset();
    ids.reset();
    store.reset();
    std::filesystem::remove_all(directory);
  }

  /// As after a restart: nothing in memory.
  void start() {
    OrderLaneContext context;
    context.trees = trees;
    context.sinks = SinkLanes{sink_lanes};
    context.zone = &saigon();
    context.status_rules = &rules;
    context.timers = timers.get();
    context.ids = ids.get();
    context.cache_bytes = cache_bytes;
    context.windowed = windowed;
    context.allowed_lateness = allowed_lateness;
    context.state_ttl = state_ttl;
    lane = std::make_unique<OrderLane>(context, std::nullopt);
  }

  IncomingEvent incoming(const Event& event) const {
    return {event, {"order-created", 0, offset}, {0, offset}, {0, id_hash}, epoch, {}, false};
  }
  void on(const Event& event) {
    auto txn = store->read();
    ASSERT_TRUE(txn);
    ++offset;
    const auto done = lane->on_event(incoming(event), *txn);
    ASSERT_TRUE(done) << done.error().message;
  }

  /// What the lane says of an event, by the watermark given.
  LaneVerdict judged(const Event& event, std::optional<Instant> judged_by, bool exempt = false) {
    auto txn = store->read();
    ++offset;
    IncomingEvent judged = incoming(event);
    judged.judged_by = judged_by;
    judged.exempt = exempt;
    const auto verdict = lane->on_event(judged, *txn);
    EXPECT_TRUE(verdict);
    return verdict.value_or(LaneVerdict::kExpired);
  }

  /// The second event of these tests, replayed.
  LaneVerdict replayed(const Event& event, std::optional<Instant> judged_by) {
    auto txn = store->read();
    IncomingEvent replay = incoming(event);
    replay.at.offset = 2;
    replay.judged_by = judged_by;
    const auto verdict = lane->on_too_late_replayed(replay, {"order-replays", 0, 9}, *txn);
    EXPECT_TRUE(verdict);
    return verdict.value_or(LaneVerdict::kTooLate);
  }
  /// What the metrics count of the order.
  std::string counted_status() const {
    const auto txn = store->read();
    const auto value = txn->get(trees.orders, storage::key_of(std::uint64_t{1042}));
    return OrderState::decode(**value)->counted().status;
  }

  /// Closes the epoch; `orders_processed:insert` and so on, in the order of writing.
  std::vector<std::string> close() {
    nodes::LaneOutput output;
    {
      auto txn = store->read();
      const auto closed = lane->close_epoch({epoch, {}, {}, false}, *txn, output);
      EXPECT_TRUE(closed) << (closed ? "" : closed.error().message);
    }
    std::vector<std::string> entries;
    for (const storage::OutboxChunk& chunk : output.chunks) {
      const auto read = storage::for_each_entry(
          storage::entries_of(chunk.bytes, tables()).value(), [&](const auto& entry) {
            const std::string_view table = tables().find(entry.table)->name;
            if (entry.table == kOrdersRaw) {
              raw_lanes.push_back(chunk.lane);
            } else if (entry.table == kReplays) {
              entries.push_back(fmt::format("{}:{} {}", table, replay(entry), chunk.lane));
            } else {
              entries.push_back(fmt::format("{}:{}", table, kind(entry)));
              EXPECT_EQ(chunk.lane, 0) << table;
            }
          });
      EXPECT_TRUE(read);
    }
    storage::EpochCommit commit;
    commit.number = epoch++;
    commit.changes.push_back(std::move(output.changes));
    commit.chunks = std::move(output.chunks);
    const auto done = store->commit(commit, {});
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    lane->shrink(commit.number);
    return entries;
  }

  static std::string replay(const storage::OutboxEntry& entry) {
    const auto cells = cells_of(kReplays, entry.body);
    EXPECT_EQ(entry.kind, EntryKind::kOnce);
    return fmt::format("{}/{}/{} {} {} {}/{}/{}", cells[0], cells[1], cells[2], cells[3],
                       cells[4] == "1" ? "too_late" : "refused", cells[5], cells[6], cells[7]);
  }
  static std::string kind(const storage::OutboxEntry& entry) {
    switch (entry.kind) {
      case EntryKind::kInsert:
        return "insert";
      case EntryKind::kUpdate:
        return "update";
      case EntryKind::kReplaceNew:
      case EntryKind::kReplace: {
        storage::ByteReader reader(entry.body);
        storage::read_cell(storage::ColumnType::kBigint, reader);
        int rows = 0;
        for (; reader.ok() && !reader.at_end(); ++rows) reader.text();
        return fmt::format("{} {}", entry.kind == EntryKind::kReplace ? "replace" : "new", rows);
      }
      default:
        return "other";
    }
  }

  std::size_t lines_in_state(orders::OrderId order_id) const {
    const auto txn = store->read();
    const std::string prefix = storage::key_of(static_cast<std::uint64_t>(order_id));
    std::size_t count = 0;
    const auto done = txn->scan(trees.lines, prefix, [&](std::string_view key, std::string_view) {
      if (!key.starts_with(prefix)) return false;
      ++count;
      return true;
    });
    EXPECT_TRUE(done);
    return count;
  }

  Event snapshot_event(EventType type, std::string_view id, Instant at, std::size_t line_count) {
    return event_with(type, id, at, snapshot_of("new", "open", std::span(lines).first(line_count)));
  }
  static Event status(std::string_view id, Instant at) {
    Event event = event_of(EventType::kStatusChanged, id, at);
    event.new_status = "sent";
    return event;
  }
  using Entries = std::vector<std::string>;

  std::vector<orders::Line> lines = {line_of(1, 1, 100), line_of(2, 1, 200), line_of(3, 1, 300)};
  std::filesystem::path directory;
  std::unique_ptr<storage::StateStore> store;
  OrderTrees trees;
  orders::StatusRules rules;
  std::unique_ptr<nodes::Timers> timers;
  std::unique_ptr<storage::IdIndex> ids;
  std::size_t sink_lanes = 1;
  std::size_t cache_bytes = 1 << 20;
  std::vector<WindowedJob*> windowed;
  std::optional<Duration> allowed_lateness;
  std::optional<Duration> state_ttl;
  std::unique_ptr<OrderLane> lane;
  std::int64_t offset = 0;
  std::uint64_t id_hash = 0;
  EpochNumber epoch = 1;
  std::vector<int> raw_lanes;
};

TEST_F(OrderLaneTest, AnOrderThatLeavesTheCacheWithinAnEpochIsExchangedOnce) {
  NotingJob job;
  windowed = {&job};
  cache_bytes = 1;
  start();
  Event event = snapshot_event(EventType::kCreated, "a", kNoon, 1);
  event.snapshot.total_price = 100;
  on(event);
  close();
  // A copy under another id would be the same: it changes nothing, so nothing holds the order.
  on(event);
  lane->shrink(epoch - 1);
  event = snapshot_event(EventType::kUpdated, "b", kNoon + seconds(1), 1);
  event.snapshot.total_price = 300;
  on(event);
  lane->shrink(epoch - 1);
  close();
  on(event);
  lane->shrink(epoch - 1);
  close();
  EXPECT_EQ(job.exchanged, (Entries{"- 100", "100 300"}));
}

TEST_F(OrderLaneTest, AnOrderIsInsertedOnceAndUpdatedAfterwards) {
  on(snapshot_event(EventType::kCreated, "c", kNoon, 2));
  on(status("s", kNoon + seconds(1)));
  EXPECT_EQ(close(), (Entries{"orders_processed:insert", "order_items_analytics:new 2"}));
  on(status("t", kNoon + seconds(2)));
  EXPECT_EQ(close(), (Entries{"orders_processed:update"})) << "its lines did not change";
}

TEST_F(OrderLaneTest, ARestartKnowsWhichOrdersHaveTheirRow) {
  on(snapshot_event(EventType::kCreated, "c", kNoon, 1));
  close();
  start();
  on(snapshot_event(EventType::kUpdated, "u", kNoon + seconds(1), 2));
  EXPECT_EQ(close(), (Entries{"orders_processed:update", "order_items_analytics:replace 2"}));
}

TEST_F(OrderLaneTest, AnOrderWithoutASnapshotWaitsForOne) {
  on(status("s", kNoon));
  EXPECT_EQ(close(), Entries{});
  start();
  on(snapshot_event(EventType::kCreated, "c", kNoon - seconds(1), 0));
  EXPECT_EQ(close(), (Entries{"orders_processed:insert"})) << "no lines: nothing to replace";
}

TEST_F(OrderLaneTest, LinesThatAppearLaterReplaceNone) {
  on(snapshot_event(EventType::kCreated, "c", kNoon, 0));
  close();
  on(snapshot_event(EventType::kUpdated, "u", kNoon + seconds(1), 1));
  EXPECT_EQ(close(), (Entries{"orders_processed:update", "order_items_analytics:replace 1"}));
}

TEST_F(OrderLaneTest, LinesThatGoAreErasedFromTheStateToo) {
  on(snapshot_event(EventType::kCreated, "c", kNoon, 3));
  close();
  EXPECT_EQ(lines_in_state(1042), 3U);
  on(snapshot_event(EventType::kUpdated, "u", kNoon + seconds(1), 1));
  EXPECT_EQ(close(), (Entries{"orders_processed:update", "order_items_analytics:replace 1"}));
  EXPECT_EQ(lines_in_state(1042), 1U);
  start();
  on(snapshot_event(EventType::kUpdated, "v", kNoon + seconds(2), 0));
  EXPECT_EQ(close(), (Entries{"orders_processed:update", "order_items_analytics:replace 0"}));
  EXPECT_EQ(lines_in_state(1042), 0U);
}

TEST_F(OrderLaneTest, AnEventThatChangesNothingWritesOnlyTheLog) {
  on(snapshot_event(EventType::kCreated, "c", kNoon, 1));
  on(status("t", kNoon + seconds(9)));
  close();
  raw_lanes.clear();
  on(status("s", kNoon + seconds(1)));
  EXPECT_EQ(close(), Entries{});
  EXPECT_EQ(raw_lanes.size(), 1U);
}

TEST_F(OrderLaneTest, TheLogIsSpreadOverTheOtherSinkLanesByTheHashOfTheId) {
  sink_lanes = 3;
  start();
  for (id_hash = 0; id_hash < 4; ++id_hash) on(status(fmt::format("e{}", id_hash), kNoon));
  close();
  std::sort(raw_lanes.begin(), raw_lanes.end());
  EXPECT_EQ(raw_lanes, (std::vector<int>{1, 1, 2, 2}));
}

TEST_F(OrderLaneTest, DamagedStateIsAFailureNotAnEmptyOrder) {
  on(snapshot_event(EventType::kCreated, "c", kNoon, 1));
  close();
  const auto damaged = store->write([&](storage::WriteTransaction& txn) {
    return txn.put(trees.orders, storage::key_of(std::uint64_t{1042}), "damaged");
  });
  ASSERT_TRUE(damaged);
  start();
  auto txn = store->read();
  const Event event = status("s", kNoon);
  const auto done = lane->on_event(incoming(event), *txn);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kStateCorrupt);
}

TEST_F(OrderLaneTest, AnEventIsTooLateOneMicrosecondBelowTheAllowedLateness) {
  using namespace std::chrono_literals;
  allowed_lateness = 1h;
  start();
  const Instant watermark = kNoon;
  const auto event = [&](std::string_view id, Instant when) {
    return snapshot_event(EventType::kCreated, id, when, 1);
  };
  EXPECT_EQ(judged(event("a", watermark - 1h), watermark), LaneVerdict::kAccepted);
  EXPECT_EQ(judged(event("b", watermark - 1h - 1us), watermark), LaneVerdict::kTooLate);
  EXPECT_EQ(judged(event("c", watermark - 1h - 1us), watermark, true), LaneVerdict::kAccepted)
      << "a replayed one is exempt";
  EXPECT_EQ(judged(event("d", watermark - 400h), std::nullopt), LaneVerdict::kAccepted)
      << "without a watermark nothing is late";
  allowed_lateness.reset();
  start();
  EXPECT_EQ(judged(event("e", watermark - 400h), watermark), LaneVerdict::kAccepted) << "unlimited";
}

TEST_F(OrderLaneTest, ATooLateEventReplayedCountsAndItsFlagGoesInTheLogsOwnLane) {
  using namespace std::chrono_literals;
  allowed_lateness = 1h;
  sink_lanes = 3;
  start();
  const Event in_time = snapshot_event(EventType::kCreated, "a", kNoon, 1);
  const Event late = status("b", kNoon + 2s);
  EXPECT_EQ(judged(in_time, {}), LaneVerdict::kAccepted);
  EXPECT_EQ(judged(late, kNoon + 2h), LaneVerdict::kTooLate);
  close();
  EXPECT_EQ(counted_status(), "new");
  start();
  raw_lanes.clear();
  EXPECT_EQ(replayed(late, kNoon + 2h), LaneVerdict::kAccepted);
  EXPECT_EQ(close(),
            (Entries{"pipeline_replays:order-created/0/2 b too_late order-replays/0/9 1"}));
  EXPECT_EQ(counted_status(), "sent");
  EXPECT_EQ(replayed(late, kNoon + 2h), LaneVerdict::kAccepted) << "once more: nothing new";
  close();
  EXPECT_EQ(counted_status(), "sent");
  state_ttl = 24h;
  start();
  EXPECT_EQ(replayed(late, kNoon + 48h), LaneVerdict::kExpired);
  EXPECT_EQ(close(), Entries{});
}

TEST_F(OrderLaneTest, AnAcceptedReplayTakesItsOriginalsCoordinates) {
  on(status("a", kNoon));
  const Event event = status("b", kNoon);
  lane->on_replayed(incoming(event), {"order-replays", 0, 9});
  EXPECT_EQ(close(), (Entries{"pipeline_replays:order-created/0/1 b refused order-replays/0/9 0"}));
  const auto txn = store->read();
  const auto taken = txn->get(trees.replays, replay_key({"order-created", 0, 1}));
  ASSERT_TRUE(taken && *taken);
  EXPECT_EQ(storage::unseal(kReplayVersion, **taken).value, "b");
  // The bytes of the key are part of the state's format.
  EXPECT_EQ(replay_key({"t", 258, 3}), std::string("t\0\0\0\1\2\0\0\0\0\0\0\0\3", 14));
}

TEST_F(OrderLaneTest, AnOrderExpiresOneMicrosecondBelowItsTimeToLiveAndAnUnknownOneNever) {
  using namespace std::chrono_literals;
  state_ttl = 24h;
  start();
  const Instant latest = kNoon;
  const Event first = snapshot_event(EventType::kCreated, "a", latest, 1);
  EXPECT_EQ(judged(first, latest + 1000h), LaneVerdict::kAccepted) << "never seen";
  EXPECT_EQ(judged(status("b", latest - 1s), latest + 24h), LaneVerdict::kAccepted);
  EXPECT_EQ(judged(status("c", latest), latest + 24h + 1us), LaneVerdict::kExpired);
  EXPECT_EQ(lane->take_freed_ids().size(), 1U) << "a refused id is free again";
  state_ttl.reset();
  start();
}

}  // namespace
}  // namespace lensart::jobs
