/// What the gateway counts of itself.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/registry.h>

#include <array>
#include <chrono>
#include <map>
#include <string_view>

#include "apps/gateway/publisher.hpp"

namespace prometheus {
class Counter;
class Histogram;
}  // namespace prometheus

namespace lensart::gateway {

/// `order-created` and so on for a path below `/api/kafka/`, `other` for what is not there: labels
/// are few, whatever clients ask for.
std::string_view endpoint_of(std::string_view path);

/// Threads: `Collect` any, the rest the server's. Lifetime: the publisher outlives its use.
class GatewayMetrics final : public prometheus::Collectable {
 public:
  explicit GatewayMetrics(const Publisher& publisher);

  void count(std::string_view endpoint, int status, std::chrono::nanoseconds taken);
  void count_repeat();
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  using Endpoints = std::map<std::string_view, prometheus::Histogram*>;

  const Publisher& publisher_;
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& durations_;
  prometheus::Counter& repeats_;
  prometheus::Gauge& waiting_;
  prometheus::Gauge& kafka_up_;
  // Looked up by value: the family itself hashes all labels each time.
  std::map<std::pair<std::string_view, int>, prometheus::Counter*> counters_;
  Endpoints histograms_;
};

}  // namespace lensart::gateway
