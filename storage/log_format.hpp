/// The bytes of the log of changes (docs/state-format.md, log); golden-byte tested.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/codec.hpp"

namespace lensart::storage {

/// A chunk, with LMDB's own header, fills whole pages: 64 KiB of them.
inline constexpr std::size_t kLogChunkBytes = (64U << 10) - 16;
/// In the place of a value's size: the key was erased.
inline constexpr std::uint32_t kErasedSize = ~std::uint32_t{0};

/// Where a change stands. As a value of `NAME.recent`: encode().
struct LogPlace {
  std::uint64_t chunk = 0;
  std::uint32_t offset = 0;
};

inline std::string encode(const LogPlace& place) {
  std::string out;
  ByteWriter writer(out);
  writer.number(place.chunk);
  writer.number(place.offset);
  return out;
}

inline std::optional<LogPlace> decode_log_place(std::string_view bytes) {
  ByteReader reader(bytes);
  LogPlace place;
  place.chunk = reader.number<std::uint64_t>();
  place.offset = reader.number<std::uint32_t>();
  return reader.ok() && reader.at_end() ? std::optional(place) : std::nullopt;
}

/// So many neighbours, of keys that are numbers, share an entry of `NAME.recent64`.
inline constexpr std::uint64_t kKeysAGroup = 64;
/// The number of a chunk takes 40 bits there: 72 petabytes of log.
inline constexpr std::uint64_t kMaxLogChunk = (std::uint64_t{1} << 40) - 1;
/// A change begins within the 64 KiB of a chunk, however long it is.
inline constexpr std::uint32_t kMaxLogOffset = 0xFFFF;

/// The first number of the group, whose key is the group's.
inline std::uint64_t group_of(std::uint64_t number) { return number & ~(kKeysAGroup - 1); }

/// The places of a group, in the order of the numbers; as a value of `NAME.recent64`.
class PlaceGroup {
 public:
  /// REQUIRES: group_of(first) == first.
  explicit PlaceGroup(std::uint64_t first = 0) : first_(first) {}
  /// Nothing if the value is damaged, or another group's.
  static std::optional<PlaceGroup> decode(std::uint64_t first, std::string_view sealed);
  /// REQUIRES: size() > 0.
  std::string encode() const;

  std::uint64_t first() const { return first_; }
  std::size_t size() const { return size_; }
  std::uint64_t number_at(std::size_t index) const { return first_ | low_at(index); }
  LogPlace place_at(std::size_t index) const;
  std::optional<LogPlace> find(std::uint64_t number) const;

  // REQUIRES, below: group_of(number) == first().

  /// REQUIRES: the place's chunk and offset are at most kMaxLogChunk and kMaxLogOffset.
  void put(std::uint64_t number, const LogPlace& place);
  void erase(std::uint64_t number);

 private:
  std::uint64_t low_at(std::size_t index) const { return entries_[index] >> 56; }
  std::size_t lower_bound(std::uint64_t number) const;

  std::uint64_t first_;
  std::size_t size_ = 0;
  /// The number's part in the group, 8 bits; the chunk, 40; the offset, 16.
  std::array<std::uint64_t, kKeysAGroup> entries_{};
};

/// A change. The value is sealed by whoever owns the tree; the key is repeated, so that a place
/// that is wrong is noticed.
struct LogEntry {
  std::string_view key;
  std::optional<std::string_view> value;  ///< nothing: erased
};

inline std::size_t log_entry_size(const LogEntry& entry) {
  return sizeof(std::uint16_t) + sizeof(std::uint32_t) + entry.key.size() +
         (entry.value ? entry.value->size() : 0);
}

/// REQUIRES: a key of LMDB's, 511 bytes at most.
inline void append_log_entry(std::string& chunk, const LogEntry& entry) {
  ByteWriter writer(chunk);
  writer.number(static_cast<std::uint16_t>(entry.key.size()));
  writer.number(entry.value ? static_cast<std::uint32_t>(entry.value->size()) : kErasedSize);
  writer.raw(entry.key);
  if (entry.value) writer.raw(*entry.value);
}

inline std::optional<LogEntry> read_log_entry(std::string_view chunk, std::uint32_t offset) {
  if (offset > chunk.size()) return std::nullopt;
  ByteReader reader(chunk.substr(offset));
  const auto key_size = reader.number<std::uint16_t>();
  const auto value_size = reader.number<std::uint32_t>();
  LogEntry entry;
  entry.key = reader.raw(key_size);
  if (value_size != kErasedSize) entry.value = reader.raw(value_size);
  return reader.ok() ? std::optional(entry) : std::nullopt;
}

}  // namespace lensart::storage
