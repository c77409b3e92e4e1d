#include "nodes/source/kafka_turns.hpp"

#include <utility>

namespace lensart::nodes {

namespace {
/// So many partitions with a backlog are read at a time: a response has a run of each, and is freed
/// as a whole (ADR 22).
constexpr std::size_t kAtATime = 3;
}  // namespace

KafkaTurns::KafkaTurns(rd_kafka_t* consumer, rd_kafka_queue_t* queue,
                       const SourceDirectory& directory, KafkaNudger& nudger, std::size_t run_bytes,
                       std::function<std::vector<std::int64_t>()> behind)
    : consumer_(consumer),
      queue_(queue),
      directory_(directory),
      nudger_(nudger),
      behind_(std::move(behind)),
      order_(run_bytes, kAtATime) {}

void KafkaTurns::release() {
  const ReadingOrder::Sources paused = order_.paused();
  if (!paused.empty()) rd_kafka_resume_partitions(consumer_, list_of(paused).get());
}

void KafkaTurns::begin() { follow(order_.begin(behind_())); }

std::optional<std::size_t> KafkaTurns::due() {
  const std::size_t queued = rd_kafka_queue_length(queue_);
  return order_.is_turn(queued) ? std::optional(queued) : std::nullopt;
}

void KafkaTurns::turn() {
  follow(order_.turn(behind_()));
  nudge();
}

void KafkaTurns::nudge() {
  ReadingOrder::Sources read;
  for (std::uint32_t source = 0; source < directory_.size(); ++source) {
    if (!order_.is_paused(source)) read.push_back(source);
  }
  nudger_.nudge(std::move(read));
}

void KafkaTurns::on_empty(Tick now) {
  if (!order_.any_paused()) return;
  const ReadingOrder::Change change = order_.on_empty(behind_(), now);
  follow(change);
  if (!change.empty()) nudge();
}

/// None is resumed that is not paused: librdkafka would fetch from where it began once more.
void KafkaTurns::follow(const ReadingOrder::Change& change) {
  if (!change.pause.empty()) {
    const KafkaPartitions list = list_of(change.pause);
    rd_kafka_pause_partitions(consumer_, list.get());
    for (std::size_t i = 0; i < change.pause.size(); ++i) {
      const bool done = list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR;
      if (!done) order_.on_not_paused(change.pause[i]);
    }
  }
  if (!change.resume.empty()) {
    rd_kafka_resume_partitions(consumer_, list_of(change.resume).get());
  }
}

KafkaPartitions KafkaTurns::list_of(const ReadingOrder::Sources& sources) const {
  KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(sources.size())));
  for (const std::uint32_t source : sources) {
    const SourceInfo& info = directory_.at(source);
    rd_kafka_topic_partition_list_add(list.get(), info.topic.c_str(), info.partition);
  }
  return list;
}

}  // namespace lensart::nodes
