// What follows from an order's statuses, on the edges of each rule (docs/contract.md §3).

#include "apps/jobs/status_track.hpp"

#include <gtest/gtest.h>

namespace lensart::jobs {
namespace {

using namespace std::chrono_literals;
using orders::EventType;

const Instant kStart{std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 10h};

orders::StatusRules rules() {
  orders::StatusRules rules;
  rules.statuses.add("new", {orders::StatusColumn::kPending, 0, false});
  rules.statuses.add("ready", {orders::StatusColumn::kProcessing, 1, false});
  rules.statuses.add("sent", {orders::StatusColumn::kProcessing, 2, false});
  rules.statuses.add("done", {orders::StatusColumn::kCompleted, 3, true});
  rules.statuses.add("off", {orders::StatusColumn::kCancelled, std::nullopt, true});
  return rules;
}

/// Writes in any order; the track sorts them.
class Track {
 public:
  Track& created(Duration at, std::string_view status = "new") {
    return add(EventType::kCreated, at, status, std::nullopt);
  }
  Track& updated(Duration at, std::string_view status) {
    return add(EventType::kUpdated, at, status, std::nullopt);
  }
  Track& changed(Duration at, std::string_view status, orders::Text old = std::nullopt) {
    return add(EventType::kStatusChanged, at, status, old);
  }
  StatusView view(std::optional<Duration> clock = std::nullopt) const {
    return view_of(track_, true, clock ? std::optional(kStart + *clock) : std::nullopt, rules());
  }

