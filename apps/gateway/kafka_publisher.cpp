#include "apps/gateway/kafka_publisher.hpp"

#include <fmt/format.h>

#include <exception>

namespace lensart::gateway {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{100};
/// Between two looks at the broker: when all is well, and when it is not.
constexpr milliseconds kCalm{5'000};
constexpr milliseconds kAlarmed{500};
constexpr milliseconds kLookPatience{1'000};
/// Of a message beside its value: key and framing.
constexpr std::uint64_t kFramingBytes = 4096;

Settled settled_by(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return Settled::kAcknowledged;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return Settled::kBusy;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
      return Settled::kTooLarge;
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__FATAL:
      return Settled::kAway;
    default:
      return nodes::is_passing(code) ? Settled::kAway : Settled::kRefused;
  }
}

/// The C library must not see an exception.
void settle(std::unique_ptr<Publication> publication, Settled settled) noexcept {
  try {
    publication->on_settled(settled);
  } catch (const std::exception&) {
    // Out of memory: whoever waited is answered by the end of the publication.
  }
}

/// An event in the client's hands. Counted here: the client's own figure has its errors in it too.
struct Unsettled {
  Unsettled(std::unique_ptr<Publication> the_publication, std::atomic<std::size_t>& the_count)
      : publication(std::move(the_publication)), count(the_count) {
    ++count;
  }
  Unsettled(const Unsettled&) = delete;
  Unsettled& operator=(const Unsettled&) = delete;
  ~Unsettled() { --count; }

  std::unique_ptr<Publication> publication;
  std::atomic<std::size_t>& count;
};

void on_delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  const std::unique_ptr<Unsettled> unsettled(static_cast<Unsettled*>(message->_private));
  settle(std::move(unsettled->publication), settled_by(message->err));
}

}  // namespace

Result<std::unique_ptr<KafkaPublisher>> KafkaPublisher::open(KafkaPublisherOptions options) {
  auto& defaults = options.client.defaults;
  // A wait of a millisecond or less is one that the client spends spinning.
  defaults.try_emplace("linger.ms", "0");
  defaults.try_emplace("max.in.flight.requests.per.connection",
                       std::to_string(options.requests_in_flight));
  defaults.try_emplace("queue.buffering.max.messages", std::to_string(options.max_waiting_events));
  defaults.try_emplace("queue.buffering.max.kbytes",
                       std::to_string(options.max_waiting_bytes / 1024));
  defaults.try_emplace("message.max.bytes",
                       std::to_string(options.max_event_bytes + kFramingBytes));
  defaults.try_emplace("delivery.timeout.ms", std::to_string(options.delivery_timeout.count()));
  defaults.try_emplace("allow.auto.create.topics", "false");
  defaults.try_emplace("socket.nagle.disable", "true");
  // A broker that restarts is back within seconds: so is the client.
  defaults.try_emplace("reconnect.backoff.max.ms", "1000");
  // As Java's producers place a key.
  defaults.try_emplace("partitioner", "murmur2_random");
  options.client.required["enable.idempotence"] = "true";
  options.client.required["acks"] = "all";
  if (!options.log) options.log = [](const std::string&) {};
  std::unique_ptr<KafkaPublisher> self(new KafkaPublisher(std::move(options)));
  LENSART_ASSIGN(self->session_, self->open_session());
  self->deliveries_ = std::thread([publisher = self.get()] { publisher->serve_deliveries(); });
  self->watch_ = std::thread([publisher = self.get()] { publisher->watch(); });
  return self;
}

