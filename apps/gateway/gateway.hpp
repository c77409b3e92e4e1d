/// The HTTP gateway: order events from any program that speaks HTTP, into Kafka
/// (docs/contract.md §7).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apps/config/config.hpp"
#include "apps/gateway/event_intake.hpp"
#include "apps/gateway/publisher.hpp"
#include "apps/http/access.hpp"
#include "graph/clock.hpp"
#include "graph/error.hpp"

namespace prometheus {
class Collectable;
}

namespace lensart {
class TimeZone;
}

namespace lensart::gateway {

struct KafkaPublisherOptions;

struct GatewayOptions {
  std::string listen = "127.0.0.1:8082";
  std::vector<std::string> hosts;  ///< names beside the usual ones that a request's Host may carry
  app::AccessOptions access;
  std::uint32_t rate_limit = 1000;  ///< requests a second a token; 0 is no limit
  std::uint64_t max_body_bytes = 1024 * 1024;
  std::string brokers;  ///< as test-connection names them
  EventIntakeOptions intake;

  std::size_t remembered_ids = 50'000;  ///< acknowledged ones, whose repeats need no second record
};

/// What the configuration says of the gateway, and of its way to Kafka. `zone` outlives both.
GatewayOptions gateway_options(const app::Config& config, const TimeZone& zone);
void set_topics_and_bounds(const app::Config& config, KafkaPublisherOptions& options);

/// Answers a request when Kafka has its event; a client that is slow, or waits, holds nobody up.
/// What it acknowledges with 200 is on every replica in sync. An event that is answered 503 may
/// have got there all the same: sent again with its event_id, it counts once.
///
/// Threads: one server thread of its own; all calls here from any one thread, `set_rate_limit` from
/// any. Lifetime: the publisher and the clock outlive it. Destruction stops it.
class Gateway {
 public:
  /// Listens when it returns. Fails with kBadConfig, naming gateway.listen.
  static Result<std::unique_ptr<Gateway>> start(GatewayOptions options, Publisher& publisher,
                                                const Clock& clock);
  ~Gateway();

  std::uint16_t port() const;
  /// `lensart_gateway_…`, for /metrics. Lives as long as the gateway.
  std::shared_ptr<prometheus::Collectable> metrics() const;
  void set_rate_limit(std::uint32_t per_second);
  /// Takes no more requests; waits at most `grace` for the answers of those under way.
  void stop(std::chrono::milliseconds grace);

 private:
  class Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lensart::gateway
