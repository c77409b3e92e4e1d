#include "tests/support/kafka_log.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <thread>
#include <utility>

namespace lensart::support {
namespace {

using std::chrono::milliseconds;

constexpr int kRequestMilliseconds = 30'000;

struct Destroy {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_DeleteTopic_t* topic) const { rd_kafka_DeleteTopic_destroy(topic); }
  void operator()(rd_kafka_DeleteRecords_t* request) const {
    rd_kafka_DeleteRecords_destroy(request);
  }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
};
template <class T>
using Owned = std::unique_ptr<T, Destroy>;

tl::unexpected<Error> broker_error(const std::string& what, rd_kafka_resp_err_t code) {
  return fail(Errc::kBrokerDown, what + ": " + rd_kafka_err2str(code));
}

using Settings = std::map<std::string, std::string>;

Result<Owned<rd_kafka_t>> open_client(rd_kafka_type_t type, const Settings& settings,
                                      void* opaque = nullptr,
                                      void (*on_delivery)(rd_kafka_t*, const rd_kafka_message_t*,
                                                          void*) = nullptr) {
  std::array<char, 512> problem{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), problem.data(), problem.size()) !=
        RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      return fail(Errc::kFatal, problem.data());
    }
  }
  rd_kafka_conf_set_opaque(conf, opaque);
  if (on_delivery != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  Owned<rd_kafka_t> handle(rd_kafka_new(type, conf, problem.data(), problem.size()));
  if (!handle) {
    rd_kafka_conf_destroy(conf);
    return fail(Errc::kFatal, problem.data());
  }
  return handle;
}

/// A consumer, because a producer that asks about a topic makes it.
Result<Owned<rd_kafka_t>> open_admin(const std::string& brokers) {
  return open_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                         {"group.id", "lensart-tests"},
                                         {"allow.auto.create.topics", "false"},
                                         {"log_level", "3"}});
}

Result<Owned<rd_kafka_event_t>> await_answer(rd_kafka_queue_t* queue, const std::string& what) {
  Owned<rd_kafka_event_t> answer(rd_kafka_queue_poll(queue, kRequestMilliseconds));
  if (!answer) return fail(Errc::kBrokerDown, what + ": no answer");
  if (const auto code = rd_kafka_event_error(answer.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return broker_error(what, code);
  }
  return answer;
}

Result<Unit> first_error(const std::string& what, const rd_kafka_topic_result_t* const* results,
                         std::size_t count, rd_kafka_resp_err_t harmless) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == harmless) continue;
    return broker_error(what + " " + rd_kafka_topic_result_name(results[i]), code);
  }
  return Unit{};
}

/// The ids of the partitions that have a leader.
Result<std::vector<std::int32_t>> led_partitions(rd_kafka_t* handle, const std::string& topic) {
  rd_kafka_topic_t* handle_of_topic = rd_kafka_topic_new(handle, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code = rd_kafka_metadata(handle, 0, handle_of_topic, &raw, kRequestMilliseconds);
  rd_kafka_topic_destroy(handle_of_topic);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return broker_error("metadata of " + topic, code);
  const Owned<const rd_kafka_metadata_t> metadata(raw);
  std::vector<std::int32_t> partitions;
  if (metadata->topic_cnt != 1) return partitions;
  for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
    const auto& partition = metadata->topics[0].partitions[i];
    if (partition.leader >= 0) partitions.push_back(partition.id);
  }
  return partitions;
}

/// The broker tells nobody when a new topic's leaders stand, or when a deleted one is gone: it has
/// to be asked again.
Result<Unit> await_leaders(rd_kafka_t* handle, const std::string& topic, int partitions) {
  for (int attempt = 0; attempt < 500; ++attempt) {
    LENSART_ASSIGN(const auto led, led_partitions(handle, topic));
    if (std::cmp_equal(led.size(), partitions)) return Unit{};
    std::this_thread::sleep_for(milliseconds(20));
  }
  return fail(Errc::kBrokerDown,
              fmt::format("topic {} has not {} led partitions after 10 s", topic, partitions));
}

/// A new topic's partition may be led in the metadata a moment before its leader knows.
Result<OffsetRange> offsets_of(rd_kafka_t* handle, const std::string& topic,
                               std::int32_t partition) {
  OffsetRange range;
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
  for (int attempt = 0; attempt < 500; ++attempt) {
    code = rd_kafka_query_watermark_offsets(handle, topic.c_str(), partition, &range.begin,
                                            &range.end, kRequestMilliseconds);
    if (code != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION) break;
    std::this_thread::sleep_for(milliseconds(20));
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return broker_error("offsets of " + topic, code);
  return range;
}

Result<std::map<std::int32_t, OffsetRange>> ranges_of(rd_kafka_t* handle,
                                                      const std::string& topic) {
  LENSART_ASSIGN(const auto partitions, led_partitions(handle, topic));
  if (partitions.empty()) return fail(Errc::kBrokerDown, "no topic " + topic);
  std::map<std::int32_t, OffsetRange> ranges;
  for (const std::int32_t partition : partitions) {
    LENSART_ASSIGN(ranges[partition], offsets_of(handle, topic, partition));
  }
  return ranges;
}

std::optional<std::string> bytes(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(data), size);
}

