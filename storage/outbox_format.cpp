#include "storage/outbox_format.hpp"

#include <fmt/format.h>
#include <lz4.h>

#include <optional>

#include "storage/row.hpp"

namespace lensart::storage {

namespace {

tl::unexpected<Error> damaged(const char* what) {
  return fail(Errc::kStateCorrupt, fmt::format("an outbox chunk is damaged ({})", what));
}

Result<std::string> decompressed(std::string_view packed) {
  ByteReader reader(packed);
  const auto size = reader.number<std::uint32_t>();
  if (!reader.ok() || size > LZ4_MAX_INPUT_SIZE) return damaged("size");
  const std::string_view rest = reader.rest();
  std::string entries(size, '\0');
  const int got = LZ4_decompress_safe(rest.data(), entries.data(), static_cast<int>(rest.size()),
                                      static_cast<int>(size));
  if (got < 0 || static_cast<std::uint32_t>(got) != size) return damaged("compression");
  return entries;
}

/// The next `count` columns, in their form of today.
void shorten_cells(const TableSpec& table, std::size_t count, ByteReader& from, std::string& out) {
  for (std::size_t i = 0; i < count; ++i) {
    append_cell(out, read_cell(table.columns[i].type, from));
  }
}

/// The body of an entry in its form of today; kept as it is when the table is unknown.
Result<std::string> shorten_body(const TableSpec* table, EntryKind kind, std::string_view body) {
  if (table == nullptr) return std::string(body);  // refused where the entry is used
  const bool has_rows = kind == EntryKind::kReplace || kind == EntryKind::kReplaceNew;
  const bool key_first = has_rows || kind == EntryKind::kDelete;
  ByteReader reader(body);
  std::string out;
  shorten_cells(*table, key_first ? table->key_columns : table->columns.size(), reader, out);
  while (has_rows && reader.ok() && !reader.at_end()) {
    ByteReader row(reader.text());
    std::string shortened;
    shorten_cells(*table, table->columns.size(), row, shortened);
    if (!row.ok() || !row.at_end()) return damaged("row");
    ByteWriter(out).text(shortened);
  }
  if (!reader.ok() || !reader.at_end()) return damaged("row");
  return out;
}

/// Entries in the long form, in that of today.
Result<std::string> shorten_entries(std::string_view entries, const TableRegistry& registry) {
  std::string out;
  ByteWriter writer(out);
  for (ByteReader reader(entries); !reader.at_end();) {
    const auto table = reader.number<std::uint8_t>();
    const auto kind = reader.number<std::uint8_t>();
    const auto source = reader.number<std::uint32_t>();
    const auto offset = reader.number<std::int64_t>();
    const std::string_view body = reader.text();
    if (!reader.ok()) return damaged("length");
    LENSART_ASSIGN(const std::string shortened,
                   shorten_body(registry.find(table), static_cast<EntryKind>(kind), body));
    writer.number(table);
    writer.number(kind);
    writer.short_number(source);
    writer.short_number(offset);
    writer.text(shortened);
  }
  return out;
}

}  // namespace

Result<std::string> entries_of(std::string_view chunk, const TableRegistry& registry) {
  const auto version = static_cast<std::uint8_t>(chunk.empty() ? 0 : chunk.front());
  const bool is_long = version == kLongOutboxVersion || version == kLongOutboxCompressedVersion;
  const bool packed =
      version == kOutboxCompressedVersion || version == kLongOutboxCompressedVersion;
  const Unsealed plain = unseal(version, chunk);
  if (!plain.ok || (!is_long && !packed && version != kOutboxVersion)) return damaged("checksum");
  Result<std::string> entries = packed ? decompressed(plain.value) : std::string(plain.value);
  if (!entries || !is_long) return entries;
  return shorten_entries(*entries, registry);
}

std::string& ChunkBuilder::begin(std::uint8_t table, EntryKind kind, Origin origin) {
  if (open_.empty()) {
    open_.reserve(kOutboxChunkBytes + 4096);
    open_.push_back(static_cast<char>(kOutboxVersion));
  }
  {
    StagedWriter writer(open_);
    writer.number(table);
    writer.number(static_cast<std::uint8_t>(kind));
    writer.short_number(origin.source);
    writer.short_number(origin.offset);
    writer.number(std::uint32_t{0});  // the length, known at the end
  }
  length_at_ = open_.size() - sizeof(std::uint32_t);
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