 private:
  Track& add(EventType type, Duration at, std::string_view status, orders::Text old) {
    const std::string id = "e" + std::to_string(++ids_);
    orders::Event event;
    event.type = type;
    event.event_id = id;
    event.timestamp = kStart + at;
    event.order_id = 1;
    if (type == EventType::kStatusChanged) {
      event.new_status = status;
      event.old_status = old;
    } else {
      event.has_snapshot = true;
      event.snapshot.order_status = status;
    }
    track_.add(event, {}, rules());
    return *this;
  }
  StatusTrack track_;
  int ids_ = 0;
};

TEST(History, SecondsAreCutAndCountedFromTheRowBefore) {
  const auto view =
      Track().created(0s).changed(1s + 999'999us, "ready").changed(3s + 999'998us, "sent").view();
  ASSERT_EQ(view.history.size(), 2U);
  EXPECT_EQ(view.history[0].processing_seconds, 1);
  EXPECT_EQ(view.history[1].processing_seconds, 1);
}

TEST(History, TheFirstRowHasNoSecondsWithoutACreatedOrWithALaterOne) {
  EXPECT_EQ(Track().changed(0s, "ready").view().history[0].processing_seconds, std::nullopt);
  EXPECT_EQ(Track().created(1us).changed(0s, "ready").view().history[0].processing_seconds,
            std::nullopt);
  EXPECT_EQ(Track().created(0s).changed(0s, "ready").view().history[0].processing_seconds, 0);
}

TEST(History, AnEventOutOfOrderIsPutInItsPlace) {
  const auto view = Track().created(0s).changed(20s, "sent", "ready").changed(10s, "ready").view();
  ASSERT_EQ(view.history.size(), 2U);
  EXPECT_EQ(view.history[0].write->status, "ready");
  EXPECT_EQ(view.history[1].processing_seconds, 10);
  EXPECT_EQ(view.history[1].anomaly, Anomaly::kNone) << "the gap is explained";
}

TEST(History, OneAnomalyARowTheFirstThatApplies) {
  const auto last = [](Track track) { return track.view().history.back().anomaly; };
  EXPECT_EQ(last(Track().changed(0s, "done").changed(1s, "lost")), Anomaly::kUnknownStatus);
  EXPECT_EQ(last(Track().changed(0s, "done").changed(1s, "ready")), Anomaly::kAfterTerminal);
  EXPECT_EQ(last(Track().changed(0s, "done").changed(1s, "done")), Anomaly::kAfterTerminal);
  EXPECT_EQ(last(Track().changed(0s, "off").changed(1s, "sent", "new")), Anomaly::kAfterTerminal);
  EXPECT_EQ(last(Track().changed(0s, "sent").changed(1s, "ready", "new")), Anomaly::kBackward);
  EXPECT_EQ(last(Track().changed(0s, "ready").changed(1s, "sent", "new")), Anomaly::kSequenceGap);
  EXPECT_EQ(last(Track().changed(0s, "new").changed(1s, "sent")), Anomaly::kNone) << "skipping";
  EXPECT_EQ(last(Track().changed(0s, "new").changed(1s, "new")), Anomaly::kNone) << "staying";
  // A first row goes by its own old status, and can have no gap.
  EXPECT_EQ(last(Track().changed(0s, "ready", "sent")), Anomaly::kBackward);
  EXPECT_EQ(last(Track().changed(0s, "ready", "done")), Anomaly::kAfterTerminal);
  EXPECT_EQ(last(Track().created(-1s, "sent").changed(0s, "ready", "new")), Anomaly::kNone);
}

TEST(Stuck, IsFoundAfterExactlyADayOfTheTimerClockAndNotBefore) {
  const Track track = Track().created(0s);
  EXPECT_TRUE(track.view().anomalies.empty()) << "no clock yet";
  EXPECT_TRUE(track.view(24h - 1us).anomalies.empty());
  EXPECT_EQ(track.view(24h - 1us).stuck_at, kStart + 24h);
  const auto view = track.view(24h);
  ASSERT_EQ(view.anomalies.size(), 1U);
  EXPECT_EQ(view.anomalies[0].kind, Anomaly::kStuck);
  EXPECT_EQ(view.anomalies[0].since, kStart);
  EXPECT_EQ(view.anomalies[0].resolved_at, std::nullopt);
  EXPECT_EQ(view.stuck_at, std::nullopt);
}

TEST(Stuck, BetweenTwoChangesADayApartThereIsARowWhetherOrNotATimerFired) {
  EXPECT_TRUE(Track().created(0s).changed(24h - 1us, "done").view(400h).anomalies.empty());
  const auto view = Track().created(0s).changed(24h, "done").view();
  ASSERT_EQ(view.anomalies.size(), 1U);
  EXPECT_EQ(view.anomalies[0].status, "new");
  EXPECT_EQ(view.anomalies[0].resolved_at, kStart + 24h);
}

TEST(Stuck, ATerminalStatusNeverIsAndWhatWritesTheSameStatusIsNoChange) {
  EXPECT_TRUE(Track().created(0s, "done").view(1'000h).anomalies.empty());
  EXPECT_EQ(Track().created(0s, "done").view(1'000h).stuck_at, std::nullopt);
  const auto same = Track().created(0s).updated(10h, "new").view(24h);
  ASSERT_EQ(same.anomalies.size(), 1U) << "an update that leaves the status is no change";
  EXPECT_EQ(same.anomalies[0].since, kStart);
  EXPECT_TRUE(Track().created(0s).updated(10h, "ready").view(24h).anomalies.empty());
  EXPECT_TRUE(Track().created(0s).changed(10h, "new").view(24h).anomalies.empty())
      << "a status_changed always is one";
}

TEST(Sessions, MergeWhenAnEventFallsBetweenAndDoNotWaitForASnapshot) {
  const auto two = Track().changed(0min, "new").changed(60min, "sent").view();
  ASSERT_EQ(two.sessions.size(), 2U);
  const auto one =
      Track().changed(0min, "new").changed(60min, "sent").changed(30min, "ready").view();
  ASSERT_EQ(one.sessions.size(), 1U);
  EXPECT_EQ(one.sessions[0].changes, 3);
  EXPECT_EQ(one.sessions[0].first_status, "new");
  EXPECT_EQ(one.sessions[0].last_status, "sent");
  EXPECT_EQ(one.history[2].session_id, one.sessions[0].id());
  EXPECT_FALSE(one.has_snapshot);
}

TEST(Unknown, EachTextOnceSinceItsEarliestEvent) {
  const auto view = Track().changed(2h, "lost").changed(1h, "lost").changed(3h, "gone").view();
  ASSERT_EQ(view.anomalies.size(), 2U);
  EXPECT_EQ(view.anomalies[0].status, "gone");
  EXPECT_EQ(view.anomalies[1].status, "lost");
  EXPECT_EQ(view.anomalies[1].since, kStart + 1h);
}

}  // namespace
}  // namespace lensart::jobs
