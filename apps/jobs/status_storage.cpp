// How the writes of a StatusTrack are kept: in the order's own value, and in the tree `history`.
#include <algorithm>
#include <tuple>

#include "apps/jobs/status_track.hpp"
#include "nodes/operators/damaged_state.hpp"
#include "storage/codec.hpp"

namespace lensart::jobs {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kSign = 1ULL << 63;
constexpr std::uint8_t kHasOld = 1;
constexpr std::uint8_t kHasUnknownPayment = 2;
constexpr std::uint8_t kHasSnapshot = 4;
/// Packed only: `old_status` is the status of the write packed before this one.
constexpr std::uint8_t kOldIsPrevious = 8;
/// A packed text of so many bytes or more has its length behind this mark.
constexpr std::uint8_t kLong = 255;

std::uint8_t flags_of(const StatusWrite& write) {
  return static_cast<std::uint8_t>((write.old_status ? kHasOld : 0) |
                                   (write.unknown_payment ? kHasUnknownPayment : 0) |
                                   (write.has_snapshot ? kHasSnapshot : 0));
}

std::string key_of(orders::OrderId order_id, const StatusWrite& write) {
  std::string key = storage::key_of(static_cast<std::uint64_t>(order_id));
  storage::append_key(key, static_cast<std::uint64_t>(write.at.time_since_epoch().count()) ^ kSign);
  key.push_back(static_cast<char>(write.type));
  key.append(write.event_id);
  return key;
}

std::string encode_entry(const StatusWrite& write) {
  std::string out(1, static_cast<char>(kVersion));
  storage::ByteWriter writer(out);
  writer.number(flags_of(write));
  writer.text(write.status);
  if (write.old_status) writer.text(*write.old_status);
  if (write.unknown_payment) writer.text(*write.unknown_payment);
  writer.number(write.origin.source);
  writer.number(write.origin.offset);
  storage::seal_in_place(out);
  return out;
}

/// `key`: without the order's id.
bool decode_entry(std::string_view key, std::string_view sealed, StatusWrite& write) {
  const storage::Unsealed unsealed = storage::unseal(kVersion, sealed);
  if (!unsealed.ok || key.size() < 9) return false;
  write.at = Instant{
      std::chrono::microseconds(static_cast<std::int64_t>(storage::key_to_u64(key) ^ kSign))};
  write.type = static_cast<orders::EventType>(key[8]);
  write.event_id = key.substr(9);
  storage::ByteReader reader(unsealed.value);
  const auto flags = reader.number<std::uint8_t>();
  write.has_snapshot = (flags & kHasSnapshot) != 0;
  write.status = reader.text();
  if ((flags & kHasOld) != 0) write.old_status = reader.text();
  if ((flags & kHasUnknownPayment) != 0) write.unknown_payment = reader.text();
  write.origin.source = reader.number<std::uint32_t>();
  write.origin.offset = reader.number<std::int64_t>();
  return reader.ok() && reader.at_end();
}

void append_short(storage::ByteWriter& writer, std::string_view text) {
  if (text.size() < kLong) {
    writer.number(static_cast<std::uint8_t>(text.size()));
    writer.raw(text);
  } else {
    writer.number(kLong);
    writer.text(text);
  }
}

std::string_view read_short(storage::ByteReader& reader) {
  const auto size = reader.number<std::uint8_t>();
  return size == kLong ? reader.text() : reader.raw(size);
}

/// `previous`: the status of the newest write packed so far, if there is any.
std::string pack(const StatusWrite& write, std::optional<std::string_view> previous) {
  std::string out;
  storage::ByteWriter writer(out);
  const bool old_is_previous = write.old_status && previous && *write.old_status == *previous;
  writer.instant(write.at);
  writer.number(static_cast<std::uint8_t>(write.type));
  writer.number(
      static_cast<std::uint8_t>(flags_of(write) | (old_is_previous ? kOldIsPrevious : 0)));
  append_short(writer, write.event_id);
  append_short(writer, write.status);
  if (write.old_status && !old_is_previous) append_short(writer, *write.old_status);
  if (write.unknown_payment) append_short(writer, *write.unknown_payment);
  writer.number(write.origin.source);
  writer.number(write.origin.offset);
  return out;
}

/// A packed write as it lies there. Views into the bytes.
struct PackedWrite {
  Instant at;
  orders::EventType type;
  std::uint8_t flags;
  std::string_view event_id, status, old_status, unknown_payment;
  storage::Origin origin;
};

PackedWrite read_packed(storage::ByteReader& reader) {
  PackedWrite write{};
  write.at = reader.instant();
  write.type = static_cast<orders::EventType>(reader.number<std::uint8_t>());
  write.flags = reader.number<std::uint8_t>();
  write.event_id = read_short(reader);
  write.status = read_short(reader);
  const bool has_own_old = (write.flags & (kHasOld | kOldIsPrevious)) == kHasOld;
  if (has_own_old) write.old_status = read_short(reader);
  if ((write.flags & kHasUnknownPayment) != 0) write.unknown_payment = read_short(reader);
  write.origin.source = reader.number<std::uint32_t>();
  write.origin.offset = reader.number<std::int64_t>();
  return write;
}

/// Newest first. Nothing when the bytes are not what pack() made.
std::optional<std::vector<StatusWrite>> unpack(const StoredWrites& stored) {
  std::vector<StatusWrite> writes(stored.count);
  storage::ByteReader reader(stored.packed);
  StatusWrite* newer = nullptr;  // whose `old_status` is the status of the one behind it
  for (StatusWrite& write : writes) {
    const PackedWrite packed = read_packed(reader);
    if (newer != nullptr) newer->old_status = packed.status;
    write.at = packed.at;
    write.type = packed.type;
    write.event_id = packed.event_id;
    write.status = packed.status;
    if ((packed.flags & kHasOld) != 0) write.old_status = packed.old_status;
    if ((packed.flags & kHasUnknownPayment) != 0) write.unknown_payment = packed.unknown_payment;
    write.has_snapshot = (packed.flags & kHasSnapshot) != 0;
    write.origin = packed.origin;
    newer = (packed.flags & kOldIsPrevious) != 0 ? &write : nullptr;
  }
  if (!reader.ok() || !reader.at_end() || newer != nullptr) return std::nullopt;
  return writes;
}

/// Moves what the order's own value holds into the tree.
bool spill(storage::ChangeSet& changes, storage::Table table, orders::OrderId order_id,
           StoredWrites& stored) {
  const auto writes = unpack(stored);
  if (!writes) return false;
  for (const StatusWrite& write : *writes) {
    changes.put(table, key_of(order_id, write), encode_entry(write));
  }
  stored = {.packed = {}, .count = 0, .in_tree = true};
  return true;
}

}  // namespace

