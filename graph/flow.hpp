/// The engine: a oneTBB flow graph of named nodes through which batches travel.
///
/// A job says what its nodes do and how they follow one another (`Wiring`); the flow owns the
/// graph, keeps order, counts, and stops the process when a body fails. Nothing outside this folder
/// names `tbb::flow`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/batch.hpp"
#include "graph/error.hpp"
#include "graph/node_stats.hpp"

namespace lensart {

using BatchPointer = std::shared_ptr<Batch>;

/// How a node treats the order and the sharing of batches.
enum class NodeKind : std::uint8_t {
  kSource,    ///< where batches come in; no body
  kParallel,  ///< stateless; several batches at once, in any order
  kLanes,     ///< `lanes` serial bodies, each of which sees every batch, in source order
  kSerial,    ///< one body, batches in source order
  kExternal,  ///< drawn only: a thread of its own beyond the graph (committer, relay)
};

/// Tuning of one node (`nodes.NAME.*` of the configuration).
struct NodeTuning {
  std::size_t concurrency = 0;  ///< of a parallel node; 0: as many as the pool has threads
  std::size_t lanes = 1;        ///< of a lanes node
  unsigned priority = 0;        ///< 0 none; the higher the sooner
};

/// One node of the wiring.
struct NodeSpec {
  std::string name;
  NodeKind kind = NodeKind::kSerial;
  NodeTuning tuning;
  std::string note;  ///< one line for the drawing: what it does
  /// Called with the lane's number (0 for nodes without lanes) and the batch or marker.
  std::function<void(std::size_t lane, Batch& batch)> body;

  /// How many bodies can be busy at once on a pool of so many threads.
  std::size_t bodies(std::size_t pool_threads) const {
    if (kind == NodeKind::kLanes) return tuning.lanes;
    if (kind != NodeKind::kParallel) return 1;
    return tuning.concurrency == 0 ? pool_threads : tuning.concurrency;
  }
};

/// A straight line of nodes, each fed by the one before, and what hangs beside it in the drawing.
struct Wiring {
  std::string name;
  std::vector<NodeSpec> nodes;
  struct Edge {
    std::string from, to, label;
  };
  std::vector<Edge> drawn_edges;  ///< beyond the line itself, for the drawing alone
};

struct FlowOptions {
  std::size_t threads = 2;  ///< of the shared core pool
};

/// So much nicer than the program are the threads of the pool (setpriority(2)):
/// docs/adr/0020-the-pool-gives-way.md.
inline constexpr int kPoolNice = 5;

/// Threads: `push` from one thread; the bodies run on the pool. A body's exception reaches
/// `on_failure` once, on the pool's thread; afterwards every batch is let through untouched, so
/// that nothing waits for ever, and the caller is expected to stop.
class Flow {
 public:
  Flow(Wiring wiring, const FlowOptions& options, std::function<void(const Error&)> on_failure);
  ~Flow();
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  /// Sends a batch on its way. REQUIRES: `sequence` is one more than that of the batch before.
  void push(BatchPointer batch);
  /// Returns when no batch is inside any more.
  void drain();
  bool failed() const;

  const Wiring& wiring() const;
  const NodeStats& stats_of(std::size_t node) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The wiring as a Graphviz document; `stats`, when given, adds live figures.
std::string to_dot(const Wiring& wiring, const Flow* live = nullptr);

}  // namespace lensart
