#include "tests/support/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace lensart::support {

using model::Row;
using model::Table;

namespace {

/// A cell short enough to read; payloads and long texts are cut.
std::string shown(const model::Cell& cell) {
  constexpr std::size_t kMost = 120;
  const std::string text = cell ? "'" + *cell + "'" : "NULL";
  return text.size() <= kMost ? text : text.substr(0, kMost) + "…";
}

std::string shown_row(const Table& table, const Row& row) {
  std::string text;
  for (std::size_t i = 0; i < row.size(); ++i) {
    text += (i > 0 ? ", " : "") + table.shape().columns[i] + "=" + shown(row[i]);
  }
  return text;
}

std::string shown_difference(const Table& table, const Row& expected, const Row& actual) {
  std::string text;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == actual[i]) continue;
    text += fmt::format("\n      {}: must be {}, is {}", table.shape().columns[i],
                        shown(expected[i]), shown(actual[i]));
  }
  return text;
}

std::size_t column_of(const Table& table, const std::string& name) {
  const auto& columns = table.shape().columns;
  return static_cast<std::size_t>(std::find(columns.begin(), columns.end(), name) -
                                  columns.begin());
}

}  // namespace

std::string TableDifference::describe() const {
  std::string text = fmt::format("{}: {} rows, {} missing, {} extra, {} different\n", table,
                                 expected_rows, missing, extra, different);
  for (const std::string& example : examples) text += "    " + example + "\n";
  return text;
}

TableDifference compare(const Table& expected, const Table& actual, std::size_t most_examples) {
  TableDifference difference;
  difference.table = expected.shape().name;
  difference.expected_rows = expected.rows().size();
  const auto example = [&](std::size_t& count, const auto& make_text) {
    if (++count <= most_examples) difference.examples.push_back(make_text());
  };
  for (const auto& [key, row] : expected.rows()) {
    const auto found = actual.rows().find(key);
    if (found == actual.rows().end()) {
      example(difference.missing, [&] { return "missing: " + shown_row(expected, row); });
    } else if (found->second != row) {
      example(difference.different,
              [&] { return "different: " + key + shown_difference(expected, row, found->second); });
    }
  }
  for (const auto& [key, row] : actual.rows()) {
    if (expected.rows().contains(key)) continue;
    example(difference.extra, [&] { return "extra: " + shown_row(actual, row); });
  }
  return difference;
}

std::vector<TableDifference> compare_all(const std::vector<Table>& expected,
                                         const std::vector<Table>& actual) {
  std::vector<TableDifference> differences;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    differences.push_back(compare(expected.at(i), actual.at(i)));
  }
  return differences;
}

bool all_empty(const std::vector<TableDifference>& differences) {
  return std::all_of(differences.begin(), differences.end(),
                     [](const TableDifference& difference) { return difference.empty(); });
}

std::string describe(const std::vector<TableDifference>& differences) {
  std::string text;
  for (const TableDifference& difference : differences) text += difference.describe();
  return text;
}

const Table& table_named(const std::vector<Table>& tables, std::string_view name) {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const Table& table) { return table.shape().name == name; });
  if (found == tables.end()) throw std::out_of_range(std::string(name));
  return *found;
}

namespace {

model::Coordinates coordinates_in(const model::Row& row, std::size_t topic) {
  return {row[topic].value_or(""), std::stoi(row[topic + 1].value_or("-1")),
          std::stoll(row[topic + 2].value_or("-1"))};
}

void add_replays(const std::vector<Table>& actual, model::Hints& hints,
                 std::set<std::string>& replayed_events) {
  const Table& replays = table_named(actual, "pipeline_replays");
  const std::size_t event_id = column_of(replays, "event_id");
  const std::size_t through = column_of(replays, "replay_topic");
  for (const auto& [key, row] : replays.rows()) {
    const bool too_late = row[column_of(replays, "too_late")] == "true";
    auto& hinted = too_late ? hints.cleared : hints.replayed;
    hinted[coordinates_in(row, 0)] = coordinates_in(row, through);
    if (!too_late) replayed_events.insert(row[event_id].value_or(""));
  }
}

}  // namespace

model::Hints hints_from(const std::vector<Table>& actual, const RecordedClocks& clocks) {
  model::Hints hints;
  hints.timer_clock = clocks.timer_clock;
  hints.watermark = clocks.watermark;
  std::set<std::string> replayed_events;
  add_replays(actual, hints, replayed_events);
  const Table& raw = table_named(actual, "orders_raw");
  const std::size_t topic = column_of(raw, "kafka_topic");
  for (const auto& [key, row] : raw.rows()) {
    if (replayed_events.contains(row[column_of(raw, "event_id")].value_or(""))) continue;
    hints.accepted.insert(coordinates_in(row, topic));
  }
  const Table& accounts = table_named(actual, "pipeline_accounts");
  for (const auto& [key, row] : accounts.rows()) {
    hints.dead_lettered[{row[0].value_or(""), std::stoi(row[1].value_or("-1"))}] =
        std::stoll(row[column_of(accounts, "dead_lettered")].value_or("0"));
  }
  const Table& letters = table_named(actual, "dead_letters");
  const std::size_t code = column_of(letters, "code");
  for (const auto& [key, row] : letters.rows()) {
    const model::Coordinates at = coordinates_in(row, 0);
    if (row[code] == "too_late") hints.too_late.insert(at);
    if (row[code] == "timestamp_in_future") hints.in_future.insert(at);
    if (row[code] == "expired_order") hints.expired.emplace(at, row[code + 1].value_or(""));
  }
  return hints;
}

std::vector<Table> without_old_windows(std::vector<Table> actual, const RecordedClocks& clocks,
                                       const model::Settings& settings) {
  if (!clocks.watermark) return actual;
  const std::string oldest_end =
      model::print_instant(*clocks.watermark - settings.sliding_retention);
  for (Table& table : actual) {
    if (table.shape().name != model::order_metrics_sliding_shape().name) continue;
    const std::size_t window_end = column_of(table, "window_end");
    Table kept(table.shape());
    for (const auto& [key, row] : table.rows()) {
      // Printed instants are all of one length: their order is that of the texts.
      if (row[window_end].value_or("") >= oldest_end) kept.add(row);
    }
    table = std::move(kept);
  }
  return actual;
}

std::vector<std::string> broken_accounts(const Table& accounts) {
  std::vector<std::string> broken;
  for (const auto& [key, row] : accounts.rows()) {
    const auto figure = [&](const char* name) {
      return std::stoll(row[column_of(accounts, name)].value_or("0"));
    };
    const auto sum =
        figure("accepted") + figure("duplicate") + figure("ignored") + figure("dead_lettered");
    if (sum != figure("consumed")) broken.push_back(shown_row(accounts, row));
  }
  return broken;
}

}  // namespace lensart::support
