/// A producer that says of each message what became of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "graph/error.hpp"
#include "nodes/kafka/kafka_handle.hpp"

namespace lensart::nodes {

struct Header {
  std::string_view name;
  std::string_view value;
};

struct OutgoingMessage {
  /// The broker's partitioner chooses.
  static constexpr std::int32_t kAnyPartition = -1;

  std::string_view topic;
  std::int32_t partition = kAnyPartition;
  std::optional<std::string_view> key;
  std::span<const Header> headers;
  std::optional<std::string_view> payload;  ///< nullopt is a null value (a tombstone)
  std::uint64_t tag = 0;                    ///< handed back with the delivery
};

/// What became of one message.
struct Delivery {
  std::uint64_t tag = 0;
  bool acknowledged = false;
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  /// Of one that was given up: broker away, or refused (kFatal; `too_large`, unknown topic).
  std::optional<Error> error;
  bool too_large = false;  ///< the broker or the client takes no message of this size
};

struct ProducerOptions {
  KafkaClientOptions client;
  /// Called once for each message that `produce` took, on the thread that calls `produce`, `poll`
  /// or `flush`. May be empty. It must not call the producer.
  std::function<void(const Delivery&)> on_delivery;
  /// The bounds of what waits for an acknowledgement; when reached, `produce` waits.
  std::uint32_t max_waiting_messages = 100'000;
  std::uint64_t max_waiting_bytes = 64ULL * 1024 * 1024;
  /// The largest message; the topic must take it too.
  std::uint64_t max_message_bytes = 3ULL * 1024 * 1024;
  /// After this a message that no broker has acknowledged is given up.
  std::chrono::milliseconds delivery_timeout{120'000};
  /// How long a message may wait for others to share a request with.
  std::chrono::milliseconds linger{5};
};

/// Idempotent, acknowledged by all replicas in sync: no message is lost or doubled by a retry, and
/// those of one partition keep their order.
///
/// Threads: one at a time; `counts()` any. Destruction gives up what was not flushed.
class Producer {
 public:
  struct Counts {
    std::uint64_t produced = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t failed = 0;
  };

  /// Needs no broker. Fails with kBadConfig.
  static Result<std::unique_ptr<Producer>> open(ProducerOptions options);
  ~Producer();

  /// Copies the message into the queue; waits while the queue is full, at most `patience`. Fails
  /// with kBrokerDown when it stays full, with kFatal when the message can never be sent; then it
  /// was not taken and `on_delivery` will not hear of it.
  Result<Unit> produce(const OutgoingMessage& message,
                       std::chrono::milliseconds patience = std::chrono::seconds(60));

  /// Serves deliveries; waits for some at most `timeout`.
  void poll(std::chrono::milliseconds timeout = std::chrono::milliseconds(0));

  /// Sends at once and waits until every message is settled. Fails with kBrokerDown when some are
  /// not after `deadline`; they stay in the queue.
  Result<Unit> flush(std::chrono::milliseconds deadline);

  /// Forgets what is not acknowledged; each such message's delivery fails.
  void purge();

  Counts counts() const;
  /// The first delivery that failed, kept for whoever only counts.
  const std::optional<Error>& first_failure() const { return first_failure_; }
  const KafkaClient& client() const { return *client_; }

 private:
  explicit Producer(ProducerOptions options) : options_(std::move(options)) {}

  static void on_delivered(rd_kafka_t* handle, const rd_kafka_message_t* message, void* opaque);
  void settle(const rd_kafka_message_t& message);
  rd_kafka_topic_t* topic(std::string_view name);
  rd_kafka_resp_err_t enqueue(const OutgoingMessage& message);

  ProducerOptions options_;
  std::atomic<std::uint64_t> produced_{0};
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::optional<Error> first_failure_;
  std::optional<KafkaClient> client_;
  std::map<std::string, KafkaTopic, std::less<>> topics_;  // before the client goes
};

}  // namespace lensart::nodes
