/// The flow graph for programs and people: what `lensart graph` prints and the console draws.
///
/// Threads: any; pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/api/history.hpp"
#include "apps/api/readings.hpp"
#include "apps/explain/answer.hpp"

namespace lensart::app {

/// `Node` of openapi.json. `figures` with `live`, or neither.
Json node_picture(const NodeFacts& node, const NodeFigures* figures = nullptr,
                  const NodeLive* live = nullptr);

/// `Graph` of openapi.json. `at`: when the nodes' figures were read; nothing without any.
Json graph_picture(const std::string& name, const std::vector<EdgeFacts>& edges, Json nodes,
                   const std::optional<Instant>& at = std::nullopt);

/// A `Graph` as a Graphviz document and as a Mermaid flowchart, with its live figures where it has
/// some. One that is not of that shape, since an instance of another version answered, loses what
/// is not understood.
std::string graph_dot(const Json& graph);
std::string graph_mermaid(const Json& graph);

}  // namespace lensart::app