KafkaRecord to_record(const rd_kafka_message_t& message) {
  KafkaRecord record;
  record.partition = message.partition;
  record.offset = message.offset;
  record.key = bytes(message.key, message.key_len);
  record.payload = bytes(message.payload, message.len);
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t timestamp = rd_kafka_message_timestamp(&message, &type);
  if (type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME)
    record.appended = Instant(milliseconds(timestamp));
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      record.headers.emplace_back(name, bytes(value, size).value_or(""));
    }
  }
  return record;
}

/// Reads one partition from its beginning up to `range.end`; the end-of-partition event tells it
/// when there is no more, as the last offsets need not hold a record.
Result<Unit> read_partition(rd_kafka_t* consumer, const std::string& topic, std::int32_t partition,
                            const OffsetRange& range, std::vector<KafkaRecord>& records) {
  const Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = range.begin;
  if (const auto code = rd_kafka_assign(consumer, list.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return broker_error("assignment of " + topic, code);
  }
  for (;;) {
    const Owned<rd_kafka_message_t> message(rd_kafka_consumer_poll(consumer, kRequestMilliseconds));
    if (!message) return fail(Errc::kBrokerDown, "no record of " + topic + " for 30 s");
    if (message->partition != partition) continue;  // left over from the assignment before
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return Unit{};
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return broker_error(topic, message->err);
    if (message->offset >= range.end) return Unit{};
    records.push_back(to_record(*message));
    if (message->offset + 1 == range.end) return Unit{};
  }
}

}  // namespace

Result<Unit> create_topics(const std::string& brokers, const std::vector<TopicSpec>& topics) {
  LENSART_ASSIGN(const auto handle, open_admin(brokers));
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle.get()));
  std::vector<Owned<rd_kafka_NewTopic_t>> owned;
  std::vector<rd_kafka_NewTopic_t*> requests;
  for (const TopicSpec& topic : topics) {
    owned.emplace_back(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, 1, nullptr, 0));
    for (const auto& [name, value] : topic.config) {
      rd_kafka_NewTopic_set_config(owned.back().get(), name.c_str(), value.c_str());
    }
    requests.push_back(owned.back().get());
  }
  rd_kafka_CreateTopics(handle.get(), requests.data(), requests.size(), nullptr, queue.get());
  LENSART_ASSIGN(const auto answer, await_answer(queue.get(), "creation of topics"));
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
  LENSART_TRY(first_error("creation of", results, count, RD_KAFKA_RESP_ERR_NO_ERROR));
  for (const TopicSpec& topic : topics) {
    LENSART_TRY(await_leaders(handle.get(), topic.name, topic.partitions));
  }
  return Unit{};
}

Result<Unit> delete_topics(const std::string& brokers, const std::vector<std::string>& names) {
  if (names.empty()) return Unit{};
  LENSART_ASSIGN(const auto handle, open_admin(brokers));
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle.get()));
  std::vector<Owned<rd_kafka_DeleteTopic_t>> owned;
  std::vector<rd_kafka_DeleteTopic_t*> requests;
  for (const std::string& name : names) {
    owned.emplace_back(rd_kafka_DeleteTopic_new(name.c_str()));
    requests.push_back(owned.back().get());
  }
  rd_kafka_DeleteTopics(handle.get(), requests.data(), requests.size(), nullptr, queue.get());
  LENSART_ASSIGN(const auto answer, await_answer(queue.get(), "deletion of topics"));
  std::size_t count = 0;
  const auto* results =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer.get()), &count);
  LENSART_TRY(first_error("deletion of", results, count, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
  for (const std::string& name : names) LENSART_TRY(await_leaders(handle.get(), name, 0));
  return Unit{};
}

Result<Unit> delete_records(const std::string& brokers, const std::string& topic,
                            std::int32_t partition, std::int64_t before) {
  LENSART_ASSIGN(const auto handle, open_admin(brokers));
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle.get()));
  const Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = before;
  const Owned<rd_kafka_DeleteRecords_t> request(rd_kafka_DeleteRecords_new(list.get()));
  rd_kafka_DeleteRecords_t* requests[] = {request.get()};
  rd_kafka_DeleteRecords(handle.get(), requests, 1, nullptr, queue.get());
  LENSART_ASSIGN(const auto answer, await_answer(queue.get(), "deletion of records"));
  const auto* offsets =
      rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(answer.get()));
  const auto code = offsets->elems[0].err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return broker_error("records of " + topic, code);
  return Unit{};
}

