#include "apps/pipeline/pipeline_metrics.hpp"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <cstdint>
#include <iterator>
#include <limits>

#include "apps/pipeline/options.hpp"
#include "apps/pipeline/pipeline.hpp"
#include "apps/pipeline/process_figures.hpp"

namespace lensart::app {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// Families in the making; what counter(), gauge() and histogram() return is good until the next is
/// begun. Each name stands in the code as a whole, so that it can be searched for.
class Families {
 public:
  MetricFamily& counter(std::string name, std::string help) {
    return add(std::move(name), std::move(help), MetricType::Counter);
  }
  MetricFamily& gauge(std::string name, std::string help) {
    return add(std::move(name), std::move(help), MetricType::Gauge);
  }
  MetricFamily& histogram(std::string name, std::string help) {
    return add(std::move(name), std::move(help), MetricType::Histogram);
  }
  template <class Number>
  void counter(std::string name, std::string help, Number value) {
    sample(counter(std::move(name), std::move(help)), {}, value);
  }
  template <class Number>
  void gauge(std::string name, std::string help, Number value) {
    sample(gauge(std::move(name), std::move(help)), {}, value);
  }

  template <class Number>
  static void sample(MetricFamily& family, Labels labels, Number number) {
    const auto value = static_cast<double>(number);
    ClientMetric metric;
    metric.label = std::move(labels);
    if (family.type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    family.metric.push_back(std::move(metric));
  }

  template <class Seconds>
  static void buckets(MetricFamily& family, Labels labels, const Seconds& histogram,
                      const auto& bounds) {
    ClientMetric metric;
    metric.label = std::move(labels);
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
      cumulative += histogram.counts[i];
      ClientMetric::Bucket bucket;
      bucket.cumulative_count = cumulative;
      bucket.upper_bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back(bucket);
    }
    metric.histogram.sample_count = histogram.count;
    metric.histogram.sample_sum = histogram.sum_seconds;
    family.metric.push_back(std::move(metric));
  }

  std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  MetricFamily& add(std::string name, std::string help, MetricType type) {
    MetricFamily& family = families_.emplace_back();
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    return family;
  }

