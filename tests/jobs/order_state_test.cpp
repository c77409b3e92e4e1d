#include "apps/jobs/order_state.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/jobs/jobs_fixture.hpp"
#include "tests/storage/hex.hpp"

namespace lensart::jobs {
namespace {

using orders::Event;
using orders::EventType;
using std::chrono::seconds;

class OrderStateTest : public testing::Test {
 protected:
  bool apply(const Event& event) { return state.apply(event, {3, ++offset}, false, {saigon()}); }
  std::string column(std::string_view name) const {
    std::string row;
    state.append_row(row, 1042);
    return cell_of(kOrdersProcessed, row, name);
  }
  /// The row that the events make, in the order given.
  static std::string row_after(std::span<const Event> events) {
    OrderState folded;
    for (const Event& event : events) folded.apply(event, {0, 0}, false, {saigon()});
    std::string row;
    folded.append_row(row, 1042);
    return row;
  }
  static Event status(std::string_view id, Instant at, std::string_view to) {
    Event event = event_of(EventType::kStatusChanged, id, at);
    event.new_status = to;
    return event;
  }
  static Event payment(std::string_view id, Instant at, std::string_view to) {
    Event event = event_of(EventType::kPaymentStatusChanged, id, at);
    event.new_payment_status = to;
    return event;
  }

  static std::string encoded(const OrderState& state) {
    std::string out;
    state.encode(out);
    return out;
  }

  OrderState state;
  std::int64_t offset = 0;
};

TEST_F(OrderStateTest, WithoutASnapshotThereIsNoRowToSend) {
  EXPECT_TRUE(apply(status("s", kNoon, "sent")));
  EXPECT_FALSE(state.all.has_snapshot);
}

TEST_F(OrderStateTest, EachGroupHasALastWriterOfItsOwn) {
  apply(event_with(EventType::kCreated, "c", kNoon, snapshot_of("new", "open")));
  apply(status("s", kNoon + seconds(9), "sent"));
  apply(payment("p", kNoon + seconds(8), "paid"));
  apply(event_with(EventType::kUpdated, "u", kNoon + seconds(5), snapshot_of("old", "older")));
  EXPECT_EQ(column("order_status"), "sent");
  EXPECT_EQ(column("payment_status"), "paid");
  EXPECT_EQ(state.all.snapshot_key.event_id(), "u");
}

TEST_F(OrderStateTest, APaymentChangeWithASnapshotWritesItsOwnPaymentStatusAndTheSnapshotsStatus) {
  Event event =
      event_with(EventType::kPaymentStatusChanged, "p", kNoon, snapshot_of("new", "open"));
  event.new_payment_status = "paid";
  apply(event);
  EXPECT_EQ(column("order_status"), "new");
  EXPECT_EQ(column("payment_status"), "paid");
}

TEST_F(OrderStateTest, ACancellationWritesCancelledWhateverItsSnapshotSays) {
  apply(event_with(EventType::kCancelled, "x", kNoon, snapshot_of("new", "open")));
  EXPECT_EQ(column("order_status"), "Đã hủy");
}

TEST_F(OrderStateTest, ALaterEventTakesACancellationBack) {
  apply(event_with(EventType::kCancelled, "x", kNoon, snapshot_of("new", "open")));
  apply(status("s", kNoon + seconds(1), "sent"));
  EXPECT_EQ(column("order_status"), "sent");
}

TEST_F(OrderStateTest, AtOneInstantTheRankDecidesInWhateverOrderTheyCome) {
  std::vector<Event> events = {
      event_with(EventType::kCreated, "e", kNoon, snapshot_of("created", "1")),
      event_with(EventType::kUpdated, "d", kNoon, snapshot_of("updated", "2")),
      payment("c", kNoon, "3"), status("b", kNoon, "changed"),
      event_of(EventType::kCancelled, "a", kNoon)};
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return a.event_id < b.event_id; });
  const std::string expected = row_after(events);
  EXPECT_EQ(cell_of(kOrdersProcessed, expected, "order_status"), "Đã hủy");
  EXPECT_EQ(cell_of(kOrdersProcessed, expected, "payment_status"), "3");
  do {
    ASSERT_EQ(row_after(events), expected);
  } while (std::next_permutation(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.event_id < b.event_id;
  }));
}

