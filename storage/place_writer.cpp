#include "storage/place_writer.hpp"

#include "storage/codec.hpp"

namespace lensart::storage {

Result<Unit> PlaceWriter::put(const LoggedTree& tree, std::string_view key, const LogPlace& place) {
  if (tree.layout == PlaceLayout::kByKey) return txn_.put_sorted(tree.recent, key, encode(place));
  if (place.chunk > kMaxLogChunk || place.offset > kMaxLogOffset) return log_damaged();
  LENSART_TRY(turn_to(tree, key));
  group_.put(key_to_u64(key), place);
  return Unit{};
}

Result<Unit> PlaceWriter::erase(const LoggedTree& tree, std::string_view key) {
  if (tree.layout == PlaceLayout::kByKey) {
    LENSART_TRY(txn_.erase(tree.recent, key));
    return Unit{};
  }
  LENSART_TRY(turn_to(tree, key));
  group_.erase(key_to_u64(key));
  return Unit{};
}

Result<Unit> PlaceWriter::finish() {
  if (open_ == 0) return Unit{};
  const std::string key = key_of(group_.first());
  if (group_.size() > 0) {
    LENSART_TRY(txn_.put_sorted(open_, key, group_.encode()));
  } else if (existed_) {
    LENSART_TRY(txn_.erase(open_, key));
  }
  open_ = 0;
  return Unit{};
}

/// Has the group of `key` at hand.
Result<Unit> PlaceWriter::turn_to(const LoggedTree& tree, std::string_view key) {
  if (key.size() != sizeof(std::uint64_t)) return log_damaged();
  const std::uint64_t first = group_of(key_to_u64(key));
  if (open_ == tree.recent && group_.first() == first) return Unit{};
  LENSART_TRY(finish());
  LENSART_ASSIGN(const auto value, txn_.get(tree.recent, key_of(first)));
  existed_ = value.has_value();
  group_ = PlaceGroup(first);
  if (value) {
    const auto group = PlaceGroup::decode(first, *value);
    if (!group) return log_damaged();
    group_ = *group;
  }
  open_ = tree.recent;
  return Unit{};
}

}  // namespace lensart::storage
