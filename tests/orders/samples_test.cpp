// Payloads as the Laravel application writes them, byte for byte, each with its exact values.

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/orders/reader_fixture.hpp"

namespace lensart::orders {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class SamplesTest : public ReaderTest {
 protected:
  static std::string sample(const std::string& name) {
    std::ifstream in(std::string(LENSART_SAMPLES) + "/" + name, std::ios::binary);
    EXPECT_TRUE(in) << name;
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  const Event& accepted(Topic topic, const std::string& name) {
    EXPECT_EQ(verdict(topic, sample(name)), "accepted") << name;
    return event_;
  }

  /// What all the full snapshots have in common.
  void expect_full_snapshot(const Snapshot& snapshot) const {
    EXPECT_EQ(snapshot.user_id, 12);
    EXPECT_EQ(snapshot.user_name, "Nguyễn Thị Ánh");
    EXPECT_EQ(snapshot.user_email, "anh.nguyen@example.com");
    EXPECT_EQ(snapshot.branch_id, 2);
    EXPECT_EQ(snapshot.branch_name, "LensArt Quận 3");
    EXPECT_EQ(snapshot.branch_address, "25 Võ Văn Tần, Phường 6, Quận 3, TP. Hồ Chí Minh");
    EXPECT_EQ(snapshot.date, utc(2026, 11, 20, hours(3) + minutes(30)));
    EXPECT_EQ(snapshot.address, "12/5 Nguyễn Đình Chiểu, Quận 1, TP. Hồ Chí Minh");
    EXPECT_EQ(snapshot.note, std::nullopt);
    EXPECT_EQ(snapshot.order_status, "Đang xử lý");
    EXPECT_EQ(snapshot.payment_method, "Chuyển khoản");
    ASSERT_EQ(snapshot.lines.size(), 2U);
    const Line& first = snapshot.lines[0];
    EXPECT_EQ(first.product_id, 37);
    EXPECT_EQ(first.product_name, "Gọng kính Ray-Ban RB5154");
    EXPECT_EQ(first.color, "Đen nhám");
    EXPECT_EQ(first.quantity, 1);
    EXPECT_EQ(first.total_price, 125'000'000);
    EXPECT_EQ(first.price, std::nullopt);
    const Line& second = snapshot.lines[1];
    EXPECT_EQ(second.product_id, 58);
    EXPECT_EQ(second.product_name, "Tròng kính chống ánh sáng xanh");
    EXPECT_EQ(second.color, std::nullopt);
    EXPECT_EQ(second.quantity, 2);
    EXPECT_EQ(second.total_price, 50'000'000);
  }
};

TEST_F(SamplesTest, CreatedEnvelope) {
  const Event& event = accepted(Topic::kOrderCreated, "order-created.envelope.json");
  EXPECT_EQ(event.type, EventType::kCreated);
  EXPECT_EQ(event.event_id, "evt_6b046c89a61795.04114447");
  EXPECT_EQ(event.timestamp, utc(2026, 11, 20, hours(3) + minutes(30) + seconds(2)));
  EXPECT_EQ(event.order_id, 1042);
  ASSERT_TRUE(event.has_snapshot);
  expect_full_snapshot(event.snapshot);
  EXPECT_EQ(event.snapshot.coupon_id, std::nullopt);
  EXPECT_EQ(event.snapshot.total_price, 175'000'000);
  EXPECT_EQ(event.snapshot.payment_status, "Chưa thanh toán");
}

TEST_F(SamplesTest, TheLogIsGivenAnotherSpellingOfThePayloadThatLivesInTheArena) {
  const Event& event = accepted(Topic::kOrderCreated, "order-created.envelope.json");
  buffer_.reset();
  EXPECT_EQ(event.json.find("\\u"), std::string_view::npos);
  EXPECT_EQ(event.json.find("\\/"), std::string_view::npos);
  EXPECT_NE(event.json.find(R"("address":"12/5 Nguyễn Đình Chiểu, Quận 1)"),
            std::string_view::npos);
  EXPECT_EQ(event.json.back(), '}');
  // One in memory that is used again, where no byte is as it was left.
  Arena arena;
  std::fill_n(arena.allocate(60'000), 60'000, '\\');
  arena.reset();
  const std::string payload = sample("order-created.envelope.json");
  ASSERT_EQ(reader_->read(Topic::kOrderCreated, padded(payload), now_, arena, event_, rejection_),
            Outcome::kEvent);
  expect_full_snapshot(event_.snapshot);
}

TEST_F(SamplesTest, TheLogIsGivenThePayloadItselfWhereItsBytesAreTheId) {
  const Event& event = accepted(Topic::kOrderCreated, "order-created.flat.json");
  EXPECT_EQ(event.json, sample("order-created.flat.json"));
  EXPECT_NE(event.json.find("\\u"), std::string_view::npos);
}

TEST_F(SamplesTest, TextsOutliveTheNextPayload) {
  const auto with_note = [](const std::string& note) {
    return created(snapshot().set("note", note).set("address", R"("Nguye\u0302\u0303n")")).text();
  };
  ASSERT_EQ(verdict(Topic::kOrderCreated, with_note(R"("\"a\"\nb\/\u1ec5")")), "accepted");
  const Event first = event_;
  ASSERT_EQ(verdict(Topic::kOrderCreated, with_note(R"("\"X\"\tY\/\u1ec6")")), "accepted");
  EXPECT_EQ(first.snapshot.note, "\"a\"\nb/ễ");
  EXPECT_EQ(first.snapshot.address, "Nguyễn");
}

TEST_F(SamplesTest, CreatedFlatDerivesItsId) {
  const Event& event = accepted(Topic::kOrderCreated, "order-created.flat.json");
  // sha256sum of the file.
  EXPECT_EQ(event.event_id,
            "hash_e9d40fa1720354b7f92852a13a03bdc5d6160b0f4b89b8d61129468dec75b782");
  EXPECT_EQ(event.timestamp, utc(2026, 11, 20, hours(19)));
  EXPECT_EQ(event.order_id, 1043);
  ASSERT_TRUE(event.has_snapshot);
  expect_full_snapshot(event.snapshot);
}

TEST_F(SamplesTest, CreatedWalkInHasNoUserAndNoLines) {
  const Event& event = accepted(Topic::kOrderCreated, "order-created.walk-in.json");
  EXPECT_EQ(event.order_id, 1044);
  const Snapshot& snapshot = event.snapshot;
  EXPECT_EQ(snapshot.user_id, std::nullopt);
  EXPECT_EQ(snapshot.user_name, std::nullopt);
  EXPECT_EQ(snapshot.branch_name, std::nullopt);
  EXPECT_EQ(snapshot.branch_address, std::nullopt);
  EXPECT_EQ(snapshot.payment_method, "Tiền mặt");
  EXPECT_TRUE(snapshot.lines.empty());
}

TEST_F(SamplesTest, Updated) {
  const Event& event = accepted(Topic::kOrderUpdated, "order-updated.envelope.json");
  EXPECT_EQ(event.type, EventType::kUpdated);
  expect_full_snapshot(event.snapshot);
  EXPECT_EQ(event.snapshot.coupon_id, 7);
  EXPECT_EQ(event.snapshot.total_price, 165'000'000);
  EXPECT_EQ(event.snapshot.payment_status, "Đã thanh toán");
}

TEST_F(SamplesTest, CancelledMayCarryItsOldStatus) {
  const Event& event = accepted(Topic::kOrderCancelled, "order-cancelled.stale-status.json");
  EXPECT_EQ(event.type, EventType::kCancelled);
  EXPECT_EQ(event.event_id, "evt_6b046c89a61f23.81947741");
  EXPECT_EQ(event.timestamp, utc(2026, 11, 20, hours(4)));
  expect_full_snapshot(event.snapshot);
}

TEST_F(SamplesTest, StatusChangedWithSnapshot) {
  const Event& event = accepted(Topic::kOrderEvents, "order-events.status-changed.json");
  EXPECT_EQ(event.type, EventType::kStatusChanged);
  EXPECT_EQ(event.order_id, 1042);
  EXPECT_EQ(event.old_status, "Đang xử lý");
  EXPECT_EQ(event.new_status, "Đã xử lý và sẵn sàng giao hàng");
  ASSERT_TRUE(event.has_snapshot);
  expect_full_snapshot(event.snapshot);
}

TEST_F(SamplesTest, StatusChangedWithoutSnapshot) {
  const Event& event =
      accepted(Topic::kOrderEvents, "order-events.status-changed.no-snapshot.json");
  EXPECT_EQ(event.new_status, "Đang giao hàng");
  EXPECT_FALSE(event.has_snapshot);
}

TEST_F(SamplesTest, PaymentStatusChangedWithNumericText) {
  const Event& event = accepted(Topic::kOrderEvents, "order-events.payment-status-changed.json");
  EXPECT_EQ(event.type, EventType::kPaymentStatusChanged);
  EXPECT_EQ(event.order_id, 1042);
  EXPECT_EQ(event.new_payment_status, "Đã thanh toán");
  EXPECT_EQ(event.old_status, std::nullopt);
  EXPECT_FALSE(event.has_snapshot);
}

TEST_F(SamplesTest, TestConnectionIsIgnored) {
  EXPECT_EQ(verdict(Topic::kOrderEvents, sample("order-events.test-connection.json")), "ignored");
}

TEST_F(SamplesTest, EveryPrefixOfAnEventIsBadJson) {
  const std::string whole = sample("order-events.status-changed.json");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_EQ(verdict(Topic::kOrderEvents, std::string_view(whole).substr(0, size)), "bad_json")
        << size;
  }
}

TEST_F(SamplesTest, NoSingleChangedByteCrashes) {
  const std::string whole = sample("order-events.status-changed.json");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char byte :
         {'\0', '"', '\\', '{', '}', ',', ':', '0', '\x0C', '\x1A', '\x80', '\xFF'}) {
      std::string broken = whole;
      broken[at] = byte;
      verdict(Topic::kOrderEvents, broken);
    }
  }
}

}  // namespace
}  // namespace lensart::orders
