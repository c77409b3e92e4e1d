#include "apps/import/replay_sender.hpp"

#include <fmt/format.h>

#include "nodes/kafka/admin.hpp"

namespace lensart::importing {
namespace {

constexpr std::chrono::seconds kFlushDeadline{120};
/// Full requests: nobody waits for one event.
constexpr std::chrono::milliseconds kLinger{50};

}  // namespace

Result<ReplaySender> ReplaySender::open(const nodes::KafkaClientOptions& client,
                                        const std::string& topic) {
  LENSART_ASSIGN(nodes::KafkaAdmin admin, nodes::KafkaAdmin::open(client));
  LENSART_ASSIGN(const auto there, admin.partitions());
  if (!there.contains(topic)) {
    return fail(Errc::kBadConfig,
                fmt::format("Kafka at \"{}\" has no topic {}: run `lensart init`, or see "
                            "kafka.replay_topic",
                            client.brokers, topic));
  }
  nodes::ProducerOptions options;
  options.client = client;
  options.linger = kLinger;
  LENSART_ASSIGN(auto producer, nodes::Producer::open(std::move(options)));
  return ReplaySender(std::move(producer), topic);
}

Result<Unit> ReplaySender::send(std::string_view key, std::string_view header,
                                std::string_view payload) {
  message_ = header;
  message_ += payload;
  nodes::OutgoingMessage message;
  message.topic = topic_;
  message.key = key;
  message.payload = message_;
  LENSART_TRY(producer_->produce(message));
  producer_->poll();
  if (producer_->first_failure()) return tl::unexpected(*producer_->first_failure());
  return Unit{};
}

Result<Unit> ReplaySender::finish() {
  LENSART_TRY(producer_->flush(kFlushDeadline));
  if (producer_->first_failure()) return tl::unexpected(*producer_->first_failure());
  const nodes::Producer::Counts counts = producer_->counts();
  if (counts.acknowledged == counts.produced) return Unit{};
  return fail(Errc::kBrokerDown,
              fmt::format("{} of {} events were not acknowledged",
                          counts.produced - counts.acknowledged, counts.produced));
}

}  // namespace lensart::importing
