// From rows to events: what is mapped, and who is blamed for what.

#include <gmock/gmock.h>

#include "apps/orders/event_reader.hpp"
#include "tests/import/import_fixture.hpp"

namespace lensart::importing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ImportTest, ACsvRowBecomesItsSnapshot) {
  const Tally tally = read_csv(
      "id,user_id,user_name,user_email,branch_id,branch_name,branch_address,date,address,note,"
      "coupon_id,total_price,order_status,payment_status,payment_method,created_at,order_details\n"
      "12,7,An,a@example.org,3,CN 1,1 Le Loi,2025-01-02 10:00:00,Hue,\"a, \"\"b\"\"\",5,150000.00,"
      "Done,paid,COD,2025-01-02T03:00:00Z,"
      "\"[{\"\"product_id\"\": 1, \"\"quantity\"\": 2, \"\"total_price\"\": 150000.00}]\"\n");
  EXPECT_THAT(blamed(tally), IsEmpty());
  EXPECT_EQ(tally.orders, 1);
  EXPECT_THAT(
      events,
      ElementsAre(
          R"({"event_type":"order.created","event_id":"import-12",)"
          R"("timestamp":"2025-01-02T03:00:00Z","data":{"id":12,"user_id":7,"branch_id":3,)"
          R"("date":"2025-01-02 10:00:00","address":"Hue","note":"a, \"b\"",)"
          R"("coupon_id":5,"total_price":"150000.00","order_status":"Done",)"
          R"("payment_status":"paid","payment_method":"COD",)"
          R"("user":{"id":7,"name":"An","email":"a@example.org"},)"
          R"("branch":{"id":3,"name":"CN 1","address":"1 Le Loi"},)"
          R"("order_details":[{"product_id": 1, "quantity": 2, "total_price": 150000.00}]}})"));
}

TEST_F(ImportTest, FlatJsonAndASnapshotGiveWhatCsvGives) {
  const std::string rest =
      R"("total_price":"10","order_status":"s","payment_status":"p","created_at":"2025-01-02 03:04:05",)";
  read_csv(
      "id,user_name,branch_id,total_price,order_status,payment_status,created_at,order_details\n"
      "1,An,3,10,s,p,2025-01-02 03:04:05,[]\n");
  const std::string from_csv = data();
  EXPECT_EQ(from_csv, R"({"id":1,"branch_id":3,"total_price":10,"order_status":"s",)"
                      R"("payment_status":"p","user":{"name":"An"},"order_details":[]})");
  const std::string as_text = std::string(from_csv).replace(from_csv.find(":10,"), 4, ":\"10\",");
  read_json("{\"id\":1,\"branch_id\":3," + rest + R"("user_name":"An","order_details":"[]"})");
  EXPECT_EQ(data(), as_text);
  read_json("{\"id\":1,\"branch_id\":3," + rest + R"("user":{"name":"An"},"order_details":[]})");
  EXPECT_EQ(data(), as_text);
}

TEST_F(ImportTest, NullIsMySqlsAndAnEmptyTextIsAText) {
  const Tally tally = read_csv(
      "id,branch_id,total_price,order_status,payment_status,created_at,coupon_id,date,note,address,"
      "user_name,branch_name,order_details\n"
      "1,3,10,s,p,2025-01-02 03:04:05,,\\N,,\\N,NULL,\"NULL\",\n");
  EXPECT_THAT(blamed(tally), IsEmpty());
  EXPECT_EQ(data(), R"({"id":1,"branch_id":3,"note":"","total_price":10,"order_status":"s",)"
                    R"("payment_status":"p","branch":{"id":3,"name":"NULL"}})");
}

TEST_F(ImportTest, WithoutCreatedAtTheDateIsTheInstant) {
  read_csv(
      "id,branch_id,total_price,order_status,payment_status,created_at,date\n"
      "1,3,10,s,p,NULL,2025-01-02 03:04:05\n");
  EXPECT_THAT(events, ElementsAre(HasSubstr(R"("timestamp":"2025-01-02 03:04:05")")));
  EXPECT_THAT(blamed(read_csv("id,branch_id,total_price,order_status,payment_status,date\n"
                              "1,3,10,s,p,yesterday\n2,3,10,s,p,\n")),
              ElementsAre("line 2 date bad_timestamp", "line 3 created_at missing_field"));
}

