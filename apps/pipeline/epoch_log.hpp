/// The latest epochs, each with what it took: for the console. One entry an epoch.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "graph/clock.hpp"
#include "nodes/epoch_draft.hpp"
#include "storage/epoch.hpp"

namespace lensart::app {

struct EpochFigures {
  EpochNumber number = 0;
  Instant durable_at{};
  std::optional<Instant> applied_at;  ///< by every lane of the sink
  std::uint64_t records = 0;
  std::uint64_t outbox_bytes = 0;
  std::optional<Instant> watermark;
  // EpochPhase says which is which.
  Duration fill{}, close{}, commit{};
  std::optional<Duration> apply;
};

/// Threads: any. Of one epoch the calls come in order.
class EpochLog {
 public:
  static constexpr std::size_t kKept = 600;

  void on_closed(Tick now);
  /// Before the sink is told.
  void on_durable(const storage::ChainRecord& record, const nodes::EpochDraft& draft, Instant wall,
                  Tick now);
  void on_applied(EpochNumber up_to, Instant wall, Tick now);

  /// At most `limit`, the newest first.
  std::vector<EpochFigures> newest(std::size_t limit) const;
  /// Which partitions were idle when the last epoch was cut, by source number.
  std::vector<bool> idle() const;
  /// Records of epochs that are durable and not applied; of this run's epochs only.
  std::uint64_t unapplied_records() const;

 private:
  struct Waiting {
    EpochNumber number = 0;
    std::uint64_t records = 0;
    Tick durable_at{};
  };
  EpochFigures* find(EpochNumber number);

  mutable std::mutex mutex_;
  Tick closed_at_{};                 ///< of the epoch under way to the disk
  std::deque<EpochFigures> epochs_;  ///< without gaps
  std::deque<Waiting> waiting_;      ///< as many as the outbox holds
  std::vector<bool> idle_;
};

}  // namespace lensart::app
