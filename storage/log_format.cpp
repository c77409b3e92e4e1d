#include "storage/log_format.hpp"

#include <algorithm>
#include <cstring>

namespace lensart::storage {

namespace {
constexpr std::uint8_t kGroupVersion = 1;
}

std::optional<PlaceGroup> PlaceGroup::decode(std::uint64_t first, std::string_view sealed) {
  const Unsealed unsealed = unseal(kGroupVersion, sealed);
  const std::size_t size = unsealed.value.size() / sizeof(std::uint64_t);
  const bool whole = unsealed.ok && unsealed.value.size() % sizeof(std::uint64_t) == 0 &&
                     size >= 1 && size <= kKeysAGroup && first == group_of(first);
  if (!whole) return std::nullopt;
  PlaceGroup group(first);
  group.size_ = size;
  std::memcpy(group.entries_.data(), unsealed.value.data(), unsealed.value.size());
  for (std::size_t i = 0; i < size; ++i) {
    const bool ascends = i == 0 || group.low_at(i - 1) < group.low_at(i);
    if (!ascends || group.low_at(i) >= kKeysAGroup) return std::nullopt;
  }
  return group;
}

std::string PlaceGroup::encode() const {
  return seal(kGroupVersion,
              {reinterpret_cast<const char*>(entries_.data()), size_ * sizeof(std::uint64_t)});
}

LogPlace PlaceGroup::place_at(std::size_t index) const {
  const std::uint64_t entry = entries_[index];
  return {entry >> 16 & kMaxLogChunk, static_cast<std::uint32_t>(entry & kMaxLogOffset)};
}

std::size_t PlaceGroup::lower_bound(std::uint64_t number) const {
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(size_);
  return static_cast<std::size_t>(
      std::lower_bound(entries_.begin(), end, (number % kKeysAGroup) << 56) - entries_.begin());
}

std::optional<LogPlace> PlaceGroup::find(std::uint64_t number) const {
  const std::size_t index = lower_bound(number);
  if (index == size_ || number_at(index) != number) return std::nullopt;
  return place_at(index);
}

void PlaceGroup::put(std::uint64_t number, const LogPlace& place) {
  const std::size_t index = lower_bound(number);
  if (index == size_ || number_at(index) != number) {
    const auto at = entries_.begin() + static_cast<std::ptrdiff_t>(index);
    std::copy_backward(at, entries_.begin() + static_cast<std::ptrdiff_t>(size_),
                       entries_.begin() + static_cast<std::ptrdiff_t>(size_ + 1));
    ++size_;
  }
  entries_[index] = (number % kKeysAGroup) << 56 | place.chunk << 16 | place.offset;
}

void PlaceGroup::erase(std::uint64_t number) {
  const std::size_t index = lower_bound(number);
  if (index == size_ || number_at(index) != number) return;
  const auto at = entries_.begin() + static_cast<std::ptrdiff_t>(index);
  std::copy(at + 1, entries_.begin() + static_cast<std::ptrdiff_t>(size_), at);
  --size_;
}

}  // namespace lensart::storage