TEST_F(OrderStateTest, AtOneInstantAndRankTheGreaterIdByUnsignedBytesWins) {
  apply(event_with(EventType::kUpdated, "é", kNoon, snapshot_of("accent", "open")));
  EXPECT_FALSE(apply(event_with(EventType::kUpdated, "z", kNoon, snapshot_of("plain", "open"))));
  EXPECT_EQ(column("order_status"), "accent");
}

TEST_F(OrderStateTest, CreatedAtIsTheEarliestCreationNotTheEarliestEvent) {
  apply(status("s", kNoon - seconds(60), "sent"));
  apply(event_with(EventType::kUpdated, "u", kNoon, snapshot_of("new", "open")));
  EXPECT_EQ(column("created_at"), micros(kNoon - seconds(60)));
  apply(event_with(EventType::kCreated, "c2", kNoon + seconds(9), snapshot_of("new", "open")));
  EXPECT_EQ(column("created_at"), micros(kNoon + seconds(9)));
  apply(event_with(EventType::kCreated, "c1", kNoon + seconds(5), snapshot_of("new", "open")));
  EXPECT_EQ(column("created_at"), micros(kNoon + seconds(5)));
  EXPECT_EQ(column("updated_at"), micros(kNoon + seconds(9)));
}

TEST_F(OrderStateTest, AnEventThatWritesNothingStillMovesUpdatedAt) {
  apply(event_with(EventType::kCreated, "c", kNoon, snapshot_of("new", "open")));
  EXPECT_TRUE(apply(payment("p", kNoon + seconds(7), "open")));
  EXPECT_EQ(column("updated_at"), micros(kNoon + seconds(7)));
}

TEST_F(OrderStateTest, AnEventBetweenOthersThatLosesEverywhereChangesNothing) {
  apply(event_with(EventType::kCreated, "c", kNoon, snapshot_of("new", "open")));
  apply(event_with(EventType::kUpdated, "u", kNoon + seconds(9), snapshot_of("sent", "paid")));
  const std::string before = encoded(state);
  EXPECT_FALSE(
      apply(event_with(EventType::kUpdated, "v", kNoon + seconds(5), snapshot_of("x", "y"))));
  EXPECT_EQ(encoded(state), before) << "origin included: it names the last event that counted";
}

TEST_F(OrderStateTest, EqualLinesAreNoChangeAndOthersAre) {
  const std::vector<orders::Line> two = {line_of(1, 2, 500), line_of(2, 1, 300)};
  const std::vector<orders::Line> other = {line_of(1, 2, 500), line_of(2, 1, 301)};
  apply(event_with(EventType::kCreated, "c", kNoon, snapshot_of("new", "open", two)));
  EXPECT_TRUE(state.lines_changed);
  EXPECT_EQ(storage::texts_in(state.pending_lines).size(), 2U);
  state.lines_changed = false;
  state.pending_lines.clear();
  apply(event_with(EventType::kUpdated, "u", kNoon + seconds(1), snapshot_of("new", "open", two)));
  EXPECT_FALSE(state.lines_changed);
  apply(
      event_with(EventType::kUpdated, "v", kNoon + seconds(2), snapshot_of("new", "open", other)));
  EXPECT_TRUE(state.lines_changed);
  EXPECT_EQ(state.lines_stored, 2U);
}

TEST_F(OrderStateTest, LinesThatAllGoAreAChange) {
  const std::vector<orders::Line> one = {line_of(1, 2, 500)};
  apply(event_with(EventType::kCreated, "c", kNoon, snapshot_of("new", "open", one)));
  state.lines_changed = false;
  state.pending_lines.clear();
  apply(event_with(EventType::kUpdated, "u", kNoon + seconds(1), snapshot_of("new", "open")));
  EXPECT_TRUE(state.lines_changed);
  EXPECT_EQ(state.lines, 0U);
  EXPECT_EQ(state.lines_stored, 1U);
}

