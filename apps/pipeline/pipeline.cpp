#include "apps/pipeline/pipeline.hpp"

#include <fmt/format.h>

#include "apps/config/values.hpp"
#include "apps/jobs/tables.hpp"
#include "apps/pipeline/options.hpp"
#include "apps/pipeline/process_figures.hpp"
#include "nodes/kafka/admin.hpp"
#include "storage/postgres/relay.hpp"

namespace lensart::app {

Pipeline::Pipeline(const Config& config, PipelineOptions options, const Clock& clock, TimeZone zone)
    : config_(config),
      options_(std::move(options)),
      clock_(clock),
      zone_(std::move(zone)),
      incarnation_(storage::random_incarnation()),
      credits_(credit_limit_bytes(config)) {
  options_.consumer.figures = std::make_shared<nodes::KafkaFigures>();
  options_.producer.figures = std::make_shared<nodes::KafkaFigures>();
}

Result<std::unique_ptr<Pipeline>> Pipeline::open(const Config& config, PipelineOptions options,
                                                 const Clock& clock, SourceFactory make_source,
                                                 SinkFactory make_sink) {
  LENSART_ASSIGN(TimeZone zone, TimeZone::find(config.pipeline.time_zone));
  std::unique_ptr<Pipeline> self(new Pipeline(config, std::move(options), clock, std::move(zone)));
  LENSART_TRY(self->open_parts(make_source, make_sink));
  return self;
}

namespace {

/// The kernel would give the memory out, and kill whoever uses it.
Result<Unit> check_memory(const Config& config) {
  const std::uint64_t memory = machine_memory_bytes();
  if (config.state.cache <= memory) return Unit{};
  return fail(Errc::kBadConfig,
              fmt::format("state.cache = \"{}\" is more than the {:.1f} GiB of memory that this "
                          "machine has; set less (what is not in memory is read from the disk)",
                          format_size(config.state.cache), static_cast<double>(memory) / kGiB));
}

}  // namespace

Result<Unit> Pipeline::open_parts(const SourceFactory& make_source, const SinkFactory& make_sink) {
  LENSART_TRY(check_memory(config_));
  LENSART_ASSIGN(store_, storage::StateStore::open(state_options(config_)));
  LENSART_ASSIGN(ids_, storage::IdIndex::open(*store_));
  LENSART_ASSIGN(
      job_, jobs::OrderJobs::open(job_options(config_, zone_), *store_, *ids_, directory_, clock_));
  LENSART_TRY(open_source(make_source));
  LENSART_TRY(open_sink(make_sink));
  live_sink_.store(sink_.get(), std::memory_order_release);
  on_progress();  // the sink may have got on before it could be asked
  open_flow();
  return Unit{};
}

Result<Unit> Pipeline::open_source(const SourceFactory& make_source) {
  if (make_source) {
    LENSART_ASSIGN(source_, make_source(directory_));
    return source_->start(store_->positions());
  }
  LENSART_TRY(check_cluster());
  nodes::KafkaSourceOptions source;
  source.client = options_.consumer;
  source.group = config_.kafka.group;
  source.topics = source_topics(config_);
  source.accepted_gaps = options_.accepted_gaps;
  LENSART_ASSIGN(auto opened, nodes::KafkaSource::open(source, directory_, clock_));
  const Tick deadline = clock_.tick() + config_.start_timeout;
  for (;;) {
    auto started = opened->start(store_->positions());
    if (started) break;
    if (action_for(started.error().code) != Action::kRetry || clock_.tick() >= deadline)
      return started;
    options_.log("waiting for Kafka: " + started.error().message);
  }
  job_->note_skipped(opened->skipped());
  source_ = std::move(opened);
  return Unit{};
}

/// The state belongs to one Kafka cluster: another one's offsets mean something else.
Result<Unit> Pipeline::check_cluster() {
  LENSART_ASSIGN(nodes::KafkaAdmin admin, nodes::KafkaAdmin::open(options_.consumer));
  const Tick deadline = clock_.tick() + config_.start_timeout;
  Result<std::string> cluster = std::string{};
  bool told = false;
  do {
    cluster = admin.cluster_id();
    if (!cluster && action_for(cluster.error().code) != Action::kRetry) break;
    if (!cluster && !std::exchange(told, true))
      options_.log("waiting for Kafka: " + cluster.error().message);
  } while (!cluster && clock_.tick() < deadline);
  if (!cluster) return tl::unexpected(cluster.error());
  storage::Binding binding = store_->binding().value_or(storage::Binding{});
  if (binding.kafka_cluster_id == *cluster) return Unit{};
  if (!binding.kafka_cluster_id.empty()) {
    return fail(
        Errc::kStateMismatch,
        fmt::format(
            "this state has read the Kafka cluster with id {}, kafka.brokers = \"{}\" is "
            "cluster {}: its offsets mean something else. Point kafka.brokers back, or start "
            "from an empty state directory",
            binding.kafka_cluster_id, config_.kafka.brokers, *cluster));
  }
  binding.kafka_cluster_id = *cluster;
  return store_->bind(binding);
}

Result<Unit> Pipeline::open_sink(const SinkFactory& make_sink) {
  const auto trim = [this](EpochNumber epoch) { store_->trim_to(epoch); };
  if (config_.sink.kind == SinkKind::kNull) {
    sink_ = std::make_unique<storage::NullSink>(trim, [this] { on_progress(); });
    return Unit{};
  }
  storage::RelayCallbacks callbacks;
  callbacks.on_progress = [this] { on_progress(); };
  callbacks.trim_to = trim;
  callbacks.on_letters = [this] {
    auto* letters = live_letters_.load(std::memory_order_acquire);
    if (letters != nullptr) letters->wake();
  };
  callbacks.on_stop = [this](const Error& error) { fail_with(error); };
  callbacks.log = options_.log;
  if (make_sink) {
    LENSART_ASSIGN(sink_, make_sink(*store_, callbacks));
    return Unit{};
  }
  LENSART_ASSIGN(storage::RelayOptions relay, relay_options(config_));
  relay.session.connection.figures = database_figures_;
  nodes::LetterSenderOptions letters;
  LENSART_ASSIGN(letters.connection, database_for("letters"));
  letters.schema = config_.postgres.schema;
  letters.kafka = options_.producer;
  letters.topic = config_.kafka.dlq_topic;
  letters.retention = std::chrono::ceil<std::chrono::hours>(config_.retention.dead_letters);
  LENSART_ASSIGN(sink_, storage::Relay::start(relay, jobs::tables(), *store_, clock_, incarnation_,
                                              job_->sink_hooks(), callbacks));
  letters_ = std::make_unique<nodes::LetterSender>(std::move(letters), options_.log);
  // The relay is at work already: what it has told nobody about is looked for once more.
  live_letters_.store(letters_.get(), std::memory_order_release);
  letters_->wake();
  return Unit{};
}

Result<storage::ConnectionOptions> Pipeline::database_for(std::string_view role) const {
  LENSART_ASSIGN(storage::ConnectionOptions options, connection_options(config_));
  options.application_name = storage::application_name(config_.pipeline.name, incarnation_, role);
  options.figures = database_figures_;
  return options;
}

void Pipeline::open_flow() {
  committer_ = std::make_unique<nodes::Committer>(
      *store_, *ids_, clock_, incarnation_,
      nodes::Committer::Callbacks{
          [this](const storage::ChainRecord& record, const nodes::EpochDraft& draft) {
            on_durable(record, draft);
          },
          [this](const Error& error) { fail_with(error); }});
  Wiring wiring = job_->wiring(
      [this](std::shared_ptr<nodes::EpochDraft> draft) {
        freshness_.on_closed(draft->number);
        epoch_phases_.on_closed(draft->first_record_at, draft->cut_tick, clock_.tick());
        epoch_log_.on_closed(clock_.tick());
        committer_->submit(std::move(draft));
      },
      [this](const jobs::OrderBatch& batch) {
        if (!batch.marker && !batch.records.empty()) {
          freshness_.on_batch(batch.records.front().appended_at, batch.records.size());
        }
        pump_->on_batch_done();
      });
  flow_ = std::make_unique<Flow>(std::move(wiring), FlowOptions{config_.pool.threads},
                                 [this](const Error& error) { fail_with(error); });
  nodes::Pump::Parts parts;
  parts.source = source_.get();
  parts.directory = &directory_;
  parts.flow = flow_.get();
  parts.credits = &credits_;
  parts.clock = &clock_;
  parts.sink = sink_.get();
  parts.make_batch = [this] { return job_->make_batch(); };
  parts.make_draft = [this] { return job_->make_draft(); };
  parts.outside_time = [this](std::uint32_t source) { return job_->is_replay(source); };
  parts.any_timer_due = [this](Instant clock) { return job_->any_timer_due(clock); };
  parts.limit_clock = [this](Instant clock) { return job_->limit_clock(clock); };
  pump_ = std::make_unique<nodes::Pump>(pump_options(config_, options_.until_end), std::move(parts),
                                        store_->chain().back(), store_->positions());
  live_pump_.store(pump_.get(), std::memory_order_release);
}

Pipeline::~Pipeline() {
  // From the source on: nobody calls what is gone.
  live_pump_.store(nullptr, std::memory_order_release);
  if (sink_) sink_->stop();
  if (letters_) letters_->stop();
  if (flow_) flow_->drain();
  if (committer_) committer_->stop();
}

void Pipeline::on_durable(const storage::ChainRecord& record, const nodes::EpochDraft& draft) {
  epoch_phases_.on_durable(record.number, clock_.tick());
  epoch_log_.on_durable(record, draft, clock_.wall(), clock_.tick());
  if (auto looked = job_->on_durable(record.number); !looked) fail_with(looked.error());
  credits_.give_back(draft.credit_bytes);
  sink_->on_durable(record);
  pump_->on_durable(record.number, record.watermark);
  report_unknown_statuses();
}

/// At most once a minute (docs/contract.md §2).
void Pipeline::report_unknown_statuses() {
  const std::uint64_t seen = job_->counters().unknown_statuses.load(std::memory_order_relaxed);
  const Tick now = clock_.tick();
  if (seen == unknown_reported_ || now < unknown_next_report_) return;
  options_.log(fmt::format(
      "{} events with a status or payment method that pipeline.status_map or payment_map lacks "
      "(order_anomalies, kind unknown_status, names them); they count under no column of the "
      "metrics. Add them to the map and run `lensart rebuild`",
      seen - unknown_reported_));
  unknown_reported_ = seen;
  unknown_next_report_ = now + std::chrono::minutes(1);
}

void Pipeline::on_progress() {
  if (const auto* sink = live_sink_.load(std::memory_order_acquire)) {
    const EpochNumber applied = sink->status().applied;
    freshness_.on_applied(applied, clock_.wall());
    epoch_phases_.on_applied(applied, clock_.tick());
    epoch_log_.on_applied(applied, clock_.wall(), clock_.tick());
  }
  if (nodes::Pump* pump = live_pump_.load(std::memory_order_acquire)) pump->wake();
}

void Pipeline::fail_with(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
  }
  changed_.notify_all();
}

