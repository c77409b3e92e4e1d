#include "storage/id_segment.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "storage/codec.hpp"

namespace lensart::storage {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kFilterBitsPerId = 12;
constexpr std::size_t kBlocksPerChunk = 1920;
constexpr std::size_t kFilterChunkBytes = kBlocksPerChunk * sizeof(BlockFilter::Block);
/// LMDB keeps a value beside its neighbours while two fit a page (the largest has 64 KiB), and
/// copies them all when one changes; a larger one lies on pages of its own.
constexpr std::size_t kOnPagesOfItsOwn = 32 * 1024;
static_assert(kFilterChunkBytes >= kOnPagesOfItsOwn);

// Odd constants of the split-block filter, one a word.
constexpr std::uint32_t kSalts[8] = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
                                     0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};

std::uint64_t block_of(const IdHash& id, std::uint64_t blocks) {
  return (id.low >> 32) * blocks >> 32;
}

std::string_view bytes_of(const IdHash* ids, std::size_t count) {
  return {reinterpret_cast<const char*>(ids), count * sizeof(IdHash)};
}

/// Puts the chunks of the tree together again, one after the other.
class Loader {
 public:
  /// False when the entry is damaged.
  bool take(std::string_view key, std::string_view value) {
    const Unsealed chunk = unseal(kVersion, value);
    if (!chunk.ok || key.size() != sizeof(std::uint64_t) + sizeof(std::uint32_t)) return false;
    const std::uint64_t number = key_to_u64(key);
    if (number != open_.number) {
      close();
      open_.number = number;
    }
    std::uint32_t place = 0;
    for (const char byte : key.substr(sizeof(number))) {
      place = place << 8 | static_cast<unsigned char>(byte);
    }
    if (place == kSourcesChunk) {
      ByteReader reader(chunk.value);
      while (reader.ok() && !reader.at_end()) replaced_.insert(reader.number<std::uint64_t>());
      return reader.ok();
    }
    if (place >= kFilterChunks) {
      filter_bytes_ += chunk.value.size();
      return true;
    }
    if (chunk.value.size() < sizeof(IdHash)) return false;
    std::memcpy(&open_.first_of_chunk.emplace_back(), chunk.value.data(), sizeof(IdHash));
    open_.ids += chunk.value.size() / sizeof(IdHash);
    return true;
  }

  /// Nothing when a filter is not as large as its segment wants it: a chunk is gone.
  std::optional<StoredSegments> finish() {
    close();
    if (!sound_) return std::nullopt;
    const auto is_replaced = [this](const IdSegment& segment) {
      return replaced_.contains(segment.number);
    };
    for (const IdSegment& segment : out_.whole) {
      if (is_replaced(segment)) out_.litter.push_back(segment.number);
    }
    std::erase_if(out_.whole, is_replaced);
    return std::move(out_);
  }

 private:
  void close() {
    if (open_.number == 0) return;
    out_.last_number = open_.number;
    if (filter_bytes_ == 0) {
      out_.litter.push_back(open_.number);
    } else {
      const std::uint64_t blocks = BlockFilter::blocks_for(open_.ids);
      if (filter_bytes_ != blocks * sizeof(BlockFilter::Block)) sound_ = false;
      out_.whole.push_back(std::move(open_));
    }
    filter_bytes_ = 0;
    open_ = {};
  }

  StoredSegments out_;
  IdSegment open_;
  std::uint64_t filter_bytes_ = 0;
  bool sound_ = true;
  std::set<std::uint64_t> replaced_;
};

}  // namespace

IdHash hash_id(std::string_view id, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(id.data(), id.size(), seed);
  return {hash.high64, hash.low64};
}

std::uint64_t BlockFilter::blocks_for(std::uint64_t ids) {
  return ids * kFilterBitsPerId / 256 + 1;
}

std::string_view BlockFilter::bytes() const {
  return {reinterpret_cast<const char*>(blocks_.data()), blocks_.size() * sizeof(Block)};
}

void BlockFilter::add(const IdHash& id) {
  Block& block = blocks_[block_of(id, blocks_.size())];
  const auto key = static_cast<std::uint32_t>(id.low);
  for (int i = 0; i < 8; ++i) block.words[i] |= 1U << ((key * kSalts[i]) >> 27);
}

MappedFilter::MappedFilter(std::shared_ptr<const IdSegment> segment)
    : segment_(std::move(segment)),
      blocks_(BlockFilter::blocks_for(segment_->ids)),
      chunks_((blocks_ + kBlocksPerChunk - 1) / kBlocksPerChunk) {}