  std::vector<MetricFamily> families_;
};

using lensart::seconds_of;
double seconds_of(Instant instant) { return seconds_of(instant.time_since_epoch()); }

void add_events(const Pipeline& pipeline, Families& to) {
  static constexpr const char* kOutcomes[] = {"accepted", "duplicate", "ignored", "dead_lettered"};
  const auto topics = source_topics(pipeline.config());
  const jobs::JobCounters& counters = pipeline.counters();
  MetricFamily& events = to.counter("lensart_events_total", "Records read, by topic and outcome");
  for (std::size_t topic = 0; topic < topics.size(); ++topic) {
    for (std::size_t outcome = 0; outcome < std::size(kOutcomes); ++outcome) {
      Families::sample(events, {{"topic", topics[topic]}, {"outcome", kOutcomes[outcome]}},
                       counters.by_topic[topic][outcome].load(std::memory_order_relaxed));
    }
  }
  MetricFamily& letters = to.counter("lensart_dead_letters_total", "Dead letters, by code");
  const auto codes = static_cast<std::size_t>(orders::Code::kSinkRejected) + 1;
  for (std::size_t code = 0; code < codes; ++code) {
    const auto letter = static_cast<orders::Code>(code);
    Families::sample(letters, {{"code", std::string(orders::name_of(letter))}},
                     pipeline.letters(letter));
  }
  to.counter("lensart_dead_letters_sent_total", "Dead letters the topic has acknowledged",
             pipeline.letter_status().sent);
  to.counter("lensart_unknown_statuses_total",
             "Events with a status or payment method that is not in the configured map",
             counters.unknown_statuses.load(std::memory_order_relaxed));
}

void add_source(const Pipeline& pipeline, Families& to) {
  const auto now = pipeline.clock().wall();
  const auto lags = pipeline.lags();
  const auto appended = pipeline.appended_up_to();
  const auto labels_of = [&](std::uint32_t source) -> Labels {
    const nodes::SourceInfo& info = pipeline.directory().at(source);
    return {{"topic", info.topic}, {"partition", std::to_string(info.partition)}};
  };
  MetricFamily& records =
      to.gauge("lensart_consumer_lag_records", "Records behind the end of the partition");
  for (std::uint32_t source = 0; source < lags.size(); ++source)
    Families::sample(records, labels_of(source), lags[source]);
  MetricFamily& seconds =
      to.gauge("lensart_consumer_lag_seconds",
               "Age of the newest record read, where there are newer ones; else 0");
  for (std::uint32_t source = 0; source < lags.size() && source < appended.size(); ++source) {
    if (lags[source] > 0 && appended[source] < 0) continue;  // nothing was read of it yet
    const Instant read{Duration(appended[source])};
    const double behind = lags[source] > 0 ? std::max(0.0, seconds_of(now - read)) : 0;
    Families::sample(seconds, labels_of(source), behind);
  }
  const auto watermark = pipeline.counters().watermark_micros.load(std::memory_order_relaxed);
  if (watermark != INT64_MIN) {
    to.gauge("lensart_watermark_delay_seconds", "Wall clock less the data watermark",
             seconds_of(now - Instant{Duration(watermark)}));
  }
  to.gauge("lensart_source_paused", "1 while nothing is polled for want of room",
           pipeline.paused() ? 1 : 0);
  static constexpr const char* kReasons[] = {"commit", "memory", "graph", "outbox"};
  static_assert(std::size(kReasons) == nodes::kPauseReasons);
  MetricFamily& paused =
      to.counter("lensart_source_paused_seconds_total", "Time without polling, by what was full");
  for (std::size_t i = 0; i < nodes::kPauseReasons; ++i) {
    Families::sample(paused, {{"reason", kReasons[i]}},
                     seconds_of(pipeline.paused_time(static_cast<nodes::PauseReason>(i))));
  }
  to.gauge("lensart_credit_bytes", "Bytes of records between poll and commit",
           pipeline.credits().used_bytes());
  to.gauge("lensart_credit_max_bytes", "Their bound", pipeline.credits().limit_bytes());
  to.gauge("lensart_kafka_up", "1 while the brokers answer",
           pipeline.source_trouble().empty() ? 1 : 0);
  MetricFamily& errors = to.counter("lensart_kafka_errors_total",
                                    "Errors that librdkafka reported, such as a lost broker");
  const auto count = [&](const char* client, const nodes::KafkaFigures& figures) {
    Families::sample(errors, {{"client", client}}, figures.errors.load(std::memory_order_relaxed));
  };
  count("consumer", pipeline.consumer_figures());
  count("producer", pipeline.producer_figures());
}

void add_nodes(const Pipeline& pipeline, const PipelineWatch& watch, Families& to) {
  const Wiring& wiring = pipeline.flow().wiring();
  const auto of_each = [&](MetricFamily& family, auto value) {
    for (std::size_t i = 0; i < wiring.nodes.size(); ++i) {
      if (!wiring.nodes[i].body) continue;
      Families::sample(family, {{"node", wiring.nodes[i].name}},
                       value(pipeline.flow().stats_of(i)));
    }
  };
  of_each(to.counter("lensart_node_busy_seconds_total", "Time inside the node's bodies"),
          [](const NodeStats& stats) {
            return static_cast<double>(stats.busy_nanoseconds.load()) / 1e9;
          });
  of_each(to.counter("lensart_node_records_total", "Records the node has seen"),
          [](const NodeStats& stats) { return stats.records.load(); });
  of_each(to.gauge("lensart_node_queue_batches", "Batches in front of and inside the node"),
          [](const NodeStats& stats) { return stats.queued_batches(); });
  MetricFamily& ratio = to.gauge("lensart_node_busy_ratio",
                                 "Share of the last seconds in which the node's workers were busy");
  for (const BusyNode& node : watch.busy())
    Families::sample(ratio, {{"node", node.name}}, node.ratio);
}

void add_epochs(const Pipeline& pipeline, Families& to) {
  Families::buckets(to.histogram("lensart_freshness_seconds",
                                 "From Kafka's append to the row's commit in the database"),
                    {}, pipeline.freshness().histogram(), Freshness::kBoundsSeconds);
  MetricFamily& phases = to.histogram("lensart_epoch_seconds", "What an epoch takes, by phase");
  for (std::size_t i = 0; i < kEpochPhases; ++i) {
    const auto phase = static_cast<EpochPhase>(i);
    Families::buckets(phases, {{"phase", std::string(name_of(phase))}},
                      pipeline.epoch_phases().histogram(phase), EpochPhases::kBoundsSeconds);
  }
  to.counter("lensart_epochs_total", "Epochs made durable", pipeline.commit_figures().epochs);
}

void add_sink(const Pipeline& pipeline, const PipelineWatch& watch, Families& to) {
  const storage::SinkStatus sink = pipeline.sink_status();
  to.gauge("lensart_outbox_epochs", "Durable epochs that the sink has not applied everywhere",
           sink.newest - sink.applied);
  to.gauge("lensart_outbox_bytes", "Their size in the outbox", sink.outbox_bytes);
  to.gauge("lensart_outbox_max_bytes", "The size at which reading pauses",
           pipeline.config().sink.outbox_max);
  to.gauge("lensart_sink_up", "1 unless the sink is in trouble", sink.trouble.empty() ? 1 : 0);
  to.counter("lensart_applied_records_total", "Records whose epoch every sink lane has applied",
             sink.applied_records);
  to.counter("lensart_sink_rows_total", "Rows sent to the database", sink.rows);
  if (pipeline.config().sink.kind != SinkKind::kPostgres) return;
  const storage::ConnectionFigures& figures = pipeline.database_figures();
  MetricFamily& connects = to.counter("lensart_postgres_connects_total",
                                      "Connections to the database, opened and refused");
  Families::sample(connects, {{"outcome", "opened"}}, figures.opened());
  Families::sample(connects, {{"outcome", "refused"}}, figures.refused());
  // Those that are expected of a database's troubles are there from the start: a rate needs a zero.
  std::map<std::string, std::uint64_t> classes;
  for (const char* name : {"08", "22", "23", "40", "53", "55", "57"}) classes[name] = 0;
  for (const auto& [name, count] : figures.errors()) classes[name] = count;
  MetricFamily& errors = to.counter("lensart_postgres_errors_total",
                                    "Statements and connections that failed, by SQLSTATE class");
  for (const auto& [name, count] : classes) Families::sample(errors, {{"class", name}}, count);
  if (sink.last_success) {
    to.gauge("lensart_postgres_last_success_timestamp_seconds",
             "When the database last did what it was asked", seconds_of(*sink.last_success));
  }
  if (const auto offset = pipeline.database_clock_offset()) {
    to.gauge("lensart_postgres_clock_offset_seconds",
             "How far the database's clock is ahead of ours", seconds_of(*offset));
  }
  if (const auto counts = watch.counts()) {
    to.gauge("lensart_stuck_orders", "Orders without a change for too long, unresolved",
             counts->stuck_orders);
    to.gauge("lensart_dead_letters_unsent", "Rows of dead_letters that the topic has not got yet",
             counts->unsent_letters);
  }
}

void add_state(const Pipeline& pipeline, Families& to) {
  to.gauge("lensart_state_bytes", "Bytes in use in the state's file",
           pipeline.store().used_bytes());
  to.gauge("lensart_state_map_bytes", "Size of its map, which grows as needed",
           pipeline.store().map_size_bytes());
  to.gauge("lensart_state_max_bytes", "The size at which reading stops",
           pipeline.config().state.max_size);
  to.gauge("lensart_cache_bytes", "Orders and histories in memory, as of the last epoch",
           pipeline.cache_bytes());
  to.gauge("lensart_cache_max_bytes", "Their bound, state.cache", pipeline.config().state.cache);
  if (const auto disk = disk_of(pipeline.config().state.directory)) {
    to.gauge("lensart_state_disk_free_bytes", "Free on the state's file system", disk->free_bytes);
    to.gauge("lensart_state_disk_size_bytes", "Size of the state's file system", disk->size_bytes);
  }
}

void add_process(const BuildInfo& build, double started_at, Families& to) {
  Families::sample(
      to.gauge("lensart_build_info", "1; the labels say which program it is"),
      {{"version", build.version}, {"commit", build.commit}, {"build_type", build.build_type}}, 1);
  const ProcessFigures process = read_process_figures();
  to.gauge("lensart_process_start_time_seconds", "When the process began", started_at);
  to.counter("lensart_process_cpu_seconds_total", "Processor time, user and system",
             process.cpu_seconds);
  to.gauge("lensart_process_resident_memory_bytes", "Memory resident, the mapped state included",
           process.resident_bytes);
  to.gauge("lensart_process_virtual_memory_bytes", "Address space", process.virtual_bytes);
  to.gauge("lensart_process_private_bytes", "RssAnon + RssShmem", process.private_bytes);
  to.gauge("lensart_process_threads", "Threads", process.threads);
  to.gauge("lensart_process_open_fds", "Open file descriptors", process.open_fds);
  to.gauge("lensart_process_max_fds", "How many may be open", process.max_fds);
}

}  // namespace

PipelineMetrics::PipelineMetrics(const Pipeline& pipeline, BuildInfo build)
    : pipeline_(pipeline),
      build_(std::move(build)),
      started_at_(process_started_at()),
      watch_(pipeline) {}

std::vector<MetricFamily> PipelineMetrics::Collect() const {
  Families families;
  add_events(pipeline_, families);
  add_source(pipeline_, families);
  add_nodes(pipeline_, watch_, families);
  add_epochs(pipeline_, families);
  add_sink(pipeline_, watch_, families);
  add_state(pipeline_, families);
  add_process(build_, started_at_, families);
  std::vector<MetricFamily> out = families.take();
  for (const auto& more : more_) {
    auto theirs = more->Collect();
    std::move(theirs.begin(), theirs.end(), std::back_inserter(out));
  }
  return out;
}

}  // namespace lensart::app
