#include "storage/id_index.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "storage/codec.hpp"

namespace lensart::storage {

Result<std::unique_ptr<IdIndex>> IdIndex::open(StateStore& store) {
  std::unique_ptr<IdIndex> self(new IdIndex(store));
  LENSART_ASSIGN(self->log_table_, store.table("ids"));
  LENSART_ASSIGN(self->segment_table_, store.table("id_segments"));
  LENSART_TRY(self->load());
  return self;
}

Result<Unit> IdIndex::load() {
  LENSART_ASSIGN(const auto txn, store_.read());
  LENSART_ASSIGN(StoredSegments stored, load_segments(txn, segment_table_));
  SegmentList whole;
  for (IdSegment& segment : stored.whole) {
    whole.push_back(std::make_shared<const IdSegment>(std::move(segment)));
  }
  litter_ = std::move(stored.litter);
  last_number_ = stored.last_number;
  bool sound = true;
  LENSART_TRY(txn.scan(log_table_, "", [&](std::string_view, std::string_view value) {
    sound = unseal_ids(value, recent_);
    return sound;
  }));
  if (!sound) return ids_damaged();
  publish(std::move(whole), 0);
  return Unit{};
}

void IdIndex::publish(SegmentList segments, EpochNumber covers_until) {
  auto now = std::make_shared<IdSegments>();
  now->segments = std::move(segments);
  now->covers_until = covers_until;
  const std::lock_guard lock(mutex_);
  segments_ = std::move(now);
}

std::shared_ptr<const IdSegments> IdIndex::segments() const {
  const std::lock_guard lock(mutex_);
  return segments_;
}

std::vector<IdHash> IdIndex::take_recent() { return std::exchange(recent_, {}); }

void IdIndex::log(ChangeSet& changes, EpochNumber epoch, std::size_t lane,
                  const std::vector<IdHash>& ids) const {
  std::uint32_t chunk = 0;
  for (std::size_t at = 0; at < ids.size(); at += kIdsPerChunk) {
    std::string key = key_of(epoch);
    append_key(key, static_cast<std::uint32_t>(lane << 16 | chunk++));
    changes.put(log_table_, key,
                seal_ids(ids.data() + at, std::min(kIdsPerChunk, ids.size() - at)));
  }
}

Result<Unit> IdIndex::seal(EpochNumber until) {
  std::vector<IdHash> ids;
  ids.reserve(kIdsAGeneration / 8 * 9);  // and what the epoch that ends it may have more
  bool sound = true;
  {
    LENSART_ASSIGN(auto txn, store_.read());
    LENSART_TRY(txn.scan(log_table_, "", [&](std::string_view key, std::string_view value) {
      if (key_to_u64(key) > until) return false;
      sound = unseal_ids(value, ids);
      return sound;
    }));
  }
  if (!sound) return ids_damaged();
  std::sort(ids.begin(), ids.end());
  SegmentList after = segments()->segments;
  KeyValues entries;
  if (!ids.empty()) {
    SegmentWriter writer(++last_number_, ids.size());
    for (std::size_t at = 0; at < ids.size(); at += kIdsAStretch) {
      const std::size_t count = std::min(kIdsAStretch, ids.size() - at);
      writer.add(ids.data() + at, count, entries);
      if (at + count == ids.size()) break;
      LENSART_TRY(store_.write([&](WriteTransaction& txn) { return append(txn, entries); }));
      entries.clear();
    }
    after.push_back(std::make_shared<const IdSegment>(writer.finish({}, entries)));
  }
  LENSART_TRY(store_.write([&](WriteTransaction& txn) -> Result<Unit> {
    LENSART_TRY(append(txn, entries));
    LENSART_TRY(txn.erase_range(log_table_, "", key_of(until + 1)));
    return Unit{};
  }));
  publish(std::move(after), until);
  return Unit{};
}

/// REQUIRES: the newest segment's, in order.
Result<Unit> IdIndex::append(WriteTransaction& txn, const KeyValues& entries) const {
  for (const auto& [key, value] : entries) LENSART_TRY(txn.append(segment_table_, key, value));
  return Unit{};
}

/// One segment of those that are no longer looked at; false when there is none.
Result<bool> IdIndex::erase_litter() {
  // Nobody can come to hold a segment that only this list holds.
  const auto free = std::find_if(replaced_.begin(), replaced_.end(),
                                 [](const auto& segment) { return segment.use_count() == 1; });
  if (free != replaced_.end()) {
    std::atomic_thread_fence(std::memory_order_acquire);
    litter_.push_back((*free)->number);
    replaced_.erase(free);
  }
  if (litter_.empty()) return false;
  // The oldest first: one that was merged again says which older ones it had replaced.
  const std::uint64_t number = litter_.front();
  LENSART_TRY(store_.write([&](WriteTransaction& txn) -> Result<Unit> {
    LENSART_TRY(txn.erase_range(segment_table_, key_of(number), key_of(number + 1)));
    return Unit{};
  }));
  litter_.erase(litter_.begin());
  return true;
}

Result<Unit> IdIndex::merge_some(std::uint64_t ids) {
  // Each id is merged twice in all, so this keeps up.
  for (std::uint64_t done = 0; done <= 3 * ids; done += kIdsAStretch) {
    LENSART_ASSIGN(const bool more, merge_stretch());
    if (!more) break;
  }
  return Unit{};
}

/// False when there was nothing to do.
Result<bool> IdIndex::merge_stretch() {
  LENSART_ASSIGN(const bool erased, erase_litter());
  if (erased) return true;
  const auto before = segments();
  if (!merge_) {
    SegmentList sources = segments_to_merge(before->segments);
    if (sources.empty()) return false;
    merge_.emplace(++last_number_, std::move(sources));
  }
  LENSART_ASSIGN(auto whole, merge_->step(store_, segment_table_));
  if (!whole) return true;
  SegmentList after;
  for (const auto& segment : before->segments) {
    const auto& sources = merge_->sources();
    const bool replaced = std::find(sources.begin(), sources.end(), segment) != sources.end();
    (replaced ? replaced_ : after).push_back(segment);
  }
  after.push_back(std::move(whole));
  merge_.reset();
  publish(std::move(after), before->covers_until);
  return true;
}

void IdLane::refresh() {
  auto now = index_.segments();
  if (now == segments_) return;
  // The segments that stay keep their filters, and what these have found of the file.
  std::vector<MappedFilter> filters;
  for (const auto& segment : now->segments) {
    const auto known = std::find_if(filters_.begin(), filters_.end(), [&](const auto& filter) {
      return filter.segment() == segment;
    });
    filters.push_back(known == filters_.end() ? MappedFilter(segment) : std::move(*known));
  }
  filters_ = std::move(filters);
  segments_ = std::move(now);
  std::erase_if(frozen_,
                [this](const Frozen& frozen) { return frozen.until <= segments_->covers_until; });
}

Result<bool> IdLane::insert(const ReadTransaction& txn, const IdHash& id) {
  if (current_.contains(id)) return false;
  for (const Frozen& frozen : frozen_) {
    if (frozen.ids.contains(id)) return false;
  }
  const Table table = index_.segment_table();
  for (MappedFilter& filter : filters_) {
    LENSART_ASSIGN(const bool may_be, filter.may_contain(txn, table, id));
    if (!may_be) continue;
    LENSART_ASSIGN(const bool found, segment_contains(txn, table, *filter.segment(), id));
    if (found) return false;
  }
  current_.insert(id);
  return true;
}

void IdLane::forget(const IdHash& id) {
  current_.erase(id);
  for (Frozen& frozen : frozen_) frozen.ids.erase(id);
}

void IdLane::freeze(EpochNumber until) {
  frozen_.push_back({until, std::move(current_)});
  current_.clear();
}

}  // namespace lensart::storage
