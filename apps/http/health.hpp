/// The probes and the metrics: what an orchestrator and Prometheus ask for.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/http/router.hpp"

namespace prometheus {
class Collectable;
}

namespace lensart::app {

/// Whether the process can do its work now and, if not, why: sentences for a person.
struct Health {
  bool ready = false;
  std::vector<std::string> reasons;
};

/// Called on the server's thread: reads what others left for it and never blocks.
using HealthProvider = std::function<Health()>;

/// `/livez`: 200 `{"status":"alive"}` as long as the process answers at all; nothing else is asked,
/// since a restart mends no database.
/// `/readyz`: 200 `{"status":"ready","reasons":[]}`, or 503 `{"status":"not ready","reasons":[…]}`.
void add_probes(Router& router, HealthProvider health);

/// `/metrics` in Prometheus's text format. `metrics` is usually a prometheus::Registry.
void add_metrics(Router& router, std::shared_ptr<prometheus::Collectable> metrics);

}  // namespace lensart::app
