#include "storage/id_index.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "storage/codec.hpp"

namespace lensart::storage {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kIdsPerChunk = 4'000;
constexpr std::size_t kFilterBitsPerId = 12;
constexpr std::size_t kFilterChunkBytes = 60 * 1024;
constexpr std::uint32_t kFilterChunks = 0x8000'0000;  // chunk numbers from here on hold the filter

// Odd constants of the split-block filter, one a word.
constexpr std::uint32_t kSalts[8] = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
                                     0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};

std::string segment_key(std::uint64_t number, std::uint32_t chunk) {
  std::string key = key_of(number);
  append_key(key, chunk);
  return key;
}

std::string_view bytes_of(const IdHash* ids, std::size_t count) {
  return {reinterpret_cast<const char*>(ids), count * sizeof(IdHash)};
}

void append_ids(std::vector<IdHash>& out, std::string_view bytes) {
  const std::size_t count = bytes.size() / sizeof(IdHash);
  const std::size_t before = out.size();
  out.resize(before + count);
  std::memcpy(out.data() + before, bytes.data(), count * sizeof(IdHash));
}

tl::unexpected<Error> damaged() {
  return fail(Errc::kStateCorrupt,
              "the index of event ids is damaged (checksum); restore a backup or "
              "run `lensart state adopt`");
}

}  // namespace

IdHash hash_id(std::string_view id, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(id.data(), id.size(), seed);
  return {hash.high64, hash.low64};
}

BlockFilter::BlockFilter(std::size_t ids) : blocks_(ids * kFilterBitsPerId / 256 + 1) {}

BlockFilter::BlockFilter(std::string_view bytes) : blocks_(bytes.size() / sizeof(Block)) {
  std::memcpy(static_cast<void*>(blocks_.data()), bytes.data(), blocks_.size() * sizeof(Block));
}

std::string_view BlockFilter::bytes() const {
  return {reinterpret_cast<const char*>(blocks_.data()), blocks_.size() * sizeof(Block)};
}

void BlockFilter::add(const IdHash& id) {
  const std::size_t at = (id.low >> 32) * blocks_.size() >> 32;
  const auto key = static_cast<std::uint32_t>(id.low);
  for (int i = 0; i < 8; ++i) blocks_[at].words[i] |= 1U << ((key * kSalts[i]) >> 27);
}

bool BlockFilter::may_contain(const IdHash& id) const {
  const std::size_t at = (id.low >> 32) * blocks_.size() >> 32;
  const auto key = static_cast<std::uint32_t>(id.low);
  std::uint32_t absent = 0;
  for (int i = 0; i < 8; ++i) absent |= ~blocks_[at].words[i] & (1U << ((key * kSalts[i]) >> 27));
  return absent == 0;
}

Result<std::unique_ptr<IdIndex>> IdIndex::open(StateStore& store) {
  std::unique_ptr<IdIndex> self(new IdIndex(store));
  LENSART_ASSIGN(self->log_table_, store.table("ids"));
  LENSART_ASSIGN(self->segment_table_, store.table("id_segments"));
  LENSART_TRY(self->load());
  return self;
}

Result<Unit> IdIndex::load() {
  auto loaded = std::make_shared<IdSegments>();
  std::shared_ptr<IdSegment> open;
  std::string filter;
  bool bad = false;
  const auto close = [&] {
    if (!open) return;
    open->filter = BlockFilter(filter);
    filter.clear();
    loaded->segments.push_back(std::move(open));
  };
  LENSART_ASSIGN(auto txn, store_.read());
  LENSART_TRY(txn.scan(segment_table_, "", [&](std::string_view key, std::string_view value) {
    const std::uint64_t number = key_to_u64(key);
    const Unsealed chunk = unseal(kVersion, value);
    bad = bad || !chunk.ok;
    if (bad) return false;
    if (!open || open->number != number) {
      close();
      open = std::make_shared<IdSegment>();
      open->number = number;
    }
    const bool of_filter = (static_cast<unsigned char>(key[8]) & 0x80) != 0;
    if (of_filter) {
      filter.append(chunk.value);
    } else {
      IdHash first;
      std::memcpy(&first, chunk.value.data(), sizeof(first));
      open->first_of_chunk.push_back(first);
      open->ids += chunk.value.size() / sizeof(IdHash);
    }
    return true;
  }));
  close();
  LENSART_TRY(txn.scan(log_table_, "", [&](std::string_view, std::string_view value) {
    const Unsealed ids = unseal(kVersion, value);
    bad = bad || !ids.ok;
    if (!bad) append_ids(recent_, ids.value);
    return !bad;
  }));
  if (bad) return damaged();
  segments_ = std::move(loaded);
  return Unit{};
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
                storage::seal(kVersion,
                              bytes_of(ids.data() + at, std::min(kIdsPerChunk, ids.size() - at))));
  }
}

