#include "graph/flow.hpp"

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <exception>
#include <mutex>
#include <tuple>

namespace lensart {

namespace flow = oneapi::tbb::flow;

namespace {

using Sender = flow::sender<BatchPointer>;
using Worker = flow::function_node<BatchPointer, BatchPointer>;
using LaneWorker = flow::multifunction_node<BatchPointer, std::tuple<BatchPointer>>;
using Sequencer = flow::sequencer_node<BatchPointer>;
using Broadcast = flow::broadcast_node<BatchPointer>;

std::uint64_t now_nanoseconds() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

}  // namespace

class Flow::Impl {
 public:
  Impl(Wiring wiring, const FlowOptions& options, std::function<void(const Error&)> on_failure)
      : wiring_(std::move(wiring)),
        on_failure_(std::move(on_failure)),
        // A flow fed from outside the pool gets one worker fewer than allowed, hence the one more.
        control_(oneapi::tbb::global_control::max_allowed_parallelism, options.threads + 1),
        arena_(static_cast<int>(options.threads), 0),
        giving_way_(arena_),
        stats_(wiring_.nodes.size()) {
    arena_.initialize();
    arena_.execute([&] { graph_ = std::make_unique<flow::graph>(); });
    entry_ = std::make_unique<Broadcast>(*graph_);
    Sender* last = entry_.get();
    bool in_order = true;
    for (std::size_t i = 0; i < wiring_.nodes.size(); ++i) {
      const NodeSpec& spec = wiring_.nodes[i];
      if (spec.kind == NodeKind::kSource || spec.kind == NodeKind::kExternal) continue;
      if (spec.kind != NodeKind::kParallel && !in_order) last = add_sequencer(*last);
      if (spec.kind == NodeKind::kLanes) {
        last = add_lanes(i, *last);
      } else {
        last = add_worker(i, *last, options.threads);
      }
      // A serial node hands on in the order it received; parallel ones and rejoined lanes do not.
      in_order = spec.kind == NodeKind::kSerial;
    }
  }

  ~Impl() { drain(); }

  void push(BatchPointer batch) {
    for (std::size_t stage = 0; stage < stage_lanes_.size(); ++stage) {
      batch->pending_lanes[stage].store(stage_lanes_[stage], std::memory_order_relaxed);
    }
    enter(first_node_, 1);
    entry_->try_put(std::move(batch));
  }

  void drain() { graph_->wait_for_all(); }
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  const Wiring& wiring() const { return wiring_; }
  const NodeStats& stats_of(std::size_t node) const { return stats_.at(node); }

 private:
  Sender* add_sequencer(Sender& from) {
    sequencers_.push_back(std::make_unique<Sequencer>(
        *graph_, [](const BatchPointer& batch) -> std::size_t { return batch->sequence; }));
    flow::make_edge(from, *sequencers_.back());
    // A sequencer gives each message to one successor only; the broadcast gives it to all.
    broadcasts_.push_back(std::make_unique<Broadcast>(*graph_));
    flow::make_edge(*sequencers_.back(), *broadcasts_.back());
    return broadcasts_.back().get();
  }

  Sender* add_worker(std::size_t index, Sender& from, std::size_t threads) {
    const NodeSpec& spec = wiring_.nodes[index];
    std::size_t concurrency = 1;
    if (spec.kind == NodeKind::kParallel) {
      concurrency = spec.tuning.concurrency == 0 ? threads : spec.tuning.concurrency;
    }
    chain(index);
    workers_.push_back(std::make_unique<Worker>(
        *graph_, concurrency,
        [this, index](const BatchPointer& batch) {
          run_body(index, 0, *batch);
          leave(index);
          return batch;
        },
        static_cast<flow::node_priority_t>(spec.tuning.priority)));
    flow::make_edge(from, *workers_.back());
    return workers_.back().get();
  }

  Sender* add_lanes(std::size_t index, Sender& from) {
    const NodeSpec& spec = wiring_.nodes[index];
    const std::size_t stage = stage_lanes_.size();
    assert(stage < kMaxLaneStages && spec.tuning.lanes > 0);
    stage_lanes_.push_back(static_cast<std::uint32_t>(spec.tuning.lanes));
    chain(index);
    auto joined = std::make_unique<Broadcast>(*graph_);
    for (std::size_t lane = 0; lane < spec.tuning.lanes; ++lane) {
      lane_workers_.push_back(std::make_unique<LaneWorker>(
          *graph_, flow::serial,
          [this, index, lane, stage](const BatchPointer& batch,
                                     LaneWorker::output_ports_type& out) {
            run_body(index, lane, *batch);
            if (batch->pending_lanes[stage].fetch_sub(1, std::memory_order_acq_rel) == 1) {
              leave(index);
              std::get<0>(out).try_put(batch);
            }
          },
          static_cast<flow::node_priority_t>(spec.tuning.priority)));
      flow::make_edge(from, *lane_workers_.back());
      flow::make_edge(flow::output_port<0>(*lane_workers_.back()), *joined);
    }
    broadcasts_.push_back(std::move(joined));
    return broadcasts_.back().get();
  }

