/// The notifier of a running pipeline, and its figures.
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <memory>
#include <string>

#include "apps/config/config.hpp"
#include "apps/notify/notifier.hpp"
#include "graph/error.hpp"

namespace lensart::app {

class Pipeline;

/// By `[notify]` of the configuration. Lifetime: the pipeline outlives it.
Result<std::unique_ptr<notify::Notifier>> start_notifier(
    const Config& config, const Pipeline& pipeline, std::function<void(const std::string&)> log);

/// For `/metrics`. Lifetime: the notifier outlives it.
std::shared_ptr<prometheus::Collectable> notifier_metrics(const notify::Notifier& notifier);

}  // namespace lensart::app
