#include "apps/pipeline/pipeline_metrics.hpp"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <cstdint>
#include <fstream>
#include <limits>
#include <string>

#include "apps/pipeline/options.hpp"
#include "apps/pipeline/pipeline.hpp"

namespace lensart::app {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

MetricFamily family(std::string name, std::string help, MetricType type) {
  MetricFamily out;
  out.name = std::move(name);
  out.help = std::move(help);
  out.type = type;
  return out;
}

void add(MetricFamily& to, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (to.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  to.metric.push_back(std::move(metric));
}

MetricFamily single(std::string name, std::string help, MetricType type, double value) {
  MetricFamily out = family(std::move(name), std::move(help), type);
  add(out, {}, value);
  return out;
}

MetricFamily events(const Pipeline& pipeline) {
  static constexpr const char* kOutcomes[] = {"accepted", "duplicate", "ignored", "dead_lettered"};
  MetricFamily out =
      family("lensart_events_total", "Records read, by topic and outcome", MetricType::Counter);
  const auto topics = source_topics(pipeline.config());
  for (std::size_t topic = 0; topic < topics.size(); ++topic) {
    for (std::size_t outcome = 0; outcome < 4; ++outcome) {
      const auto value =
          pipeline.counters().by_topic[topic][outcome].load(std::memory_order_relaxed);
      add(out, {{"topic", topics[topic]}, {"outcome", kOutcomes[outcome]}},
          static_cast<double>(value));
    }
  }
  return out;
}

MetricFamily letters(const Pipeline& pipeline) {
  MetricFamily out =
      family("lensart_dead_letters_total", "Dead letters, by code", MetricType::Counter);
  for (std::size_t code = 0; code <= static_cast<std::size_t>(orders::Code::kSinkRejected);
       ++code) {
    const auto value = pipeline.counters().letters[code].load(std::memory_order_relaxed);
    add(out, {{"code", std::string(orders::name_of(static_cast<orders::Code>(code)))}},
        static_cast<double>(value));
  }
  return out;
}

MetricFamily lag(const Pipeline& pipeline) {
  MetricFamily out = family("lensart_consumer_lag_records",
                            "Records behind the end of the partition", MetricType::Gauge);
  const auto lags = pipeline.lags();
  for (std::uint32_t source = 0; source < lags.size(); ++source) {
    const nodes::SourceInfo& info = pipeline.directory().at(source);
    add(out, {{"topic", info.topic}, {"partition", std::to_string(info.partition)}},
        static_cast<double>(lags[source]));
  }
  return out;
}

void add_nodes(const Pipeline& pipeline, std::vector<MetricFamily>& to) {
  MetricFamily busy = family("lensart_node_busy_seconds_total", "Time inside the node's bodies",
                             MetricType::Counter);
  MetricFamily queued = family("lensart_node_queue_batches",
                               "Batches in front of and inside the node", MetricType::Gauge);
  MetricFamily records =
      family("lensart_node_records_total", "Records the node has seen", MetricType::Counter);
  const Wiring& wiring = pipeline.flow().wiring();
  for (std::size_t i = 0; i < wiring.nodes.size(); ++i) {
    if (!wiring.nodes[i].body) continue;
    const NodeStats& stats = pipeline.flow().stats_of(i);
    const Labels node{{"node", wiring.nodes[i].name}};
    add(busy, node, static_cast<double>(stats.busy_nanoseconds.load()) / 1e9);
    add(queued, node, static_cast<double>(stats.queued_batches()));
    add(records, node, static_cast<double>(stats.records.load()));
  }
  to.push_back(std::move(busy));
  to.push_back(std::move(queued));
  to.push_back(std::move(records));
}

MetricFamily freshness(const Pipeline& pipeline) {
  MetricFamily out =
      family("lensart_freshness_seconds", "From Kafka's append to the row's commit in the database",
             MetricType::Histogram);
  const Freshness::Histogram histogram = pipeline.freshness().histogram();
  ClientMetric metric;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    cumulative += histogram.counts[i];
    ClientMetric::Bucket bucket;
    bucket.cumulative_count = cumulative;
    bucket.upper_bound = i < Freshness::kBoundsSeconds.size()
                             ? Freshness::kBoundsSeconds[i]
                             : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back(bucket);
  }
  metric.histogram.sample_count = histogram.count;
  metric.histogram.sample_sum = histogram.sum_seconds;
  out.metric.push_back(std::move(metric));
  return out;
}

/// RssAnon + RssShmem: what the process holds for itself, the mapped state not counted.
double private_bytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  double kib = 0;
  while (std::getline(status, line)) {
    if (line.starts_with("RssAnon:") || line.starts_with("RssShmem:")) {
      kib += std::stod(line.substr(line.find(':') + 1));
    }
  }
  return kib * 1024;
}

}  // namespace

std::vector<MetricFamily> PipelineMetrics::Collect() const {
  std::vector<MetricFamily> out;
  out.push_back(events(pipeline_));
  out.push_back(letters(pipeline_));
  out.push_back(lag(pipeline_));
  out.push_back(freshness(pipeline_));
  add_nodes(pipeline_, out);
  out.push_back(single("lensart_unknown_statuses_total",
                       "Events with a status or payment method that is not in the configured map",
                       MetricType::Counter,
                       static_cast<double>(pipeline_.counters().unknown_statuses.load())));
  const auto micros = pipeline_.counters().watermark_micros.load(std::memory_order_relaxed);
  if (micros != INT64_MIN) {
    const auto now = pipeline_.clock().wall().time_since_epoch().count();
    out.push_back(single("lensart_watermark_delay_seconds", "Wall clock less the data watermark",
                         MetricType::Gauge, static_cast<double>(now - micros) / 1e6));
  }
  const storage::SinkStatus sink = pipeline_.sink_status();
  const nodes::CommitFigures commits = pipeline_.commit_figures();
  const auto gauge = [&out](std::string name, std::string help, double value) {
    out.push_back(single(std::move(name), std::move(help), MetricType::Gauge, value));
  };
  const auto counter = [&out](std::string name, std::string help, double value) {
    out.push_back(single(std::move(name), std::move(help), MetricType::Counter, value));
  };
  gauge("lensart_outbox_epochs", "Durable epochs that the sink has not applied everywhere",
        static_cast<double>(sink.newest - sink.applied));
  gauge("lensart_outbox_bytes", "Their size in the outbox", static_cast<double>(sink.outbox_bytes));
  gauge("lensart_sink_up", "1 unless the sink is in trouble", sink.trouble.empty() ? 1 : 0);
  counter("lensart_applied_records_total", "Records whose epoch every sink lane has applied",
          static_cast<double>(sink.applied_records));
  counter("lensart_sink_rows_total", "Rows sent to the database", static_cast<double>(sink.rows));
  counter("lensart_epochs_total", "Epochs made durable", static_cast<double>(commits.epochs));
  counter("lensart_epoch_commit_seconds_total", "Time inside commits", commits.seconds);
  counter("lensart_dead_letters_sent_total", "Dead letters the topic has acknowledged",
          static_cast<double>(pipeline_.letter_status().sent));
  gauge("lensart_state_bytes", "Bytes in use in the state's file",
        static_cast<double>(pipeline_.store().used_bytes()));
  gauge("lensart_credit_bytes", "Bytes of records between poll and commit",
        static_cast<double>(pipeline_.credits().used_bytes()));
  gauge("lensart_source_paused", "1 while nothing is polled for want of room",
        pipeline_.paused() ? 1 : 0);
  gauge("lensart_process_private_bytes", "RssAnon + RssShmem", private_bytes());
  return out;
}

}  // namespace lensart::app
