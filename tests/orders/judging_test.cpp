// Which rule counts when several are broken, what is never judged, and what a dead letter keeps.

#include <gmock/gmock.h>

#include "tests/orders/reader_fixture.hpp"

namespace lensart::orders {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class JudgingTest : public ReaderTest {};

TEST_F(JudgingTest, EventTypeIsJudgedFirst) {
  EXPECT_EQ(verdict(Topic::kOrderCreated, "{}"), "missing_field event_type");
  EXPECT_EQ(verdict(Topic::kOrderEvents, R"({"event_type":null})"), "missing_field event_type");
  EXPECT_EQ(verdict(Topic::kOrderEvents, R"({"event_type":5})"), "bad_type event_type");
  EXPECT_EQ(verdict(Topic::kOrderEvents, R"({"event_type":[]})"), "bad_type event_type");
  EXPECT_EQ(verdict(Topic::kOrderEvents, R"({"event_type":"x","event_type":"x"})"),
            "bad_type event_type");
  EXPECT_EQ(verdict(Topic::kOrderEvents, R"({"event_type":null,"\u0065vent_type":"x"})"),
            "bad_type event_type");
}

TEST_F(JudgingTest, OtherTypesOnOrderEventsAreIgnoredWhateverElseTheyBreak) {
  EXPECT_EQ(verdict(Topic::kOrderEvents, R"({"event_type":""})"), "ignored");
  EXPECT_EQ(verdict(Topic::kOrderEvents, R"({"event_type":"Order.created","data":5,"a":1,"a":2})"),
            "ignored");
  EXPECT_EQ(verdict(Topic::kOrderEvents, R"({"event_type":"order.created\u0000"})"), "ignored");
  EXPECT_EQ(verdict(Topic::kOrderEvents, R"({"event_type":"x","timestamp":tru})"), "bad_json");
  EXPECT_THAT(violations(Topic::kOrderEvents, R"({"event_type":"x","a":1,"a":2})"), IsEmpty());
}

TEST_F(JudgingTest, ATypeBelongsToItsTopic) {
  EXPECT_EQ(verdict(Topic::kOrderUpdated, created(snapshot())), "wrong_topic event_type");
  EXPECT_EQ(verdict(Topic::kOrderEvents, created(snapshot())), "wrong_topic event_type");
  EXPECT_EQ(verdict(Topic::kOrderCreated, R"({"event_type":"test.connection"})"),
            "wrong_topic event_type");
  EXPECT_EQ(verdict(Topic::kOrderCreated, R"({"event_type":""})"), "wrong_topic event_type");
  EXPECT_EQ(verdict(Topic::kOrderCancelled, envelope("order.status_changed", status_change())),
            "wrong_topic event_type");
}

TEST_F(JudgingTest, TheFirstBrokenRuleCounts) {
  // Broken in every way at once, then mended rule by rule.
  Json data = snapshot()
                  .drop("branch_id")
                  .set("note", "5")
                  .set("date", R"("yesterday")")
                  .set("user_id", "0")
                  .set("total_price", "-1")
                  .set("order_details", lines({line().set("quantity", "0")}))
                  .set("payment_method", '"' + std::string(51, 'x') + '"')
                  .set("metadata", R"(["\u0000"])");
  Json event = created(data).set("timestamp", R"("2030-01-01T00:00:00Z")");
  const auto next = [&](Topic topic = Topic::kOrderCreated) {
    event.set("data", data.text());
    return verdict(topic, event);
  };
  EXPECT_EQ(verdict(Topic::kOrderCreated, event.text() + "x"), "bad_json");
  EXPECT_EQ(next(Topic::kOrderUpdated), "wrong_topic event_type");
  EXPECT_EQ(next(), "missing_field data.branch_id");
  data.set("branch_id", "2");
  EXPECT_EQ(next(), "bad_type data.note");
  data.set("note", "null");
  EXPECT_EQ(next(), "bad_timestamp data.date");
  data.set("date", "null");
  EXPECT_EQ(next(), "timestamp_in_future timestamp");
  event.set("timestamp", R"("2026-01-01T00:00:00Z")");
  EXPECT_EQ(next(), "bad_id data.user_id");
  data.set("user_id", "null");
  EXPECT_EQ(next(), "bad_price data.total_price");
  data.set("total_price", "1");
  EXPECT_EQ(next(), "bad_quantity data.order_details[0].quantity");
  data.set("order_details", "[]");
  EXPECT_EQ(next(), "field_too_long data.payment_method");
  data.set("payment_method", R"("x")");
  EXPECT_EQ(next(), "nul_in_text data.metadata[0]");
  data.set("metadata", "[]");
  EXPECT_EQ(next(), "accepted");
}

TEST_F(JudgingTest, AllViolationsInRuleOrderThenInThePayloads) {
  const Json data = Json{}
                        .set("coupon_id", "-3")
                        .set("total_price", "1.001")
                        .set("user_id", "0")
                        .set("note", "5")
                        .set("id", "1")
                        .set("order_details", lines({line().drop("quantity").set("price", "-1")}))
                        .set("payment_status", R"("\u0000")")
                        .set("metadata", R"({"a":1,"a":2,"a":3})")
                        .set("order_status", '"' + std::string(60, 'x') + '"');
  EXPECT_THAT(
      violations(Topic::kOrderCreated, created(data).drop("timestamp").text()),
      ElementsAre("missing_field timestamp", "missing_field data.branch_id",
                  "missing_field data.order_details[0].quantity", "bad_type data.note",
                  "bad_type data.metadata.a", "bad_id data.coupon_id", "bad_id data.user_id",
                  "bad_price data.total_price", "bad_price data.order_details[0].price",
                  "field_too_long data.order_status", "nul_in_text data.payment_status"));
}

TEST_F(JudgingTest, NoViolationsInAnEvent) {
  EXPECT_THAT(violations(Topic::kOrderCreated, created(snapshot()).text()), IsEmpty());
  EXPECT_THAT(violations(Topic::kOrderCreated, "{"), ElementsAre("bad_json "));
}

TEST_F(JudgingTest, AWrongTopicDoesNotHideTheOthers) {
  EXPECT_THAT(violations(Topic::kOrderEvents, created(snapshot().drop("id")).text()),
              ElementsAre("wrong_topic event_type", "missing_field data.id"));
  EXPECT_THAT(violations(Topic::kOrderCreated, R"({"event_type":5,"timestamp":"x"})"),
              ElementsAre("bad_type event_type", "bad_timestamp timestamp"));
  EXPECT_THAT(violations(Topic::kOrderCreated, R"({"event_type":"x","event_type":"x"})"),
              ElementsAre("bad_type event_type", "missing_field timestamp"));
}

TEST_F(JudgingTest, NothingInsideAFieldOfAWrongTypeIsJudged) {
  EXPECT_THAT(violations(Topic::kOrderCreated,
                         created(snapshot().set("note", R"({"a":1,"a":"\u0000"})")).text()),
              ElementsAre("bad_type data.note"));
  EXPECT_THAT(
      violations(Topic::kOrderCreated, created(snapshot().set("branch_id", R"("\u0000")")).text()),
      ElementsAre("bad_type data.branch_id"));
  EXPECT_THAT(violations(Topic::kOrderCreated,
                         created(snapshot()).set("data", R"([{"a":1,"a":2}])").text()),
              ElementsAre("bad_type data"));
  EXPECT_THAT(violations(Topic::kOrderCreated,
                         created(snapshot()).add("data", Json{{"id", "-1"}}.text()).text()),
              ElementsAre("bad_type data"));
}

TEST_F(JudgingTest, TheFirstFieldIsTheFirstInThePayload) {
  EXPECT_EQ(verdict_of(Json{{"coupon_id", "0"}}
                           .set("user_id", "0")
                           .set("id", "0")
                           .set("branch_id", "1")
                           .set("total_price", "1")
                           .set("order_status", R"("")")
                           .set("payment_status", R"("")")),
            "bad_id data.coupon_id");
  // A field is repeated where it stands again.
  EXPECT_EQ(verdict_of(snapshot().set("user", "5").add("id", "1")), "bad_type data.user");
  EXPECT_EQ(
      verdict(Topic::kOrderCreated, created(snapshot().set("note", "5")).add("event_id", "5")),
      "bad_type data.note");
  EXPECT_EQ(verdict(Topic::kOrderCreated, Json{{"data", snapshot().set("date", R"("x")").text()}}
                                              .set("timestamp", R"("x")")
                                              .set("event_type", R"("order.created")")),
            "bad_timestamp data.date");
}

TEST_F(JudgingTest, TheFlatFormStandsForDataInAllFiveTypes) {
  EXPECT_EQ(verdict(Topic::kOrderCreated, flat("order.created", snapshot())), "accepted");
  EXPECT_EQ(verdict(Topic::kOrderUpdated, flat("order.updated", snapshot()).set("data", "null")),
            "accepted");
  EXPECT_EQ(verdict(Topic::kOrderCancelled, flat("order.cancelled", snapshot())), "accepted");
  EXPECT_EQ(verdict(Topic::kOrderEvents, flat("order.status_changed", status_change())),
            "accepted");
  EXPECT_EQ(event_.snapshot.lines.size(), 2U);
  EXPECT_EQ(verdict(Topic::kOrderEvents, flat("order.payment_status_changed", payment_change())),
            "accepted");
  EXPECT_EQ(
      verdict(Topic::kOrderCreated, flat("order.created", snapshot()).set("event_id", R"("mine")")),
      "accepted");
  EXPECT_EQ(event_.event_id, "mine");
  // An envelope's own id says nothing about the order.
  EXPECT_EQ(verdict(Topic::kOrderCreated, created(snapshot()).set("order_id", "7").set("id", "[]")),
            "accepted");
  EXPECT_EQ(event_.order_id, 1042);
}

TEST_F(JudgingTest, AnEventIdThatIsAbsentNullOrEmptyIsDerivedFromTheBytes) {
  const Json event = created(snapshot());
  EXPECT_EQ(verdict(Topic::kOrderCreated, Json(event).drop("event_id")), "accepted");
  const std::string first(event_.event_id);
  EXPECT_EQ(first.size(), 5U + 64U);
  EXPECT_EQ(verdict(Topic::kOrderCreated, Json(event).set("event_id", "null")), "accepted");
  EXPECT_NE(event_.event_id, first);
  EXPECT_EQ(verdict(Topic::kOrderCreated, Json(event).set("event_id", R"("")")), "accepted");
  EXPECT_EQ(event_.event_id.substr(0, 5), "hash_");
  EXPECT_EQ(verdict(Topic::kOrderCreated, Json(event).drop("event_id").text() + " "), "accepted");
  EXPECT_NE(event_.event_id, first);
}

TEST_F(JudgingTest, TextsAreStoredInNormalForm) {
  EXPECT_EQ(
      verdict(Topic::kOrderCreated, created(snapshot().set("note", R"("e\u0323\u0302 \u212b")"))
                                        .set("event_id", R"("i\u0302")")),
      "accepted");
  EXPECT_EQ(event_.event_id, "î");
  EXPECT_EQ(event_.snapshot.note, "ệ Å");
}

TEST_F(JudgingTest, AnEmptyTextIsAText) {
  EXPECT_EQ(verdict_of(snapshot().set("order_status", R"("")").set("note", R"("")")), "accepted");
  EXPECT_EQ(event_.snapshot.order_status, "");
  EXPECT_EQ(event_.snapshot.note, "");
  EXPECT_EQ(
      verdict_of_status(status_change().set("new_status", R"("")").set("old_status", R"("")")),
      "accepted");
  EXPECT_EQ(event_.old_status, "");
}

TEST_F(JudgingTest, AStatusEventsOrderMayBeNone) {
  for (const char* none : {"null", "[]", "{}", "[ ]"}) {
    EXPECT_EQ(verdict_of_status(status_change().set("order", none)), "accepted") << none;
    EXPECT_FALSE(event_.has_snapshot);
  }
  EXPECT_EQ(verdict_of_status(status_change().drop("order")), "accepted");
  EXPECT_EQ(verdict_of_status(status_change().set("order", R"({"x":1})")),
            "missing_field data.order.branch_id");
}

TEST_F(JudgingTest, LocalTimesAreInTheBusinessZone) {
  EXPECT_EQ(verdict(Topic::kOrderCreated,
                    created(snapshot()).set("timestamp", R"("2026-11-20 10:30:00")")),
            "accepted");
  EXPECT_EQ(event_.timestamp, utc(2026, 11, 20, std::chrono::minutes(3 * 60 + 30)));
  const TimeZone berlin = TimeZone::find("Europe/Berlin").value();
  Rules rules;
  rules.zone = &berlin;
  set_up(rules);
  const auto date_of = [&](const char* local) {
    EXPECT_EQ(verdict_of(snapshot().set("date", '"' + std::string(local) + '"')), "accepted");
    return event_.snapshot.date;
  };
  EXPECT_EQ(date_of("2026-10-25T02:30:00"), utc(2026, 10, 25, std::chrono::minutes(90)));  // twice
  EXPECT_EQ(date_of("2026-03-29T02:30:00"), utc(2026, 3, 29, std::chrono::minutes(90)));  // skipped
}

TEST_F(JudgingTest, ADeadLetterKeepsTheIdsThatCanBeTrusted) {
  const auto ids = [&](const Json& event) {
    EXPECT_EQ(read(Topic::kOrderCreated, event.text()), Outcome::kRejected);
    return fmt::format("{} {}", rejection_.event_id.value_or("-"),
                       rejection_.order_id.value_or(-1));
  };
  const Json broken = created(snapshot().drop("branch_id"));
  const auto with_data = [&](const Json& data) { return Json(broken).set("data", data.text()); };
  EXPECT_EQ(ids(broken), "evt_1 1042");
  EXPECT_EQ(ids(Json(broken).drop("event_type")), "evt_1 1042");
  EXPECT_EQ(ids(Json(broken).set("event_type", R"("order.updated")")), "evt_1 1042");
  EXPECT_EQ(ids(Json(broken).drop("event_id")), "- 1042");
  EXPECT_EQ(ids(Json(broken).set("event_id", R"("")")), "- 1042");
  EXPECT_EQ(ids(Json(broken).set("event_id", "5")), "- 1042");
  EXPECT_EQ(ids(Json(broken).add("event_id", R"("evt_2")")), "- 1042");
  EXPECT_EQ(ids(Json(broken).set("event_id", R"("e\u0301\u0000)" + std::string(200, 'x') + '"')),
            "é\uFFFD" + std::string(98, 'x') + " 1042");
  EXPECT_EQ(ids(with_data(Json{{"id", R"("77")"}})), "evt_1 77");
  EXPECT_EQ(ids(with_data(Json{{"order_id", "77"}, {"id", "null"}})), "evt_1 77");
  EXPECT_EQ(ids(with_data(Json{{"order_id", "77"}, {"id", "78"}})), "evt_1 -1");
  EXPECT_EQ(ids(with_data(Json{{"id", "77"}, {"id", "77"}})), "evt_1 -1");
  EXPECT_EQ(ids(with_data(Json{{"id", "0"}})), "evt_1 -1");
  EXPECT_EQ(ids(with_data(Json{{"id", "true"}})), "evt_1 -1");
  EXPECT_EQ(ids(with_data(Json{{"id", "77.5"}})), "evt_1 -1");
  EXPECT_EQ(ids(with_data(Json{})), "evt_1 -1");
  EXPECT_EQ(ids(Json(broken).set("data", "7")), "evt_1 -1");
  EXPECT_EQ(ids(Json(broken).add("data", "null")), "evt_1 -1");
  EXPECT_EQ(ids(flat("order.created", Json{{"order_id", "9"}})), "- 9");
  EXPECT_EQ(read(Topic::kOrderCreated, created(snapshot()).text() + "}"), Outcome::kRejected);
  EXPECT_EQ(rejection_.event_id, std::nullopt);
  EXPECT_EQ(rejection_.order_id, std::nullopt);
}

TEST_F(JudgingTest, FieldAndMessageFitTheirColumns) {
  const std::string key(400, 'k');
  EXPECT_EQ(verdict_of(snapshot().set("metadata", "{\"" + key + R"(":"\u0000"})")),
            "nul_in_text data.metadata." + std::string(241, 'k'));
  EXPECT_EQ(verdict_of(snapshot().set("metadata", R"({"e\u0301":1,"e\u0301":1})")),
            "bad_type data.metadata.é");
  EXPECT_EQ(verdict_of(snapshot().set("total_price", '"' + std::string(5000, 'x') + '"')),
            "bad_type data.total_price");
  EXPECT_LT(rejection_.violation.message.size(), 200U);
}

TEST_F(JudgingTest, ALongPathIsCutBetweenCharacters) {
  std::string key;
  for (int i = 0; i < 100'000; ++i) key += "\u20AC";
  std::string values = R"("\u0000")";
  for (int i = 0; i < 50'000; ++i) values += R"(,"\u0000")";
  const Json event = created(snapshot().set("metadata", "{\"" + key + "\":[" + values + "]}"));
  std::string shown = "data.metadata.";
  for (int i = 0; i < 241; ++i) shown += "\u20AC";
  EXPECT_EQ(verdict(Topic::kOrderCreated, event), "nul_in_text " + shown);
  EXPECT_THAT(violations(Topic::kOrderCreated, event.text()), ElementsAre("nul_in_text " + shown));
}

TEST_F(JudgingTest, APayloadMadeOfErrorsGetsAnAnswerThatEnds) {
  std::string values = R"("\u0000")";
  for (int i = 0; i < 50'000; ++i) values += R"(,"\u0000")";
  const Json event = created(snapshot().set("metadata", "[" + values + "]"));
  EXPECT_EQ(violations(Topic::kOrderCreated, event.text()).size(), kMaxViolations);
}

TEST_F(JudgingTest, AMessageNamesFieldValueAndRemedy) {
  verdict_of(snapshot().set("total_price", "1.005"));
  EXPECT_EQ(
      rejection_.violation.message,
      "data.total_price is 1.005: an order's total is from 0.01 to 9999999999999.99, with two "
      "decimals; free orders need validation.allow_zero_total");
  verdict_of(snapshot().add("note", "1"));
  EXPECT_EQ(rejection_.violation.message, "data.note stands twice: send it once");
}

}  // namespace
}  // namespace lensart::orders
