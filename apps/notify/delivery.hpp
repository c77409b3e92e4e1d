/// One channel's messages on their way: in order, tried again after growing pauses, bounded.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "apps/notify/notice.hpp"
#include "graph/clock.hpp"

namespace lensart::notify {

/// What became of an attempt.
struct Attempt {
  bool delivered = false;
  bool for_good = false;                     ///< refused in a way that asking again does not change
  std::optional<Duration> retry_after = {};  ///< the other side's wish
  std::string why = {};                      ///< for a person; holds no secret
};

struct DeliveryLimits {
  std::size_t waiting = 32;  ///< with one more the oldest goes
  Duration first_pause = std::chrono::seconds(1);
  Duration longest_pause = std::chrono::minutes(5);
  Duration keep = std::chrono::hours(6);  ///< a message older than this is news no more
};

struct DeliveryFigures {
  std::uint64_t delivered = 0;
  std::uint64_t given_up = 0;  ///< refused for good, too old, or the queue was full
  std::uint64_t attempts_failed = 0;
  std::size_t waiting = 0;
};

/// Threads: one.
class Delivery {
 public:
  explicit Delivery(const DeliveryLimits& limits = {}) : limits_(limits) {}

  void push(Message message, Tick now) {
    if (queue_.size() == limits_.waiting) give_up();
    queue_.push_back({std::move(message), now});
  }
  /// The message whose turn it is; null where there is none, or a pause is not over.
  const Message* next(Tick now) {
    while (!queue_.empty() && now - queue_.front().since > limits_.keep) give_up();
    if (queue_.empty() || now < not_before_) return nullptr;
    return &queue_.front().message;
  }
  /// After `next()` gave one.
  void on_attempt(const Attempt& attempt, Tick now) {
    if (attempt.delivered) {
      ++figures_.delivered;
      pop();
    } else if (attempt.for_good) {
      ++figures_.attempts_failed;
      give_up();
    } else {
      ++figures_.attempts_failed;
      pause_ =
          pause_ == Duration{} ? limits_.first_pause : std::min(limits_.longest_pause, pause_ * 2);
      const Duration wish =
          std::min(attempt.retry_after.value_or(Duration{}), limits_.longest_pause);
      not_before_ = now + std::max(pause_, wish);
    }
  }
  DeliveryFigures figures() const {
    DeliveryFigures figures = figures_;
    figures.waiting = queue_.size();
    return figures;
  }

 private:
  struct Waiting {
    Message message;
    Tick since;
  };
  void pop() {
    queue_.pop_front();
    pause_ = {};
    not_before_ = {};
  }
  void give_up() {
    ++figures_.given_up;
    pop();
  }

  DeliveryLimits limits_;
  std::deque<Waiting> queue_;
  Duration pause_{};
  Tick not_before_{};
  DeliveryFigures figures_;
};

}  // namespace lensart::notify
