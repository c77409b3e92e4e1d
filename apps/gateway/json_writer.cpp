#include "apps/gateway/json_writer.hpp"

#include <fmt/format.h>

#include <iterator>

namespace lensart::gateway {

using orders::JsonDocument;
using orders::JsonKind;
using orders::NodeId;

void append_text(std::string& out, std::string_view text) {
  out += '"';
  std::size_t from = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(from, at - from));
    from = at + 1;
    if (c >= 0x20) {
      out.append({'\\', static_cast<char>(c)});
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }
  out.append(text.substr(from)).append("\"");
}

void append_value(std::string& out, const JsonDocument& document, NodeId id) {
  const auto& node = document.node(id);
  switch (node.kind) {
    case JsonKind::kNull:
    case JsonKind::kTrue:
    case JsonKind::kFalse:
    case JsonKind::kNumber:
      out.append(node.text);
      return;
    case JsonKind::kText:
      append_text(out, node.text);
      return;
    case JsonKind::kArray:
    case JsonKind::kObject:
      break;
  }
  // As deep as the document is, and that has a bound.
  const bool is_object = node.kind == JsonKind::kObject;
  out += is_object ? '{' : '[';
  for (NodeId child = id + 1; child < node.end; child = document.node(child).end) {
    if (child != id + 1) out += ',';
    is_object ? append_member(out, document, child) : append_value(out, document, child);
  }
  out += is_object ? '}' : ']';
}

void append_member(std::string& out, const JsonDocument& document, NodeId node) {
  append_text(out, document.node(node).key);
  out += ':';
  append_value(out, document, node);
}

}  // namespace lensart::gateway
