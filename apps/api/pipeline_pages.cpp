// The pages that are answered from memory, and the stream of events.

#include <algorithm>

#include "apps/api/configuration.hpp"
#include "apps/api/context.hpp"
#include "apps/api/parameters.hpp"

namespace lensart::app {

namespace {

constexpr std::string_view kNodes = "/api/v1/graph/nodes/";
constexpr std::string_view kEvents = "/api/v1/events";

/// A page without parameters.
void add_page(Router& router, const ApiContext& context, const char* path, Picture picture) {
  router.add("GET", path, [&hub = context.hub, picture](const HttpRequest& request) {
    QueryReader query(request);
    if (auto refused = query.refusal()) return *refused;
    return json_answer(hub.document(picture));
  });
}

struct Range {
  std::size_t seconds = 3600;
  std::size_t step = 10;
};

Range range_in(QueryReader& query) {
  Range range;
  if (const auto seconds = query.whole("seconds", 10, 3600)) {
    range.seconds = static_cast<std::size_t>(*seconds);
  }
  if (const auto step = query.one_of("step", {"1", "5", "10", "30", "60"})) {
    range.step = static_cast<std::size_t>(std::atoi(step->c_str()));
  }
  return range;
}

HttpResponse node_page(const ApiContext& context, const HttpRequest& request) {
  QueryReader query(request);
  const Range range = range_in(query);
  if (auto refused = query.refusal()) return *refused;
  const auto path = path_after(request.path, kNodes);
  const auto& nodes = context.hub.facts().nodes;
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const NodeFacts& node) {
    return path && path->size() == 1 && node.name == path->front();
  });
  if (found == nodes.end()) return not_found("the graph has no such node");
  auto [node, history] =
      context.hub.node(static_cast<std::size_t>(found - nodes.begin()), range.seconds, range.step);
  const Json answer = {{"node", std::move(node)},
                       {"configuration", settings_of_node(context.settings, found->name)},
                       {"history", std::move(history)}};
  return json_answer(answer.dump());
}

/// The pictures that `only` names; nothing where it names something else.
std::optional<std::set<Picture>> pictures_in(const HttpRequest& request) {
  std::set<Picture> pictures;
  const auto only = request.query.find("only");
  if (only == request.query.end()) {
    return std::set{Picture::kOverview, Picture::kGraph, Picture::kEpochs, Picture::kWatermarks};
  }
  std::string_view names = only->second;
  for (std::size_t count = 0; count < kPictures; ++count) {
    const auto comma = names.find(',');
    const auto picture = picture_named(names.substr(0, comma));
    if (!picture) return std::nullopt;
    pictures.insert(*picture);
    if (comma == std::string_view::npos) return pictures;
    names.remove_prefix(comma + 1);
  }
  return std::nullopt;
}

/// A stream cannot be refused once it has begun: so before.
std::optional<HttpResponse> stream_refusal(HttpRequest& request) {
  if (request.path != kEvents || request.method != "GET") return std::nullopt;
  QueryReader query(request);
  if (query.text("only", 200) && !pictures_in(request)) {
    query.refuse("only",
                 "names of events separated by commas, each of overview, graph, epochs, "
                 "watermarks");
  }
  return query.refusal();
}

}  // namespace

void add_pipeline_pages(Router& router, const ApiContext& context) {
  add_page(router, context, "/api/v1/overview", Picture::kOverview);
  add_page(router, context, "/api/v1/graph", Picture::kGraph);
  add_page(router, context, "/api/v1/watermarks", Picture::kWatermarks);
  router.add("GET", "/api/v1/epochs", [&hub = context.hub](const HttpRequest& request) {
    QueryReader query(request);
    const auto limit = query.whole("limit", 1, EpochLog::kKept).value_or(Hub::kEpochsShown);
    if (auto refused = query.refusal()) return *refused;
    return json_answer(hub.epochs(static_cast<std::size_t>(limit)));
  });
  router.add("GET", "/api/v1/overview/history", [&hub = context.hub](const HttpRequest& request) {
    QueryReader query(request);
    const Range range = range_in(query);
    if (auto refused = query.refusal()) return *refused;
    return json_answer(hub.overview_history(range.seconds, range.step));
  });
  router.add("GET", fmt::format("{}*", kNodes),
             [&context](const HttpRequest& request) { return node_page(context, request); });
  router.add("GET", "/api/v1/configuration", [&context](const HttpRequest& request) {
    QueryReader query(request);
    if (auto refused = query.refusal()) return *refused;
    const Json answer = {
        {"file", context.loaded.file ? Json(context.loaded.file->string()) : Json(nullptr)},
        {"settings", context.settings}};
    return json_answer(answer.dump(-1, ' ', false, Json::error_handler_t::replace));
  });
  router.add_guard(std::string(kEvents), stream_refusal);
  router.add_stream(std::string(kEvents),
                    [&hub = context.hub](const HttpRequest& request, EventStream stream) {
                      hub.listen(std::move(stream), pictures_in(request).value());
                    });
}

}  // namespace lensart::app
