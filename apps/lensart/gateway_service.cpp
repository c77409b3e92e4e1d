#include "apps/lensart/gateway_service.hpp"

#include <spdlog/spdlog.h>

#include "apps/config/secrets.hpp"
#include "apps/gateway/gateway.hpp"
#include "apps/gateway/kafka_publisher.hpp"
#include "apps/lensart/topics.hpp"
#include "graph/time_zone.hpp"

namespace lensart::app {
namespace {

/// Beyond Kafka's delivery timeout, for the answers themselves.
constexpr std::chrono::milliseconds kAnswerRoom{1'000};

}  // namespace

struct GatewayService::Parts {
  explicit Parts(TimeZone business_zone) : zone(std::move(business_zone)) {}

  TimeZone zone;
  std::chrono::milliseconds grace{};
  std::unique_ptr<gateway::KafkaPublisher> publisher;
  std::unique_ptr<gateway::Gateway> gateway;  // last: it uses the others
};

Result<std::unique_ptr<GatewayService>> GatewayService::start(const Config& config,
                                                              const Clock& clock) {
  LENSART_ASSIGN(auto zone, TimeZone::find(config.pipeline.time_zone));
  auto parts = std::make_unique<Parts>(std::move(zone));
  gateway::KafkaPublisherOptions publisher;
  publisher.client = kafka_options(config, nodes::KafkaRole::kProducer);
  publisher.client.defaults["client.id"] = config.pipeline.name + "-gateway";
  gateway::set_topics_and_bounds(config, publisher);
  publisher.log = [config](const std::string& line) {
    spdlog::warn("gateway: {}", without_secrets(config, line));
  };
  parts->grace = publisher.delivery_timeout + kAnswerRoom;
  LENSART_ASSIGN(parts->publisher, gateway::KafkaPublisher::open(std::move(publisher)));
  LENSART_ASSIGN(parts->gateway,
                 gateway::Gateway::start(gateway::gateway_options(config, parts->zone),
                                         *parts->publisher, clock));
  spdlog::info("gateway on {}", config.gateway.listen);
  return std::unique_ptr<GatewayService>(new GatewayService(std::move(parts)));
}

GatewayService::GatewayService(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
GatewayService::~GatewayService() = default;

std::shared_ptr<prometheus::Collectable> GatewayService::metrics() const {
  return parts_->gateway->metrics();
}
void GatewayService::set_rate_limit(std::uint32_t per_second) {
  parts_->gateway->set_rate_limit(per_second);
}
void GatewayService::stop() { parts_->gateway->stop(parts_->grace); }

}  // namespace lensart::app