TEST_F(ImportTest, AnIdGivesTheSameEventIdHoweverItIsSpelt) {
  const std::string head = std::string(kHeader) + "\n";
  for (const char* id : {"12", "12.0", "1.2e1", "\"12\""}) {
    read_csv(head + id + ",3,10,s,p,2025-01-02 03:04:05\n");
    EXPECT_THAT(events, ElementsAre(HasSubstr(R"("event_id":"import-12")"))) << id;
  }
  EXPECT_THAT(blamed(read_csv(head + "012,3,10,s,p,2025-01-02 03:04:05\n")),
              ElementsAre("line 2 id bad_type"));
}

TEST_F(ImportTest, TextsKeepTheirBytesForTheReaderToNormalise) {
  const std::string nfd = "Tie\xCC\x82\xCC\x81ng";  // e, circumflex, acute
  read_csv(
      "id,branch_id,total_price,order_status,payment_status,created_at,note\n"
      "1,3,10,s,p,2025-01-02 03:04:05,\"" +
      nfd + "\nhai\"\n");
  EXPECT_THAT(data(), HasSubstr("\"note\":\"" + nfd + "\\nhai\""));
  // As the pipeline will read it.
  orders::EventReader reader(options.rules);
  const std::string padded = events.front() + std::string(orders::kPayloadPadding, '\0');
  Arena arena;
  orders::Event event;
  orders::Rejection rejection;
  ASSERT_EQ(reader.read(orders::Topic::kOrderCreated,
                        std::string_view(padded).substr(0, events.front().size()), clock.wall(),
                        arena, event, rejection),
            orders::Outcome::kEvent);
  EXPECT_EQ(event.snapshot.note, "Ti\u1EBFng\nhai");
}

TEST_F(ImportTest, AnUnknownColumnIsRefusedWithASuggestion) {
  const Tally csv = read_csv(
      "id,brnch_id,total_price,order_status,payment_status,created_at\n"
      "1,3,10,s,p,2025-01-02 03:04:05\n");
  EXPECT_TRUE(csv.broken);
  EXPECT_THAT(blamed(csv), ElementsAre("line 1 brnch_id unknown_column"));
  EXPECT_THAT(csv.shown.front().message, HasSubstr("did you mean \"branch_id\"?"));
  const Tally json = read_json(
      "{\"id\":1,\"Total_Price\":2}\n"
      R"({"id":2,"branch_id":3,"total_price":1,"order_status":"s","payment_status":"p",)"
      R"("created_at":"2025-01-02 03:04:05","user":{"nam":"x"},)"
      R"("order_details":[{"product_id":1,"quantiti":1,"quantity":1,"total_price":1}]})");
  EXPECT_THAT(blamed(json),
              ElementsAre("line 1 Total_Price unknown_column", "line 2 user.nam unknown_column",
                          "line 2 order_details[0].quantiti unknown_column"));
  EXPECT_THAT(json.shown.front().message, HasSubstr("did you mean \"total_price\"?"));
}

TEST_F(ImportTest, AHeaderMustNameWhatEveryOrderNeeds) {
  EXPECT_THAT(
      blamed(read_csv("id,note\n1,x\n")),
      ElementsAre("line 1 branch_id missing_field", "line 1 total_price missing_field",
                  "line 1 order_status missing_field", "line 1 payment_status missing_field",
                  "line 1 created_at missing_field"));
  EXPECT_THAT(blamed(read_csv("")), ElementsAre("line 1 - missing_field"));
  EXPECT_THAT(blamed(read_csv("id\tbranch_id\n1\t2\n")), ElementsAre("line 1 - missing_field"));
  EXPECT_THAT(blamed(read_csv(std::string(kHeader) + ",id\n")), ElementsAre("line 1 id bad_type"));
}

TEST_F(ImportTest, EveryProblemOfARowIsNamedByItsColumn) {
  const Tally tally = read_csv(
      "id,branch_id,total_price,order_status,payment_status,created_at,user_name,order_details\n"
      "1,3,10,s,p,2025-01-02 03:04:05,An,\n\n"
      "0,x,-1,\"" +
      std::string(51, 's') + "\",p,0000-00-00 00:00:00,\"" + std::string(256, 'n') +
      "\",\"[{\"\"product_id\"\":1,\"\"quantity\"\":0,\"\"total_price\"\":1}]\"\n");
  EXPECT_EQ(tally.orders, 1);
  EXPECT_EQ(tally.invalid, 1);
  EXPECT_THAT(blamed(tally),
              ElementsAre("line 4 branch_id bad_type", "line 4 created_at bad_timestamp",
                          "line 4 id bad_id", "line 4 total_price bad_price",
                          "line 4 order_details[0].quantity bad_quantity",
                          "line 4 order_status field_too_long", "line 4 user_name field_too_long"));
  EXPECT_THAT(tally.shown.front().message, HasSubstr("branch_id is \"x\""));
}

