/// The source thread's loop: polls when there is credit, cuts epochs when the cutter says so.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "graph/clock.hpp"
#include "graph/credits.hpp"
#include "graph/flow.hpp"
#include "nodes/source/record_source.hpp"
#include "storage/id_segment.hpp"
#include "storage/protocol/epoch_cutter.hpp"
#include "storage/sink.hpp"

namespace lensart::nodes {

struct PumpOptions {
  PollLimits poll;
  storage::CutLimits cut;
  std::size_t max_batches_in_flow = 16;  ///< between the source and the last node
  std::chrono::microseconds idle_timeout = std::chrono::seconds(30);
  std::chrono::microseconds max_out_of_orderness = std::chrono::minutes(5);
  std::chrono::microseconds max_future = std::chrono::hours(1);  ///< that two clocks may be apart
  std::uint64_t freeze_ids_every = storage::kIdsAGeneration;
  bool until_end = false;
};

/// What the source waits for while it polls nothing.
enum class PauseReason : std::uint8_t {
  kCommit,  ///< the open epoch is full and the one before not durable yet: the disk
  kMemory,  ///< no credit left: records between poll and commit
  kGraph,   ///< batches enough between source and last node: the processors
  kOutbox,  ///< what is durable and not applied: the sink
};
inline constexpr std::size_t kPauseReasons = 4;

/// Threads: `run` has one of its own; the notifications come from any.
class Pump {
 public:
  struct Parts {
    RecordSource* source = nullptr;
    const SourceDirectory* directory = nullptr;
    Flow* flow = nullptr;
    Credits* credits = nullptr;
    const Clock* clock = nullptr;
    const storage::Sink* sink = nullptr;
    std::function<std::shared_ptr<RecordBatch>()> make_batch;
    std::function<std::shared_ptr<EpochDraft>()> make_draft;
    /// Whether a timer is due at an instant, and how far the clock may go in one epoch. Both may be
    /// left out: then there are no timers.
    std::function<bool(Instant)> any_timer_due;
    std::function<Instant(Instant)> limit_clock;
    /// Sources whose records neither hold nor move event time. May be left out: none.
    std::function<bool(std::uint32_t)> outside_time;
  };
  /// `last`: the epoch the state stands at.
  Pump(const PumpOptions& options, Parts parts, const storage::ChainRecord& last,
       std::span<const storage::SourcePosition> positions);
  ~Pump();

  /// Reads until stop(), or, with `until_end`, until everything read is durable. Returns the number
  /// of the last epoch cut. Fails when the source does.
  Result<EpochNumber> run();

  /// Stops reading; what was read is still cut into a last epoch. Any thread, signal-safe.
  void stop();
  /// Ends run() at once; what is not cut is read again after a restart. Any thread.
  void abandon() {
    abandoned_.store(true, std::memory_order_release);
    wake();
  }
  /// An epoch is durable, and closed with this watermark. Any thread.
  void on_durable(EpochNumber epoch, std::optional<Instant> watermark);
  /// A batch has left the last node. Any thread.
  void on_batch_done();
  /// The sink got on, or anything else the loop should look at. Any thread.
  void wake();

  bool paused() const { return paused_.load(std::memory_order_relaxed); }
  /// Since the start, by reason.
  std::chrono::microseconds paused_time(PauseReason reason) const {
    return std::chrono::microseconds(
        paused_micros_[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed));
  }
  std::uint64_t polled_records() const { return polled_records_.load(std::memory_order_relaxed); }

 private:
  bool wants_more() const;
  std::optional<PauseReason> pause_reason() const;
  void count_pause(Tick now, std::optional<PauseReason> from_now_on);
  Result<bool> poll_once();
  void cut(Tick now);
  void note(const RecordBatch& batch, Tick now);
  void note_moved_positions();
  void note_sources(Tick now);
  void update_idle(Tick now);
  void take_durable();
  std::optional<Instant> clock_now() const;
  void look_at_time(Tick now);
  void catch_up_with_watermark();
  void catch_up_at_stop();
  bool finished() const;
  void wait(Tick now, bool for_source);

  PumpOptions options_;
  Parts parts_;
  storage::EpochCutter cutter_;
  EpochNumber open_epoch_;
  std::uint64_t next_sequence_ = 0;
  std::size_t open_credit_bytes_ = 0;
  std::uint64_t records_since_freeze_ = 0;
  std::vector<storage::SourcePosition> positions_;      ///< by source
  std::vector<storage::SourcePosition> cut_positions_;  ///< as of the last cut
  std::vector<Tick> last_record_at_;                    ///< by source
  std::vector<bool> idle_;
  std::vector<bool> idle_at_cut_;
  std::optional<Instant> judged_by_;    ///< for the open epoch
  std::optional<Instant> watermark_;    ///< of the last durable epoch
  std::optional<Instant> timer_clock_;  ///< of the last epoch cut
  std::size_t epochs_at_stop_ = 0;      ///< cut to bring the timer clock level
  Tick looked_at_time_{};
  Tick last_polled_at_{};
  std::optional<Tick> first_record_at_;  ///< of the open epoch
  std::optional<PauseReason> pausing_;   ///< since pausing_since_
  Tick pausing_since_{};
  int wake_fd_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<bool> paused_{false};
  std::atomic<std::int64_t> batches_in_flow_{0};
  std::atomic<std::int64_t> durable_watermark_micros_;  ///< INT64_MIN: none
  std::atomic<EpochNumber> durable_;
  std::atomic<std::uint64_t> polled_records_{0};
  std::array<std::atomic<std::int64_t>, kPauseReasons> paused_micros_{};
};

}  // namespace lensart::nodes
