#include "apps/gateway/gateway_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <array>
#include <string>

namespace lensart::gateway {
namespace {

constexpr std::array<std::string_view, 5> kEventEndpoints = {
    "order-created", "order-updated", "order-cancelled", "order-status-changed", "generic"};

const prometheus::Histogram::BucketBoundaries& boundaries() {
  static const prometheus::Histogram::BucketBoundaries kSeconds = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return kSeconds;
}

}  // namespace

std::string_view endpoint_of(std::string_view path) {
  constexpr std::string_view kEvents = "/api/kafka/events/";
  if (path == "/api/kafka/test-connection") return "test-connection";
  if (!path.starts_with(kEvents)) return "other";
  path.remove_prefix(kEvents.size());
  if (path == "send") return "generic";
  const auto found = std::find(kEventEndpoints.begin(), kEventEndpoints.end(), path);
  return found == kEventEndpoints.end() ? "other" : *found;
}

GatewayMetrics::GatewayMetrics(const Publisher& publisher)
    : publisher_(publisher),
      requests_(prometheus::BuildCounter()
                    .Name("lensart_gateway_requests_total")
                    .Help("Requests answered, by endpoint and HTTP status.")
                    .Register(registry_)),
      durations_(
          prometheus::BuildHistogram()
              .Name("lensart_gateway_request_duration_seconds")
              .Help("From a request's headers to its answer, Kafka's acknowledgement within.")
              .Register(registry_)),
      repeats_(prometheus::BuildCounter()
                   .Name("lensart_gateway_repeats_total")
                   .Help("Events answered 200 without a record, since their id was acknowledged.")
                   .Register(registry_)
                   .Add({})),
      waiting_(prometheus::BuildGauge()
                   .Name("lensart_gateway_waiting_events")
                   .Help("Events handed to Kafka's client and not acknowledged yet.")
                   .Register(registry_)
                   .Add({})),
      kafka_up_(prometheus::BuildGauge()
                    .Name("lensart_gateway_kafka_up")
                    .Help("1 while Kafka answers and has the topics.")
                    .Register(registry_)
                    .Add({})) {}

void GatewayMetrics::count(std::string_view endpoint, int status, std::chrono::nanoseconds taken) {
  auto& counter = counters_[{endpoint, status}];
  if (counter == nullptr) {
    counter =
        &requests_.Add({{"endpoint", std::string(endpoint)}, {"status", std::to_string(status)}});
  }
  counter->Increment();
  auto& histogram = histograms_[endpoint];
  if (histogram == nullptr) {
    histogram = &durations_.Add({{"endpoint", std::string(endpoint)}}, boundaries());
  }
  histogram->Observe(std::chrono::duration<double>(taken).count());
}

void GatewayMetrics::count_repeat() { repeats_.Increment(); }

std::vector<prometheus::MetricFamily> GatewayMetrics::Collect() const {
  waiting_.Set(static_cast<double>(publisher_.waiting()));
  kafka_up_.Set(publisher_.not_ready().empty() ? 1 : 0);
  return registry_.Collect();
}

}  // namespace lensart::gateway
