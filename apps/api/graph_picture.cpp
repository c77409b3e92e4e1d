#include "apps/api/graph_picture.hpp"

#include <algorithm>
#include <iterator>

namespace lensart::app {

namespace {

std::string_view name_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::kSource:
      return "source";
    case NodeKind::kParallel:
      return "parallel";
    case NodeKind::kLanes:
      return "lanes";
    case NodeKind::kSerial:
      return "serial";
    case NodeKind::kExternal:
      return "external";
  }
  std::abort();
}

template <class T>
Json json_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string_view band_of(double back_pressure) {
  if (back_pressure <= 0.1) return "ok";
  return back_pressure <= 0.5 ? "low" : "high";
}

std::string text_in(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double number_in(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

const Json& list_in(const Json& object, const char* member) {
  static const Json kNone = Json::array();
  const auto found = object.find(member);
  return found != object.end() && found->is_array() ? *found : kNone;
}

std::string settings_text(const Json& node) {
  const std::string kind = text_in(node, "kind");
  const auto settings = node.find("settings");
  if (settings != node.end() && settings->is_object()) {
    for (const char* name : {"concurrency", "lanes"}) {
      const double set = number_in(*settings, name);
      if (set > 0) return fmt::format("{}: {:.0f}", kind == "lanes" ? "lanes" : "parallel", set);
    }
  }
  return kind == "serial" ? "serial" : "own thread";
}

/// What a node's box says, line by line.
std::vector<std::string> label_of(const Json& node) {
  std::vector<std::string> lines = {text_in(node, "name")};
  if (const std::string note = text_in(node, "note"); !note.empty()) lines.push_back(note);
  lines.push_back(settings_text(node));
  const auto live = node.find("live");
  if (live == node.end() || !live->is_object()) return lines;
  lines.push_back(
      fmt::format("{:.1f} {}/s", number_in(*live, "per_second"), text_in(*live, "unit")));
  const auto busy = live->find("busy_share");
  if (busy != live->end() && busy->is_number()) {
    lines.back() += fmt::format(", busy {:.0f} %", busy->get<double>() * 100);
  }
  const auto queued = live->find("queued");
  if (queued != live->end() && queued->is_number()) {
    lines.back() +=
        fmt::format(", {:.0f} {} queued", queued->get<double>(), text_in(*live, "queue_unit"));
  }
  if (const std::string band = text_in(*live, "back_pressure_band");
      band == "low" || band == "high")
    lines.back() += ", back-pressure " + band;
  return lines;
}

/// A double-quoted string of Graphviz.
std::string dot_quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string dot_label(const std::vector<std::string>& lines) {
  std::string label = "\"";
  for (const std::string& line : lines) {
    const std::string quoted = dot_quoted(line);
    label += (label.size() > 1 ? "\\n" : "") + quoted.substr(1, quoted.size() - 2);
  }
  return label + '"';
}

/// Mermaid's quoted labels know HTML's entities.
std::string mermaid_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '<' || c == '>' || c == '&' || c == '#') {
      out += fmt::format("#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

/// `letters` and the like; what a name may hold beside is not for Mermaid's identifiers.
std::string mermaid_id(const std::string& name) {
  std::string out = "n_";
  for (const char c : name) out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return out;
}

}  // namespace

Json node_picture(const NodeFacts& node, const NodeFigures* figures, const NodeLive* live) {
  Json picture = {{"name", node.name},
                  {"kind", name_of(node.kind)},
                  {"note", node.note},
                  {"settings",
                   {{"concurrency", json_or_null(node.concurrency)},
                    {"lanes", json_or_null(node.lanes)},
                    {"priority", json_or_null(node.priority)}}},
                  {"live", nullptr}};
  if (figures == nullptr || live == nullptr) return picture;
  picture["live"] = {
      {"total", figures->total},
      {"per_second", live->per_second},
      {"unit", node.unit},
      {"busy_share", json_or_null(live->busy_share)},
      {"queued", json_or_null(figures->queued)},
      {"queue_limit", json_or_null(figures->queue_limit)},
      {"queue_unit", node.queue_unit.empty() ? Json(nullptr) : Json(node.queue_unit)},
      {"back_pressure", live->back_pressure},
      {"back_pressure_band", band_of(live->back_pressure)}};
  return picture;
}

Json graph_picture(const std::string& name, const std::vector<EdgeFacts>& edges, Json nodes,
                   const std::optional<Instant>& at) {
  Json lines = Json::array();
  for (const EdgeFacts& edge : edges) {
    lines.push_back({{"from", edge.from},
                     {"to", edge.to},
                     {"label", edge.label},
                     {"kind", edge.flow ? "flow" : "beside"}});
  }
  return {{"name", name}, {"at", json_of(at)}, {"nodes", std::move(nodes)}, {"edges", lines}};
}

std::string graph_dot(const Json& graph) {
  std::string out;
  auto to = std::back_inserter(out);
  fmt::format_to(to, "digraph {} {{\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n",
                 dot_quoted(text_in(graph, "name")));
  for (const Json& node : list_in(graph, "nodes")) {
    const std::string kind = text_in(node, "kind");
    const char* shape = kind == "source"     ? "cds"
                        : kind == "parallel" ? "box3d"
                        : kind == "external" ? "cylinder"
                                             : "box";
    fmt::format_to(to, "  {} [shape={} label={}];\n", dot_quoted(text_in(node, "name")), shape,
                   dot_label(label_of(node)));
  }
  for (const Json& edge : list_in(graph, "edges")) {
    fmt::format_to(to, "  {} -> {}", dot_quoted(text_in(edge, "from")),
                   dot_quoted(text_in(edge, "to")));
    if (text_in(edge, "kind") != "flow") {
      fmt::format_to(to, " [style=dashed label={}]", dot_quoted(text_in(edge, "label")));
    }
    out += ";\n";
  }
  return out + "}\n";
}

std::string graph_mermaid(const Json& graph) {
  std::string out = "flowchart LR\n";
  auto to = std::back_inserter(out);
  for (const Json& node : list_in(graph, "nodes")) {
    std::string label;
    for (const std::string& line : label_of(node)) {
      label += (label.empty() ? "" : "<br>") + mermaid_text(line);
    }
    const bool outside = text_in(node, "kind") == "external" || text_in(node, "kind") == "source";
    fmt::format_to(to, "  {}{}\"{}\"{}\n", mermaid_id(text_in(node, "name")), outside ? "[(" : "[",
                   label, outside ? ")]" : "]");
  }
  for (const Json& edge : list_in(graph, "edges")) {
    const std::string label = text_in(edge, "label");
    const std::string arrow = text_in(edge, "kind") == "flow" ? "-->"
                              : label.empty()                 ? "-.->"
                                              : "-. \"" + mermaid_text(label) + "\" .->";
    fmt::format_to(to, "  {} {} {}\n", mermaid_id(text_in(edge, "from")), arrow,
                   mermaid_id(text_in(edge, "to")));
  }
  return out;
}

}  // namespace lensart::app