TEST_F(ImportTest, HostileCellsStayWithinTheirColumn) {
  const std::string head =
      "id,branch_id,total_price,order_status,payment_status,created_at,note,order_details\n";
  const std::string start = "1,3,10,s,p,2025-01-02 03:04:05,";
  const Tally tally = read_csv(head + start + ",\"[],\"\"id\"\":7\"\n" + start + ",[]}}\n" + start +
                               ",\"{\"\n" + start + ",7\n" + start + "\xFF,\n" + start +
                               std::string("\0,\n", 3) + start + "5\" wide,\n" + start + "a,b,c\n");
  EXPECT_EQ(tally.orders, 0);
  EXPECT_THAT(blamed(tally),
              ElementsAre("line 2 order_details bad_json", "line 3 order_details bad_json",
                          "line 4 order_details bad_json", "line 5 order_details bad_type",
                          "line 6 note bad_json", "line 7 note nul_in_text", "line 8 note bad_type",
                          "line 9 - bad_type"));
  read_csv(head + start + "\"\"\",\"\"event_id\"\":\"\"x\",\n");
  EXPECT_THAT(data(), HasSubstr(R"("note":"\",\"event_id\":\"x")"));
}

TEST_F(ImportTest, BrokenJsonLinesAreTheirOwnProblem) {
  const std::string good =
      R"({"id":5,"branch_id":3,"total_price":1,"order_status":"s","payment_status":"p",)"
      R"("created_at":"2025-01-02 03:04:05"})";
  const Tally tally = read_json("\xEF\xBB\xBF{\n[1]\n\n\xFF\n{\"id\":1,\"id\":2}\n" + good +
                                "\r\n{} x\n" + std::string(1'000'000, ' ') + "{}\n");
  EXPECT_EQ(tally.orders, 1);
  EXPECT_THAT(blamed(tally),
              ElementsAre("line 1 - bad_json", "line 2 - bad_json", "line 4 - bad_json",
                          "line 5 id bad_type", "line 7 - bad_json", "line 8 - too_large"));
}

TEST_F(ImportTest, UserAndItsColumnsAreNotBothTaken) {
  EXPECT_THAT(
      blamed(read_json(
          R"({"id":5,"branch_id":3,"total_price":1,"order_status":"s","payment_status":"p",)"
          R"("created_at":"2025-01-02 03:04:05","user":{"name":"a"},"user_name":"b"})")),
      ElementsAre("line 1 user_name bad_type"));
}

TEST_F(ImportTest, AHugeFieldIsJudgedAndARowBeyondAllMeasureIsDropped) {
  const std::string head = "id,branch_id,total_price,order_status,payment_status,created_at,note\n";
  const std::string row = ",3,10,s,p,2025-01-02 03:04:05,";
  const Tally tally = read_csv(head + "1" + row + std::string(60'000, 'x') + "\n2" + row +
                               std::string(70'000, 'x') + "\n3" + row +
                               std::string(9 * 65'536, 'x') + "\n4" + row + "\n");
  EXPECT_EQ(tally.orders, 2);
  EXPECT_THAT(blamed(tally), ElementsAre("line 3 - too_large", "line 4 - too_large"));
}

TEST_F(ImportTest, AnOrderInTwoRowsIsOneTooMany) {
  const std::string row = ",3,10,s,p,2025-01-02 03:04:05\n";
  const Tally tally = read_csv(std::string(kHeader) + "\n1" + row + "2" + row + "1.0" + row);
  EXPECT_EQ(tally.orders, 2);
  EXPECT_THAT(blamed(tally), ElementsAre("line 4 id repeated_order"));
}

TEST_F(ImportTest, ProblemsAreCountedAndTheFirstAreShown) {
  std::string text = std::string(kHeader) + "\n";
  for (int i = 0; i < 50; ++i) text += "x,3,10,s,p,2025-01-02 03:04:05\n";
  const Tally tally = read_csv(text);
  EXPECT_EQ(tally.problems, 50);
  EXPECT_EQ(tally.shown.size(), 20);
}

TEST_F(ImportTest, QuotesThatNeverCloseBreakTheFileEvenIfTheRestLooksGood) {
  const Tally tally = read_csv(std::string(kHeader) +
                               "\n1,3,10,s,p,2025-01-02 03:04:05\n2,3,10,\"s,p,x\n"
                               "3,3,10,s,p,2025-01-02 03:04:05\n");
  EXPECT_TRUE(tally.broken);
  EXPECT_EQ(tally.orders, 1);
  EXPECT_THAT(blamed(tally), ElementsAre("line 3 order_status bad_type"));
}

}  // namespace
}  // namespace lensart::importing
