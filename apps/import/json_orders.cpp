#include "apps/import/json_orders.hpp"

#include <fmt/format.h>

#include "apps/config/values.hpp"
#include "apps/orders/rules.hpp"

namespace lensart::importing {
namespace {

using orders::JsonDocument;
using orders::JsonKind;
using orders::JsonNode;
using orders::NodeId;

}  // namespace

void append_json(std::string& out, const JsonDocument& document, NodeId id) {
  const JsonNode& node = document.node(id);
  if (node.kind == JsonKind::kText) {
    out += app::json_string(node.text);
    return;
  }
  if (node.kind != JsonKind::kArray && node.kind != JsonKind::kObject) {
    out += node.text;
    return;
  }
  const bool is_object = node.kind == JsonKind::kObject;
  out += is_object ? '{' : '[';
  for (NodeId child = id + 1; child != node.end; child = document.node(child).end) {
    if (child != id + 1) out += ',';
    if (is_object) {
      out += app::json_string(document.node(child).key);
      out += ':';
    }
    append_json(out, document, child);
  }
  out += is_object ? '}' : ']';
}

RowStep JsonOrders::next(OrderRow& row, std::vector<Problem>& problems) {
  if (!read_line()) return RowStep::kEnd;
  row.line = line_number_;
  row.values.fill(std::nullopt);
  if (is_too_large_) {
    problems.push_back({line_number_, "", "too_large",
                        fmt::format("the line has more than {} bytes: write one order a line, or "
                                    "raise pipeline.max_payload",
                                    max_row_bytes_)});
    return RowStep::kBadRow;
  }
  const std::size_t size = line_.size();
  line_.append(JsonDocument::kPadding, '\0');
  if (const char* error = document_.parse(std::string_view(line_).substr(0, size))) {
    problems.push_back({line_number_, "", "bad_json",
                        fmt::format("{}: each line is one JSON object in UTF-8, with nothing "
                                    "around it",
                                    error)});
    return RowStep::kBadRow;
  }
  const std::size_t before = problems.size();
  for (NodeId id = 1; id != document_.node(0).end; id = document_.node(id).end) {
    take(id, row, problems);
  }
  for (const orders::RepeatedKey& repeated : document_.repeated_keys()) {
    const JsonNode& again = document_.node(repeated.again);
    if (again.parent != 0) continue;  // within a column: the rules see it there
    const std::string name = orders::fit_for_column(again.key, kShownName);
    problems.push_back(
        {line_number_, name, "bad_type", fmt::format("{} stands twice: leave one out", name)});
  }
  return problems.size() == before ? RowStep::kRow : RowStep::kBadRow;
}

void JsonOrders::take(NodeId id, OrderRow& row, std::vector<Problem>& problems) const {
  const JsonNode& node = document_.node(id);
  const auto column = column_named(node.key, Form::kJsonLines);
  if (!column) {
    const std::string name = orders::fit_for_column(node.key, kShownName);
    problems.push_back({line_number_, name, "unknown_column",
                        fmt::format("\"{}\" is no column of an order{}: rename it or leave it out",
                                    name, nearest_column(name, Form::kJsonLines))});
    return;
  }
  if (node.kind == JsonKind::kNull) return;
  std::string value;
  if (*column == Column::kOrderDetails && node.kind == JsonKind::kText) {
    value = node.text;  // as MariaDB nests it: an array's text
  } else {
    append_json(value, document_, id);
  }
  row.at(*column) = std::move(value);
}

/// The next line that is not blank; false at the end.
bool JsonOrders::read_line() {
  while (bytes_.peek() != ByteReader::kEnd) {
    line_.clear();
    line_number_ = bytes_.line();
    is_too_large_ = false;
    bool is_blank = true;
    for (int byte = 0; (byte = bytes_.get()) != ByteReader::kEnd && byte != '\n';) {
      is_blank = is_blank && (byte == ' ' || byte == '\t' || byte == '\r');
      is_too_large_ = line_.size() >= max_row_bytes_;
      if (!is_too_large_) line_ += static_cast<char>(byte);
    }
    bytes_.count_line();
    if (!is_blank) return true;
  }
  return false;
}

}  // namespace lensart::importing
