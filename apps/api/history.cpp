#include "apps/api/history.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lensart::app {

namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

double seconds_between(Tick from, Tick to) {
  return std::chrono::duration<double>(to - from).count();
}

double age_seconds(Instant of, Instant now) {
  return std::max(0.0, std::chrono::duration<double>(now - of).count());
}

float known(const std::optional<double>& value) {
  return value ? static_cast<float>(*value) : kUnknown;
}

std::vector<NodePoint> points_of(const std::vector<NodeFigures>& nodes) {
  std::vector<NodePoint> points;
  for (const NodeFigures& node : nodes) {
    points.push_back({node.total, node.busy_seconds.value_or(-1), node.pressed_seconds.value_or(-1),
                      node.queued ? static_cast<float>(*node.queued) : kUnknown,
                      static_cast<float>(node.pressure)});
  }
  return points;
}

}  // namespace

std::optional<double> quantile_between(const Freshness::Histogram& from,
                                       const Freshness::Histogram& to, double quantile) {
  const std::uint64_t total = to.count - from.count;
  if (total == 0) return std::nullopt;
  const double wanted = quantile * static_cast<double>(total);
  double below = 0;
  for (std::size_t i = 0; i < to.counts.size(); ++i) {
    const auto inside = static_cast<double>(to.counts[i] - from.counts[i]);
    const double low = i == 0 ? 0 : Freshness::kBoundsSeconds[i - 1];
    if (i == Freshness::kBoundsSeconds.size()) return low;
    if (inside > 0 && below + inside >= wanted) {
      return low + (Freshness::kBoundsSeconds[i] - low) * (wanted - below) / inside;
    }
    below += inside;
  }
  return std::nullopt;
}

Lag lag_of(const Readings& readings) {
  Lag lag;
  std::optional<Instant> oldest = readings.oldest_in_flight;
  bool age_known = true;
  lag.unread = 0;
  for (const PartitionFigures& partition : readings.partitions) {
    if (!partition.lag) {
      lag.unread.reset();
      break;
    }
    *lag.unread += *partition.lag;
    if (*partition.lag == 0) continue;
    // What is unread is younger than what was read last.
    if (partition.appended_at)
      oldest = std::min(oldest.value_or(readings.at), *partition.appended_at);
    age_known = age_known && partition.appended_at;
  }
  if (lag.unread) lag.events = *lag.unread + readings.in_flight;
  if (oldest) {
    lag.seconds = age_seconds(*oldest, readings.at);
  } else if (lag.unread && age_known) {
    lag.seconds = 0;
  }
  return lag;
}

History::History(const std::vector<NodeFacts>& nodes) : nodes_(nodes) {}

void History::add(const Readings& readings) {
  const Lag lag = lag_of(readings);
  freshness_.push(readings.freshness);
  const auto& earlier = freshness_.ago(10);
  Point point;
  point.at = std::chrono::floor<std::chrono::seconds>(readings.at).time_since_epoch().count();
  point.tick = readings.tick;
  point.read = readings.read();
  point.applied = readings.sink.applied_records;
  point.letters = readings.all_letters();
  point.epochs = readings.committed_epochs;
  point.cpu_seconds = readings.cpu_seconds;
  point.lag_events = lag.events ? static_cast<float>(*lag.events) : kUnknown;
  point.lag_seconds = known(lag.seconds);
  point.freshness_p50 = known(quantile_between(earlier, readings.freshness, 0.5));
  point.freshness_p99 = known(quantile_between(earlier, readings.freshness, 0.99));
  point.outbox_bytes = static_cast<float>(readings.sink.outbox_bytes);
  point.state_bytes = static_cast<float>(readings.state_used_bytes);
  point.private_bytes = static_cast<float>(readings.private_bytes);
  points_.push(point);

  node_seconds_.push(points_of(readings.nodes));
  if (added_ % kNodeStep == 0) {
    node_points_.push(node_seconds_.back());
    node_times_.push(point.at);
  }
  code_now_ = {readings.tick, readings.letters, point.read, readings.unknown_statuses};
  if (added_ % kCodeStep == 0) codes_.push(code_now_);
  ++added_;
}

double History::rate(std::uint64_t Point::*counter, std::size_t seconds) const {
  if (points_.size() < 2) return 0;
  const Point& from = points_.ago(seconds);
  const Point& to = points_.back();
  const double passed = seconds_between(from.tick, to.tick);
  return passed <= 0 ? 0 : static_cast<double>(to.*counter - from.*counter) / passed;
}

double History::cpu_cores(std::size_t seconds) const {
  if (points_.size() < 2) return 0;
  const Point& from = points_.ago(seconds);
  const double passed = seconds_between(from.tick, points_.back().tick);
  return passed <= 0 ? 0 : std::max(0.0, points_.back().cpu_seconds - from.cpu_seconds) / passed;
}

std::optional<double> History::state_growth() const {
  if (points_.size() < 60) return std::nullopt;
  const Point& from = points_.ago(kSeconds);
  const double passed = seconds_between(from.tick, points_.back().tick);
  const double grown = static_cast<double>(points_.back().state_bytes - from.state_bytes);
  return grown / passed * 3600;
}

Quantiles History::freshness(std::size_t seconds) const {
  Quantiles out;
  if (freshness_.size() < 2) return out;
  const auto& from = freshness_.ago(seconds);
  const auto& to = freshness_.back();
  out.p50 = quantile_between(from, to, 0.5);
  out.p99 = quantile_between(from, to, 0.99);
  out.events = to.count - from.count;
  out.window_seconds = seconds_between(points_.ago(seconds).tick, points_.back().tick);
  return out;
}

std::optional<double> History::busy_share(std::size_t node, const NodePoint& from,
                                          const NodePoint& to, double seconds) const {
  if (from.busy_seconds < 0) return std::nullopt;
  const double bodies = static_cast<double>(nodes_[node].bodies);
  return std::clamp((to.busy_seconds - from.busy_seconds) / (seconds * bodies), 0.0, 1.0);
}

NodeLive History::live(std::size_t node) const {
  NodeLive out;
  if (node_seconds_.size() < 2) return out;
  const NodePoint& from = node_seconds_[0][node];
  const NodePoint& to = node_seconds_.back()[node];
  const double passed =
      seconds_between(points_.ago(node_seconds_.size() - 1).tick, points_.back().tick);
  if (passed <= 0) return out;
  out.per_second = static_cast<double>(to.total - from.total) / passed;
  out.busy_share = busy_share(node, from, to, passed);
  if (to.pressed_seconds >= 0) {
    out.back_pressure = (to.pressed_seconds - from.pressed_seconds) / passed;
  } else {
    for (std::size_t i = 1; i < node_seconds_.size(); ++i) {
      out.back_pressure += static_cast<double>(node_seconds_[i][node].pressure);
    }
    out.back_pressure /= static_cast<double>(node_seconds_.size() - 1);
  }
  out.back_pressure = std::clamp(out.back_pressure, 0.0, 1.0);
  return out;
}

const CodePoint& History::codes_ago(std::size_t seconds) const {
  const std::size_t since_last = (added_ + kCodeStep - 1) % kCodeStep;
  if (seconds <= since_last) return codes_.ago(0);
  return codes_.ago((seconds - since_last + kCodeStep - 1) / kCodeStep);
}

}  // namespace lensart::app
