/// The reference model: every table as a pure function of the log (docs/contract.md §3).
///
/// Single-threaded and as simple as it can be. `read_log` decides what became of each record; each
/// table is then a function of its own of what was accepted, so that further tables are further
/// functions.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/clock.hpp"
#include "tests/model/judge.hpp"
#include "tests/model/table.hpp"

namespace lensart::model {

struct Coordinates {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  auto operator<=>(const Coordinates&) const = default;
};

/// What is besides of a record of the replay topic (§6).
struct Replayed {
  std::optional<std::string>
      message;          ///< its value as it came; the record's payload is the event's
  bool opened = false;  ///< it has an envelope
  std::optional<Coordinates> original;  ///< a letter's replay: where its record lay first
  bool too_late = false;                ///< the letter was `too_late`
};

struct LogRecord {
  TopicKind kind = TopicKind::kOrderCreated;
  Coordinates at;
  std::optional<std::string> payload;  ///< nothing for a null value
  std::optional<Instant> appended;     ///< the broker's time, where it is known
  std::optional<Replayed> replay = std::nullopt;

  bool replays_a_letter() const { return replay && replay->original; }
};

/// A record of the replay topic, taken out of its envelope.
LogRecord open_replay(const Coordinates& at, const std::optional<std::string>& message,
                      std::optional<Instant> appended);

/// What the contract leaves to arrival, taken from the run that is to be judged. Each hint is
/// believed only as far as the contract leaves the choice open.
struct Hints {
  /// Of copies of one event in different partitions, the one that counts is the one named here
  /// (`orders_raw` names it). With none named it is the first in the order of coordinates.
  std::set<Coordinates> accepted;
  /// Records that were too far in the future when they were read.
  std::set<Coordinates> in_future;
  /// Accepted events that came too late, whether or not a replay made them count since.
  std::set<Coordinates> too_late;
  /// By the coordinates of the original, the replay that was accepted, or made its event count.
  std::map<Coordinates, Coordinates> replayed;
  std::map<Coordinates, Coordinates> cleared;
  /// Which replays for an order that may have expired were refused leaves no other trace: how many
  /// the accounts have by topic and partition.
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> dead_lettered;
  /// Records for orders whose state had expired, with the field that their dead letters name.
  std::map<Coordinates, std::string> expired;
  /// As recorded with the last epoch; nothing is −∞.
  std::optional<Instant> timer_clock;
  std::optional<Instant> watermark;
};

struct AcceptedEvent {
  Event event;
  std::string event_data;  ///< SHA-256 of the canonical payload
  Coordinates at;
  bool too_late = false;       ///< and counts in no metric
  bool came_too_late = false;  ///< a replay may have made it count since
};

/// A letter that was made good.
struct Replay {
  Coordinates original;
  std::string event_id;
  bool too_late = false;
  Coordinates through;
};

struct DeadLetter {
  Coordinates at;
  std::string code;
  std::string field;
  std::optional<std::string> event_id;
  std::optional<std::int64_t> order_id;
  std::optional<std::string> payload;
};

struct Account {
  std::int64_t consumed = 0;
  std::int64_t accepted = 0;
  std::int64_t duplicate = 0;
  std::int64_t ignored = 0;
  std::int64_t dead_lettered = 0;
  std::int64_t in_doubt = 0;  ///< duplicate or dead-lettered, see `Hints::dead_lettered`
};

/// What became of each record.
struct Reading {
  std::vector<AcceptedEvent> accepted;
  std::vector<DeadLetter> dead_letters;
  std::vector<Replay> replays;
  std::map<std::pair<std::string, std::int32_t>, Account> accounts;
  std::optional<Instant> timer_clock;
  std::optional<Instant> watermark;
};

/// `log`: whole partitions, in any order. `now`: a wall clock no earlier than the run's.
Reading read_log(const std::vector<LogRecord>& log, const Hints& hints, Instant now,
                 const Settings& settings);

/// What cannot be true of clocks and verdicts that were taken from the run, for a person to read. A
/// watermark never goes back, so that the recorded one bounds all by which events were judged.
std::vector<std::string> impossible_judgements(const Reading& reading, const Settings& settings);

Table orders_raw(const std::vector<AcceptedEvent>& accepted);
Table orders_processed(const std::vector<AcceptedEvent>& accepted);
Table order_items(const std::vector<AcceptedEvent>& accepted, const Zone& zone);
Table dead_letters(const std::vector<DeadLetter>& letters);
Table accounts(const Reading& reading);
Table replays(const std::vector<Replay>& replays);
Table order_status_history(const std::vector<AcceptedEvent>& accepted, const Settings& settings);
Table order_status_sessions(const std::vector<AcceptedEvent>& accepted, const Settings& settings);
Table order_anomalies(const std::vector<AcceptedEvent>& accepted,
                      std::optional<Instant> timer_clock, const Settings& settings);
Table order_metrics(const std::vector<AcceptedEvent>& accepted, const Settings& settings);
Table order_metrics_sliding(const std::vector<AcceptedEvent>& accepted,
                            std::optional<Instant> watermark, const Settings& settings);
Table product_sales_hourly(const std::vector<AcceptedEvent>& accepted, const Settings& settings);

/// All of them, in that order; those of jobs that are switched off empty.
std::vector<Table> all_tables(const Reading& reading, const Settings& settings);

}  // namespace lensart::model
