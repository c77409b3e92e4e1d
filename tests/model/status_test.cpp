// History and sessions on cases worked out by hand.

#include <gtest/gtest.h>

#include "tests/model/accepted_events.hpp"

namespace lensart::model {
namespace {

using namespace std::chrono_literals;

const Settings kSettings;

Table history_of(const Events& events) { return order_status_history(events.all(), kSettings); }
Table sessions_of(const Events& events) { return order_status_sessions(events.all(), kSettings); }

Cell anomaly(const Events& events, const std::string& id) {
  return history_of(events).at("7|" + id, "anomaly");
}
Cell seconds(const Events& events, const std::string& id) {
  return history_of(events).at("7|" + id, "processing_time_seconds");
}

/// A delivered order's usual way, an hour a step.
Events usual_way() {
  return Events()
      .created("c", 0h)
      .status("s1", 1h, kReady, kProcessing)
      .status("s2", 2h, kShipping, kReady)
      .status("s3", 3h, kDelivered, kShipping);
}

TEST(History, HasARowForEachStatusChangeAndNoneForOtherEvents) {
  Events events = usual_way();
  events.updated("u", 4h).payment("p", 5h, Says{}).cancelled("x", 6h);
  const Table table = history_of(events);
  ASSERT_EQ(table.rows().size(), 3U);
  EXPECT_EQ(table.at("7|s2", "old_status"), kReady);
  EXPECT_EQ(table.at("7|s2", "new_status"), kShipping);
  EXPECT_EQ(table.at("7|s2", "changed_at"), printed(2h));
  EXPECT_EQ(table.at("7|s2", "anomaly"), std::nullopt);
}

TEST(History, WaitsForASnapshotFromWhateverEvent) {
  Events events;
  events.status("s", 0h, kReady).payment("p", 1h);
  EXPECT_TRUE(history_of(events).rows().empty());
  events.payment("q", 2h, Says{});
  EXPECT_EQ(history_of(events).rows().size(), 1U);
}

TEST(History, TooLateEventsStandInItAndASnapshotThatIsTooLateLetsItBeSeen) {
  Events events;
  events.status("s", 0h, kReady).too_late().updated("u", 1h).too_late();
  EXPECT_EQ(history_of(events).rows().size(), 1U);
}

TEST(History, OrdersKeepToThemselves) {
  Events events;
  events.created("c", 0h).status("s", 1h, kDelivered);
  events.order(8).created("d", 0h).status("t", 2h, kReady, kProcessing);
  EXPECT_EQ(history_of(events).at("8|t", "anomaly"), std::nullopt);
  EXPECT_EQ(history_of(events).at("8|t", "processing_time_seconds"), "7200");
}

TEST(ProcessingTime, IsWholeSecondsSinceTheRowBeforeWhateverCameFirst) {
  Events events;
  events.created("c", 0h).status("b", 1h + 1999999us, kReady).status("a", 1h, kReady);
  EXPECT_EQ(seconds(events, "a"), "3600");
  EXPECT_EQ(seconds(events, "b"), "1");
}

TEST(ProcessingTime, OfOneInstantTheEventIdsBytesDecideWhichRowIsBefore) {
  Events events;
  events.created("c", 0h).status("a", 1h, kShipping).status("Z", 1h, kDelivered);
  EXPECT_EQ(seconds(events, "Z"), "3600");
  EXPECT_EQ(seconds(events, "a"), "0");
  EXPECT_EQ(anomaly(events, "a"), "after_terminal");
}

TEST(ProcessingTime, OfTheFirstRowIsSinceTheEarliestCreatedEvent) {
  Events events;
  events.updated("u", -9h).created("c", 2h).created("d", 1h).status("s", 3h, kReady);
  EXPECT_EQ(seconds(events, "s"), "7200");
}

TEST(ProcessingTime, OfTheFirstRowIsNullWithoutACreatedEventOrWithALaterOne) {
  Events events;
  events.updated("u", 0h).status("s", 3h, kReady).status("t", 4h, kReady);
  EXPECT_EQ(seconds(events, "s"), std::nullopt);
  events.created("c", 3h + 1us);
  EXPECT_EQ(seconds(events, "s"), std::nullopt);
  EXPECT_EQ(seconds(events, "t"), "3600");
  events.created("d", 3h);
  EXPECT_EQ(seconds(events, "s"), "0");
}

TEST(HistoryAnomaly, ForwardSkippingAndStayingAreNone) {
  Events events;
  events.created("c", 0h).status("a", 1h, kProcessing, kProcessing);
  events.status("b", 2h, kShipping, kProcessing).status("d", 3h, kShipping, kShipping);
  for (const char* id : {"a", "b", "d"}) EXPECT_EQ(anomaly(events, id), std::nullopt) << id;
}

TEST(HistoryAnomaly, AStatusThatTheMapLacksIsUnknownBeforeAllElse) {
  Events events = usual_way();
  events.status("x", 4h, "Mới lạ", "nonsense");  // after a terminal one, too, and with a gap
  EXPECT_EQ(anomaly(events, "x"), "unknown_status");
}

TEST(HistoryAnomaly, WhatFollowsATerminalStatusIsAfterTerminalStayingToo) {
  Events events = usual_way();
  events.status("a", 4h, kDelivered, kDelivered);
  events.status("b", 5h, kProcessing, "nonsense");  // backward and a gap, too
  EXPECT_EQ(anomaly(events, "a"), "after_terminal");
  EXPECT_EQ(anomaly(events, "b"), "after_terminal");
  events.status("d", 6h, kCancelled, kProcessing).status("e", 7h, kCancelled, kCancelled);
  EXPECT_EQ(anomaly(events, "d"), std::nullopt);
  EXPECT_EQ(anomaly(events, "e"), "after_terminal");
}

TEST(HistoryAnomaly, ALowerRankIsBackwardBeforeItIsAGap) {
  Events events;
  events.created("c", 0h).status("a", 1h, kShipping).status("b", 2h, kReady, kProcessing);
  EXPECT_EQ(anomaly(events, "b"), "backward");
}

TEST(HistoryAnomaly, WithoutARankThereIsNoBackward) {
  Events events;
  events.created("c", 0h).status("a", 1h, kShipping).status("b", 2h, kCancelled, kShipping);
  EXPECT_EQ(anomaly(events, "b"), std::nullopt);
  Events others;
  others.created("c", 0h).status("a", 1h, "Mới lạ").status("b", 2h, kProcessing, "Mới lạ");
  EXPECT_EQ(anomaly(others, "b"), std::nullopt);
}

TEST(HistoryAnomaly, AnOldStatusThatIsNotTheRowBeforesIsAGap) {
  Events events;
  events.created("c", 0h).status("a", 1h, kProcessing);
  events.status("b", 2h, kShipping, kReady).status("d", 3h, kDelivered);
  EXPECT_EQ(anomaly(events, "b"), "sequence_gap");
  EXPECT_EQ(anomaly(events, "d"), std::nullopt);  // it says nothing of what was before
}

TEST(HistoryAnomaly, TheFirstRowIsJudgedByItsOwnOldStatusAndHasNoGap) {
  const auto first = [](const std::string& to, std::optional<std::string> from) {
    Events events;
    events.created("c", 0h, {.status = kDelivered}).status("a", 1h, to, std::move(from));
    return anomaly(events, "a");
  };
  EXPECT_EQ(first(kProcessing, std::nullopt), std::nullopt);  // not by the order's status
  EXPECT_EQ(first(kProcessing, kDelivered), "after_terminal");
  EXPECT_EQ(first(kProcessing, kShipping), "backward");
  EXPECT_EQ(first(kShipping, kProcessing), std::nullopt);
  EXPECT_EQ(first(kShipping, "Mới lạ"), std::nullopt);
  EXPECT_EQ(first("", kProcessing), "unknown_status");
}

TEST(Sessions, AChangeHalfAnHourAfterTheOneBeforeBelongsToItsSession) {
  Events events;
  events.status("a", 0min, kProcessing).status("b", 30min, kReady).status("d", 60min, kShipping);
  const Table table = sessions_of(events);
  ASSERT_EQ(table.rows().size(), 1U);
  const std::string key = "7|" + session_at(0h);
  EXPECT_EQ(table.at(key, "started_at"), printed(0h));
  EXPECT_EQ(table.at(key, "ended_at"), printed(60min));
  EXPECT_EQ(table.at(key, "changes"), "3");
  EXPECT_EQ(table.at(key, "first_status"), kProcessing);
  EXPECT_EQ(table.at(key, "last_status"), kShipping);
}

TEST(Sessions, AMicrosecondMoreBeginsAnotherUntilAnEventFallsBetween) {
  Events events;
  events.status("a", 0min, kProcessing).status("b", 30min + 1us, kReady);
  EXPECT_EQ(sessions_of(events).rows().size(), 2U);
  EXPECT_EQ(sessions_of(events).at("7|" + session_at(30min + 1us), "changes"), "1");
  events.status("d", 30min, kReady);
  EXPECT_EQ(sessions_of(events).rows().size(), 1U);
  EXPECT_EQ(sessions_of(events).at("7|" + session_at(0h), "changes"), "3");
}

TEST(Sessions, AreOfStatusChangesAloneInTheOrderOfTheirIds) {
  Events events;
  events.created("c", 0min).updated("u", 20min).payment("p", 40min, Says{}).cancelled("x", 59min);
  events.status("b", 60min, kReady).status("B", 60min, kShipping);
  const Table table = sessions_of(events);
  ASSERT_EQ(table.rows().size(), 1U);
  EXPECT_EQ(table.at("7|" + session_at(60min), "first_status"), kShipping);
  EXPECT_EQ(table.at("7|" + session_at(60min), "last_status"), kReady);
}

TEST(Sessions, GiveEachHistoryRowTheirId) {
  Events events;
  events.created("c", 0h).status("a", 0min, kReady).status("b", 30min, kReady);
  events.status("d", 61min, kReady);
  const Table table = history_of(events);
  EXPECT_EQ(table.at("7|a", "session_id"), session_at(0h));
  EXPECT_EQ(table.at("7|b", "session_id"), session_at(0h));
  EXPECT_EQ(table.at("7|d", "session_id"), session_at(61min));
}

}  // namespace
}  // namespace lensart::model