Result<bool> MappedFilter::may_contain(const ReadTransaction& txn, Table table, const IdHash& id) {
  if (mapped_ != txn.map_generation()) {
    std::fill(chunks_.begin(), chunks_.end(), nullptr);
    mapped_ = txn.map_generation();
  }
  const std::uint64_t at = block_of(id, blocks_);
  const std::size_t chunk = at / kBlocksPerChunk;
  if (chunks_[chunk] == nullptr) LENSART_TRY(find(txn, table, chunk));
  BlockFilter::Block block;  // where it lies it is not aligned
  std::memcpy(&block, chunks_[chunk] + at % kBlocksPerChunk * sizeof(block), sizeof(block));
  const auto key = static_cast<std::uint32_t>(id.low);
  std::uint32_t absent = 0;
  for (int i = 0; i < 8; ++i) absent |= ~block.words[i] & (1U << ((key * kSalts[i]) >> 27));
  return absent == 0;
}

Result<Unit> MappedFilter::find(const ReadTransaction& txn, Table table, std::size_t chunk) {
  const auto place = kFilterChunks + static_cast<std::uint32_t>(chunk);
  LENSART_ASSIGN(const auto value, txn.get(table, segment_key(segment_->number, place)));
  if (!value) return ids_damaged();
  const Unsealed filter = unseal(kVersion, *value);
  const std::uint64_t blocks =
      std::min<std::uint64_t>(kBlocksPerChunk, blocks_ - chunk * kBlocksPerChunk);
  if (!filter.ok || filter.value.size() != blocks * sizeof(BlockFilter::Block)) {
    return ids_damaged();
  }
  if (filter.value.size() >= kOnPagesOfItsOwn) {
    chunks_[chunk] = filter.value.data();
  } else {  // the last: all others are full
    end_.assign(filter.value.begin(), filter.value.end());
    chunks_[chunk] = end_.data();
  }
  return Unit{};
}

std::string segment_key(std::uint64_t number, std::uint32_t chunk) {
  std::string key = key_of(number);
  append_key(key, chunk);
  return key;
}

std::string seal_ids(const IdHash* ids, std::size_t count) {
  return seal(kVersion, bytes_of(ids, count));
}

bool unseal_ids(std::string_view chunk, std::vector<IdHash>& out) {
  const Unsealed ids = unseal(kVersion, chunk);
  if (!ids.ok) return false;
  const std::size_t count = ids.value.size() / sizeof(IdHash);
  const std::size_t before = out.size();
  out.resize(before + count);
  std::memcpy(out.data() + before, ids.value.data(), count * sizeof(IdHash));
  return true;
}

tl::unexpected<Error> ids_damaged() {
  return fail(Errc::kStateCorrupt,
              "the index of event ids is damaged (checksum); restore a backup or "
              "run `lensart state adopt`");
}

SegmentWriter::SegmentWriter(std::uint64_t number, std::uint64_t ids) : filter_(ids) {
  segment_.number = number;
}

void SegmentWriter::add(const IdHash* ids, std::size_t count, KeyValues& entries) {
  for (std::size_t i = 0; i < count; ++i) filter_.add(ids[i]);
  segment_.ids += count;
  for (std::size_t at = 0; at < count; at += kIdsPerChunk) {
    segment_.first_of_chunk.push_back(ids[at]);
    entries.emplace_back(segment_key(segment_.number, chunk_++),
                         seal_ids(ids + at, std::min(kIdsPerChunk, count - at)));
  }
}

IdSegment SegmentWriter::finish(const std::vector<std::uint64_t>& sources, KeyValues& entries) {
  const std::string_view filter = filter_.bytes();
  std::uint32_t chunk = kFilterChunks;
  for (std::size_t at = 0; at < filter.size(); at += kFilterChunkBytes) {
    entries.emplace_back(segment_key(segment_.number, chunk++),
                         seal(kVersion, filter.substr(at, kFilterChunkBytes)));
  }
  if (!sources.empty()) {
    std::string numbers;
    for (const std::uint64_t number : sources) ByteWriter(numbers).number(number);
    entries.emplace_back(segment_key(segment_.number, kSourcesChunk), seal(kVersion, numbers));
  }
  return std::move(segment_);
}

Result<StoredSegments> load_segments(const ReadTransaction& txn, Table table) {
  Loader loader;
  bool sound = true;
  LENSART_TRY(txn.scan(table, "", [&](std::string_view key, std::string_view value) {
    sound = loader.take(key, value);
    return sound;
  }));
  if (!sound) return ids_damaged();
  std::optional<StoredSegments> segments = loader.finish();
  if (!segments) return ids_damaged();
  return std::move(*segments);
}

Result<bool> segment_contains(const ReadTransaction& txn, Table table, const IdSegment& segment,
                              const IdHash& id) {
  const auto after =
      std::upper_bound(segment.first_of_chunk.begin(), segment.first_of_chunk.end(), id);
  if (after == segment.first_of_chunk.begin()) return false;
  const auto chunk = static_cast<std::uint32_t>(after - segment.first_of_chunk.begin() - 1);
  LENSART_ASSIGN(const auto value, txn.get(table, segment_key(segment.number, chunk)));
  if (!value) return ids_damaged();
  const Unsealed unsealed = unseal(kVersion, *value);
  if (!unsealed.ok) return ids_damaged();
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

}  // namespace lensart::storage
