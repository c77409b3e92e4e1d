/// The event ids that Kafka has acknowledged lately.
#pragma once

#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

namespace lensart::gateway {

/// Remembers at least the last `capacity` ids and at most twice as many. It saves a repeated
/// request its record in Kafka, no more: the pipeline takes an id once, whether it is remembered
/// here or not.
///
/// Threads: any.
class RecentIds {
 public:
  explicit RecentIds(std::size_t capacity) : capacity_(capacity) {}

  void add(std::string id) {
    const std::lock_guard lock(mutex_);
    if (young_.size() >= capacity_) {
      old_ = std::exchange(young_, {});
    }
    young_.insert(std::move(id));
  }
  bool holds(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    return young_.contains(id) || old_.contains(id);
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::unordered_set<std::string> young_;
  std::unordered_set<std::string> old_;
};

}  // namespace lensart::gateway
