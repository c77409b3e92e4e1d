#include "apps/import/replay_sender.hpp"

#include <fmt/format.h>

#include "apps/orders/replay_envelope.hpp"

namespace lensart::importing {
namespace {

constexpr std::chrono::seconds kFlushDeadline{120};

}  // namespace

ReplaySender::ReplaySender(std::unique_ptr<nodes::Producer> producer, std::string topic)
    : producer_(std::move(producer)),
      topic_(std::move(topic)),
      header_(orders::replay_header(orders::Topic::kOrderCreated)) {}

Result<Unit> ReplaySender::send(const OrderEvents::Ready& event) {
  message_ = header_;
  message_ += event.payload;
  const std::string key = std::to_string(event.order_id);
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
