#include "storage/log_places.hpp"

#include <algorithm>
#include <cstring>

#include "storage/codec.hpp"

namespace lensart::storage {

namespace {

/// A key's number; of one that is no number, the least that is not less.
std::uint64_t first_number(std::string_view from) {
  std::array<char, sizeof(std::uint64_t)> padded{};
  std::copy_n(from.data(), std::min(from.size(), padded.size()), padded.data());
  return key_to_u64({padded.data(), padded.size()});
}

Result<PlaceGroup> group_at(const RawCursor& cursor) {
  if (cursor.key().size() != sizeof(std::uint64_t)) return log_damaged();
  const auto group = PlaceGroup::decode(key_to_u64(cursor.key()), cursor.value());
  if (!group) return log_damaged();
  return *group;
}

}  // namespace

tl::unexpected<Error> log_damaged() {
  return fail(Errc::kStateCorrupt,
              "the state's log of changes is damaged; restore a backup or run "
              "`lensart state adopt`");
}

Result<std::optional<LogPlace>> find_place(MDB_txn* txn, const LoggedTree& tree,
                                           std::string_view key) {
  if (tree.layout == PlaceLayout::kByKey) {
    LENSART_ASSIGN(const auto value, get_raw(txn, tree.recent, key));
    if (!value) return std::nullopt;
    const auto place = decode_log_place(*value);
    if (!place) return log_damaged();
    return place;
  }
  if (key.size() != sizeof(std::uint64_t)) return std::nullopt;
  const std::uint64_t number = key_to_u64(key);
  LENSART_ASSIGN(const auto value, get_raw(txn, tree.recent, key_of(group_of(number))));
  if (!value) return std::nullopt;
  const auto group = PlaceGroup::decode(group_of(number), *value);
  if (!group) return log_damaged();
  return group->find(number);
}

Result<std::uint64_t> count_places(MDB_txn* txn, const LoggedTree& tree) {
  if (tree.layout == PlaceLayout::kByKey) return count_raw(txn, tree.recent);
  std::uint64_t count = 0;
  LENSART_ASSIGN(RawCursor cursor, RawCursor::at(txn, tree.recent, ""));
  while (cursor.valid()) {
    LENSART_ASSIGN(const PlaceGroup group, group_at(cursor));
    count += group.size();
    LENSART_TRY(cursor.next());
  }
  return count;
}

Result<PlaceCursor> PlaceCursor::at(MDB_txn* txn, const LoggedTree& tree, std::string_view from) {
  const bool grouped = tree.layout == PlaceLayout::kGrouped;
  const std::string start = grouped ? key_of(group_of(first_number(from))) : std::string(from);
  LENSART_ASSIGN(RawCursor raw, RawCursor::at(txn, tree.recent, start));
  PlaceCursor cursor(std::move(raw), tree.layout);
  LENSART_TRY(cursor.enter());
  while (cursor.valid() && cursor.key() < from) LENSART_TRY(cursor.next());
  return cursor;
}

std::string_view PlaceCursor::key() const {
  return layout_ == PlaceLayout::kByKey ? raw_.key() : std::string_view(key_.data(), key_.size());
}

Result<Unit> PlaceCursor::next() {
  if (layout_ == PlaceLayout::kGrouped && ++index_ < group_.size()) return take();
  LENSART_TRY(raw_.next());
  return enter();
}

/// Stands on the first place of the entry that raw_ has come to.
Result<Unit> PlaceCursor::enter() {
  if (!raw_.valid()) return Unit{};
  if (layout_ == PlaceLayout::kGrouped) {
    LENSART_ASSIGN(group_, group_at(raw_));
    index_ = 0;
  }
  return take();
}

Result<Unit> PlaceCursor::take() {
  if (layout_ == PlaceLayout::kByKey) {
    const auto place = decode_log_place(raw_.value());
    if (!place) return log_damaged();
    place_ = *place;
    return Unit{};
  }
  const std::uint64_t big = __builtin_bswap64(group_.number_at(index_));
  std::memcpy(key_.data(), &big, sizeof(big));
  place_ = group_.place_at(index_);
  return Unit{};
}

}  // namespace lensart::storage
