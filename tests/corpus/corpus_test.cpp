// The model's judge against every expectation of the corpus, which were written by hand.

#include "tests/corpus/corpus.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/model/model.hpp"

namespace lensart::corpus {
namespace {

using model::Table;

const Instant kNow{std::chrono::hours(24 * 20'000)};  // 2024-10-04
const model::Settings kSettings;

/// `column` of the one row that this event left in a table.
std::string cell_of(const model::Reading& reading, const std::string& column) {
  const auto only_row = [](const Table& table, const std::string& name) -> std::string {
    if (table.rows().empty()) return "no row";
    return model::print_cell(table.at(table.rows().begin()->first, name));
  };
  const auto after = [&](std::string_view prefix) { return column.substr(prefix.size()); };
  if (column.starts_with("processed.")) {
    return only_row(model::orders_processed(reading.accepted), after("processed."));
  }
  if (column.starts_with("item.")) {
    return only_row(model::order_items(reading.accepted, kSettings.zone), after("item."));
  }
  return only_row(model::orders_raw(reading.accepted), column);
}

TEST(Corpus, TheModelJudgesEachCaseAsTheContractSays) {
  for (const Case& one : all_cases(kNow)) {
    SCOPED_TRACE(one.name + "\n" + one.payload.value_or("(null)").substr(0, 2000));
    const model::Verdict verdict =
        model::judge(one.topic, one.payload.value_or(""), kNow, kSettings);
    EXPECT_EQ(verdict.outcome, one.outcome);
    if (verdict.accepted() || verdict.ignored()) continue;
    EXPECT_EQ(verdict.field, one.field);
    EXPECT_EQ(verdict.event_id, one.event_id);
    EXPECT_EQ(verdict.order_id, one.order_id);
  }
}

TEST(Corpus, TheModelFillsTheColumnsAsTheContractSays) {
  for (const Case& one : all_cases(kNow)) {
    if (one.columns.empty()) continue;
    SCOPED_TRACE(one.name + "\n" + one.payload.value_or("(null)").substr(0, 2000));
    const model::LogRecord record{one.topic, {"topic", 0, 0}, one.payload, std::nullopt};
    const model::Reading reading = model::read_log({record}, {}, kNow, kSettings);
    for (const auto& [column, expected] : one.columns) {
      EXPECT_EQ(cell_of(reading, column), expected) << column;
    }
  }
}

TEST(Corpus, EachEventIdStandsForOneCase) {
  std::set<std::string> seen;
  for (const Case& one : all_cases(kNow)) {
    const model::Verdict verdict =
        model::judge(one.topic, one.payload.value_or(""), kNow, kSettings);
    if (!verdict.accepted()) continue;
    EXPECT_TRUE(seen.insert(verdict.event.event_id).second) << one.name;
  }
}

TEST(Corpus, HasEveryCodeThatAPayloadCanEarn) {
  std::map<std::string, int> cases;
  for (const Case& one : all_cases(kNow)) ++cases[one.outcome];
  for (const char* outcome :
       {"accepted", "ignored", "too_large", "bad_json", "missing_field", "bad_type", "wrong_topic",
        "bad_timestamp", "timestamp_in_future", "bad_id", "bad_price", "bad_quantity",
        "field_too_long", "nul_in_text"}) {
    EXPECT_GE(cases[outcome], 3) << outcome;
    RecordProperty(outcome, cases[outcome]);
  }
}

}  // namespace
}  // namespace lensart::corpus