Result<std::shared_ptr<const IdSegment>> IdIndex::write_segment(
    WriteTransaction& txn, std::uint64_t number, const std::vector<IdHash>& sorted) const {
  auto segment = std::make_shared<IdSegment>();
  segment->number = number;
  segment->ids = sorted.size();
  segment->filter = BlockFilter(sorted.size());
  for (const IdHash& id : sorted) segment->filter.add(id);
  std::uint32_t chunk = 0;
  for (std::size_t at = 0; at < sorted.size(); at += kIdsPerChunk) {
    segment->first_of_chunk.push_back(sorted[at]);
    const std::size_t count = std::min(kIdsPerChunk, sorted.size() - at);
    LENSART_TRY(txn.append(segment_table_, segment_key(number, chunk++),
                           storage::seal(kVersion, bytes_of(sorted.data() + at, count))));
  }
  const std::string_view filter = segment->filter.bytes();
  chunk = kFilterChunks;
  for (std::size_t at = 0; at < filter.size(); at += kFilterChunkBytes) {
    LENSART_TRY(txn.append(segment_table_, segment_key(number, chunk++),
                           storage::seal(kVersion, filter.substr(at, kFilterChunkBytes))));
  }
  return segment;
}

Result<Unit> IdIndex::seal(EpochNumber until) {
  std::vector<IdHash> ids;
  bool bad = false;
  {
    LENSART_ASSIGN(auto txn, store_.read());
    LENSART_TRY(txn.scan(log_table_, "", [&](std::string_view key, std::string_view value) {
      if (key_to_u64(key) > until) return false;
      const Unsealed chunk = unseal(kVersion, value);
      bad = bad || !chunk.ok;
      if (!bad) append_ids(ids, chunk.value);
      return !bad;
    }));
  }
  if (bad) return damaged();
  std::sort(ids.begin(), ids.end());
  const auto before = segments();
  const std::uint64_t number = before->segments.empty() ? 1 : before->segments.back()->number + 1;
  auto after = std::make_shared<IdSegments>(*before);
  after->covers_until = until;
  std::shared_ptr<const IdSegment> written;
  LENSART_TRY(store_.write([&](WriteTransaction& txn) -> Result<Unit> {
    if (!ids.empty()) {
      LENSART_ASSIGN(written, write_segment(txn, number, ids));
    }
    LENSART_TRY(txn.erase_range(log_table_, "", key_of(until + 1)));
    return Unit{};
  }));
  if (written) after->segments.push_back(std::move(written));
  const std::lock_guard lock(mutex_);
  segments_ = std::move(after);
  return Unit{};
}

Result<bool> IdIndex::contains(const ReadTransaction& txn, const IdSegment& segment,
                               const IdHash& id) const {
  const auto after =
      std::upper_bound(segment.first_of_chunk.begin(), segment.first_of_chunk.end(), id);
  if (after == segment.first_of_chunk.begin()) return false;
  const auto chunk = static_cast<std::uint32_t>(after - segment.first_of_chunk.begin() - 1);
  LENSART_ASSIGN(const auto value, txn.get(segment_table_, segment_key(segment.number, chunk)));
  if (!value) return damaged();
  const Unsealed unsealed = unseal(kVersion, *value);
  if (!unsealed.ok) return damaged();
  std::size_t low = 0;
  std::size_t high = unsealed.value.size() / sizeof(IdHash);
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    IdHash found;
    std::memcpy(&found, unsealed.value.data() + middle * sizeof(IdHash), sizeof(found));
    if (found == id) return true;
    found < id ? low = middle + 1 : high = middle;
  }
  return false;
}

void IdLane::refresh() {
  segments_ = index_.segments();
  std::erase_if(frozen_,
                [this](const Frozen& frozen) { return frozen.until <= segments_->covers_until; });
}

Result<bool> IdLane::insert(const ReadTransaction& txn, const IdHash& id) {
  if (current_.contains(id)) return false;
  for (const Frozen& frozen : frozen_) {
    if (frozen.ids.contains(id)) return false;
  }
  for (const auto& segment : segments_->segments) {
    if (!segment->filter.may_contain(id)) continue;
    LENSART_ASSIGN(const bool found, index_.contains(txn, *segment, id));
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
