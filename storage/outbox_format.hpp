/// What the outbox holds between the epoch's commit and its arrival in the database.
///
/// An epoch's entries for one sink lane are cut into chunks of at most about 64 KiB; a chunk is
/// sealed (version, checksum) and holds whole entries, compressed where that pays. The format is
/// described in docs/state-format.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"
#include "storage/codec.hpp"
#include "storage/table_spec.hpp"

namespace lensart::storage {

inline constexpr std::uint8_t kOutboxVersion = 3;            ///< entries as they are
inline constexpr std::uint8_t kOutboxCompressedVersion = 4;  ///< their size, then LZ4
/// The same two with entries in their long form, of states up to format 6.
inline constexpr std::uint8_t kLongOutboxVersion = 1;
inline constexpr std::uint8_t kLongOutboxCompressedVersion = 2;
inline constexpr std::size_t kOutboxChunkBytes = 60 * 1024;
/// Smaller chunks, those of a low load, are left as they are.
inline constexpr std::size_t kOutboxCompressFrom = 4 * 1024;

enum class EntryKind : std::uint8_t {
  kAppend = 1,      ///< a row that is new for good
  kInsert = 2,      ///< key → row; the key has no row in the database yet
  kUpdate = 3,      ///< key → row; the key has one
  kDelete = 4,      ///< key alone
  kReplaceNew = 5,  ///< owner key, then its rows; it has none in the database yet
  kReplace = 6,     ///< owner key, then its rows; what stands there goes
  kAdd = 7,         ///< numbers to add to the key's row
  kOnce = 8,        ///< a row, unless its key is there already
};

/// Where the last event lies that changed what an entry says: for `sink_rejected` letters.
struct Origin {
  std::uint32_t source = 0;  ///< number of the topic partition in this state
  std::int64_t offset = 0;
};

struct OutboxEntry {
  std::uint8_t table = 0;
  EntryKind kind = EntryKind::kAppend;
  Origin origin;
  std::string_view body;  ///< rows as storage/row.hpp has them
};

/// Gathers entries into chunks. Threads: one.
class ChunkBuilder {
 public:
  /// Begins an entry; the caller appends the body to the returned string, then calls `end()`.
  std::string& begin(std::uint8_t table, EntryKind kind, Origin origin);
  void end();

  std::size_t bytes() const { return bytes_ + open_.size(); }
  /// Every chunk, sealed; the builder is empty afterwards.
  std::vector<std::string> take();

 private:
  void close_chunk();
  std::string open_;  ///< version byte and entries
  std::size_t length_at_ = 0;
  std::size_t bytes_ = 0;
  std::vector<std::string> chunks_;
};

/// The entries of a sealed chunk, taken out of it; those of an older state in the form of today,
/// which keys are compared in. kStateCorrupt when it is damaged.
Result<std::string> entries_of(std::string_view chunk, const TableRegistry& registry);

/// Calls `visit` for each of `entries`; kStateCorrupt when they are damaged. Views point into them.
template <class Visit>
Result<Unit> for_each_entry(std::string_view entries, Visit&& visit) {
  ByteReader reader(entries);
  while (!reader.at_end()) {
    OutboxEntry entry;
    entry.table = reader.number<std::uint8_t>();
    entry.kind = static_cast<EntryKind>(reader.number<std::uint8_t>());
    entry.origin.source = static_cast<std::uint32_t>(reader.short_number());
    entry.origin.offset = reader.short_number();
    entry.body = reader.text();
    if (!reader.ok()) return fail(Errc::kStateCorrupt, "an outbox chunk is damaged (length)");
    visit(entry);
  }
  return Unit{};
}

}  // namespace lensart::storage
