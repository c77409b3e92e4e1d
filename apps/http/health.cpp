#include "apps/http/health.hpp"

#include <fmt/format.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "apps/config/values.hpp"

namespace lensart::app {

void add_probes(Router& router, HealthProvider health) {
  router.add("GET", "/livez", [](const HttpRequest&) {
    return HttpResponse::json(200, "{\"status\":\"alive\"}\n");
  });
  router.add("GET", "/readyz", [health = std::move(health)](const HttpRequest&) {
    const auto state = health();
    std::vector<std::string> reasons;
    for (const auto& reason : state.reasons) reasons.push_back(json_string(reason));
    return HttpResponse::json(
        state.ready ? 200 : 503,
        fmt::format("{{\"status\":{},\"reasons\":[{}]}}\n",
                    json_string(state.ready ? "ready" : "not ready"), fmt::join(reasons, ",")));
  });
}

void add_metrics(Router& router, std::shared_ptr<prometheus::Collectable> metrics) {
  router.add("GET", "/metrics", [metrics = std::move(metrics)](const HttpRequest&) {
    HttpResponse response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = prometheus::TextSerializer().Serialize(metrics->Collect());
    return response;
  });
}

}  // namespace lensart::app
