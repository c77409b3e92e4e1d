/// What the running pipeline shows of itself at one instant, as plain figures: everything the
/// console's pages are made of, so that they can be made without a pipeline.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/orders/event_reader.hpp"
#include "apps/pipeline/epoch_log.hpp"
#include "apps/pipeline/freshness.hpp"
#include "graph/clock.hpp"
#include "graph/flow.hpp"
#include "storage/sink.hpp"

namespace lensart::app {

class Pipeline;
struct Config;

inline constexpr std::size_t kLetterCodes =
    static_cast<std::size_t>(orders::Code::kSinkRejected) + 1;

/// Accepted, duplicate, ignored, dead-lettered.
using Outcomes = std::array<std::uint64_t, 4>;

/// A node as it is wired: what never changes while the pipeline runs.
struct NodeFacts {
  std::string name;
  NodeKind kind = NodeKind::kSerial;
  std::string note;
  std::optional<std::uint64_t> concurrency, lanes, priority;
  std::size_t bodies = 1;      ///< that can be busy at once
  std::string_view unit = {};  ///< of its total: "events", …
  std::string_view queue_unit = {};
};

struct EdgeFacts {
  std::string from, to, label;
  bool flow = true;  ///< events go this way, in batches or in epochs
};

struct NodeFigures {
  std::uint64_t total = 0;
  std::optional<double> busy_seconds;  ///< of all bodies, since the start
  std::optional<std::uint64_t> queued;
  std::optional<std::uint64_t> queue_limit;
  double pressure = 0;  ///< how full what comes after it is, 0 to 1
  /// Where it is known exactly instead: how long it was full, since the start.
  std::optional<double> pressed_seconds;
};

struct PartitionFigures {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t next_offset = 0;  ///< committed
  std::optional<std::uint64_t> lag;
  std::optional<Instant> appended_at;  ///< of the newest record read
  std::optional<Instant> highest;
  bool idle = false;
  bool holds_watermark = false;
  bool outside_time = false;
};

struct Readings {
  Instant at{};
  Tick tick{};
  std::vector<Outcomes> outcomes;  ///< since the start, by topic
  std::array<std::uint64_t, kLetterCodes> letters{};
  std::uint64_t unknown_statuses = 0;
  Freshness::Histogram freshness;

  EpochNumber epoch = 0;
  std::optional<Instant> watermark, timer_clock, judged_by;
  std::vector<PartitionFigures> partitions;
  std::optional<Instant> oldest_in_flight;  ///< append time of the oldest record not applied
  std::uint64_t in_flight = 0;              ///< records read and not applied
  bool paused = false;

  storage::SinkStatus sink;
  std::string source_trouble;
  std::string letters_trouble;
  std::optional<Duration> clock_offset;  ///< of the database's clock from ours
  std::uint64_t committed_epochs = 0;
  std::uint64_t cache_bytes = 0;
  std::uint64_t credit_bytes = 0;
  std::uint64_t state_used_bytes = 0;
  std::uint64_t state_map_bytes = 0;
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t disk_total_bytes = 0;
  std::uint64_t private_bytes = 0;
  double cpu_seconds = 0;
  std::vector<NodeFigures> nodes;  ///< as in Facts

  std::uint64_t read() const;  ///< records, all topics and outcomes
  std::uint64_t all_letters() const;
  std::uint64_t outbox_epochs() const { return sink.newest - sink.applied; }
};

/// What never changes while the pipeline runs.
struct Facts {
  std::string pipeline, version, time_zone, sink, brokers, dlq_topic;
  std::vector<std::string> jobs;
  std::vector<std::string> topics;
  std::vector<NodeFacts> nodes;
  std::vector<EdgeFacts> edges;
  Instant started_at{};
  std::uint64_t cache_max_bytes = 0;
  std::uint64_t credit_max_bytes = 0;
  std::uint64_t outbox_max_bytes = 0;
  std::uint64_t state_max_bytes = 0;
  Duration max_out_of_orderness{}, idle_timeout{};
  std::optional<Duration> allowed_lateness;
};

/// The nodes of a wiring, those that only an edge names among them.
std::vector<NodeFacts> node_facts(const Wiring& wiring, std::size_t pool_threads);
std::vector<EdgeFacts> edge_facts(const Wiring& wiring);

Facts facts_of(const Pipeline& pipeline, std::string version);
/// Threads: any, one at a time. Reads counters, and the newest epoch from the state.
Readings read_figures(const Pipeline& pipeline, const Facts& facts);

}  // namespace lensart::app
