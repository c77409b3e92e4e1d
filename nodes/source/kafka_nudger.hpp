/// Keeps librdkafka fetching, and asks how far the partitions have grown.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "nodes/kafka/kafka_handle.hpp"
#include "nodes/source/reading_progress.hpp"
#include "nodes/source/record_source.hpp"

namespace lensart::nodes {

/// When its prefetch queues were full, librdkafka 2.0.2 looks again only when a second is over or
/// when something else happens on the broker's connection. So that it goes on fetching as soon as a
/// queue has room, something happens: we put a small question to the leaders of all partitions
/// (ADR 8). It blocks, hence the thread. (Of the calls that would do, this one keeps its timeout
/// when a broker is away.) Asked in quiet times too, it tells whether the brokers answer at all,
/// and how far the partitions have grown while nothing is polled.
///
/// Threads: any. REQUIRES: goes before what it was given.
class KafkaNudger {
 public:
  KafkaNudger(rd_kafka_t* consumer, const SourceDirectory& directory, ReadingProgress& progress);
  ~KafkaNudger();
  KafkaNudger(const KafkaNudger&) = delete;
  KafkaNudger& operator=(const KafkaNudger&) = delete;

  /// Returns at once.
  void nudge();
  /// Whether the brokers answered the last question.
  bool answering() const { return answering_.load(std::memory_order_relaxed); }

 private:
  void work();
  void ask();

  rd_kafka_t* consumer_;
  const SourceDirectory& directory_;
  ReadingProgress& progress_;
  std::atomic<bool> answering_{true};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace lensart::nodes
