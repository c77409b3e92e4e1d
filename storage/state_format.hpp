/// The byte formats of chain, positions and meta (docs/state-format.md); golden-byte tested.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/epoch.hpp"
#include "storage/state_store.hpp"

namespace lensart::storage {

/// Raised when any persisted format changes; a newer one is refused, an older one is migrated.
inline constexpr std::uint32_t kStateFormat = 7;

struct StateMeta {
  std::uint32_t format = kStateFormat;
  std::string pipeline;
  std::string fingerprint;
  std::uint64_t hash_seed = 0;
};

std::string encode(const StateMeta& meta);
std::optional<StateMeta> decode_meta(std::string_view value);
std::string encode(const Binding& binding);
std::optional<Binding> decode_binding(std::string_view value);
std::string encode(const ChainRecord& record);
std::optional<ChainRecord> decode_chain_record(EpochNumber number, std::string_view value);
std::string encode(const SourcePosition& position);
std::optional<SourcePosition> decode_position(std::uint32_t source, std::string_view value);

/// (epoch, lane, chunk), so that an epoch's chunks are appended and a prefix is trimmed.
std::string outbox_key(EpochNumber epoch, std::uint8_t lane, std::uint32_t chunk);

}  // namespace lensart::storage
