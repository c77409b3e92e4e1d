#include "apps/pipeline/pipeline_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "apps/pipeline/pipeline.hpp"

namespace lensart::app {

namespace {

constexpr std::chrono::seconds kWindow{5};
constexpr std::chrono::seconds kSampleEvery{1};
constexpr std::chrono::seconds kAskEvery{5};
/// A database that does not answer is somebody else's to wait for.
constexpr std::chrono::seconds kPatience{2};

}  // namespace

void BusyWindow::add(Tick now, std::vector<double> busy_seconds) {
  samples_.emplace_back(now, std::move(busy_seconds));
  while (samples_.size() > 2 && now - samples_[1].first >= length_) samples_.pop_front();
}

std::vector<double> BusyWindow::ratios(const std::vector<double>& workers) const {
  std::vector<double> out;
  if (samples_.size() < 2) return out;
  const auto& [from, before] = samples_.front();
  const auto& [until, after] = samples_.back();
  const double elapsed = std::chrono::duration<double>(until - from).count();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    // A body's time is counted when it ends, so a long one may seem to have more than there was.
    out.push_back(std::clamp((after[i] - before[i]) / (elapsed * workers[i]), 0.0, 1.0));
  }
  return out;
}

PipelineWatch::PipelineWatch(const Pipeline& pipeline) : pipeline_(pipeline), window_(kWindow) {
  for (const NodeSpec& node : pipeline.flow().wiring().nodes) {
    if (!node.body) continue;
    names_.push_back(node.name);
    workers_.push_back(static_cast<double>(node.bodies(pipeline.config().pool.threads)));
  }
  names_.insert(names_.end(), {"commit", "relay"});
  const auto relay = static_cast<double>(pipeline.sink_status().workers);
  workers_.insert(workers_.end(), {1.0, std::max(1.0, relay)});
  thread_ = std::thread([this] { work(); });
}

PipelineWatch::~PipelineWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::vector<BusyNode> PipelineWatch::busy() const {
  const std::lock_guard lock(mutex_);
  return busy_;
}

std::optional<TableCounts> PipelineWatch::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void PipelineWatch::work() {
  const bool has_database = pipeline_.config().sink.kind == SinkKind::kPostgres;
  Tick next_question = pipeline_.clock().tick();
  for (;;) {
    sample_busy();
    if (const Tick now = pipeline_.clock().tick(); has_database && now >= next_question) {
      next_question = now + kAskEvery;
      const auto counts = ask();
      const std::lock_guard lock(mutex_);
      if (counts) counts_ = *counts;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kSampleEvery, [this] { return stopping_; });
    if (stopping_) return;
  }
}

void PipelineWatch::sample_busy() {
  std::vector<double> seconds;
  const auto& nodes = pipeline_.flow().wiring().nodes;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i].body) continue;
    seconds.push_back(static_cast<double>(pipeline_.flow().stats_of(i).busy_nanoseconds.load()) /
                      1e9);
  }
  seconds.push_back(pipeline_.commit_figures().seconds);
  seconds.push_back(pipeline_.sink_status().busy_seconds);
  window_.add(pipeline_.clock().tick(), std::move(seconds));
  const std::vector<double> ratios = window_.ratios(workers_);
  const std::lock_guard lock(mutex_);
  busy_.clear();
  for (std::size_t i = 0; i < ratios.size(); ++i) busy_.push_back({names_[i], ratios[i]});
}

/// Both counts are of partial indexes: they cost what they find.
Result<TableCounts> PipelineWatch::ask() {
  if (connection_ && connection_->lost()) connection_.reset();
  if (!connection_) {
    LENSART_ASSIGN(storage::ConnectionOptions options, pipeline_.database_for("watch"));
    options.connect_timeout = options.patience = kPatience;
    LENSART_ASSIGN(auto opened, storage::Connection::open(options));
    connection_.emplace(std::move(opened));
  }
  const std::string schema = storage::quoted_identifier(pipeline_.config().postgres.schema);
  LENSART_ASSIGN(
      const storage::Rows rows,
      connection_->query(fmt::format(
          "SELECT (SELECT count(*) FROM {0}.order_anomalies WHERE kind = 'stuck' AND "
          "resolved_at IS NULL), (SELECT count(*) FROM {0}.dead_letters WHERE sent_at IS "
          "NULL)",
          schema)));
  return TableCounts{rows.number(0, 0), rows.number(0, 1)};
}

}  // namespace lensart::app
