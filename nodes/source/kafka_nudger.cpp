#include "nodes/source/kafka_nudger.hpp"

#include <chrono>
#include <numeric>
#include <utility>

namespace lensart::nodes {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAskEvery = std::chrono::seconds(2);
/// All leaders, while there are nudges: a broker answers for each partition.
constexpr std::chrono::milliseconds kAskAllEvery{250};
constexpr int kAskPatienceMs = 1000;

/// With a rack the broker that a partition is fetched from need not be its leader.
bool has_rack(rd_kafka_t* consumer) {
  const rd_kafka_conf_t* conf = rd_kafka_conf(consumer);
  std::size_t size = 0;  // with the terminator
  return rd_kafka_conf_get(conf, "client.rack", nullptr, &size) == RD_KAFKA_CONF_OK && size > 1;
}

}  // namespace

KafkaNudger::KafkaNudger(rd_kafka_t* consumer, const SourceDirectory& directory,
                         ReadingProgress& progress)
    : consumer_(consumer),
      directory_(directory),
      progress_(progress),
      reads_from_leaders_(!has_rack(consumer)),
      thread_([this] { work(); }) {}

KafkaNudger::~KafkaNudger() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void KafkaNudger::nudge(std::vector<std::uint32_t> sources) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = std::move(sources);
  }
  changed_.notify_all();
}

void KafkaNudger::work() {
  auto ask_all_at = SteadyClock::now();
  for (;;) {
    std::vector<std::uint32_t> sources;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kAskEvery, [this] { return !wanted_.empty() || stopping_; });
      if (stopping_) return;
      sources = std::exchange(wanted_, {});
    }
    if (sources.empty() || !reads_from_leaders_ || SteadyClock::now() >= ask_all_at) {
      const bool all_answer = ask(all_sources());
      answering_.store(all_answer, std::memory_order_relaxed);
      // Where one does not, the others must not wait for it each time.
      ask_all_at = SteadyClock::now() + (all_answer ? kAskAllEvery : kAskEvery);
    } else if (!ask(sources)) {
      answering_.store(false, std::memory_order_relaxed);
    }
  }
}

std::vector<std::uint32_t> KafkaNudger::all_sources() const {
  std::vector<std::uint32_t> all(directory_.size());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

bool KafkaNudger::ask(const std::vector<std::uint32_t>& sources) {
  if (sources.empty()) return answering();
  const KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(sources.size())));
  for (const std::uint32_t source : sources) {
    const SourceInfo& info = directory_.at(source);
    // Where it ends: the broker knows without reading its log. (For the first record since some
    // time it would load a whole batch of every partition.)
    rd_kafka_topic_partition_list_add(list.get(), info.topic.c_str(), info.partition)->offset =
        RD_KAFKA_OFFSET_END;
  }
  const auto rc = rd_kafka_offsets_for_times(consumer_, list.get(), kAskPatienceMs);
  if (rc != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const rd_kafka_topic_partition_t& answer = list->elems[i];
    if (answer.err == RD_KAFKA_RESP_ERR_NO_ERROR) progress_.note_end(sources[i], answer.offset);
  }
  return true;
}

}  // namespace lensart::nodes
