// order_anomalies on cases worked out by hand.

#include <gtest/gtest.h>

#include "tests/model/accepted_events.hpp"

namespace lensart::model {
namespace {

using namespace std::chrono_literals;
using Rows = std::vector<std::string>;

const Settings kSettings;

/// The rows of order 7, `kind|status|since|resolved_at`, the instants as hours after half past ten.
Rows anomalies(const Events& events, std::optional<Instant> timer_clock = std::nullopt) {
  const auto hour = [](const Cell& cell) -> std::string {
    if (!cell) return "-";
    const Instant instant = parse_instant(*cell, kSettings.zone).value();
    return std::to_string(std::chrono::floor<std::chrono::hours>(instant - at(0h)).count());
  };
  Rows rows;
  const Table table = order_anomalies(events.all(), timer_clock, kSettings);
  for (const auto& [key, row] : table.rows()) {
    rows.push_back(*row[1] + "|" + *row[2] + "|" + hour(row[3]) + "|" + hour(row[4]));
  }
  return rows;
}

std::string row(const std::string& kind, const std::string& status, const std::string& times) {
  return kind + "|" + status + "|" + times;
}

TEST(Anomalies, AreTheHistorysGapsStepsBackAndRevivals) {
  Events events;
  events.created("c", 0h).status("a", 1h, kReady, kProcessing);
  events.status("b", 2h, kDelivered, kShipping).status("d", 3h, kReady, kDelivered);
  events.status("e", 4h, kProcessing, kReady);
  EXPECT_EQ(anomalies(events),
            (Rows{row("after_terminal", kReady, "3|-"), row("backward", kProcessing, "4|-"),
                  row("sequence_gap", kDelivered, "2|-")}));
}

TEST(Anomalies, AnEventThatExplainsOneTakesItAway) {
  Events events;
  events.created("c", 0h).status("a", 1h, kProcessing).status("b", 3h, kShipping, kReady);
  EXPECT_EQ(anomalies(events), (Rows{row("sequence_gap", kShipping, "3|-")}));
  events.status("d", 2h, kReady, kProcessing);
  EXPECT_EQ(anomalies(events), Rows{});
}

TEST(Anomalies, DoNotWaitForASnapshot) {
  Events events;
  events.status("a", 1h, kShipping).status("b", 2h, kReady, kShipping);
  EXPECT_EQ(anomalies(events), (Rows{row("backward", kReady, "2|-")}));
}

TEST(Anomalies, TwoRowsOfOneKeyAreOne) {
  Events events;
  events.status("a", 1h, kDelivered).status("b", 2h, kDelivered).status("d", 2h, kDelivered);
  EXPECT_EQ(anomalies(events), (Rows{row("after_terminal", kDelivered, "2|-")}));
}

TEST(UnknownStatus, IsOneRowATextSinceTheEarliestEventThatWritesIt) {
  Events events;
  events.status("a", 3h, "Mới lạ").updated("u", 2h, {.status = "Mới lạ"});
  events.payment("p", 4h, Says{.status = ""}).updated("v", 5h, {.status = ""});
  EXPECT_EQ(anomalies(events),
            (Rows{row("unknown_status", "Mới lạ", "2|-"), row("unknown_status", "", "4|-")}));
}

TEST(UnknownStatus, IsNotWhatASnapshotSaysWithoutWritingItOrWhatWasBefore) {
  Events events;
  events.status("a", 1h, kReady, "before", Says{.status = "carried"});
  events.cancelled("x", 2h, {.status = "left over"});
  EXPECT_EQ(anomalies(events), Rows{});
}

TEST(UnknownStatus, IsThePaymentMethodOfAnySnapshotToo) {
  Events events;
  events.created("c", 1h, {.method = "COD"}).updated("u", 2h, {.method = "cod"});
  events.status("s", 3h, kReady, {}, Says{.method = "Mới lạ"});
  events.cancelled("x", 4h, {.status = "not written", .method = "cod"});
  EXPECT_EQ(anomalies(events),
            (Rows{row("unknown_status", "Mới lạ", "3|-"), row("unknown_status", "cod", "2|-")}));
}

TEST(UnknownStatus, AStatusAndAMethodOfOneTextShareARow) {
  Events events;
  events.status("s", 3h, "Mới lạ").updated("u", 2h, {.method = "Mới lạ"});
  EXPECT_EQ(anomalies(events), (Rows{row("unknown_status", "Mới lạ", "2|-")}));
}

TEST(Stuck, ADayBetweenTwoChangesIsARowWithoutATimerAMicrosecondLessIsNone) {
  Events events;
  events.created("c", 0h).status("s", 24h, kReady, kProcessing);
  EXPECT_EQ(anomalies(events), (Rows{row("stuck", kProcessing, "0|24")}));
  events.status("t", 48h - 1us, kShipping, kReady);
  EXPECT_EQ(anomalies(events), (Rows{row("stuck", kProcessing, "0|24")}));
}

TEST(Stuck, AfterTheLastChangeTheTimerClockDecides) {
  Events events;
  events.created("c", 0h).status("s", 1h, kReady, kProcessing);
  EXPECT_EQ(anomalies(events), Rows{});
  EXPECT_EQ(anomalies(events, at(25h - 1us)), Rows{});
  EXPECT_EQ(anomalies(events, at(25h)), (Rows{row("stuck", kReady, "1|-")}));
}

TEST(Stuck, NoTerminalStatusIs) {
  Events events;
  events.created("c", 0h, {.status = kDelivered}).cancelled("x", 30h);
  EXPECT_EQ(anomalies(events, at(1000h)), Rows{});
}

TEST(Stuck, ASnapshotThatRepeatsTheStatusIsNoChangeButAStatusChangeIs) {
  Events events;
  events.created("c", 0h).updated("u", 23h).payment("p", 23h, Says{}).payment("q", 23h);
  EXPECT_EQ(anomalies(events, at(24h)), (Rows{row("stuck", kProcessing, "0|-")}));
  events.status("s", 23h, kProcessing);
  EXPECT_EQ(anomalies(events, at(24h)), Rows{});
}

TEST(Stuck, ASnapshotThatAltersTheStatusIsAChange) {
  Events events;
  events.created("c", 0h).updated("u", 23h, {.status = kReady});
  events.payment("p", 46h, Says{.status = kShipping});
  EXPECT_EQ(anomalies(events, at(69h)), Rows{});
  EXPECT_EQ(anomalies(events, at(70h)), (Rows{row("stuck", kShipping, "46|-")}));
}

TEST(Stuck, ACancellationIsAChangeEvenOfACancelledOrder) {
  Settings none_is_terminal = kSettings;
  none_is_terminal.terminal_statuses.clear();
  Events events;
  events.cancelled("x", 0h).cancelled("y", 23h);
  EXPECT_TRUE(order_anomalies(events.all(), at(46h), none_is_terminal).rows().empty());
  EXPECT_EQ(order_anomalies(events.all(), at(47h), none_is_terminal).rows().size(), 1U);
}

TEST(Stuck, StatusesWithoutASnapshotAndTooLateOnesCount) {
  Events events;
  events.status("s", 0h, "Mới lạ").too_late().status("t", 30h, kReady).too_late();
  EXPECT_EQ(anomalies(events),
            (Rows{row("stuck", "Mới lạ", "0|30"), row("unknown_status", "Mới lạ", "0|-")}));
}

TEST(Stuck, ALateEventThatFallsBetweenTakesTheRowAway) {
  Events events;
  events.created("c", 0h).status("t", 40h, kShipping, kReady);
  EXPECT_EQ(anomalies(events), (Rows{row("stuck", kProcessing, "0|40")}));
  events.status("s", 20h, kReady, kProcessing);
  EXPECT_EQ(anomalies(events), Rows{});
}

}  // namespace
}  // namespace lensart::model