Result<StatusTrack> StatusTrack::load(const storage::ReadTransaction& txn, storage::Table table,
                                      orders::OrderId order_id, const StoredWrites& stored) {
  StatusTrack track;
  auto packed = unpack(stored);
  bool damaged = !packed;
  if (packed) track.writes = std::move(*packed);
  if (stored.in_tree && !damaged) {
    const std::string prefix = storage::key_of(static_cast<std::uint64_t>(order_id));
    LENSART_TRY(txn.scan(table, prefix, [&](std::string_view key, std::string_view value) {
      if (!key.starts_with(prefix)) return false;
      damaged = !decode_entry(key.substr(prefix.size()), value, track.writes.emplace_back());
      return !damaged;
    }));
  }
  if (damaged) return fail(Errc::kStateCorrupt, std::string(nodes::kDamagedState));
  std::sort(track.writes.begin(), track.writes.end(), [](const auto& a, const auto& b) {
    return std::tie(a.at, a.type, a.event_id) < std::tie(b.at, b.type, b.event_id);
  });
  return track;
}

Result<Unit> StatusTrack::store_fresh(storage::ChangeSet& changes, storage::Table table,
                                      orders::OrderId order_id, StoredWrites& stored) const {
  for (const StatusWrite& write : writes) {
    if (!write.fresh) continue;
    if (stored.count == StoredWrites::kMost && !spill(changes, table, order_id, stored)) {
      return fail(Errc::kStateCorrupt, std::string(nodes::kDamagedState));
    }
    std::optional<std::string_view> previous;
    if (storage::ByteReader reader(stored.packed); stored.count > 0) {
      previous = read_packed(reader).status;
    }
    stored.packed.insert(0, pack(write, previous));
    ++stored.count;
  }
  return Unit{};
}

}  // namespace lensart::jobs
