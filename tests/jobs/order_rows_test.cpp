#include "apps/jobs/order_rows.hpp"

#include "tests/jobs/jobs_fixture.hpp"

namespace lensart::jobs {
namespace {

using orders::Event;
using orders::EventType;

class RawRowTest : public testing::Test {
 protected:
  void write(Event event) {
    row.clear();
    event.json = R"({"a":1})";
    append_raw_row(row, event, {"order-events", 2, 77}, false);
  }
  std::string at(std::string_view column) const { return cell_of(kOrdersRaw, row, column); }

  orders::Snapshot snapshot = snapshot_of("new", "open");
  std::string row;
};

TEST_F(RawRowTest, ACreatedEventWritesItsSnapshot) {
  snapshot.user_id = 12;
  snapshot.payment_method = "COD";
  write(event_with(EventType::kCreated, "evt_1", kNoon, snapshot));
  EXPECT_EQ(cells_of(kOrdersRaw, row),
            (std::vector<std::string>{"evt_1", "order.created", "1042", "12", "2", "150000", "new",
                                      "open", "COD", R"({"a":1})", micros(kNoon), "order-events",
                                      "2", "77", "0"}));
}

TEST_F(RawRowTest, AnUpdatedEventWritesItsSnapshotToo) {
  write(event_with(EventType::kUpdated, "e", kNoon, snapshot));
  EXPECT_EQ(at("event_type"), "order.updated");
  EXPECT_EQ(at("order_status"), "new");
  EXPECT_EQ(at("user_id"), "NULL");
}

TEST_F(RawRowTest, ACancelledEventWritesCancelledNotItsSnapshotsOldStatus) {
  write(event_with(EventType::kCancelled, "e", kNoon, snapshot));
  EXPECT_EQ(at("event_type"), "order.cancelled");
  EXPECT_EQ(at("order_status"), "Đã hủy");
  EXPECT_EQ(at("payment_status"), "open");
}

TEST_F(RawRowTest, AStatusChangeWritesTheNewStatus) {
  Event event = event_with(EventType::kStatusChanged, "e", kNoon, snapshot);
  event.new_status = "sent";
  write(event);
  EXPECT_EQ(at("event_type"), "order.status_changed");
  EXPECT_EQ(at("order_status"), "sent");
  EXPECT_EQ(at("payment_status"), "open");
}

TEST_F(RawRowTest, AStatusChangeWithoutASnapshotLeavesTheRestNull) {
  Event event = event_of(EventType::kStatusChanged, "e");
  event.new_status = "sent";
  write(event);
  EXPECT_EQ(at("order_status"), "sent");
  for (const char* column :
       {"user_id", "branch_id", "total_price", "payment_status", "payment_method"})
    EXPECT_EQ(at(column), "NULL") << column;
}

TEST_F(RawRowTest, APaymentChangeWritesTheNewPaymentStatusBeforeTheSnapshotsOwn) {
  Event event = event_with(EventType::kPaymentStatusChanged, "e", kNoon, snapshot);
  event.new_payment_status = "paid";
  write(event);
  EXPECT_EQ(at("event_type"), "order.payment_status_changed");
  EXPECT_EQ(at("order_status"), "new");
  EXPECT_EQ(at("payment_status"), "paid");
}

TEST_F(RawRowTest, APaymentChangeWithoutASnapshotWritesNoOrderStatus) {
  Event event = event_of(EventType::kPaymentStatusChanged, "e");
  event.new_payment_status = "paid";
  write(event);
  EXPECT_EQ(at("order_status"), "NULL");
  EXPECT_EQ(at("payment_status"), "paid");
}

TEST_F(RawRowTest, AnEmptyTextIsNotNull) {
  snapshot.payment_method = "";
  write(event_with(EventType::kCreated, "e", kNoon, snapshot));
  EXPECT_EQ(at("payment_method"), "");
}

struct PriceCase {
  orders::Hundredths total;
  std::int64_t quantity;
  orders::Hundredths unit;
};

TEST(UnitPriceTest, IsTotalOverQuantityHalfAwayFromZero) {
  for (const PriceCase& one : {PriceCase{10, 4, 3},
                               {9, 4, 2},
                               {10, 3, 3},
                               {20, 3, 7},
                               {0, 7, 0},
                               {1, 2, 1},
                               {1, 3, 0},
                               {500, 1, 500},
                               {999'999'999'999'999, 2, 500'000'000'000'000},
                               {999'999'999'999'999, 1'000'000, 1'000'000'000}}) {
    EXPECT_EQ(unit_price(line_of(1, one.quantity, one.total)), one.unit)
        << one.total << " / " << one.quantity;
  }
}

TEST(UnitPriceTest, IsTheLinesOwnPriceWhereItHasOneEvenZero) {
  orders::Line line = line_of(1, 4, 10);
  line.price = 99;
  EXPECT_EQ(unit_price(line), 99);
  line.price = 0;
  EXPECT_EQ(unit_price(line), 0);
}

class ItemRowsTest : public testing::Test {
 protected:
  std::string day_of(std::optional<Instant> date) {
    snapshot.date = date;
    snapshot.lines = lines;
    return cell_of(kOrderItems, rows().front(), "order_date");
  }
  std::vector<std::string> rows() const {
    std::string together;
    append_item_rows(together, 7, snapshot, saigon());
    const auto texts = storage::texts_in(together);
    return {texts.begin(), texts.end()};
  }
  static std::string days(std::chrono::sys_days day) {
    return std::to_string(day.time_since_epoch().count());
  }

  std::vector<orders::Line> lines = {line_of(37, 2, 501)};
  orders::Snapshot snapshot = snapshot_of("new", "open");
};

TEST_F(ItemRowsTest, EachLineIsARowWithItsOrdersBranch) {
  lines[0].product_name = "Frame";
  lines.push_back(line_of(38, 1, 0));
  snapshot.lines = lines;
  const auto rows = this->rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(cells_of(kOrderItems, rows[0]),
            (std::vector<std::string>{"7", "37", "Frame", "NULL", "2", "251", "501", "NULL", "2"}));
  EXPECT_EQ(cell_of(kOrderItems, rows[1], "product_id"), "38");
}

TEST_F(ItemRowsTest, TheDayTurnsAtMidnightOfTheBusinessZone) {
  using namespace std::chrono;
  const Instant midnight = sys_days(2026y / November / 20) + hours(17);  // 00:00 of the 21st there
  EXPECT_EQ(day_of(midnight - microseconds(1)), days(2026y / November / 20));
  EXPECT_EQ(day_of(midnight), days(2026y / November / 21));
  EXPECT_EQ(day_of(std::nullopt), "NULL");
}

TEST(SnapshotColumnsTest, ItemsCountIsTheSumOfTheQuantities) {
  const std::vector<orders::Line> lines = {line_of(1, 2, 1), line_of(1, 3, 1)};
  std::string row;
  storage::RowWriter(row).bigint(1042);
  append_snapshot_columns(row, snapshot_of("new", "open", lines));
  storage::RowWriter rest(row);
  rest.text(std::string_view("s"));
  rest.text(std::string_view("p"));
  rest.instant(kNoon);
  rest.instant(kNoon);
  EXPECT_EQ(cell_of(kOrdersProcessed, row, "items_count"), "5");
}

class LetterRowTest : public testing::Test {
 protected:
  std::string at(std::string_view column) {
    std::string row;
    append_letter_row(row, letter, {"order-created", 1, 9}, kNoon);
    return cell_of(kDeadLetters, row, column);
  }
  static std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
  }
  Letter letter;
};

TEST_F(LetterRowTest, TextsAreCutToTheirColumnsInCodePoints) {
  const std::string field = repeated("ế", 300);
  const std::string message = repeated("😀", 1'500);
  const std::string id = repeated("é", 150);
  letter.field = field;
  letter.message = message;
  letter.event_id = id;
  EXPECT_EQ(at("field"), repeated("ế", 255));
  EXPECT_EQ(at("message"), repeated("😀", 1'000));
  EXPECT_EQ(at("event_id"), repeated("é", 100));
}

TEST_F(LetterRowTest, ATextOfExactlyItsColumnsLengthStaysWhole) {
  const std::string id = repeated("x", 100);
  letter.event_id = id;
  EXPECT_EQ(at("event_id"), id);
}

TEST_F(LetterRowTest, TheNulCharacterIsReplaced) {
  using namespace std::string_view_literals;
  letter.field = "data.\0"sv;
  letter.message = "\0"sv;
  letter.event_id = "a\0b"sv;
  EXPECT_EQ(at("field"), "data.\uFFFD");
  EXPECT_EQ(at("message"), "\uFFFD");
  EXPECT_EQ(at("event_id"), "a\uFFFDb");
}

TEST_F(LetterRowTest, AMissingPayloadIsNullAndAnEmptyOneIsNot) {
  EXPECT_EQ(at("payload"), "NULL");
  EXPECT_EQ(at("event_id"), "NULL");
  EXPECT_EQ(at("order_id"), "NULL");
  letter.payload = "";
  EXPECT_EQ(at("payload"), "");
}

TEST_F(LetterRowTest, ThePayloadStaysByteForByte) {
  using namespace std::string_view_literals;
  letter.payload = "\xFF\0{"sv;
  EXPECT_EQ(at("payload"), "\xFF\0{"sv);
}

}  // namespace
}  // namespace lensart::jobs