TEST_F(OrderStateTest, LinesThatChangeTwiceInAnEpochRememberWhatTheStateHolds) {
  const std::vector<orders::Line> three = {line_of(1, 1, 1), line_of(2, 1, 1), line_of(3, 1, 1)};
  apply(event_with(EventType::kCreated, "c", kNoon, snapshot_of("new", "open", three)));
  state.lines_changed = false;
  const std::span<const orders::Line> all(three);
  apply(event_with(EventType::kUpdated, "u", kNoon + seconds(1),
                   snapshot_of("new", "open", all.first(2))));
  apply(event_with(EventType::kUpdated, "v", kNoon + seconds(2),
                   snapshot_of("new", "open", all.first(1))));
  EXPECT_EQ(state.lines_stored, 3U);
  EXPECT_EQ(state.lines, 1U);
}

TEST_F(OrderStateTest, WhatIsDecodedGoesOnAsIfNothingHadHappened) {
  const std::vector<orders::Line> one = {line_of(1, 2, 500)};
  apply(event_with(EventType::kCreated, "c", kNoon, snapshot_of("new", "open", one)));
  apply(status("s", kNoon + seconds(9), "sent"));
  state.row_sent = true;
  state.lines_changed = false;
  auto decoded = OrderState::decode(encoded(state));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->row_sent);
  EXPECT_EQ(encoded(*decoded), encoded(state));
  state = std::move(*decoded);
  EXPECT_FALSE(
      apply(event_with(EventType::kUpdated, "b", kNoon - seconds(0), snapshot_of("x", "y", one))) &&
      state.lines_changed);
  EXPECT_FALSE(apply(status("r", kNoon + seconds(9), "late"))) << "the id r is below s";
}

TEST_F(OrderStateTest, TheFactsOfASnapshotAreReadOutOfItsColumns) {
  orders::Snapshot snapshot = snapshot_of("new", "open");
  snapshot.branch_id = 7;
  snapshot.total_price = 12345;
  snapshot.user_name = "An";
  snapshot.date = kNoon;
  for (const orders::Text method : {orders::Text("COD"), orders::Text(""), orders::Text()}) {
    snapshot.payment_method = method;
    state = {};
    apply(event_with(EventType::kCreated, "c", kNoon, snapshot));
    const SnapshotFacts facts = state.all.facts();
    EXPECT_EQ(facts.payment_method, method);
    EXPECT_EQ(facts.branch_id, 7);
    EXPECT_EQ(facts.date, kNoon);
    EXPECT_EQ(facts.total_price, 12345);
  }
}

/// Of the state that the next tests make: up to the flags of its fold, the sort key of its one
/// event, what lies between it and the last one (its columns in their long form up to format 6),
/// and the rest but for the writes.
constexpr std::string_view kKey = "001ee3dbac60060000020000006331";
constexpr std::string_view kColumns = "11000000000000030200000000000005f04902000200000000";
constexpr std::string_view kLongColumns =
    "2500000000000001020000000000000000000000000001f049020000000000000100000000000000"
    "0000000000";
constexpr std::string_view kStatus = "030000006e6577";
constexpr std::string_view kPayment = "040000006f70656e";
constexpr std::string_view kUpToDuplicates =
    "001ee3dbac600600001ee3dbac600600001ee3dbac60060000000000000000000000000000000000"
    "0000000003000000010000000000000000000000";

TEST_F(OrderStateTest, TheFormatOfVersionThreeIsThis) {
  apply(event_with(EventType::kCreated, "c1", kNoon, snapshot_of("new", "open")));
  state.row_sent = true;
  EXPECT_EQ(storage::hex_unsigned(encoded(state)),
            fmt::format("03023f{}{}{}{}{}0000000000", kKey, kColumns, kStatus, kPayment,
                        kUpToDuplicates));
}

