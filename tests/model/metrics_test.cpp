// The metrics and the sales on cases worked out by hand.

#include <gtest/gtest.h>

#include "tests/model/accepted_events.hpp"

namespace lensart::model {
namespace {

using namespace std::chrono_literals;

const Settings kSettings;
const std::string kHour = "2026-11-20|10|1";  // half past ten at branch 1

Table metrics_of(const Events& events) { return order_metrics(events.all(), kSettings); }
Table sliding_of(const Events& events, std::optional<Instant> watermark = std::nullopt) {
  return order_metrics_sliding(events.all(), watermark, kSettings);
}
Table sales_of(const Events& events) { return product_sales_hourly(events.all(), kSettings); }

/// A row without its key, joined by `|`.
std::string measures(const Table& table, const std::string& key) {
  std::string text;
  const Row& row = table.rows().at(key);
  for (std::size_t i = 3; i < row.size(); ++i) text += (i > 3 ? "|" : "") + print_cell(row[i]);
  return text;
}

Line line(std::int64_t product, std::int64_t quantity, std::int64_t total) {
  Line made;
  made.product_id = product;
  made.quantity = quantity;
  made.total_price = total;
  return made;
}

TEST(OrderMetrics, CountEachOrderOnceInItsCurrentStatusAndMethod) {
  Events events;
  events.created("a", 0h, {.total = 1000, .method = "COD"}).status("b", 1h, kShipping);
  events.order(8)
      .created("c", 0h, {.total = 2001, .method = "momo"})
      .cancelled("d", 1h, {.total = 2001});
  events.order(9).created("e", 0h, {.status = "Mới lạ", .total = 1, .method = "cod"});
  ASSERT_EQ(metrics_of(events).rows().size(), 1U);
  // 30.02 over three; the cancelled order's latest snapshot names no method.
  EXPECT_EQ(measures(metrics_of(events), kHour), "3|30.02|10.01|0|1|0|1|1|0");
}

TEST(OrderMetrics, EachStatusAndMethodHasItsColumn) {
  Events events;
  std::int64_t order = 0;
  for (const char* status : {kProcessing, kReady, kShipping, kDelivered, kCancelled}) {
    events.order(++order).created(status, 0h, {.status = status, .method = "Tiền mặt"});
  }
  for (const char* method : {"cash", "COD", "Chuyển khoản", "payos", "online", "momo"}) {
    events.order(++order).created(method, 0h, {.method = method});
  }
  EXPECT_EQ(measures(metrics_of(events), kHour), "11|110.00|10.00|7|2|1|1|7|4");
}

TEST(OrderMetrics, TheAverageIsRoundedHalfUp) {
  Events events;
  events.order(1).created("a", 0h, {.total = 1}).order(2).created("b", 0h, {.total = 2});
  EXPECT_EQ(metrics_of(events).at(kHour, "avg_order_value"), "0.02");
  events.order(3).created("c", 0h, {.total = 1});
  EXPECT_EQ(metrics_of(events).at(kHour, "avg_order_value"), "0.01");
}

TEST(OrderMetrics, RevenuesAreWiderThanSixtyFourBits) {
  Events events;
  for (std::int64_t order = 1; order <= 10'000; ++order) {
    events.order(order).created(std::to_string(order), 0h, {.total = 999'999'999'999'999});
  }
  EXPECT_EQ(metrics_of(events).at(kHour, "total_revenue"), "99999999999999900.00");
  EXPECT_EQ(metrics_of(events).at(kHour, "avg_order_value"), "9999999999999.99");
}

TEST(OrderMetrics, AnOrderIsPlacedAtTheLatestSnapshotsDateElseWhenItWasCreated) {
  Events events;
  events.updated("u", -5h).created("c", 0h);
  EXPECT_EQ(metrics_of(events).at(kHour, "total_orders"), "1");
  events.updated("v", 1h, {.date = at(-3h)});
  EXPECT_EQ(metrics_of(events).at("2026-11-20|7|1", "total_orders"), "1");
  events.updated("w", 2h);
  EXPECT_EQ(metrics_of(events).at(kHour, "total_orders"), "1");
  EXPECT_EQ(metrics_of(events).rows().size(), 1U);
}

TEST(OrderMetrics, HoursAndDaysAreThoseOfTheBusinessZone) {
  const auto key = [](std::chrono::microseconds after) {
    return metrics_of(Events().created("c", after)).rows().begin()->first;
  };
  EXPECT_EQ(key(30min - 1us), "2026-11-20|10|1");
  EXPECT_EQ(key(30min), "2026-11-20|11|1");
  EXPECT_EQ(key(13h + 30min - 1us), "2026-11-20|23|1");
  EXPECT_EQ(key(13h + 30min), "2026-11-21|0|1");  // 17:00 UTC
}

TEST(OrderMetrics, AMoveTakesTheOrderAwayFromWhereItWas) {
  Events events;
  events.created("c", 0h, {.total = 700});
  events.updated("u", 1h, {.status = kDelivered, .branch = 2, .total = 800, .date = at(-24h)});
  ASSERT_EQ(metrics_of(events).rows().size(), 1U);
  EXPECT_EQ(measures(metrics_of(events), "2026-11-19|10|2"), "1|8.00|8.00|0|0|1|0|0|0");
}

TEST(OrderMetrics, WithoutASnapshotAnOrderDoesNotCount) {
  EXPECT_TRUE(metrics_of(Events().status("s", 0h, kReady).payment("p", 0h)).rows().empty());
}

TEST(OrderMetrics, AreTheFoldWithoutTheTooLateEvents) {
  Events events;
  events.created("c", -2h).too_late().updated("u", 0h, {.total = 500});
  events.status("s", 1h, kShipping).too_late().updated("v", 2h, {.branch = 9}).too_late();
  // Placed by its earliest event in time; neither status nor branch have been heard of.
  ASSERT_EQ(metrics_of(events).rows().size(), 1U);
  EXPECT_EQ(measures(metrics_of(events), kHour), "1|5.00|5.00|1|0|0|0|0|0");
  events.order(8).created("x", 0h).too_late();
  EXPECT_EQ(metrics_of(events).at(kHour, "total_orders"), "1");
}

TEST(SlidingMetrics, AnOrderIsInTwelveWindows) {
  Events events;
  events.created("c", 4min + 59s, {.total = 300, .method = "cash"});
  const Table table = sliding_of(events);
  ASSERT_EQ(table.rows().size(), 12U);
  EXPECT_EQ(measures(table, printed(0min) + "|" + printed(60min) + "|1"),
            "1|3.00|3.00|1|0|0|0|1|0");
  EXPECT_TRUE(table.rows().contains(printed(-55min) + "|" + printed(5min) + "|1"));
}

TEST(SlidingMetrics, AnOrderAtAWindowsEndBelongsToTheNext) {
  const auto first_end = [](std::chrono::microseconds after) {
    return sliding_of(Events().created("c", after)).rows().begin()->second.at(1);
  };
  EXPECT_EQ(first_end(5min - 1us), printed(5min));
  EXPECT_EQ(first_end(5min), printed(10min));
}

TEST(SlidingMetrics, BranchesAndTooLateEventsAreKeptApart) {
  Events events;
  events.created("c", 0h).order(8).created("d", 1min, {.branch = 2});
  events.order(9).created("e", 0h).too_late();
  EXPECT_EQ(sliding_of(events).rows().size(), 24U);
  EXPECT_EQ(sliding_of(events).at(printed(0h) + "|" + printed(1h) + "|1", "total_orders"), "1");
}

TEST(SlidingMetrics, WindowsPastTheirRetentionAreLeftOut) {
  Events events;
  events.created("c", 0h);
  const Instant watermark = at(30min) + kSettings.sliding_retention;
  const Table table = sliding_of(events, watermark);  // ends at 5, 10 … 60 minutes
  EXPECT_EQ(table.rows().size(), 7U);
  EXPECT_EQ(table.rows().begin()->second.at(1), printed(30min));
  EXPECT_EQ(sliding_of(events, watermark + 1us).rows().size(), 6U);
}

TEST(ProductSales, AreTheLatestSnapshotsLinesInTheHourOfThePlacing) {
  Events events;
  events.created("c", 0h, {.lines = {line(1, 9, 900), line(3, 1, 1)}});
  events.updated("u", 2h,
                 {.date = at(0h), .lines = {line(1, 2, 300), line(1, 1, 150), line(2, 1, 0)}});
  events.order(8).updated("d", 20min,
                          {.status = kCancelled, .branch = 2, .lines = {line(1, 4, 50)}});
  const Table table = sales_of(events);
  ASSERT_EQ(table.rows().size(), 2U);
  EXPECT_EQ(measures(table, "2026-11-20|10|1"), "2|7|5.00");
  EXPECT_EQ(measures(table, "2026-11-20|10|2"), "1|1|0.00");
}

TEST(ProductSales, LeaveTooLateEventsOutAndOrdersWithoutLines) {
  Events events;
  events.created("c", 0h, {.lines = {line(1, 1, 100)}});
  events.updated("u", 2h, {.lines = {line(1, 5, 500)}}).too_late();
  events.order(8).created("d", 0h);
  EXPECT_EQ(measures(sales_of(events), "2026-11-20|10|1"), "1|1|1.00");
  EXPECT_EQ(sales_of(events).rows().size(), 1U);
}

TEST(ProductSales, RevenuesAreWiderThanSixtyFourBits) {
  Events events;
  events.created("c", 0h, {.lines = std::vector<Line>(10'000, line(1, 1, 999'999'999'999'999))});
  EXPECT_EQ(measures(sales_of(events), "2026-11-20|10|1"), "1|10000|99999999999999900.00");
}

}  // namespace
}  // namespace lensart::model
