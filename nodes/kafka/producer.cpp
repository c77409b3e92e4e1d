#include "nodes/kafka/producer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lensart::nodes {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// The C interface wants pointers that it only reads through as non-const.
void* unconst(std::string_view bytes) { return const_cast<char*>(bytes.data()); }

KafkaHeaders make_headers(std::span<const Header> headers) {
  KafkaHeaders made(rd_kafka_headers_new(headers.size()));
  for (const Header& header : headers) {
    rd_kafka_header_add(made.get(), header.name.data(), static_cast<ssize_t>(header.name.size()),
                        header.value.data(), static_cast<ssize_t>(header.value.size()));
  }
  return made;
}

/// An empty value is not a null one: librdkafka tells them apart by the pointer.
constexpr std::string_view kEmpty = "";

bool is_too_large(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
         code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
         code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE;
}

}  // namespace

Result<std::unique_ptr<Producer>> Producer::open(ProducerOptions options) {
  auto& defaults = options.client.defaults;
  defaults.try_emplace("linger.ms", std::to_string(options.linger.count()));
  defaults.try_emplace("batch.num.messages", "10000");
  defaults.try_emplace("batch.size", "1000000");
  defaults.try_emplace("queue.buffering.max.messages",
                       std::to_string(std::max<std::uint32_t>(1, options.max_waiting_messages)));
  defaults.try_emplace("queue.buffering.max.kbytes", std::to_string(std::max<std::uint64_t>(
                                                         1, options.max_waiting_bytes / 1024)));
  defaults.try_emplace("message.max.bytes", std::to_string(options.max_message_bytes));
  defaults.try_emplace("delivery.timeout.ms", std::to_string(options.delivery_timeout.count()));
  defaults.try_emplace("allow.auto.create.topics", "false");
  options.client.required["enable.idempotence"] = "true";
  options.client.required["acks"] = "all";
  std::unique_ptr<Producer> producer(new Producer(std::move(options)));
  LENSART_ASSIGN(producer->client_,
                 KafkaClient::open(KafkaRole::kProducer, producer->options_.client, &on_delivered,
                                   producer.get()));
  return producer;
}

Producer::~Producer() {
  if (!client_) return;
  purge();
  topics_.clear();
}

rd_kafka_topic_t* Producer::topic(std::string_view name) {
  const auto found = topics_.find(name);
  if (found != topics_.end()) return found->second.get();
  std::string owned(name);
  KafkaTopic made(rd_kafka_topic_new(client_->get(), owned.c_str(), nullptr));
  if (!made) return nullptr;
  return topics_.emplace(std::move(owned), std::move(made)).first->second.get();
}

rd_kafka_resp_err_t Producer::enqueue(const OutgoingMessage& message) {
  rd_kafka_topic_t* to = topic(message.topic);
  if (to == nullptr) return rd_kafka_last_error();
  const std::string_view payload = message.payload.value_or(std::string_view{});
  void* bytes = !message.payload ? nullptr : payload.empty() ? unconst(kEmpty) : unconst(payload);
  const std::string_view key = message.key.value_or(std::string_view{});
  void* key_bytes = !message.key ? nullptr : key.empty() ? unconst(kEmpty) : unconst(key);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the C interface's way to carry a number.
  void* tag = reinterpret_cast<void*>(static_cast<std::uintptr_t>(message.tag));
  if (message.headers.empty()) {
    const int failed = rd_kafka_produce(to, message.partition, RD_KAFKA_MSG_F_COPY, bytes,
                                        payload.size(), key_bytes, key.size(), tag);
    return failed == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
  }
  KafkaHeaders headers = make_headers(message.headers);
  const rd_kafka_resp_err_t code = rd_kafka_producev(
      client_->get(), RD_KAFKA_V_RKT(to), RD_KAFKA_V_PARTITION(message.partition),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(bytes, payload.size()),
      RD_KAFKA_V_KEY(key_bytes, key.size()), RD_KAFKA_V_OPAQUE(tag),
      RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_END);
  // Once taken, the headers belong to the message.
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) static_cast<void>(headers.release());
  return code;
}

Result<Unit> Producer::produce(const OutgoingMessage& message, milliseconds patience) {
  const auto give_up = steady_clock::now() + patience;
  while (true) {
    const rd_kafka_resp_err_t code = enqueue(message);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const std::uint64_t count = produced_.fetch_add(1, std::memory_order_relaxed);
      // Deliveries pile up unless somebody collects them; each call costs a lock.
      if (count % 256 == 0) rd_kafka_poll(client_->get(), 0);
      return Unit{};
    }
    const std::string doing = fmt::format("sending to topic {}", message.topic);
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      LENSART_TRY(client_->check_fatal());
    }
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      return tl::unexpected(client_->error(code, doing));
    }
    if (steady_clock::now() >= give_up) {
      return tl::unexpected(client_->error(RD_KAFKA_RESP_ERR__TIMED_OUT, doing,
                                           fmt::format("{} messages wait for an acknowledgement",
                                                       rd_kafka_outq_len(client_->get()))));
    }
    rd_kafka_poll(client_->get(), 20);
  }
}

void Producer::poll(milliseconds timeout) {
  rd_kafka_poll(client_->get(), static_cast<int>(timeout.count()));
}

Result<Unit> Producer::flush(milliseconds deadline) {
  const rd_kafka_resp_err_t code =
      rd_kafka_flush(client_->get(), static_cast<int>(deadline.count()));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return client_->check_fatal();
  return tl::unexpected(client_->error(
      code, fmt::format("waiting {} ms for acknowledgements", deadline.count()),
      fmt::format("{} messages are without one", rd_kafka_outq_len(client_->get()))));
}

void Producer::purge() {
  rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_->get(), 0);
}

Producer::Counts Producer::counts() const {
  return {produced_.load(std::memory_order_relaxed), acknowledged_.load(std::memory_order_relaxed),
          failed_.load(std::memory_order_relaxed)};
}

void Producer::on_delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  static_cast<Producer*>(opaque)->settle(*message);
}

void Producer::settle(const rd_kafka_message_t& message) {
  const bool acknowledged = message.err == RD_KAFKA_RESP_ERR_NO_ERROR;
  (acknowledged ? acknowledged_ : failed_).fetch_add(1, std::memory_order_relaxed);
  if (acknowledged && !options_.on_delivery) return;
  Delivery delivery;
  delivery.tag = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(message._private));
  delivery.acknowledged = acknowledged;
  delivery.partition = message.partition;
  delivery.offset = message.offset;
  if (!acknowledged) {
    delivery.too_large = is_too_large(message.err);
    delivery.error = client_->error(
        message.err, fmt::format("sending to topic {}", rd_kafka_topic_name(message.rkt)));
    if (!first_failure_) first_failure_ = delivery.error;
  }
  if (options_.on_delivery) options_.on_delivery(delivery);
}

}  // namespace lensart::nodes