/// A state as an older version wrote it, `rest` in hexadecimal.
class OlderOrderStateTest : public OrderStateTest {
 protected:
  void expect_read(std::uint8_t version, std::string_view writes, bool in_tree) {
    expect_body_read(version,
                     fmt::format("020f{}{}{}{}{}{}{}{}", kKey, kLongColumns, kKey, kStatus, kKey,
                                 kPayment, kUpToDuplicates, writes),
                     in_tree);
  }
  void expect_body_read(std::uint8_t version, const std::string& hex, bool in_tree) {
    apply(event_with(EventType::kCreated, "c1", kNoon, snapshot_of("new", "open")));
    state.row_sent = true;
    const auto decoded = OrderState::decode(storage::seal(version, storage::from_hex(hex)));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->writes.in_tree, in_tree);
    EXPECT_EQ(decoded->writes.count, 0);
    EXPECT_TRUE(decoded->row_sent);
    EXPECT_EQ(decoded->all.status_key, state.all.status_key);
    EXPECT_EQ(decoded->all.payment_key, state.all.payment_key);
    std::string row, expected;
    decoded->append_row(row, 1042);
    state.append_row(expected, 1042);
    EXPECT_EQ(cells_of(kOrdersProcessed, row), cells_of(kOrdersProcessed, expected));
  }
};

TEST_F(OlderOrderStateTest, ColumnsInTheirLongFormAreStillRead) {
  expect_body_read(3,
                   fmt::format("023f{}{}{}{}{}0000000000", kKey, kLongColumns, kStatus, kPayment,
                               kUpToDuplicates),
                   false);
}

TEST_F(OlderOrderStateTest, VersionTwoIsStillReadAndHasAllKeys) {
  expect_read(2, "0000000000", false);
}

TEST_F(OlderOrderStateTest, VersionOneIsStillReadAndHasItsWritesInTheTree) {
  expect_read(1, "", true);
}

TEST_F(OrderStateTest, AKeyThatIsTheSnapshotsIsWrittenOnce) {
  const std::string id(36, 'i');
  Event created = event_with(EventType::kCreated, id, kNoon, snapshot_of("new", "open"));
  apply(created);
  const std::size_t shared = encoded(state).size();
  const std::string later(36, 'j');
  apply(status(later, kNoon + seconds(1), "sent"));
  const auto of_status = OrderState::decode(encoded(state));
  ASSERT_TRUE(of_status);
  EXPECT_EQ(of_status->all.status_key.event_id(), later);
  EXPECT_EQ(of_status->all.payment_key.event_id(), id);
  EXPECT_EQ(encoded(state).size(), shared + 1 + 8 + 1 + 4 + 36);
  apply(payment(later, kNoon + seconds(1), "paid"));
  const auto of_all = OrderState::decode(encoded(state));
  ASSERT_TRUE(of_all);
  EXPECT_EQ(of_all->all.payment_key, state.all.payment_key);
  EXPECT_NE(of_all->all.payment_key, of_all->all.snapshot_key);
}

TEST_F(OrderStateTest, LongIdsAreKeptWhole) {
  const std::string id(100, 'i');
  apply(event_with(EventType::kCreated, id, kNoon, snapshot_of("new", "open")));
  const auto decoded = OrderState::decode(encoded(state));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->all.snapshot_key.event_id(), id);
}

TEST_F(OrderStateTest, DamagedBytesAreNotAState) {
  apply(event_with(EventType::kCreated, "c1", kNoon, snapshot_of("new", "open")));
  const std::string good = encoded(state);
  ASSERT_TRUE(OrderState::decode(good));
  EXPECT_FALSE(OrderState::decode(""));
  for (std::size_t size = 0; size < good.size(); ++size)
    ASSERT_FALSE(OrderState::decode(good.substr(0, size))) << size << " bytes";
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    ASSERT_FALSE(OrderState::decode(damaged)) << "byte " << at;
  }
}

}  // namespace
}  // namespace lensart::jobs
