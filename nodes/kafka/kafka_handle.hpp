/// librdkafka's C handles as owners, and a client made from properties.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"

namespace lensart::nodes {

template <auto Destroy>
struct KafkaDeleter {
  template <class T>
  void operator()(T* handle) const {
    Destroy(handle);
  }
};
template <class T, auto Destroy>
using KafkaOwner = std::unique_ptr<T, KafkaDeleter<Destroy>>;

using KafkaHandle = KafkaOwner<rd_kafka_t, rd_kafka_destroy>;
using KafkaConf = KafkaOwner<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using KafkaTopic = KafkaOwner<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using KafkaQueue = KafkaOwner<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using KafkaEvent = KafkaOwner<rd_kafka_event_t, rd_kafka_event_destroy>;
using KafkaError = KafkaOwner<rd_kafka_error_t, rd_kafka_error_destroy>;
using KafkaMessage = KafkaOwner<rd_kafka_message_t, rd_kafka_message_destroy>;
using KafkaHeaders = KafkaOwner<rd_kafka_headers_t, rd_kafka_headers_destroy>;
using KafkaPartitions =
    KafkaOwner<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using KafkaMetadata = KafkaOwner<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;
using KafkaNewTopic = KafkaOwner<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using KafkaConfigResource = KafkaOwner<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using KafkaAdminOptions = KafkaOwner<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;

/// As syslog has them.
enum class KafkaLogLevel : int { kError = 3, kWarning = 4, kNotice = 5, kInfo = 6, kDebug = 7 };
/// What librdkafka has to say. Called on any of its threads, several at once.
using KafkaLog =
    std::function<void(KafkaLogLevel level, std::string_view facility, std::string_view text)>;

using KafkaProperties = std::map<std::string, std::string>;

/// Properties with the key of the configuration they stand under, for messages.
struct KafkaPropertyLayer {
  std::string origin;  ///< `kafka.properties`, `kafka.consumer.properties`
  KafkaProperties properties;
};

/// What went wrong with all clients that were given it, for /metrics. Threads: any.
struct KafkaFigures {
  std::atomic<std::uint64_t> errors{0};  ///< as librdkafka reports them: a broker lost, refused, …
};

struct KafkaClientOptions {
  /// `host:port` separated by commas.
  std::string brokers;
  /// The operator's; a later layer wins.
  std::vector<KafkaPropertyLayer> layers;
  /// What we would like; the operator's layers win.
  KafkaProperties defaults;
  /// What correctness needs; a layer that says otherwise is refused with kBadConfig.
  KafkaProperties required;
  /// May be empty: then nothing is logged.
  KafkaLog log;
  std::shared_ptr<KafkaFigures> figures;  ///< may be left out
};

enum class KafkaRole : std::uint8_t { kProducer, kConsumer };

/// A connected client (it connects by itself, later and again). What producers, consumers and the
/// admin are made of.
///
/// Threads: any, as librdkafka allows; `get()` is the C handle. Destruction waits for its threads.
class KafkaClient {
 public:
  /// Sees messages that were delivered or given up; `opaque` is what `open` was given.
  using DeliveryCallback = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void* opaque);

  /// Needs no broker. Fails with kBadConfig, naming the property, its origin and the reason; a
  /// value that may be a secret is never named.
  static Result<KafkaClient> open(KafkaRole role, const KafkaClientOptions& options,
                                  DeliveryCallback on_delivery = nullptr, void* opaque = nullptr);
  ~KafkaClient();
  KafkaClient(KafkaClient&&) noexcept;
  KafkaClient& operator=(KafkaClient&&) noexcept;

  rd_kafka_t* get() const { return handle_.get(); }
  const std::string& brokers() const;

  /// The error in words for a person, with the brokers, what was `doing`, and the remedy.
  /// Connection and timeout errors are kBrokerDown, failed authentication is kBadConfig, the rest
  /// kFatal.
  Error error(rd_kafka_resp_err_t code, std::string_view doing, std::string_view detail = {}) const;

  /// The end of a consumer: waits for the offsets that it last committed to reach the broker,
  /// whoever looks at the group's lag is told by them. With its brokers away librdkafka 2.0.2 waits
  /// without end; after `patience` its threads are left to end with the process, and say nothing
  /// any more. REQUIRES: no queue of it is left. Nothing may be called after it but the destructor.
  void end_consumer(std::chrono::milliseconds patience);

  /// The reason that made the client unusable for good, if there is one.
  Result<Unit> check_fatal() const;

 private:
  struct Context;
  KafkaClient();

  std::unique_ptr<Context> context_;  // outlives the handle, whose callbacks use it
  KafkaHandle handle_;
};

/// Whether an error of librdkafka may pass by itself: a broker, a leader or a network away.
bool is_passing(rd_kafka_resp_err_t code);

}  // namespace lensart::nodes
