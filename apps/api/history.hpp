/// The last hour of a pipeline, in bounded rings: 3 600 points of one second for the overview, 720
/// of five seconds for the nodes; about 0.6 MiB in all.
///
/// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "apps/api/readings.hpp"

namespace lensart::app {

/// The newest `capacity` values, the oldest first.
template <class T>
class Ring {
 public:
  explicit Ring(std::size_t capacity) : capacity_(capacity) {}
  void push(T value) {
    if (values_.size() < capacity_) {
      values_.push_back(std::move(value));
    } else {
      values_[first_] = std::move(value);
      first_ = (first_ + 1) % capacity_;
    }
  }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  const T& operator[](std::size_t i) const { return values_[(first_ + i) % values_.size()]; }
  const T& back() const { return (*this)[size() - 1]; }
  /// The value pushed `n` before the last; the oldest where there are not so many.
  const T& ago(std::size_t n) const { return (*this)[n < size() ? size() - 1 - n : 0]; }

 private:
  std::size_t capacity_;
  std::size_t first_ = 0;
  std::vector<T> values_;
};

/// One second of the overview. Counters are since the start; NaN is not known.
struct Point {
  std::int64_t at = 0;  ///< seconds since 1970
  Tick tick{};
  std::uint64_t read = 0, applied = 0, letters = 0, epochs = 0;
  double cpu_seconds = 0;
  float lag_events = 0, lag_seconds = 0;
  float freshness_p50 = 0, freshness_p99 = 0;  ///< of the last ten seconds
  float outbox_bytes = 0, state_bytes = 0, private_bytes = 0;
};

struct NodePoint {
  std::uint64_t total = 0;
  double busy_seconds = 0, pressed_seconds = 0;  ///< below 0: not known
  float queued = 0, pressure = 0;
};

/// What the rules broke, every ten seconds.
struct CodePoint {
  Tick tick{};
  std::array<std::uint64_t, kLetterCodes> letters{};
  std::uint64_t read = 0, unknown_statuses = 0;
};

struct Quantiles {
  std::optional<double> p50, p99;
  std::uint64_t events = 0;
  double window_seconds = 0;
};

/// A node's last five seconds.
struct NodeLive {
  double per_second = 0;
  std::optional<double> busy_share;
  double back_pressure = 0;
};

class History {
 public:
  static constexpr std::size_t kSeconds = 3600;
  static constexpr std::size_t kNodeStep = 5;
  static constexpr std::size_t kCodeStep = 10;

  explicit History(const std::vector<NodeFacts>& nodes);

  /// Once a second.
  void add(const Readings& readings);

  const Ring<Point>& points() const { return points_; }
  const Ring<std::vector<NodePoint>>& node_points() const { return node_points_; }
  const Ring<std::int64_t>& node_times() const { return node_times_; }

  /// Change of a counter per second over the last `seconds`, or as long as there is.
  double rate(std::uint64_t Point::*counter, std::size_t seconds) const;
  double cpu_cores(std::size_t seconds) const;
  /// Of `state_bytes`, bytes an hour; nothing in the first minute.
  std::optional<double> state_growth() const;
  Quantiles freshness(std::size_t seconds) const;
  NodeLive live(std::size_t node) const;
  /// Between two points `seconds` apart; nothing for a node whose time is not taken.
  std::optional<double> busy_share(std::size_t node, const NodePoint& from, const NodePoint& to,
                                   double seconds) const;

  /// As it was at least `seconds` ago, or at the start.
  const CodePoint& codes_ago(std::size_t seconds) const;
  const CodePoint& codes_now() const { return code_now_; }

 private:
  std::vector<NodeFacts> nodes_;
  Ring<Point> points_{kSeconds};
  Ring<Freshness::Histogram> freshness_{61};
  Ring<std::vector<NodePoint>> node_seconds_{6};
  Ring<std::vector<NodePoint>> node_points_{kSeconds / kNodeStep};
  Ring<std::int64_t> node_times_{kSeconds / kNodeStep};
  Ring<CodePoint> codes_{kSeconds / kCodeStep + 1};
  CodePoint code_now_;
  std::uint64_t added_ = 0;
};

/// The quantile of what was counted between two readings of a histogram; within a bucket evenly.
std::optional<double> quantile_between(const Freshness::Histogram& from,
                                       const Freshness::Histogram& to, double quantile);

/// How far behind: records not in the database, and the age of the oldest.
struct Lag {
  std::optional<std::uint64_t> unread, events;
  std::optional<double> seconds;
};
Lag lag_of(const Readings& readings);

}  // namespace lensart::app
