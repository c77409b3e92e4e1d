#include "tests/pipeline/memory_database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "storage/row.hpp"
#include "tests/model/instant.hpp"
#include "tests/model/json.hpp"

namespace lensart::rehearsal {

using storage::ColumnType;
using storage::Conflation;
using storage::EntryKind;
using storage::TableSpec;

namespace {

constexpr std::string_view kReplaysTable = "pipeline_replays";

Error refused(const TableSpec& table, std::string_view why) {
  return {Errc::kFatal, fmt::format("the database refused a row of {}: {}", table.name, why)};
}

std::vector<storage::Cell> cells_of(const TableSpec& table, std::string_view row) {
  storage::ByteReader reader(row);
  std::vector<storage::Cell> cells;
  for (const auto& column : table.columns) cells.push_back(storage::read_cell(column.type, reader));
  return cells;
}

bool readable(const TableSpec& table, std::string_view row) {
  storage::ByteReader reader(row);
  for (const auto& column : table.columns) storage::read_cell(column.type, reader);
  return reader.ok() && reader.at_end();
}

/// Sums, but for the two columns after the key: the least and the greatest.
std::string added(const TableSpec& table, std::string_view standing, std::string_view row) {
  const auto old = cells_of(table, standing);
  const auto more = cells_of(table, row);
  std::string out;
  for (std::size_t i = 0; i < old.size(); ++i) {
    storage::Cell cell = old[i];
    if (i == table.key_columns) {
      cell.number = std::min(cell.number, more[i].number);
    } else if (i > table.key_columns && i < table.first_added) {
      cell.number = std::max(cell.number, more[i].number);
    } else if (i >= table.first_added) {
      cell.number += more[i].number;
    }
    storage::append_cell(out, cell);
  }
  return out;
}

model::Cell printed_cell(const storage::Cell& cell) {
  using std::chrono::microseconds;
  if (cell.null) return std::nullopt;
  switch (cell.type) {
    case ColumnType::kBigint:
      return std::to_string(cell.number);
    case ColumnType::kText:
      return std::string(cell.text);
    case ColumnType::kJson: {
      const auto value = model::parse_json(cell.text);
      return value ? model::sha256_hex(model::canonical_json(*value)) : "no JSON";
    }
    case ColumnType::kInstant:
      return model::print_instant(Instant{microseconds(cell.number)});
    case ColumnType::kDate:
      return model::print_instant(Instant{std::chrono::days(cell.number)}).substr(0, 10);
    case ColumnType::kMoney:
      return model::print_amount(cell.number);
    case ColumnType::kBigMoney:
      return model::print_amount(cell.wide);
    case ColumnType::kBoolean:
      return cell.number != 0 ? "true" : "false";
    case ColumnType::kBytes:
      return model::print_hex(cell.text);
  }
  return std::nullopt;
}

std::size_t column_of(const TableSpec& table, std::string_view name) {
  std::size_t at = 0;
  while (table.columns.at(at).name != name) ++at;
  return at;
}

}  // namespace

MemoryDatabase::MemoryDatabase(const storage::TableRegistry& registry) : registry_(&registry) {
  for (const TableSpec& table : registry.tables()) tables_[std::string(table.name)];
}

Result<Unit> MemoryDatabase::apply(const storage::LaneGroup& group, const storage::LaneRow& to) {
  for (const storage::TableChanges& table : group.tables()) {
    for (const storage::KeyChange& change : table.changes) LENSART_TRY(apply(*table.table, change));
  }
  lanes.at(static_cast<std::size_t>(to.lane)) = to;
  return Unit{};
}

Result<Unit> MemoryDatabase::apply(const TableSpec& table, const storage::KeyChange& change) {
  for (const std::string_view row : change.rows) {
    if (!readable(table, row)) return tl::unexpected(refused(table, "it cannot be read"));
  }
  Rows& rows = tables_.find(table.name)->second;
  const std::string key(change.key);
  const bool there = rows.contains(key);
  const std::vector<std::string> wanted(change.rows.begin(), change.rows.end());
  if (!wanted.empty() && !parent_there(table, key)) {
    return tl::unexpected(refused(table, "the row it belongs to is not there"));
  }
  if (table.name == kReplaysTable && !there) count_late(table, wanted.front());
  if (!table.batch_function.empty() && table.conflation != Conflation::kOnce) {
    // As the SQL function does: the row as it is, or none where nothing is counted.
    rows.erase(key);
    if (cells_of(table, wanted.front())[table.key_columns].number != 0) rows[key] = wanted;
    return Unit{};
  }
  switch (change.kind) {
    case EntryKind::kAppend:
    case EntryKind::kInsert:
      if (there) return tl::unexpected(refused(table, "its key is there already"));
      rows[key] = wanted;
      return Unit{};
    case EntryKind::kUpdate:
      if (!there) return tl::unexpected(refused(table, "there is none to update"));
      rows[key] = wanted;
      return Unit{};
    case EntryKind::kDelete:
      rows.erase(key);  // one that came and went within a group was never here
      return Unit{};
    case EntryKind::kReplaceNew:
      if (there) return tl::unexpected(refused(table, "its owner has rows already"));
      [[fallthrough]];
    case EntryKind::kReplace:
      rows.erase(key);
      if (!wanted.empty()) rows[key] = wanted;
      return Unit{};
    case EntryKind::kAdd:
      if (there) {
        rows[key] = {added(table, rows[key].front(), wanted.front())};
      } else {
        rows[key] = wanted;
      }
      return Unit{};
    case EntryKind::kOnce:
      if (!there) rows[key] = wanted;
      return Unit{};
  }
  return tl::unexpected(refused(table, "nobody knows what is to be done with it"));
}

/// As the SQL function record_replays does.
void MemoryDatabase::count_late(const TableSpec& replays, std::string_view row) {
  const auto cells = cells_of(replays, row);
  if (cells[column_of(replays, "too_late")].number == 0) return;
  const TableSpec& raw = *registry_->find("orders_raw");
  std::string key;
  storage::append_cell(key, cells[column_of(replays, "event_id")]);
  const auto found = tables_.find(raw.name)->second.find(key);
  if (found == tables_.find(raw.name)->second.end()) return;
  std::string counted;
  for (storage::Cell& cell : cells_of(raw, found->second.front())) {
    if (cell.type == ColumnType::kBoolean) cell.number = 0;
    storage::append_cell(counted, cell);
  }
  found->second.front() = counted;
}

bool MemoryDatabase::parent_there(const TableSpec& table, std::string_view key) const {
  if (table.parent.empty()) return true;
  const TableSpec& parent = *registry_->find(table.parent);
  const auto parent_key = storage::leading_columns(table.columns, parent.key_columns, key);
  return tables_.find(table.parent)->second.contains(parent_key);
}

model::Table MemoryDatabase::printed(const model::TableShape& shape) const {
  model::Table out(shape);
  const TableSpec* known = registry_->find(shape.name);
  if (known == nullptr) return out;
  const TableSpec& table = *known;
  for (const auto& [key, rows] : tables_.find(shape.name)->second) {
    for (const std::string& row : rows) {
      const auto cells = cells_of(table, row);
      model::Row printed;
      for (const std::string& name : shape.columns)
        printed.push_back(printed_cell(cells[column_of(table, name)]));
      out.add(std::move(printed));
    }
  }
  return out;
}

model::Table MemoryDatabase::printed_accounts() const {
  const model::TableShape& shape = model::accounts_shape();
  const TableSpec& table = *registry_->find(shape.name);
  std::map<std::pair<std::string, std::int64_t>, std::array<std::int64_t, 5>> sums;
  for (const auto& [key, rows] : tables_.find(shape.name)->second) {
    const auto cells = cells_of(table, rows.front());
    auto& sum = sums[{std::string(cells[column_of(table, "topic")].text),
                      cells[column_of(table, "partition")].number}];
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += cells[column_of(table, shape.columns[i + 2])].number;
  }
  model::Table out(shape);
  for (const auto& [partition, sum] : sums) {
    model::Row row = {partition.first, std::to_string(partition.second)};
    for (const std::int64_t figure : sum) row.emplace_back(std::to_string(figure));
    out.add(std::move(row));
  }
  return out;
}

std::vector<model::Table> MemoryDatabase::tables() const {
  std::vector<model::Table> all;
  for (const model::TableShape& shape : model::all_shapes()) {
    const bool added_up = shape.name == model::accounts_shape().name;
    all.push_back(added_up ? printed_accounts() : printed(shape));
  }
  return all;
}

std::vector<std::string> MemoryDatabase::account_gaps() const {
  const TableSpec& table = *registry_->find("pipeline_accounts");
  struct Range {
    std::int64_t first = INT64_MAX;
    std::int64_t last = -1;
    std::int64_t consumed = 0;
  };
  std::map<std::pair<std::string, std::int64_t>, Range> ranges;
  for (const auto& [key, rows] : tables_.find(table.name)->second) {
    const auto cells = cells_of(table, rows.front());
    const auto number = [&](const char* name) { return cells[column_of(table, name)].number; };
    Range& range =
        ranges[{std::string(cells[column_of(table, "topic")].text), number("partition")}];
    range.first = std::min(range.first, number("first_offset"));
    range.last = std::max(range.last, number("last_offset"));
    range.consumed += number("consumed");
  }
  std::vector<std::string> gaps;
  for (const auto& [partition, range] : ranges) {
    if (range.first == 0 && range.last + 1 == range.consumed) continue;
    gaps.push_back(fmt::format("{}/{}: offsets {} to {}, {} consumed", partition.first,
                               partition.second, range.first, range.last, range.consumed));
  }
  return gaps;
}

}  // namespace lensart::rehearsal
