#include "apps/jobs/accounts.hpp"

#include <algorithm>

#include "apps/jobs/tables.hpp"
#include "storage/row.hpp"

namespace lensart::jobs {

void SourceCounts::add(Verdict verdict, std::int64_t offset) {
  if (first_offset < 0) first_offset = offset;
  last_offset = std::max(last_offset, offset);
  switch (verdict) {
    case Verdict::kAccepted:
      ++accepted;
      return;
    case Verdict::kDuplicate:
      ++duplicate;
      return;
    case Verdict::kIgnored:
      ++ignored;
      return;
    case Verdict::kDeadLettered:
      ++dead_lettered;
      return;
  }
}

void Accounts::add(std::uint32_t source, Verdict verdict, std::int64_t offset) {
  counts_[source].add(verdict, offset);
}

void Accounts::skip(std::uint32_t source, std::int64_t from, std::int64_t until) {
  SourceCounts& counts = counts_[source];
  if (counts.first_offset < 0 || from < counts.first_offset) counts.first_offset = from;
  counts.last_offset = std::max(counts.last_offset, until - 1);
  counts.skipped += until - from;
}

void Accounts::close_epoch(storage::ChunkBuilder& outbox, const std::string& pipeline,
                           const nodes::SourceDirectory& directory, Instant now) {
  const Instant minute = std::chrono::floor<std::chrono::minutes>(now);
  for (const auto& [source, counts] : counts_) {
    const nodes::SourceInfo& info = directory.at(source);
    storage::RowWriter row(
        outbox.begin(kAccounts, storage::EntryKind::kAdd, {source, counts.last_offset}));
    row.text(pipeline);
    row.text(info.topic);
    row.bigint(info.partition);
    row.instant(minute);
    row.bigint(counts.first_offset);
    row.bigint(counts.last_offset);
    row.bigint(counts.consumed());
    row.bigint(counts.accepted);
    row.bigint(counts.duplicate);
    row.bigint(counts.ignored);
    row.bigint(counts.dead_lettered);
    row.bigint(counts.skipped);
    outbox.end();
  }
  counts_.clear();
}

}  // namespace lensart::jobs
