/// Events on their way to the replay topic.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "graph/error.hpp"
#include "nodes/kafka/producer.hpp"

namespace lensart::importing {

/// Threads: one.
class ReplaySender {
 public:
  /// Fails with kBrokerDown, or kBadConfig when there is no such topic.
  static Result<ReplaySender> open(const nodes::KafkaClientOptions& client,
                                   const std::string& topic);
  /// Through a producer of the caller's. That the topic is there is the caller's to know.
  ReplaySender(std::unique_ptr<nodes::Producer> producer, std::string topic)
      : producer_(std::move(producer)), topic_(std::move(topic)) {}

  /// A payload behind its header (apps/orders/replay_envelope.hpp). Fails as soon as any message
  /// was given up: kBrokerDown where the broker is away.
  Result<Unit> send(std::string_view key, std::string_view header, std::string_view payload);
  /// Waits until every message is acknowledged. To be called once, at the end.
  Result<Unit> finish();

  std::uint64_t acknowledged() const { return producer_->counts().acknowledged; }

 private:
  std::unique_ptr<nodes::Producer> producer_;
  std::string topic_;
  std::string message_;
};

}  // namespace lensart::importing
