/// Where every offset went: the counts of an epoch, a row a partition and minute
/// (docs/contract.md §5, promise 3).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "graph/clock.hpp"
#include "nodes/source/record_source.hpp"
#include "storage/outbox_format.hpp"

namespace lensart::jobs {

enum class Verdict : std::uint8_t { kAccepted, kDuplicate, kIgnored, kDeadLettered };

struct SourceCounts {
  std::int64_t first_offset = -1;
  std::int64_t last_offset = -1;
  std::int64_t accepted = 0;
  std::int64_t duplicate = 0;
  std::int64_t ignored = 0;
  std::int64_t dead_lettered = 0;
  std::int64_t skipped = 0;

  void add(Verdict verdict, std::int64_t offset);
  std::int64_t consumed() const { return accepted + duplicate + ignored + dead_lettered; }
};

/// Counts of the epoch under way. Threads: one.
class Accounts {
 public:
  void add(std::uint32_t source, Verdict verdict, std::int64_t offset);
  void skip(std::uint32_t source, std::int64_t from, std::int64_t until);

  /// Writes the rows of pipeline_accounts for the minute of `now` and begins anew.
  void close_epoch(storage::ChunkBuilder& outbox, const std::string& pipeline,
                   const nodes::SourceDirectory& directory, Instant now);
  const std::map<std::uint32_t, SourceCounts>& open() const { return counts_; }

 private:
  std::map<std::uint32_t, SourceCounts> counts_;
};

}  // namespace lensart::jobs
