#include "storage/outbox_format.hpp"

#include <fmt/format.h>
#include <lz4.h>

#include <optional>

namespace lensart::storage {

Result<std::string> entries_of(std::string_view chunk) {
  const auto damaged = [](const char* what) {
    return fail(Errc::kStateCorrupt, fmt::format("an outbox chunk is damaged ({})", what));
  };
  if (const Unsealed plain = unseal(kOutboxVersion, chunk); plain.ok) {
    return std::string(plain.value);
  }
  const Unsealed packed = unseal(kOutboxCompressedVersion, chunk);
  if (!packed.ok) return damaged("checksum");
  ByteReader reader(packed.value);
  const auto size = reader.number<std::uint32_t>();
  if (!reader.ok() || size > LZ4_MAX_INPUT_SIZE) return damaged("size");
  const std::string_view rest = reader.rest();
  std::string entries(size, '\0');
  const int got = LZ4_decompress_safe(rest.data(), entries.data(), static_cast<int>(rest.size()),
                                      static_cast<int>(size));
  if (got < 0 || static_cast<std::uint32_t>(got) != size) return damaged("compression");
  return entries;
}

std::string& ChunkBuilder::begin(std::uint8_t table, EntryKind kind, Origin origin) {
  if (open_.empty()) {
    open_.reserve(kOutboxChunkBytes + 4096);
    open_.push_back(static_cast<char>(kOutboxVersion));
  }
  ByteWriter writer(open_);
  writer.number(table);
  writer.number(static_cast<std::uint8_t>(kind));
  writer.number(origin.source);
  writer.number(origin.offset);
  length_at_ = open_.size();
  writer.number(std::uint32_t{0});
  return open_;
}

void ChunkBuilder::end() {
  const auto length = static_cast<std::uint32_t>(open_.size() - length_at_ - sizeof(std::uint32_t));
  std::memcpy(open_.data() + length_at_, &length, sizeof(length));
  if (open_.size() >= kOutboxChunkBytes) close_chunk();
}

namespace {

/// `chunk`, a version byte and entries, compressed; nothing where that does not pay.
std::optional<std::string> compressed(std::string_view chunk) {
  if (chunk.size() < kOutboxCompressFrom || chunk.size() > LZ4_MAX_INPUT_SIZE) return std::nullopt;
  const std::string_view entries = chunk.substr(1);
  const auto size = static_cast<std::uint32_t>(entries.size());
  static thread_local std::string packed;  // as large as any chunk was
  const auto bound = static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(size)));
  if (packed.size() < bound) packed.resize(bound);
  const int bytes = LZ4_compress_default(entries.data(), packed.data(), static_cast<int>(size),
                                         static_cast<int>(packed.size()));
  if (bytes <= 0 || static_cast<std::size_t>(bytes) > chunk.size() / 8 * 7) return std::nullopt;
  std::string out;
  out.reserve(sizeof(std::uint8_t) + sizeof(size) + static_cast<std::size_t>(bytes) +
              sizeof(std::uint32_t));  // the seal
  out.push_back(static_cast<char>(kOutboxCompressedVersion));
  ByteWriter(out).number(size);
  out.append(packed, 0, static_cast<std::size_t>(bytes));
  return out;
}

}  // namespace

void ChunkBuilder::close_chunk() {
  if (open_.empty()) return;
  std::optional<std::string> packed = compressed(open_);
  std::string& chunk = packed ? *packed : open_;
  seal_in_place(chunk);
  bytes_ += chunk.size();
  chunks_.push_back(packed ? std::move(*packed) : std::exchange(open_, {}));
  open_.clear();
}

std::vector<std::string> ChunkBuilder::take() {
  close_chunk();
  bytes_ = 0;
  return std::exchange(chunks_, {});
}

}  // namespace lensart::storage
