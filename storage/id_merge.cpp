#include "storage/id_merge.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace lensart::storage {

namespace {

constexpr std::size_t kMerged = 4;  // segments made one
constexpr std::size_t kLevels = 2;  // of sizes that are merged: up to 16 generations

/// 0 for about a generation, 1 for four; those above are large enough.
std::size_t level_of(const IdSegment& segment) {
  std::size_t level = 0;
  for (std::uint64_t limit = 2 * kIdsAGeneration; segment.ids >= limit; limit *= kMerged) ++level;
  return level;
}

std::uint64_t ids_of(const SegmentList& segments) {
  return std::accumulate(segments.begin(), segments.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& segment) { return sum + segment->ids; });
}

}  // namespace

SegmentList segments_to_merge(const SegmentList& all) {
  std::array<SegmentList, kLevels> levels;
  for (const auto& segment : all) {
    const std::size_t level = level_of(*segment);
    if (level >= kLevels) continue;
    levels[level].push_back(segment);
    if (levels[level].size() == kMerged) return levels[level];
  }
  return {};
}

IdMerge::IdMerge(std::uint64_t number, SegmentList sources)
    : sources_(std::move(sources)), writer_(number, ids_of(sources_)) {
  for (const auto& segment : sources_) cursors_.push_back({segment.get(), 0, 0, {}});
}

/// False at the end of the source.
Result<bool> IdMerge::fill(Cursor& cursor, const ReadTransaction& txn, Table table) const {
  if (cursor.at < cursor.ids.size()) return true;
  if (cursor.next_chunk == cursor.segment->first_of_chunk.size()) return false;
  cursor.ids.clear();
  cursor.at = 0;
  LENSART_ASSIGN(const auto chunk,
                 txn.get(table, segment_key(cursor.segment->number, cursor.next_chunk++)));
  if (!chunk || !unseal_ids(*chunk, cursor.ids) || cursor.ids.empty()) return ids_damaged();
  return true;
}

/// The next ids of all sources, in order; fewer than a stretch at the end only.
Result<std::vector<IdHash>> IdMerge::take(const ReadTransaction& txn, Table table) {
  std::vector<IdHash> out;
  out.reserve(kIdsAStretch);
  while (out.size() < kIdsAStretch) {
    Cursor* least = nullptr;
    for (Cursor& cursor : cursors_) {
      LENSART_ASSIGN(const bool more, fill(cursor, txn, table));
      if (more && (least == nullptr || cursor.ids[cursor.at] < least->ids[least->at])) {
        least = &cursor;
      }
    }
    if (least == nullptr) break;
    out.push_back(least->ids[least->at++]);
  }
  return out;
}

Result<std::shared_ptr<const IdSegment>> IdMerge::step(StateStore& store, Table table) {
  KeyValues entries;
  std::shared_ptr<const IdSegment> whole;
  {
    LENSART_ASSIGN(const auto txn, store.read());
    LENSART_ASSIGN(const std::vector<IdHash> ids, take(txn, table));
    writer_.add(ids.data(), ids.size(), entries);
    if (ids.size() < kIdsAStretch) {
      std::vector<std::uint64_t> numbers;
      for (const auto& segment : sources_) numbers.push_back(segment->number);
      whole = std::make_shared<const IdSegment>(writer_.finish(numbers, entries));
    }
  }
  LENSART_TRY(store.write([&](WriteTransaction& txn) -> Result<Unit> {
    for (const auto& [key, value] : entries) LENSART_TRY(txn.put(table, key, value));
    return Unit{};
  }));
  return whole;
}

}  // namespace lensart::storage
