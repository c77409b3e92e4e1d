/// What `/metrics` says of a running pipeline (names: docs/operations.md).
#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <string>
#include <vector>

#include "apps/pipeline/pipeline_watch.hpp"

namespace lensart::app {

class Pipeline;

/// Which program it is: the labels of lensart_build_info.
struct BuildInfo {
  std::string version;
  std::string commit;
  std::string build_type;
};

/// Reads the pipeline's figures at each scrape, and what its watch has seen of late; waits for
/// nobody. Threads: any. Lifetime: the pipeline outlives it.
class PipelineMetrics final : public prometheus::Collectable {
 public:
  PipelineMetrics(const Pipeline& pipeline, BuildInfo build);

  /// Further figures, of parts that this room does not know. Before the first scrape.
  void include(std::shared_ptr<prometheus::Collectable> more) { more_.push_back(std::move(more)); }
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const Pipeline& pipeline_;
  BuildInfo build_;
  double started_at_;
  PipelineWatch watch_;
  std::vector<std::shared_ptr<prometheus::Collectable>> more_;
};

}  // namespace lensart::app
