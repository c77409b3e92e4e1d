/// A real broker as tests need it: topics made and removed, payloads put where a case wants them,
/// whole logs read back.
///
/// Threads: one an object; the free functions any.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/clock.hpp"
#include "graph/error.hpp"

namespace lensart::support {

struct TopicSpec {
  std::string name;
  int partitions = 3;
  /// Topic configuration, as `{"max.message.bytes", "2097152"}`.
  std::map<std::string, std::string> config;
};

/// Fails with kBrokerDown, also where the topic stands already. On return every partition has a
/// leader.
Result<Unit> create_topics(const std::string& brokers, const std::vector<TopicSpec>& topics);
/// Topics that do not exist are no failure. On return none of them exists.
Result<Unit> delete_topics(const std::string& brokers, const std::vector<std::string>& names);
/// Removes the records below `before` (DeleteRecords).
Result<Unit> delete_records(const std::string& brokers, const std::string& topic,
                            std::int32_t partition, std::int64_t before);

struct OffsetRange {
  std::int64_t begin = 0;  ///< of the first record
  std::int64_t end = 0;    ///< past the last
  std::int64_t size() const { return end - begin; }
};
/// By partition. Fails with kBrokerDown if there is no such topic.
Result<std::map<std::int32_t, OffsetRange>> offset_ranges(const std::string& brokers,
                                                          const std::string& topic);

struct KafkaRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::optional<std::string> key;
  std::optional<std::string> payload;  ///< nothing for a null value
  std::optional<Instant> appended;     ///< the broker's time, if the topic has LogAppendTime
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Every record that stands in the topic at the time of the call, partition by partition.
Result<std::vector<KafkaRecord>> read_topic(const std::string& brokers, const std::string& topic);

struct Delivery {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

/// Sends with acks=all and idempotence: each record once, in order within its partition.
class LogWriter {
 public:
  static Result<LogWriter> open(const std::string& brokers);
  LogWriter(LogWriter&&) noexcept;
  LogWriter& operator=(LogWriter&&) noexcept;
  ~LogWriter();

  using Acknowledged = std::function<void(const Delivery&)>;
  /// Queues a record; waits only while the queue is full. `payload` nothing: a null value.
  /// `acknowledged` runs inside a later call of this object, when the broker has it.
  Result<Unit> send(const std::string& topic, std::int32_t partition,
                    std::optional<std::string_view> payload, Acknowledged acknowledged = {});
  /// Runs what has been acknowledged so far, waiting at most `patience` for the first.
  void poll(std::chrono::milliseconds patience);
  /// Waits until everything sent is acknowledged. Fails with the first record's error.
  Result<Unit> flush(std::chrono::milliseconds patience = std::chrono::seconds(60));

 private:
  class Impl;
  explicit LogWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lensart::support