  /// Notes which node a batch enters when it leaves the one before, for the queue depths.
  void chain(std::size_t index) {
    if (next_of_.empty()) {
      first_node_ = index;
      next_of_.assign(wiring_.nodes.size(), kNone);
    } else {
      next_of_[previous_] = index;
    }
    previous_ = index;
  }
  void enter(std::size_t index, std::uint64_t batches) {
    if (index != kNone) stats_[index].entered_batches.fetch_add(batches, std::memory_order_relaxed);
  }
  void leave(std::size_t index) {
    enter(next_of_[index], 1);
    stats_[index].left_batches.fetch_add(1, std::memory_order_relaxed);
  }

  void run_body(std::size_t index, std::size_t lane, Batch& batch) {
    if (failed()) return;
    const std::uint64_t start = now_nanoseconds();
    // An exception that leaves a body cancels the whole graph silently; so none ever does.
    try {
      wiring_.nodes[index].body(lane, batch);
    } catch (const Failure& failure) {
      fail(failure.error().code, index, failure.what());
    } catch (const std::exception& error) {
      fail(Errc::kFatal, index, error.what());
    } catch (...) {
      fail(Errc::kFatal, index, "unknown exception");
    }
    NodeStats& stats = stats_[index];
    stats.busy_nanoseconds.fetch_add(now_nanoseconds() - start, std::memory_order_relaxed);
    if (lane == 0) stats.records.fetch_add(batch.records_count, std::memory_order_relaxed);
  }

  void fail(Errc code, std::size_t index, const std::string& what) {
    if (failed_.exchange(true)) return;
    on_failure_(Error{code, "node \"" + wiring_.nodes[index].name + "\": " + what});
  }

  static constexpr std::size_t kNone = ~std::size_t{0};

  /// The threads of the pool give way to all others of the program: what they wait for, the commit
  /// above all, is then done while there is work for every core. Linux has a nice value for each
  /// thread.
  class GivingWay : public oneapi::tbb::task_scheduler_observer {
   public:
    explicit GivingWay(oneapi::tbb::task_arena& arena)
        : task_scheduler_observer(arena),
          nice_(std::min(getpriority(PRIO_PROCESS, 0) + kPoolNice, 19)) {
      observe(true);
    }
    ~GivingWay() override { observe(false); }

    void on_scheduler_entry(bool is_worker) override {
      static thread_local bool done = false;
      if (!is_worker || done) return;
      setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), nice_);  // refused: as it was
      done = true;
    }

   private:
    int nice_;
  };

  Wiring wiring_;
  std::function<void(const Error&)> on_failure_;
  oneapi::tbb::global_control control_;
  oneapi::tbb::task_arena arena_;
  GivingWay giving_way_;
  std::vector<NodeStats> stats_;
  std::atomic<bool> failed_{false};
  std::size_t first_node_ = kNone;
  std::size_t previous_ = kNone;
  std::vector<std::size_t> next_of_;
  std::vector<std::uint32_t> stage_lanes_;

  std::unique_ptr<flow::graph> graph_;
  std::unique_ptr<Broadcast> entry_;
  std::vector<std::unique_ptr<Sequencer>> sequencers_;
  std::vector<std::unique_ptr<Broadcast>> broadcasts_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<LaneWorker>> lane_workers_;
};

Flow::Flow(Wiring wiring, const FlowOptions& options, std::function<void(const Error&)> on_failure)
    : impl_(std::make_unique<Impl>(std::move(wiring), options, std::move(on_failure))) {}
Flow::~Flow() = default;
void Flow::push(BatchPointer batch) { impl_->push(std::move(batch)); }
void Flow::drain() { impl_->drain(); }
bool Flow::failed() const { return impl_->failed(); }
const Wiring& Flow::wiring() const { return impl_->wiring(); }
const NodeStats& Flow::stats_of(std::size_t node) const { return impl_->stats_of(node); }

}  // namespace lensart
