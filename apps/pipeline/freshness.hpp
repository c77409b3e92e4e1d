/// How old rows are when they are committed, and how long epochs take: one entry a batch or an
/// epoch, never one a record.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/pipeline/histogram.hpp"
#include "graph/batch.hpp"
#include "graph/clock.hpp"

namespace lensart::app {

/// Freshness: from Kafka's append to the row's commit in the database. Append times wait here,
/// epoch by epoch, until their epoch is applied. Threads: any.
class Freshness {
 public:
  static constexpr std::array<double, 14> kBoundsSeconds = {
      0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10, 60, 600};
  using Histogram = app::Histogram<kBoundsSeconds>;

  /// A batch of the epoch under way: its oldest record's append time, and its records.
  void on_batch(std::int64_t appended_at_micros, std::uint64_t records);
  void on_closed(EpochNumber epoch);
  void on_applied(EpochNumber up_to, Instant now);
  Histogram histogram() const;
  /// Append time of the oldest record that is read and not applied, about: of its epoch.
  std::optional<Instant> oldest_waiting() const;

 private:
  using Waiting = std::vector<std::pair<std::int64_t, std::uint64_t>>;
  mutable std::mutex mutex_;
  Waiting open_;
  std::map<EpochNumber, Waiting> closed_;
  Histogram histogram_;
};

/// What an epoch goes through, one after the other.
enum class EpochPhase : std::uint8_t {
  kFill,    ///< its first record polled → cut
  kClose,   ///< cut → its marker has passed every lane
  kCommit,  ///< → durable in the state
  kApply,   ///< → applied by every lane of the sink
};
inline constexpr std::size_t kEpochPhases = 4;
std::string_view name_of(EpochPhase phase);

/// Threads: any. Of one epoch the calls come in order.
class EpochPhases {
 public:
  static constexpr std::array<double, 15> kBoundsSeconds = {
      0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600};
  using Histogram = app::Histogram<kBoundsSeconds>;

  void on_closed(Tick first_record, Tick cut, Tick now);
  void on_durable(EpochNumber epoch, Tick now);
  void on_applied(EpochNumber up_to, Tick now);
  Histogram histogram(EpochPhase phase) const;

 private:
  Histogram& of(EpochPhase phase) { return histograms_[static_cast<std::size_t>(phase)]; }

  mutable std::mutex mutex_;
  Tick closed_at_{};                     ///< of the epoch under way to the disk
  std::map<EpochNumber, Tick> durable_;  ///< not yet applied: as many as the outbox holds
  std::array<Histogram, kEpochPhases> histograms_;
};

}  // namespace lensart::app
