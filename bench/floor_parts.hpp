/// What the floor's threads share: batches of messages, a queue of them, the time marks.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace lensart::bench {

/// The messages of one call; given back to librdkafka together.
struct Batch {
  std::vector<rd_kafka_message_t*> messages;
  Batch() = default;
  Batch(Batch&& other) noexcept : messages(std::exchange(other.messages, {})) {}
  Batch& operator=(Batch&& other) noexcept {
    std::swap(messages, other.messages);
    return *this;
  }
  ~Batch() {
    for (rd_kafka_message_t* message : messages) rd_kafka_message_destroy(message);
  }
};

inline constexpr std::size_t kBatchMessages = 2000;
inline constexpr std::size_t kMaxWaitingBatches = 16;

/// From the thread that takes messages to those that parse.
class BatchQueue {
 public:
  void push(Batch batch) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return batches_.size() < kMaxWaitingBatches; });
    batches_.push_back(std::move(batch));
    some_.notify_one();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    some_.notify_all();
  }
  bool pop(Batch& batch) {
    std::unique_lock lock(mutex_);
    some_.wait(lock, [this] { return closed_ || !batches_.empty(); });
    if (batches_.empty()) return false;
    batch = std::move(batches_.front());
    batches_.pop_front();
    room_.notify_one();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable some_;
  std::deque<Batch> batches_;
  bool closed_ = false;
};

/// When the first and the last tenth of the events were done.
class Marks {
 public:
  explicit Marks(std::uint64_t total) : total_(total), start_(std::chrono::steady_clock::now()) {}

  void done(std::uint64_t count) {
    const std::uint64_t before = done_.fetch_add(count);
    if (before < total_ / 10 && before + count >= total_ / 10) low_ = stamp(before + count);
    if (before < total_ / 10 * 9 && before + count >= total_ / 10 * 9)
      high_ = stamp(before + count);
  }
  double seconds() const { return since_start(); }
  /// Events a second between the two marks.
  double rate() const {
    return static_cast<double>(high_.events - low_.events) / (high_.seconds - low_.seconds);
  }

 private:
  struct Stamp {
    std::uint64_t events = 0;
    double seconds = 0;
  };
  double since_start() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  Stamp stamp(std::uint64_t events) const { return {events, since_start()}; }

  std::uint64_t total_;
  std::chrono::steady_clock::time_point start_;
  std::atomic<std::uint64_t> done_{0};
  // Each written once, by whichever thread crosses the mark, and read when all have ended.
  Stamp low_;
  Stamp high_;
};

}  // namespace lensart::bench