void Pipeline::request_stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stop_requested_at_) return;
    stop_requested_at_ = clock_.tick();
  }
  pump_->stop();
  changed_.notify_all();
}

Result<Unit> Pipeline::run() {
  std::thread reading([this] {
    auto done = pump_->run();
    if (!done) fail_with(done.error());
    {
      const std::lock_guard lock(mutex_);
      pump_done_ = true;
    }
    changed_.notify_all();
  });
  bool gave_up = false;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return pump_done_ || failure_ || stop_requested_at_; });
    // What was read is committed, unless the outbox has no room for it: then it is read again.
    if (!pump_done_ && !failure_) {
      gave_up = !changed_.wait_for(lock, config_.shutdown_timeout,
                                   [this] { return pump_done_ || failure_; });
    }
  }
  pump_->abandon();
  reading.join();
  if (gave_up)
    options_.log("shutdown_timeout is over: what was read and not committed is read again");
  return finish();
}

Result<Unit> Pipeline::finish() {
  flow_->drain();
  committer_->stop();
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return tl::unexpected(*failure_);
  }
  using std::chrono::milliseconds;
  const bool stopping = stop_requested_at_.has_value();
  bool applied = false;
  while (!applied) {
    const milliseconds patience =
        stopping
            ? std::chrono::ceil<milliseconds>(std::max(
                  Duration(0), config_.shutdown_timeout - (clock_.tick() - *stop_requested_at_)))
            : milliseconds(200);
    applied = sink_->wait_idle(patience);
    const std::lock_guard lock(mutex_);
    if (failure_) return tl::unexpected(*failure_);
    if (stopping || stop_requested_at_) break;
  }
  if (!applied) options_.log("the sink did not get everything in time: the outbox keeps the rest");
  if (letters_ && options_.until_end) letters_->wait_sent(std::chrono::seconds(30));
  return store_->trim_now();
}

std::uint64_t Pipeline::letters(orders::Code code) const {
  if (code == orders::Code::kSinkRejected) return sink_->status().refused;
  return counters().letters[static_cast<std::size_t>(code)].load(std::memory_order_relaxed);
}

nodes::LetterStatus Pipeline::letter_status() const {
  return letters_ ? letters_->status() : nodes::LetterStatus{};
}

std::vector<std::string> Pipeline::not_ready() const {
  std::vector<std::string> reasons;
  if (const std::string trouble = sink_->status().trouble; !trouble.empty())
    reasons.push_back(trouble);
  if (const std::string trouble = source_->trouble(); !trouble.empty()) reasons.push_back(trouble);
  return reasons;
}

}  // namespace lensart::app
