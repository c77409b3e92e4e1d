/// What takes a moment to find out, looked at now and then by a thread of its own, so that nobody
/// who asks waits: how busy the nodes are, and what only the database knows.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "graph/clock.hpp"
#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"

namespace lensart::app {

class Pipeline;

/// Shares of time over the last few seconds, from counters of busy time. Threads: one.
class BusyWindow {
 public:
  explicit BusyWindow(Duration length) : length_(length) {}

  /// `busy_seconds` by node, each never less than before; `now` later than before.
  void add(Tick now, std::vector<double> busy_seconds);
  /// From 0 to 1 by node, where `workers` of each may be busy at once. Empty before two samples.
  std::vector<double> ratios(const std::vector<double>& workers) const;

 private:
  Duration length_;
  std::deque<std::pair<Tick, std::vector<double>>> samples_;
};

struct BusyNode {
  std::string name;
  double ratio = 0;
};

/// Rows in the tables, by the database's own count.
struct TableCounts {
  std::int64_t stuck_orders = 0;  ///< unresolved
  std::int64_t unsent_letters = 0;
};

/// Threads: any. Lifetime: the pipeline outlives it.
class PipelineWatch {
 public:
  explicit PipelineWatch(const Pipeline& pipeline);
  ~PipelineWatch();
  PipelineWatch(const PipelineWatch&) = delete;
  PipelineWatch& operator=(const PipelineWatch&) = delete;

  /// The graph's nodes, `commit` and `relay`; empty in the first second.
  std::vector<BusyNode> busy() const;
  /// As of the last answer: while the database is away, as it was before. Nothing without one.
  std::optional<TableCounts> counts() const;

 private:
  void work();
  void sample_busy();
  Result<TableCounts> ask();

  const Pipeline& pipeline_;
  std::vector<std::string> names_;
  std::vector<double> workers_;
  BusyWindow window_;
  std::optional<storage::Connection> connection_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<BusyNode> busy_;
  std::optional<TableCounts> counts_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace lensart::app
