/// Events to Kafka: idempotent, acknowledged by every replica in sync, nothing flushed one by one.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "apps/gateway/publisher.hpp"
#include "nodes/kafka/kafka_handle.hpp"

namespace lensart::gateway {

struct KafkaPublisherOptions {
  nodes::KafkaClientOptions client;
  /// By `orders::Topic`.
  std::array<std::string, 4> topics;
  /// Of events that no broker has acknowledged: beyond it they are refused as kBusy.
  std::uint32_t max_waiting_events = 20'000;
  std::uint64_t max_waiting_bytes = 64ULL * 1024 * 1024;
  std::uint64_t max_event_bytes = 1024ULL * 1024;
  /// After this an event that no broker has acknowledged is given up (kAway).
  std::chrono::milliseconds delivery_timeout{5'000};
  /// Produce requests a broker is sent at a time. With one, the events that come meanwhile share
  /// the next: what waits is written in groups, and a lonely event does not wait at all.
  std::uint32_t requests_in_flight = 1;
  /// Told when Kafka goes away and when it is back.
  std::function<void(const std::string&)> log;
};

/// Threads: `publish` and the figures any; deliveries are settled on a thread of its own, and
/// another looks after the broker. Destruction settles what waits, as kAway.
class KafkaPublisher final : public Publisher {
 public:
  /// Needs no broker. Fails with kBadConfig.
  static Result<std::unique_ptr<KafkaPublisher>> open(KafkaPublisherOptions options);
  ~KafkaPublisher() override;

  void publish(orders::Topic topic, std::optional<std::string_view> key, std::string_view payload,
               std::unique_ptr<Publication> publication) override;
  std::vector<std::string> not_ready() const override;
  std::size_t waiting() const override { return unsettled_; }

 private:
  /// One client and its topics. An idempotent producer may fail for good; then the next takes over.
  struct Session {
    nodes::KafkaClient client;
    std::array<nodes::KafkaTopic, 4> topics;  // before the client goes
  };

  explicit KafkaPublisher(KafkaPublisherOptions options) : options_(std::move(options)) {}
  Result<std::shared_ptr<Session>> open_session() const;
  std::shared_ptr<Session> session() const;
  void serve_deliveries();
  void renew(const Error& reason);
  void watch();
  std::vector<std::string> look() const;

  KafkaPublisherOptions options_;
  /// Outlives every session: a client gives its last events back when it goes.
  std::atomic<std::size_t> unsettled_{0};
  mutable std::mutex mutex_;
  std::shared_ptr<Session> session_;
  std::vector<std::string> trouble_ = {"Kafka has not answered yet"};
  std::condition_variable stopping_;
  std::atomic<bool> is_stopping_{false};
  std::thread deliveries_;
  std::thread watch_;
};

}  // namespace lensart::gateway
