/// Has librdkafka fetch the partitions that a ReadingOrder chooses.
#pragma once

#include <functional>
#include <optional>

#include "nodes/kafka/kafka_handle.hpp"
#include "nodes/source/kafka_nudger.hpp"
#include "nodes/source/reading_order.hpp"
#include "nodes/source/record_source.hpp"

namespace lensart::nodes {

/// Threads: the source's. REQUIRES: goes before what it was given.
class KafkaTurns {
 public:
  /// `behind`: of each source, how many records it is behind its end.
  KafkaTurns(rd_kafka_t* consumer, rd_kafka_queue_t* queue, const SourceDirectory& directory,
             KafkaNudger& nudger, std::size_t run_bytes,
             std::function<std::vector<std::int64_t>()> behind);

  /// Before an assignment, which forgets what is queued but not who is paused.
  void release();
  /// After it.
  void begin();
  void on_record(std::uint32_t source, std::int64_t written_ms, std::size_t bytes) {
    order_.on_record(source, written_ms, bytes);
  }
  /// Where it is time for a turn: how many messages are to be taken out of the queue before.
  std::optional<std::size_t> due();
  /// REQUIRES: those were taken, and told of.
  void turn();
  /// Has librdkafka look again whether its queue has room.
  void nudge();
  /// There was no message.
  void on_empty(Tick now);
  bool is_paused(std::uint32_t source) const { return order_.is_paused(source); }
  /// Whether librdkafka need not be nudged yet: it shall fetch when it is known what.
  bool awaits_turn() const { return order_.awaits_turn(); }

 private:
  void follow(const ReadingOrder::Change& change);
  KafkaPartitions list_of(const ReadingOrder::Sources& sources) const;

  rd_kafka_t* consumer_;
  rd_kafka_queue_t* queue_;
  const SourceDirectory& directory_;
  KafkaNudger& nudger_;
  std::function<std::vector<std::int64_t>()> behind_;
  ReadingOrder order_;
};

}  // namespace lensart::nodes
