#include "apps/orders/replay_envelope.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace lensart::orders {

namespace {

constexpr std::array<std::pair<Topic, std::string_view>, 4> kNames = {
    {{Topic::kOrderCreated, "order_created"},
     {Topic::kOrderUpdated, "order_updated"},
     {Topic::kOrderCancelled, "order_cancelled"},
     {Topic::kOrderEvents, "order_events"}}};

}  // namespace

std::string replay_header(Topic topic) {
  for (const auto& [known, name] : kNames) {
    if (known == topic) return fmt::format("{{\"lensart_replay\":1,\"topic\":\"{}\"}}\n", name);
  }
  return {};  // a replay of a replay has no header: it would not be read
}

std::optional<ReplayEnvelope> open_replay(std::string_view message) {
  // Only this program writes headers, in one spelling: they are compared, not parsed.
  for (const auto& [topic, name] : kNames) {
    const std::string header = replay_header(topic);
    if (message.starts_with(header)) return ReplayEnvelope{topic, message.substr(header.size())};
  }
  return std::nullopt;
}

}  // namespace lensart::orders
