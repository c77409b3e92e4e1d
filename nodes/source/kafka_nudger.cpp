#include "nodes/source/kafka_nudger.hpp"

#include <chrono>

namespace lensart::nodes {

namespace {

constexpr auto kAskEvery = std::chrono::seconds(2);
constexpr int kAskPatienceMs = 1000;

}  // namespace

KafkaNudger::KafkaNudger(rd_kafka_t* consumer, const SourceDirectory& directory,
                         ReadingProgress& progress)
    : consumer_(consumer),
      directory_(directory),
      progress_(progress),
      thread_([this] { work(); }) {}

KafkaNudger::~KafkaNudger() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void KafkaNudger::nudge() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_all();
}

void KafkaNudger::work() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kAskEvery, [this] { return wanted_ || stopping_; });
      if (stopping_) return;
      wanted_ = false;
    }
    ask();
  }
}

void KafkaNudger::ask() {
  const std::size_t sources = directory_.size();
  if (sources == 0) return;
  const KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(sources)));
  for (std::uint32_t source = 0; source < sources; ++source) {
    const SourceInfo& info = directory_.at(source);
    // Where it ends: the broker knows without reading its log. (For the first record since some
    // time it would load a whole batch of every partition.)
    rd_kafka_topic_partition_list_add(list.get(), info.topic.c_str(), info.partition)->offset =
        RD_KAFKA_OFFSET_END;
  }
  const auto rc = rd_kafka_offsets_for_times(consumer_, list.get(), kAskPatienceMs);
  answering_.store(rc == RD_KAFKA_RESP_ERR_NO_ERROR, std::memory_order_relaxed);
  for (std::uint32_t source = 0; rc == RD_KAFKA_RESP_ERR_NO_ERROR && source < sources; ++source) {
    const rd_kafka_topic_partition_t& answer = list->elems[source];
    if (answer.err == RD_KAFKA_RESP_ERR_NO_ERROR) progress_.note_end(source, answer.offset);
  }
}

}  // namespace lensart::nodes
