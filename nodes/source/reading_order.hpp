/// Which partitions are read while there is a backlog: those that are behind in time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graph/clock.hpp"

namespace lensart::nodes {

/// Of the partitions with a backlog only some are read at a time, those whose last record read
/// is the oldest, and the others are paused: a log is then read roughly in the order in which it
/// was written, however unequal its topics are (ADR 18). Partitions near their end are always read,
/// so that nothing is paused where there is no backlog.
///
/// Pausing throws away what is queued or on its way of a partition. A response has a run of each,
/// and no other is asked for while about a run is queued. So they are chosen anew, a turn, when no
/// more is left of a response than that, and what is left is taken out of the queue before.
///
/// Knows neither Kafka nor a clock. Threads: one.
class ReadingOrder {
 public:
  static constexpr std::int64_t kNearEnd = 256;  ///< records
  /// One that is read and gave nothing for so many turns (its leader is away, its batch did not fit
  /// into a response) takes no other's place; it is still read.
  static constexpr unsigned kQuietTurns = 2;
  /// One that was passed over for so many turns is read, whatever its timestamps say.
  static constexpr unsigned kMostTurnsPassedOver = 64;
  /// Nothing came for so long although something is paused: everything is read again.
  static constexpr std::chrono::milliseconds kStall{100};
  /// So many runs were read without a turn (responses are smaller than a run, the queue is never
  /// empty): then it is one.
  static constexpr std::size_t kRunsWithoutTurn = 256;

  using Sources = std::vector<std::uint32_t>;
  struct Change {
    Sources pause;
    Sources resume;
    bool empty() const { return pause.empty() && resume.empty(); }
  };
  /// Of each source, how many records it is behind its end.
  using Behind = std::span<const std::int64_t>;

  /// `run_bytes`: what a response has of one partition at most, about. `places`: how many are read
  /// at a time.
  ReadingOrder(std::size_t run_bytes, std::size_t places)
      : run_bytes_(run_bytes), places_(places) {}

  /// Sources that are read as from now: nothing is paused, nothing queued. Whom to pause.
  Change begin(Behind behind);
  /// A record was taken out of the queue; `written_ms` by Kafka's timestamp.
  void on_record(std::uint32_t source, std::int64_t written_ms, std::size_t bytes);
  /// Whether it is time for a turn.
  bool is_turn(std::size_t queued_records);
  /// REQUIRES: nothing is queued any more, and all that was has been told of.
  Change turn(Behind behind);
  /// The queue was found empty. Whom to read besides; pauses none, as a response may be on its way.
  Change on_empty(Behind behind, Tick now);
  /// It could not be paused.
  void on_not_paused(std::uint32_t source) { sources_[source].paused = false; }

  bool any_paused() const;
  bool is_paused(std::uint32_t source) const {
    return source < sources_.size() && sources_[source].paused;
  }
  Sources paused() const;
  /// Whether a response is being read whose turn is still to come: nothing should be asked for.
  bool awaits_turn() const { return awaits_turn_; }

 private:
  struct Source {
    std::int64_t written_ms = INT64_MIN;  ///< of the last record read; none yet
    unsigned passed_over = 0;             ///< turns since it was read
    unsigned quiet = 0;                   ///< turns that it was read in and gave nothing
    bool gave = false;                    ///< since the last turn
    bool paused = false;
  };
  bool has_backlog(std::uint32_t source, Behind behind) const;
  void sort_by_turn(Sources& sources) const;
  Sources resume_all();

  std::size_t run_bytes_;
  std::size_t places_;
  std::vector<Source> sources_;
  std::size_t taken_since_turn_ = 0;  ///< bytes
  double record_bytes_ = 1024;        ///< of a record as they come now, on average
  bool awaits_turn_ = false;
  std::optional<Tick> empty_since_;
};

}  // namespace lensart::nodes
