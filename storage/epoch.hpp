/// Epochs and how they are chained: the vocabulary of the commit protocol.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/batch.hpp"
#include "graph/clock.hpp"

namespace lensart::storage {

/// 128 bits, compared only for equality.
template <class Tag>
struct Id128 {
  std::array<std::uint8_t, 16> bytes{};
  friend bool operator==(const Id128&, const Id128&) = default;
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// Lower-case hexadecimal.
  std::string hex() const;
  static std::optional<Id128> from(std::string_view raw16);
};

/// An epoch's id: a hash of its predecessor's id, the run's incarnation, its offsets and its change
/// set. Two copies of a state that cut "the same" epoch do not look alike.
using EpochId = Id128<struct EpochTag>;
/// Random, one a run: who owns the pipeline's rows in the database.
using Incarnation = Id128<struct IncarnationTag>;

EpochId random_epoch_id();
Incarnation random_incarnation();

/// A topic partition and how far this state has read it.
struct SourcePosition {
  std::uint32_t source = 0;  ///< dense number, given at first sight, never reused
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t next_offset = 0;
  std::int64_t last_offset = -1;   ///< of the last record read; −1 before the first
  std::uint64_t last_hash = 0;     ///< of that record's bytes, to notice a topic made anew
  std::optional<Instant> highest;  ///< the highest accepted timestamp
};

/// What is kept of a committed epoch as long as its outbox may be needed.
struct ChainRecord {
  EpochNumber number = 0;  ///< 0 is the genesis
  EpochId id;
  std::optional<Instant> watermark;
  std::optional<Instant> timer_clock;
  std::optional<Instant> judged_by;  ///< the watermark its events' lateness went by
  std::string offsets_json;          ///< for pipeline_epochs.offsets
  std::uint64_t outbox_bytes = 0;
  std::uint64_t outbox_digest = 0;  ///< of its chunks' keys, sizes and checksums
  std::uint64_t records = 0;
};

}  // namespace lensart::storage
