#include "apps/import/order_event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>

#include "apps/config/suggest.hpp"
#include "apps/orders/json_number.hpp"
#include "apps/orders/rules.hpp"

namespace lensart::importing {
namespace {

using orders::JsonKind;
using orders::NodeId;

/// What an object within a column may have: SPEC's snapshot, no more.
const std::vector<std::string>& members_of(Column column) {
  static const std::vector<std::string> kUser = {"id", "name", "email"};
  static const std::vector<std::string> kBranch = {"id", "name", "address"};
  static const std::vector<std::string> kLine = {"id",       "product_id",  "product_name", "color",
                                                 "quantity", "total_price", "price"};
  if (column == Column::kUser) return kUser;
  return column == Column::kBranch ? kBranch : kLine;
}

/// The columns that make up `user` and `branch` where the row is flat.
std::span<const Column> flat_parts_of(Column column) {
  static constexpr std::array kOfUser = {Column::kUserName, Column::kUserEmail};
  static constexpr std::array kOfBranch = {Column::kBranchName, Column::kBranchAddress};
  return column == Column::kUser ? kOfUser : kOfBranch;
}

std::optional<std::int64_t> order_id_of(const OrderRow& row) {
  const auto& value = row.at(Column::kId);
  if (!value) return std::nullopt;
  std::string_view digits = *value;
  if (digits.size() >= 2 && digits.front() == '"') digits = digits.substr(1, digits.size() - 2);
  const auto number = orders::parse_numeric_string(digits);
  const auto id = number ? orders::whole_of(*number) : std::nullopt;
  return id && *id > 0 ? id : std::nullopt;
}

void append_member(std::string& out, std::string_view name, const std::optional<std::string>& value,
                   bool& is_first) {
  if (!value) return;
  if (!is_first) out += ',';
  is_first = false;
  out += fmt::format("\"{}\":{}", name, *value);
}

/// `"user":{…}` from the row's own, or from its flat columns; nothing where it has neither.
std::optional<std::string> object_of(const OrderRow& row, Column column, Column id) {
  if (row.at(column)) return row.at(column);
  const auto parts = flat_parts_of(column);
  if (std::none_of(parts.begin(), parts.end(), [&](Column part) { return row.at(part); })) {
    return std::nullopt;
  }
  std::string out = "{";
  bool is_first = true;
  append_member(out, "id", row.at(id), is_first);
  for (const Column part : parts) {
    const std::string_view name = name_of(part);
    append_member(out, name.substr(name.find('_') + 1), row.at(part), is_first);
  }
  return out + "}";
}

/// What the row calls a field of the event.
std::string field_of(const OrderRow& row, const std::string& path) {
  if (path == "timestamp") {
    const bool is_date = !row.at(Column::kCreatedAt) && row.at(Column::kDate);
    return std::string(name_of(is_date ? Column::kDate : Column::kCreatedAt));
  }
  if (!path.starts_with("data.")) return path;
  std::string field = path.substr(std::string_view("data.").size());
  for (const Column column : {Column::kUser, Column::kBranch}) {
    const std::string prefix = std::string(name_of(column)) + ".";
    if (!row.at(column) && field.starts_with(prefix)) field[prefix.size() - 1] = '_';
  }
  return field;
}

}  // namespace

std::string event_of(const OrderRow& row) {
  const auto id = order_id_of(row);
  std::string out = fmt::format(R"({{"event_type":"order.created","event_id":"import-{}")",
                                id ? std::to_string(*id) : "");
  bool is_first = false;
  const auto& created_at = row.at(Column::kCreatedAt);
  append_member(out, "timestamp", created_at ? created_at : row.at(Column::kDate), is_first);
  out += ",\"data\":{";
  is_first = true;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Column::kPaymentMethod); ++i) {
    append_member(out, name_of(static_cast<Column>(i)), row.values[i], is_first);
  }
  append_member(out, "status", row.at(Column::kStatus), is_first);
  append_member(out, "user", object_of(row, Column::kUser, Column::kUserId), is_first);
  append_member(out, "branch", object_of(row, Column::kBranch, Column::kBranchId), is_first);
  append_member(out, "order_details", row.at(Column::kOrderDetails), is_first);
  append_member(out, "metadata", row.at(Column::kMetadata), is_first);
  return out + "}}";
}