Result<std::shared_ptr<KafkaPublisher::Session>> KafkaPublisher::open_session() const {
  LENSART_ASSIGN(auto client, nodes::KafkaClient::open(nodes::KafkaRole::kProducer, options_.client,
                                                       &on_delivered));
  auto session = std::make_shared<Session>(Session{std::move(client), {}});
  for (std::size_t i = 0; i < options_.topics.size(); ++i) {
    session->topics[i].reset(
        rd_kafka_topic_new(session->client.get(), options_.topics[i].c_str(), nullptr));
    if (!session->topics[i]) {
      return tl::unexpected(session->client.error(
          rd_kafka_last_error(), fmt::format("preparing topic {}", options_.topics[i])));
    }
  }
  return session;
}

KafkaPublisher::~KafkaPublisher() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stopping_.notify_all();
  if (watch_.joinable()) watch_.join();
  if (deliveries_.joinable()) deliveries_.join();
  if (!session_) return;
  rd_kafka_purge(session_->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(session_->client.get(), 0);
}

std::shared_ptr<KafkaPublisher::Session> KafkaPublisher::session() const {
  const std::lock_guard lock(mutex_);
  return session_;
}

void KafkaPublisher::publish(orders::Topic topic, std::optional<std::string_view> key,
                             std::string_view payload, std::unique_ptr<Publication> publication) {
  const auto session = this->session();
  auto unsettled = std::make_unique<Unsettled>(std::move(publication), unsettled_);
  const std::string_view key_bytes = key.value_or(std::string_view{});
  // The C interface reads the payload only, yet wants it non-const.
  if (rd_kafka_produce(session->topics.at(static_cast<std::size_t>(topic)).get(),
                       RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                       const_cast<char*>(payload.data()), payload.size(),
                       key ? key_bytes.data() : nullptr, key_bytes.size(), unsettled.get()) == 0) {
    static_cast<void>(unsettled.release());  // comes back with its delivery
    return;
  }
  settle(std::move(unsettled->publication), settled_by(rd_kafka_last_error()));
}

std::vector<std::string> KafkaPublisher::not_ready() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void KafkaPublisher::serve_deliveries() {
  while (!is_stopping_) {
    rd_kafka_poll(session()->client.get(), static_cast<int>(kPoll.count()));
    if (const auto alive = session()->client.check_fatal(); !alive) renew(alive.error());
  }
}

void KafkaPublisher::renew(const Error& reason) {
  auto next = open_session();
  if (!next) return;  // out of resources: the next poll tries again
  options_.log(reason.message + ": a new client takes over");
  std::shared_ptr<Session> failed;
  {
    const std::lock_guard lock(mutex_);
    failed = std::exchange(session_, std::move(*next));
  }
  // Whoever still holds the failed one for a produce is refused at once, by the library.
  rd_kafka_purge(failed->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(failed->client.get(), static_cast<int>(kLookPatience.count()));
}

void KafkaPublisher::watch() {
  std::unique_lock lock(mutex_);
  bool was_well = true;
  while (!is_stopping_) {
    lock.unlock();
    auto found = look();
    const bool is_well = found.empty();
    if (is_well != was_well) {
      options_.log(is_well ? "Kafka answers again: events are published"
                           : fmt::format("events are answered 503: {}", fmt::join(found, "; ")));
    }
    was_well = is_well;
    lock.lock();
    trouble_ = std::move(found);
    stopping_.wait_for(lock, is_well ? kCalm : kAlarmed, [this] { return is_stopping_.load(); });
  }
}

std::vector<std::string> KafkaPublisher::look() const {
  const auto session = this->session();
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code = rd_kafka_metadata(session->client.get(), 0, nullptr, &raw,
                                      static_cast<int>(kLookPatience.count()));
  const nodes::KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {session->client.error(code, "asking Kafka for its topics").message};
  }
  std::vector<std::string> found;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& topic = metadata->topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      found.push_back(
          fmt::format("topic {} does not exist: run `lensart init`, or set "
                      "kafka.topics.*",
                      topic.topic));
    } else if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      found.push_back(fmt::format("topic {}: {}", topic.topic, rd_kafka_err2str(topic.err)));
    }
  }
  return found;
}

}  // namespace lensart::gateway
