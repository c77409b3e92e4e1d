#include <fmt/format.h>

#include <iterator>

#include "graph/flow.hpp"

namespace lensart {

namespace {

std::string_view shape_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::kSource:
      return "cds";
    case NodeKind::kParallel:
      return "box3d";
    case NodeKind::kLanes:
    case NodeKind::kSerial:
      return "box";
    case NodeKind::kExternal:
      return "cylinder";
  }
  return "box";
}

std::string tuning_of(const NodeSpec& node) {
  switch (node.kind) {
    case NodeKind::kParallel:
      return node.tuning.concurrency == 0 ? "parallel: as the pool"
                                          : fmt::format("parallel: {}", node.tuning.concurrency);
    case NodeKind::kLanes:
      return fmt::format("lanes: {}", node.tuning.lanes);
    case NodeKind::kSerial:
      return "serial";
    case NodeKind::kSource:
    case NodeKind::kExternal:
      return "own thread";
  }
  return "";
}

/// A double-quoted DOT string.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string to_dot(const Wiring& wiring, const Flow* live) {
  std::string out;
  auto to = std::back_inserter(out);
  fmt::format_to(to, "digraph {} {{\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n",
                 quoted(wiring.name));
  for (std::size_t i = 0; i < wiring.nodes.size(); ++i) {
    const NodeSpec& node = wiring.nodes[i];
    std::string label = fmt::format("{}|{}|{}", node.name, node.note, tuning_of(node));
    if (live != nullptr) {
      const NodeStats& stats = live->stats_of(i);
      label += fmt::format("|{} records, {} queued", stats.records.load(), stats.queued_batches());
    }
    for (char& c : label) {
      if (c == '|') c = '\n';
    }
    std::string escaped = quoted(label);
    for (std::size_t at = 0; (at = escaped.find('\n', at)) != std::string::npos;) {
      escaped.replace(at, 1, "\\n");
    }
    fmt::format_to(to, "  {} [shape={} label={}];\n", quoted(node.name), shape_of(node.kind),
                   escaped);
  }
  for (std::size_t i = 1; i < wiring.nodes.size(); ++i) {
    fmt::format_to(to, "  {} -> {};\n", quoted(wiring.nodes[i - 1].name),
                   quoted(wiring.nodes[i].name));
  }
  for (const auto& edge : wiring.drawn_edges) {
    fmt::format_to(to, "  {} -> {} [style=dashed label={}];\n", quoted(edge.from), quoted(edge.to),
                   quoted(edge.label));
  }
  out += "}\n";
  return out;
}

}  // namespace lensart
