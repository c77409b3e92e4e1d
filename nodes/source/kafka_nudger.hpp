/// Keeps librdkafka fetching, and asks how far the partitions have grown.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "nodes/kafka/kafka_handle.hpp"
#include "nodes/source/reading_progress.hpp"
#include "nodes/source/record_source.hpp"

namespace lensart::nodes {

/// When its prefetch queues were full, librdkafka 2.0.2 looks again only when a second is over or
/// when something else happens on the broker's connection. So that it goes on fetching as soon as a
/// queue has room, something happens: we put a small question to the leaders of the partitions that
/// are read (ADR 8, 24). It blocks, hence the thread. (Of the calls that would do, this one keeps
/// its timeout when a broker is away.) Now and then, in quiet times too, it is put to the leaders
/// of all of them: that tells whether the brokers answer, and how far the partitions have grown
/// while nothing is polled.
///
/// Threads: any. REQUIRES: goes before what it was given.
class KafkaNudger {
 public:
  KafkaNudger(rd_kafka_t* consumer, const SourceDirectory& directory, ReadingProgress& progress);
  ~KafkaNudger();
  KafkaNudger(const KafkaNudger&) = delete;
  KafkaNudger& operator=(const KafkaNudger&) = delete;

  /// Has the leaders of these sources asked. Returns at once.
  void nudge(std::vector<std::uint32_t> sources);
  /// Whether all brokers answered when last asked.
  bool answering() const { return answering_.load(std::memory_order_relaxed); }

 private:
  void work();
  std::vector<std::uint32_t> all_sources() const;
  /// Whether the leaders answered.
  bool ask(const std::vector<std::uint32_t>& sources);

  rd_kafka_t* consumer_;
  const SourceDirectory& directory_;
  ReadingProgress& progress_;
  const bool reads_from_leaders_;
  std::atomic<bool> answering_{true};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::uint32_t> wanted_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace lensart::nodes
