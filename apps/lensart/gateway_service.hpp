/// The gateway with its way to Kafka, as `lensart gateway` and `lensart run` have it.
#pragma once

#include <memory>

#include "apps/config/config.hpp"
#include "graph/clock.hpp"
#include "graph/error.hpp"

namespace prometheus {
class Collectable;
}

namespace lensart::app {

/// Threads: one at a time; `set_rate_limit` any. Destruction stops it.
class GatewayService {
 public:
  /// Listens when it returns; needs no broker, and says 503 while there is none. Fails with
  /// kBadConfig. The clock outlives it.
  static Result<std::unique_ptr<GatewayService>> start(const Config& config, const Clock& clock);
  ~GatewayService();

  std::shared_ptr<prometheus::Collectable> metrics() const;
  void set_rate_limit(std::uint32_t per_second);
  /// Takes no more requests, lets those under way be answered, which takes no longer than Kafka's
  /// delivery timeout.
  void stop();

 private:
  struct Parts;
  explicit GatewayService(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace lensart::app
