/// The bytes of the log of changes (docs/state-format.md, log); golden-byte tested.
#pragma once

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

/// Where a change stands: a value of `NAME.recent`.
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
