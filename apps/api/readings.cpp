#include "apps/api/readings.hpp"

#include <algorithm>
#include <numeric>

#include "apps/explain/state_view.hpp"
#include "apps/pipeline/options.hpp"
#include "apps/pipeline/pipeline.hpp"
#include "apps/pipeline/process_figures.hpp"

namespace lensart::app {

namespace {

double share(std::uint64_t of, std::uint64_t most) {
  return most == 0 ? 0 : std::min(1.0, static_cast<double>(of) / static_cast<double>(most));
}

NodeFacts facts_of(const NodeSpec& node, std::size_t pool_threads) {
  NodeFacts facts;
  facts.name = node.name;
  facts.kind = node.kind;
  facts.note = node.note;
  facts.unit = "events";
  const bool in_graph = node.kind != NodeKind::kSource && node.kind != NodeKind::kExternal;
  if (in_graph) {
    facts.priority = node.tuning.priority;
    facts.queue_unit = "batches";
  }
  facts.bodies = node.bodies(pool_threads);
  if (node.kind == NodeKind::kParallel) facts.concurrency = facts.bodies;
  if (node.kind == NodeKind::kLanes) facts.lanes = facts.bodies;
  if (node.name == "commit") facts.unit = "epochs";
  if (node.name == "relay") {
    facts.unit = "rows";
    facts.queue_unit = "epochs";
  }
  return facts;
}

/// Those inside the graph; the picture's indices are the wiring's.
void read_graph_nodes(const Pipeline& pipeline, Readings& readings) {
  const Wiring& wiring = pipeline.flow().wiring();
  const std::uint64_t limit = pump_options(pipeline.config(), false).max_batches_in_flow;
  for (std::size_t i = 0; i < wiring.nodes.size(); ++i) {
    if (!wiring.nodes[i].body) continue;
    const NodeStats& stats = pipeline.flow().stats_of(i);
    NodeFigures& node = readings.nodes[i];
    node.total = stats.records.load(std::memory_order_relaxed);
    node.busy_seconds =
        static_cast<double>(stats.busy_nanoseconds.load(std::memory_order_relaxed)) / 1e9;
    node.queued = stats.queued_batches();
    node.queue_limit = limit;
    if (i > 0) readings.nodes[i - 1].pressure = share(*node.queued, limit);
  }
}

void read_outer_nodes(const Pipeline& pipeline, const Facts& facts, Readings& readings) {
  using nodes::PauseReason;
  const nodes::CommitFigures commits = pipeline.commit_figures();
  for (std::size_t i = 0; i < facts.nodes.size(); ++i) {
    NodeFigures& node = readings.nodes[i];
    const std::string& name = facts.nodes[i].name;
    if (name == "source") {
      node.total = readings.read();
      Duration paused{};
      for (std::size_t reason = 0; reason < nodes::kPauseReasons; ++reason) {
        paused += pipeline.paused_time(static_cast<PauseReason>(reason));
      }
      node.pressed_seconds = seconds_of(paused);
    } else if (name == "close") {
      node.pressed_seconds = seconds_of(pipeline.paused_time(PauseReason::kCommit));
    } else if (name == "commit") {
      node.total = commits.epochs;
      node.busy_seconds = commits.seconds;
      node.pressure = share(readings.sink.outbox_bytes, facts.outbox_max_bytes);
    } else if (name == "relay") {
      node.total = readings.sink.rows;
      node.busy_seconds = readings.sink.busy_seconds;
      node.queued = readings.outbox_epochs();
    } else if (name == "letters") {
      node.total = pipeline.letter_status().sent;
    }
  }
}

void read_partitions(const Pipeline& pipeline, Readings& readings) {
  const auto txn = pipeline.store().read();
  if (!txn) return;
  const auto newest = pipeline.store().newest_epoch(*txn);
  const auto positions = pipeline.store().positions(*txn);
  if (!newest || !positions) return;
  readings.epoch = newest->number;
  readings.watermark = newest->watermark;
  readings.timer_clock = newest->timer_clock;
  readings.judged_by = newest->judged_by;
  const auto lags = pipeline.lags();
  const auto appended = pipeline.appended_up_to();
  const auto idle = pipeline.epoch_log().idle();
  for (std::uint32_t source = 0; source < pipeline.directory().size(); ++source) {
    const nodes::SourceInfo& info = pipeline.directory().at(source);
    PartitionFigures partition;
    partition.topic = info.topic;
    partition.partition = info.partition;
    partition.outside_time = pipeline.is_replay(source);
    if (source < lags.size() && lags[source] >= 0) {
      partition.lag = static_cast<std::uint64_t>(lags[source]);
    }
    if (source < appended.size() && appended[source] >= 0) {
      partition.appended_at = Instant{std::chrono::microseconds(appended[source])};
    }
    partition.idle = source < idle.size() && idle[source];
    const auto position = std::find_if(positions->begin(), positions->end(),
                                       [&](const auto& each) { return each.source == source; });
    if (position != positions->end()) {
      partition.next_offset = position->next_offset;
      partition.highest = position->highest;
      partition.holds_watermark =
          !partition.idle && holds_watermark(*position, newest->watermark, pipeline.config());
    }
    readings.partitions.push_back(std::move(partition));
  }
}

void read_counters(const Pipeline& pipeline, const Facts& facts, Readings& readings) {
  const jobs::JobCounters& counters = pipeline.counters();
  readings.outcomes.resize(facts.topics.size());
  for (std::size_t topic = 0; topic < facts.topics.size(); ++topic) {
    for (std::size_t outcome = 0; outcome < 4; ++outcome) {
      readings.outcomes[topic][outcome] =
          counters.by_topic[topic][outcome].load(std::memory_order_relaxed);
    }
  }
  for (std::size_t code = 0; code < kLetterCodes; ++code) {
    readings.letters[code] = pipeline.letters(static_cast<orders::Code>(code));
  }
  readings.unknown_statuses = counters.unknown_statuses.load(std::memory_order_relaxed);
}

void read_process(const Pipeline& pipeline, Readings& readings) {
  const ProcessFigures process = read_process_figures();
  readings.private_bytes = static_cast<std::uint64_t>(process.private_bytes);
  readings.cpu_seconds = process.cpu_seconds;
  readings.state_used_bytes = pipeline.store().used_bytes();
  readings.state_map_bytes = pipeline.store().map_size_bytes();
  if (const auto disk = disk_of(pipeline.config().state.directory)) {
    readings.disk_free_bytes = static_cast<std::uint64_t>(disk->free_bytes);
    readings.disk_total_bytes = static_cast<std::uint64_t>(disk->size_bytes);
  }
}

}  // namespace

std::uint64_t Readings::read() const {
  std::uint64_t sum = 0;
  for (const Outcomes& topic : outcomes) {
    sum += std::accumulate(topic.begin(), topic.end(), std::uint64_t{0});
  }
  return sum;
}

std::uint64_t Readings::all_letters() const {
  return std::accumulate(letters.begin(), letters.end(), std::uint64_t{0});
}

std::vector<NodeFacts> node_facts(const Wiring& wiring, std::size_t pool_threads) {
  std::vector<NodeFacts> nodes;
  for (const NodeSpec& node : wiring.nodes) nodes.push_back(facts_of(node, pool_threads));
  for (const Wiring::Edge& edge : wiring.drawn_edges) {
    const bool known = std::any_of(nodes.begin(), nodes.end(),
                                   [&](const NodeFacts& node) { return node.name == edge.to; });
    if (known) continue;
    NodeSpec spec;
    spec.name = edge.to;
    spec.kind = NodeKind::kExternal;
    spec.note = edge.label;
    nodes.push_back(facts_of(spec, pool_threads));
    nodes.back().unit = "letters";
  }
  return nodes;
}

std::vector<EdgeFacts> edge_facts(const Wiring& wiring) {
  std::vector<EdgeFacts> edges;
  for (std::size_t i = 1; i < wiring.nodes.size(); ++i) {
    edges.push_back({wiring.nodes[i - 1].name, wiring.nodes[i].name, "", true});
  }
  for (const Wiring::Edge& edge : wiring.drawn_edges) {
    edges.push_back({edge.from, edge.to, edge.label, false});
  }
  return edges;
}

Facts facts_of(const Pipeline& pipeline, std::string version) {
  const Config& config = pipeline.config();
  Facts facts;
  facts.pipeline = config.pipeline.name;
  facts.version = std::move(version);
  facts.time_zone = config.pipeline.time_zone;
  facts.sink = config.sink.kind == SinkKind::kNull ? "null" : "postgres";
  facts.brokers = config.kafka.brokers;
  facts.dlq_topic = config.kafka.dlq_topic;
  facts.jobs = config.pipeline.jobs;
  facts.topics = source_topics(config);
  facts.nodes = node_facts(pipeline.flow().wiring(), config.pool.threads);
  for (NodeFacts& node : facts.nodes) {
    if (node.name == "relay") {
      node.bodies = std::max<std::size_t>(1, pipeline.sink_status().workers);
    }
  }
  facts.edges = edge_facts(pipeline.flow().wiring());
  facts.started_at = pipeline.clock().wall();
  facts.cache_max_bytes = config.state.cache;
  facts.credit_max_bytes = pipeline.credits().limit_bytes();
  facts.outbox_max_bytes = config.sink.outbox_max;
  facts.state_max_bytes = config.state.max_size;
  facts.max_out_of_orderness = config.pipeline.max_out_of_orderness;
  facts.idle_timeout = config.pipeline.idle_timeout;
  facts.allowed_lateness = config.pipeline.allowed_lateness;
  return facts;
}

Readings read_figures(const Pipeline& pipeline, const Facts& facts) {
  Readings readings;
  readings.at = pipeline.clock().wall();
  readings.tick = pipeline.clock().tick();
  readings.nodes.resize(facts.nodes.size());
  read_counters(pipeline, facts, readings);
  readings.freshness = pipeline.freshness().histogram();
  readings.oldest_in_flight = pipeline.freshness().oldest_waiting();
  const nodes::CommitFigures commits = pipeline.commit_figures();
  readings.committed_epochs = commits.epochs;
  const std::uint64_t read = readings.read();
  readings.in_flight = pipeline.epoch_log().unapplied_records() +
                       (read > commits.records ? read - commits.records : 0);
  readings.paused = pipeline.paused();
  readings.sink = pipeline.sink_status();
  readings.source_trouble = pipeline.source_trouble();
  readings.letters_trouble = pipeline.letter_status().trouble;
  readings.clock_offset = pipeline.database_clock_offset();
  readings.cache_bytes = pipeline.cache_bytes();
  readings.credit_bytes = pipeline.credits().used_bytes();
  read_partitions(pipeline, readings);
  read_process(pipeline, readings);
  read_graph_nodes(pipeline, readings);
  read_outer_nodes(pipeline, facts, readings);
  return readings;
}

}  // namespace lensart::app
