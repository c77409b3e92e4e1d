/// A Kafka that takes everything and settles it as it is told to.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apps/gateway/publisher.hpp"

namespace lensart::gateway {

/// Threads: any; the public members are set while nobody publishes.
class FakeKafka final : public Publisher {
 public:
  struct Sent {
    orders::Topic topic;
    std::optional<std::string> key;
    std::string payload;
    std::unique_ptr<Publication> publication;
  };

  void publish(orders::Topic topic, std::optional<std::string_view> key, std::string_view payload,
               std::unique_ptr<Publication> publication) override {
    const std::lock_guard lock(mutex_);
    sent_.push_back({topic, std::optional<std::string>(key), std::string(payload), nullptr});
    const auto settled = first.empty() ? at_once : std::optional(first.front());
    if (!first.empty()) first.pop_front();
    if (settled) {
      publication->on_settled(*settled);
    } else {
      sent_.back().publication = std::move(publication);
    }
  }
  std::vector<std::string> not_ready() const override { return trouble; }
  std::size_t waiting() const override { return 3; }

  Sent& wait_for(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < end) {
      const std::lock_guard lock(mutex_);
      if (sent_.size() >= count) return sent_[count - 1];
      std::this_thread::yield();
    }
    throw std::runtime_error("nothing was published");
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return sent_.size();
  }

  std::deque<Settled> first;  ///< of the first events
  /// Of the others; nothing: the test settles them itself.
  std::optional<Settled> at_once = Settled::kAcknowledged;
  std::vector<std::string> trouble;

 private:
  std::mutex mutex_;
  std::deque<Sent> sent_;
};

}  // namespace lensart::gateway