bool OrderEvents::make(const OrderRow& row, Instant now, Ready& ready,
                       std::vector<Problem>& problems) {
  const std::size_t before = problems.size();
  // What is no JSON would break out of the event, so nothing is made of it.
  if (!judge_nested(row, problems)) return false;
  payload_ = event_of(row);
  payload_size_ = payload_.size();
  payload_.append(orders::kPayloadPadding, '\0');
  judge_rules(row, now, problems);
  const auto id = order_id_of(row);
  if (problems.size() != before || !id) return false;
  if (!seen_.insert(*id)) {
    problems.push_back(
        {row.line, "id", "repeated_order",
         fmt::format("id {} stood in an earlier row: an order is one row, its lines are the array "
                     "order_details",
                     *id)});
    return false;
  }
  ready = {*id, std::string_view(payload_).substr(0, payload_size_)};
  return true;
}

bool OrderEvents::judge_nested(const OrderRow& row, std::vector<Problem>& problems) {
  bool is_json = true;
  for (const Column column : {Column::kUser, Column::kBranch, Column::kOrderDetails}) {
    const auto& value = row.at(column);
    if (!value) continue;
    const std::string name(name_of(column));
    std::string text = fmt::format("{{\"{}\":{}}}", name, *value);
    const std::size_t size = text.size();
    text.append(orders::JsonDocument::kPadding, '\0');
    const char* error = nested_.parse(std::string_view(text).substr(0, size));
    // `[],"id":7` would parse, as a member more.
    if (error == nullptr && nested_.node(1).end != nested_.node(0).end) {
      error = "there is more than one value";
    }
    if (error != nullptr) {
      is_json = false;
      problems.push_back(
          {row.line, name, "bad_json",
           fmt::format("{}: {}: write a JSON array, as JSON_ARRAYAGG gives it", name, error)});
      continue;
    }
    if (nested_.node(1).kind == JsonKind::kObject) {
      judge_members(1, column, name, row, problems);
    } else if (nested_.node(1).kind == JsonKind::kArray) {
      for (NodeId id = 2; id != nested_.node(1).end; id = nested_.node(id).end) {
        if (nested_.node(id).kind != JsonKind::kObject) continue;  // for the rules to refuse
        judge_members(id, column, nested_.path_of(id), row, problems);
      }
    }
    if (column == Column::kOrderDetails) continue;
    for (const Column part : flat_parts_of(column)) {
      if (!row.at(part)) continue;
      const std::string flat(name_of(part));
      problems.push_back({row.line, flat, "bad_type",
                          fmt::format("{} stands beside {}: write one of them", flat, name)});
    }
  }
  return is_json;
}

void OrderEvents::judge_members(NodeId object, Column column, const std::string& path,
                                const OrderRow& row, std::vector<Problem>& problems) const {
  const auto& known = members_of(column);
  for (NodeId id = object + 1; id != nested_.node(object).end; id = nested_.node(id).end) {
    const std::string_view key = nested_.node(id).key;
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string name = orders::fit_for_column(key, kShownName);
    problems.push_back({row.line, fmt::format("{}.{}", path, name), "unknown_column",
                        fmt::format("\"{}\" is no field of {}{}: rename it or leave it out", name,
                                    path, app::did_you_mean(name, known))});
    if (problems.size() >= orders::kMaxViolations) return;
  }
}

void OrderEvents::judge_rules(const OrderRow& row, Instant now, std::vector<Problem>& problems) {
  std::set<std::pair<orders::Code, std::string>> named;  // date may be two fields of the event
  for (const orders::Violation& violation :
       reader_.violations(orders::Topic::kOrderCreated,
                          std::string_view(payload_).substr(0, payload_size_), now)) {
    const std::string field = field_of(row, violation.field);
    if (!named.emplace(violation.code, field).second) continue;
    std::string message = violation.message;
    if (!violation.field.empty() && message.starts_with(violation.field)) {
      message = field + message.substr(violation.field.size());
    }
    problems.push_back(
        {row.line, field, std::string(orders::name_of(violation.code)), std::move(message)});
  }
}

}  // namespace lensart::importing
