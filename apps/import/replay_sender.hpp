/// Events on their way to the replay topic.
#pragma once

#include <memory>
#include <string>

#include "apps/import/order_event.hpp"
#include "nodes/kafka/producer.hpp"

namespace lensart::importing {

/// Threads: one.
class ReplaySender {
 public:
  ReplaySender(std::unique_ptr<nodes::Producer> producer, std::string topic);

  /// The event in its envelope, the order's id as key. Fails as soon as any event was given up:
  /// kBrokerDown where the broker is away.
  Result<Unit> send(const OrderEvents::Ready& event);
  /// Waits until every event is acknowledged. To be called once, at the end.
  Result<Unit> finish();

  std::uint64_t acknowledged() const { return producer_->counts().acknowledged; }

 private:
  std::unique_ptr<nodes::Producer> producer_;
  std::string topic_;
  std::string header_;
  std::string message_;
};

}  // namespace lensart::importing