Result<std::map<std::int32_t, OffsetRange>> offset_ranges(const std::string& brokers,
                                                          const std::string& topic) {
  LENSART_ASSIGN(const auto handle, open_admin(brokers));
  return ranges_of(handle.get(), topic);
}

Result<std::vector<KafkaRecord>> read_topic(const std::string& brokers, const std::string& topic) {
  const Settings settings = {{"bootstrap.servers", brokers},  {"group.id", "lensart-tests"},
                             {"enable.auto.commit", "false"}, {"enable.partition.eof", "true"},
                             {"auto.offset.reset", "error"},  {"fetch.wait.max.ms", "10"}};
  LENSART_ASSIGN(const auto consumer, open_client(RD_KAFKA_CONSUMER, settings));
  rd_kafka_poll_set_consumer(consumer.get());
  LENSART_ASSIGN(const auto ranges, ranges_of(consumer.get(), topic));
  std::vector<KafkaRecord> records;
  for (const auto& [partition, range] : ranges) {
    if (range.size() == 0) continue;
    LENSART_TRY(read_partition(consumer.get(), topic, partition, range, records));
  }
  rd_kafka_consumer_close(consumer.get());
  return records;
}

class LogWriter::Impl {
 public:
  Result<Unit> open(const std::string& brokers) {
    const Settings settings = {{"bootstrap.servers", brokers},
                               {"enable.idempotence", "true"},
                               {"acks", "all"},
                               {"linger.ms", "2"},
                               {"message.max.bytes", "10000000"},
                               {"queue.buffering.max.messages", "100000"}};
    LENSART_ASSIGN(handle_, open_client(RD_KAFKA_PRODUCER, settings, this, &Impl::on_delivery));
    return Unit{};
  }

  Result<Unit> send(const std::string& topic, std::int32_t partition,
                    std::optional<std::string_view> payload, Acknowledged acknowledged) {
    // A null value has no address; an empty one has.
    void* data = payload ? const_cast<char*>(payload->empty() ? "" : payload->data()) : nullptr;
    const std::size_t size = payload ? payload->size() : 0;
    auto ticket = std::make_unique<Acknowledged>(std::move(acknowledged));
    for (;;) {
      const auto code = rd_kafka_producev(
          handle_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
          RD_KAFKA_V_VALUE(data, size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
          RD_KAFKA_V_OPAQUE(ticket.get()), RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        static_cast<void>(ticket.release());  // given back by on_delivery
        rd_kafka_poll(handle_.get(), 0);
        return Unit{};
      }
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return broker_error("sending to " + topic, code);
      rd_kafka_poll(handle_.get(), 100);
    }
  }

  void poll(milliseconds patience) {
    rd_kafka_poll(handle_.get(), static_cast<int>(patience.count()));
  }

  Result<Unit> flush(milliseconds patience) {
    const auto code = rd_kafka_flush(handle_.get(), static_cast<int>(patience.count()));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return broker_error("waiting for the broker", code);
    if (first_error_) return tl::unexpected(*first_error_);
    return Unit{};
  }

  /// What was never acknowledged is reported as purged, so that every ticket comes back.
  ~Impl() {
    if (!handle_) return;
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(handle_.get(), kRequestMilliseconds);
  }

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

 private:
  static void on_delivery(rd_kafka_t* /*handle*/, const rd_kafka_message_t* message, void* opaque) {
    const std::unique_ptr<Acknowledged> ticket(static_cast<Acknowledged*>(message->_private));
    auto& self = *static_cast<Impl*>(opaque);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (!self.first_error_) self.first_error_ = broker_error("a record", message->err).value();
      return;
    }
    if (*ticket) (*ticket)({message->partition, message->offset});
  }

  Owned<rd_kafka_t> handle_;
  std::optional<Error> first_error_;
};

LogWriter::LogWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogWriter::LogWriter(LogWriter&&) noexcept = default;
LogWriter& LogWriter::operator=(LogWriter&&) noexcept = default;
LogWriter::~LogWriter() = default;

Result<LogWriter> LogWriter::open(const std::string& brokers) {
  auto impl = std::make_unique<Impl>();
  LENSART_TRY(impl->open(brokers));
  return LogWriter(std::move(impl));
}

Result<Unit> LogWriter::send(const std::string& topic, std::int32_t partition,
                             std::optional<std::string_view> payload, Acknowledged acknowledged) {
  return impl_->send(topic, partition, payload, std::move(acknowledged));
}

void LogWriter::poll(milliseconds patience) { impl_->poll(patience); }
Result<Unit> LogWriter::flush(milliseconds patience) { return impl_->flush(patience); }

}  // namespace lensart::support
