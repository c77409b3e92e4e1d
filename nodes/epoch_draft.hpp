/// An epoch on its way through the graph: opened by the source, filled by every lane, committed
/// once.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/clock.hpp"
#include "storage/outbox_format.hpp"
#include "storage/state_store.hpp"

namespace lensart::nodes {

/// What one lane adds to the epoch that a marker closes.
struct LaneOutput {
  storage::ChangeSet changes;
  std::vector<storage::OutboxChunk> chunks;
};

/// Travels with the marker; a job may derive its own from it. Each lane writes only its own slot of
/// `outputs`; the rest is read-only after the source has cut it, but for what the closing node
/// fills in.
struct EpochDraft {
  EpochDraft() = default;
  EpochDraft(const EpochDraft&) = delete;
  EpochDraft& operator=(const EpochDraft&) = delete;
  virtual ~EpochDraft() = default;

  EpochNumber number = 0;
  Instant cut_at;                                  ///< wall clock
  Tick first_record_at;                            ///< of one without records: when it was cut
  Tick cut_tick;                                   ///< the same moment as cut_at
  std::vector<storage::SourcePosition> positions;  ///< of every source
  std::vector<bool> idle;                          ///< by source
  std::size_t credit_bytes = 0;                    ///< held by its batches
  std::uint64_t records = 0;
  bool freeze_ids = false;  ///< a new generation of ids begins after it

  std::vector<LaneOutput> outputs;  ///< one slot a lane, numbered by the job

  std::optional<Instant> judged_by;    ///< the watermark that lateness and expiry go by
  std::optional<Instant> timer_clock;  ///< timers up to here fire with this epoch
  std::optional<Instant> watermark;    ///< filled by the closing node
};

/// Gathers a lane's outbox entries by sink lane. Threads: one.
class OutboxWriter {
 public:
  explicit OutboxWriter(std::size_t sink_lanes) : lanes_(sink_lanes) {}
  storage::ChunkBuilder& lane(std::size_t sink_lane) { return lanes_[sink_lane]; }
  /// Moves everything gathered so far into `output`.
  void flush_into(LaneOutput& output) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      for (std::string& chunk : lanes_[i].take()) {
        output.chunks.push_back({static_cast<std::uint8_t>(i), std::move(chunk)});
      }
    }
  }

 private:
  std::vector<storage::ChunkBuilder> lanes_;
};

}  // namespace lensart::nodes
