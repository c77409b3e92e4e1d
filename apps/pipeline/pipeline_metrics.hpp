/// What `/metrics` says of a running pipeline (names: docs/contract.md §6).
#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <vector>

namespace lensart::app {

class Pipeline;

/// Reads the pipeline's figures at each scrape; keeps none of its own. Threads: any.
/// Lifetime: the pipeline outlives it.
class PipelineMetrics final : public prometheus::Collectable {
 public:
  explicit PipelineMetrics(const Pipeline& pipeline) : pipeline_(pipeline) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const Pipeline& pipeline_;
};

}  // namespace lensart::app
