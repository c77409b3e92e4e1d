/// Figures of a pipeline that is not there, a second at a time.
#pragma once

#include <algorithm>

#include "apps/api/attention.hpp"
#include "apps/api/history.hpp"

namespace lensart::app {

inline Facts simulated_facts() {
  Facts facts;
  facts.pipeline = "lensart";
  facts.time_zone = "Asia/Ho_Chi_Minh";
  facts.sink = "postgres";
  facts.brokers = "localhost:9092";
  facts.dlq_topic = "order-events-dlq";
  facts.topics = {"order-created", "order-events"};
  for (const char* name : {"source", "parse", "close"}) {
    NodeFacts node;
    node.name = name;
    node.bodies = 2;
    node.unit = "events";
    facts.nodes.push_back(node);
  }
  facts.edges = {{"source", "parse", "", true}, {"parse", "close", "", true}};
  facts.outbox_max_bytes = 1000;
  facts.state_max_bytes = 1000;
  facts.idle_timeout = std::chrono::seconds(30);
  facts.max_out_of_orderness = std::chrono::minutes(5);
  facts.allowed_lateness = std::chrono::hours(1);
  return facts;
}

/// Set what is so in `now`, let a second pass, look at what is said of it.
class SimulatedPipeline {
 public:
  SimulatedPipeline() {
    now.at = Instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}};
    now.outcomes.resize(facts.topics.size());
    now.nodes.resize(facts.nodes.size());
    now.disk_total_bytes = 100;
    now.disk_free_bytes = 50;
    for (const int partition : {0, 1, 2}) {
      PartitionFigures figures;
      figures.topic = "order-created";
      figures.partition = partition;
      figures.lag = 0;
      figures.highest = now.at;
      now.partitions.push_back(figures);
    }
  }

  void pass(std::size_t seconds = 1) {
    for (; seconds > 0; --seconds) {
      now.at += std::chrono::seconds(1);
      now.tick += std::chrono::seconds(1);
      if (each_second) each_second(now);
      history.add(now);
      attention = rules.look(now, history, stuck);
    }
  }
  /// Every partition gets so many events a second from now on, but those in `but`.
  void flow(std::int64_t events, std::vector<std::size_t> but = {}) {
    each_second = [events, but](Readings& readings) {
      for (std::size_t i = 0; i < readings.partitions.size(); ++i) {
        if (std::find(but.begin(), but.end(), i) != but.end()) continue;
        readings.partitions[i].next_offset += events;
        readings.partitions[i].highest = readings.at;
        readings.outcomes[0][0] += static_cast<std::uint64_t>(events);
      }
    };
  }

  std::vector<std::string> codes() const {
    std::vector<std::string> codes;
    for (const Attention& item : attention) codes.push_back(item.code);
    return codes;
  }
  Json parameters_of(const std::string& code) const {
    for (const Attention& item : attention) {
      if (item.code == code) return item.parameters;
    }
    return nullptr;
  }

  Facts facts = simulated_facts();
  Readings now;
  std::optional<StuckOrders> stuck;
  std::function<void(Readings&)> each_second;
  History history{facts.nodes};
  AttentionRules rules{facts};
  std::vector<Attention> attention;
};

}  // namespace lensart::app
