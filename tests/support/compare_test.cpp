// The comparison has to see what it is there to see.

#include "tests/support/compare.hpp"

#include <gtest/gtest.h>

namespace lensart::support {
namespace {

using model::Table;

Table pairs(const std::vector<std::pair<std::string, std::string>>& rows) {
  Table table({"pairs", {"key", "value"}, 1});
  for (const auto& [key, value] : rows) table.add({key, value});
  return table;
}

Table bag(const std::vector<std::string>& rows) {
  Table table({"bag", {"value"}, 0});
  for (const std::string& value : rows) table.add({value});
  return table;
}

TEST(Compare, EqualTablesDifferInNothing) {
  EXPECT_TRUE(compare(pairs({{"a", "1"}, {"b", "2"}}), pairs({{"b", "2"}, {"a", "1"}})).empty());
}

TEST(Compare, CountsMissingExtraAndDifferentRows) {
  const auto difference =
      compare(pairs({{"a", "1"}, {"b", "2"}, {"c", "3"}}), pairs({{"b", "9"}, {"d", "4"}}));
  EXPECT_EQ(difference.missing, 2U);
  EXPECT_EQ(difference.extra, 1U);
  EXPECT_EQ(difference.different, 1U);
  EXPECT_NE(difference.describe().find("value: must be '2', is '9'"), std::string::npos);
}

TEST(Compare, NullIsNotTheTextNull) {
  Table expected({"pairs", {"key", "value"}, 1});
  expected.add({"a", std::nullopt});
  EXPECT_EQ(compare(expected, pairs({{"a", "NULL"}})).different, 1U);
}

TEST(Compare, ABagCountsItsCopies) {
  EXPECT_TRUE(compare(bag({"x", "x", "y"}), bag({"y", "x", "x"})).empty());
  EXPECT_EQ(compare(bag({"x", "x"}), bag({"x"})).missing, 1U);
  EXPECT_EQ(compare(bag({"x"}), bag({"x", "x"})).extra, 1U);
}

TEST(Compare, ASecondRowOfOneKeyIsExtra) {
  EXPECT_EQ(compare(pairs({{"a", "1"}}), pairs({{"a", "1"}, {"a", "1"}})).extra, 1U);
}

TEST(Compare, ShowsTheFirstTwentyOfEach) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (int i = 0; i < 100; ++i) rows.emplace_back(std::to_string(i), "x");
  const auto difference = compare(pairs(rows), pairs({}));
  EXPECT_EQ(difference.missing, 100U);
  EXPECT_EQ(difference.examples.size(), 20U);
}

TEST(BrokenAccounts, AreThoseThatDoNotAddUp) {
  Table accounts(model::accounts_shape());
  accounts.add({"t", "0", "10", "4", "3", "2", "1"});
  EXPECT_TRUE(broken_accounts(accounts).empty());
  accounts.add({"t", "1", "10", "4", "3", "2", "0"});
  EXPECT_EQ(broken_accounts(accounts).size(), 1U);
}

TEST(HintsFrom, ReadsClocksAndCoordinatesOfAcceptedLateFutureReplayedAndExpiredEvents) {
  Table raw(model::orders_raw_shape());
  for (const auto& [id, offset] : {std::pair("a", "77"), std::pair("replayed", "6")}) {
    model::Row row(raw.shape().columns.size());
    row[0] = id;
    row[11] = "topic";
    row[12] = "2";
    row[13] = offset;
    raw.add(row);
  }
  Table letters(model::dead_letters_shape());
  letters.add({"topic", "0", "5", "timestamp_in_future", "timestamp", {}, {}, {}});
  letters.add({"topic", "2", "6", "bad_json", "", {}, {}, {}});
  letters.add({"topic", "0", "7", "expired_order", "data.id", {}, {}, {}});
  letters.add({"topic", "2", "77", "too_late", "timestamp", {}, {}, {}});
  Table replays(model::replays_shape());
  replays.add({"topic", "2", "6", "replayed", "false", "replay", "0", "1"});
  replays.add({"topic", "2", "77", "a", "true", "replay", "0", "2"});
  Table accounts(model::accounts_shape());
  const Instant noon{std::chrono::hours(12)};
  const model::Hints hints = hints_from({raw, letters, replays, accounts}, {noon, std::nullopt});
  using At = model::Coordinates;
  EXPECT_EQ(hints.accepted, (std::set<At>{{"topic", 2, 77}})) << "not the replayed one's own";
  EXPECT_EQ(hints.too_late, hints.accepted);
  EXPECT_EQ(hints.in_future, (std::set<At>{{"topic", 0, 5}}));
  EXPECT_EQ(hints.expired, (std::map<At, std::string>{{{"topic", 0, 7}, "data.id"}}));
  EXPECT_EQ(hints.replayed, (std::map<At, At>{{{"topic", 2, 6}, {"replay", 0, 1}}}));
  EXPECT_EQ(hints.cleared, (std::map<At, At>{{{"topic", 2, 77}, {"replay", 0, 2}}}));
  EXPECT_EQ(hints.timer_clock, noon);
  EXPECT_EQ(hints.watermark, std::nullopt);
}

TEST(WithoutOldWindows, LeavesThoseThatEndWithinTheRetention) {
  Table sliding(model::order_metrics_sliding_shape());
  const auto add_window = [&](Instant end) {
    model::Row row(sliding.shape().columns.size());
    row[0] = model::print_instant(end - std::chrono::hours(1));
    row[1] = model::print_instant(end);
    row[2] = "1";
    sliding.add(row);
  };
  const model::Settings settings;
  const Instant watermark{std::chrono::hours(24 * 20'000)};
  const Instant oldest = watermark - settings.sliding_retention;
  add_window(oldest - std::chrono::microseconds(1));
  add_window(oldest);
  const auto kept = without_old_windows({sliding}, {std::nullopt, watermark}, settings);
  ASSERT_EQ(kept.at(0).rows().size(), 1U);
  EXPECT_EQ(kept.at(0).rows().begin()->second.at(1), model::print_instant(oldest));
  EXPECT_EQ(without_old_windows({sliding}, {}, settings).at(0).rows().size(), 2U);
}

}  // namespace
}  // namespace lensart::support
