#include "nodes/operators/value_ring.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace lensart::nodes {

namespace {

std::size_t rounded_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

/// The rest follows by itself, as it is read in order.
constexpr std::size_t kPrefetchedBytes = 128;

/// So many bytes a value takes as a rule, or more: for the size of the index.
constexpr std::size_t kUsualValueBytes = 512;

}  // namespace

ValueRing::ValueRing(std::size_t room_bytes)
    : capacity_(
          std::min<std::size_t>(room_bytes / kUnit, std::numeric_limits<std::uint32_t>::max()) *
          kUnit),
      room_(capacity_ == 0
                ? nullptr
                : static_cast<char*>(::operator new[](capacity_, std::align_val_t(kHugePage)))) {
  if (room_) std::memset(room_.get(), 0, capacity_);
  places_.reserve(capacity_ / kUsualValueBytes);
}

std::optional<std::string_view> ValueRing::find(std::int64_t key) {
  if (const auto place = places_.find(key); place != places_.end()) {
    const std::size_t position = place->second * kUnit;
    Header& header = at(position);
    header.used = true;
    return std::string_view(value_at(position), header.value_bytes);
  }
  if (outside_.empty()) return std::nullopt;
  const auto found = outside_.find(key);
  return found == outside_.end() ? std::nullopt
                                 : std::optional<std::string_view>(found->second.value);
}

void ValueRing::prefetch(std::int64_t key) const {
  const auto place = places_.find(key);
  if (place == places_.end()) return;
  const char* const value = room_.get() + place->second * kUnit;
  for (std::size_t line = 0; line < kPrefetchedBytes; line += 64) __builtin_prefetch(value + line);
}

void ValueRing::put(std::int64_t key, std::string_view value, EpochNumber changed_in) {
  forget_outside(key);
  if (const auto place = places_.find(key); place != places_.end()) {
    const std::size_t position = place->second * kUnit;
    Header& header = at(position);
    if (header.bytes - sizeof(Header) >= value.size()) {
      std::memcpy(value_at(position), value.data(), value.size());
      header.value_bytes = static_cast<std::uint32_t>(value.size());
      header.changed_in = changed_in;
      header.used = true;
      return;
    }
    header.live = false;
    places_.erase(place);
  }
  const std::size_t bytes = rounded_up(sizeof(Header) + value.size(), kUnit);
  if (!make_room(bytes)) return put_outside(key, value, changed_in);
  append({key, changed_in, static_cast<std::uint32_t>(bytes),
          static_cast<std::uint32_t>(value.size()), true, false},
         value.data());
}

void ValueRing::forget(std::int64_t key) {
  forget_outside(key);
  const auto place = places_.find(key);
  if (place == places_.end()) return;
  at(place->second * kUnit).live = false;
  places_.erase(place);
}

void ValueRing::set_durable(EpochNumber epoch) {
  if (epoch == durable_) return;
  durable_ = epoch;
  exhausted_ = false;
  if (outside_.empty()) return;
  boost::unordered::erase_if(outside_, [&](const auto& entry) {
    if (entry.second.changed_in > durable_) return false;
    outside_bytes_ -= entry.second.value.size();
    return true;
  });
}

std::size_t ValueRing::free_at_head() const {
  if (filled_ == capacity_) return 0;
  return (head_ < tail_ ? tail_ : capacity_) - head_;
}

/// Lets values at the tail go until `bytes` in one piece are free at the head. False when too much
/// of what lies there must stay.
bool ValueRing::make_room(std::size_t bytes) {
  // A large value is not worth what it would drive out.
  if (bytes > capacity_ / 8 || exhausted_) return false;
  // Twice round: the first time takes away the marks of use.
  for (std::size_t passed = 0; free_at_head() < bytes;) {
    if (filled_ == 0) {
      head_ = tail_ = 0;
    } else if (head_ >= tail_ && filled_ < capacity_) {
      pad_to_the_end();
    } else if (passed > 2 * capacity_) {
      exhausted_ = true;
      return false;
    } else {
      passed += at(tail_).bytes;
      pass_tail();
    }
  }
  return true;
}

/// What comes next begins at the beginning.
void ValueRing::pad_to_the_end() {
  const std::size_t bytes = capacity_ - head_;
  new (room_.get() + head_) Header{.bytes = static_cast<std::uint32_t>(bytes)};
  filled_ += bytes;
  touched_ = capacity_;
  head_ = 0;
}

/// The value at the tail goes, or goes on at the head. REQUIRES: what is free begins at the head
/// and ends at the tail, so that with the value's own place there is room for it.
void ValueRing::pass_tail() {
  const std::size_t position = tail_;
  Header header = at(position);
  tail_ += header.bytes;
  if (tail_ == capacity_) tail_ = 0;
  filled_ -= header.bytes;
  if (!header.live) return;
  if (!header.used && header.changed_in <= durable_) {
    places_.erase(header.key);
    return;
  }
  header.used = false;
  append(header, value_at(position));
}

/// REQUIRES: there is room. `value` may lie where it goes to.
void ValueRing::append(const Header& header, const char* value) {
  std::memmove(value_at(head_), value, header.value_bytes);
  new (room_.get() + head_) Header(header);
  places_[header.key] = static_cast<std::uint32_t>(head_ / kUnit);
  head_ += header.bytes;
  filled_ += header.bytes;
  touched_ = std::max(touched_, head_);
  if (head_ == capacity_) head_ = 0;
}

void ValueRing::put_outside(std::int64_t key, std::string_view value, EpochNumber changed_in) {
  if (changed_in <= durable_) return;
  outside_bytes_ += value.size();
  outside_.emplace(key, Outside{std::string(value), changed_in});
}

void ValueRing::forget_outside(std::int64_t key) {
  if (outside_.empty()) return;
  const auto found = outside_.find(key);
  if (found == outside_.end()) return;
  outside_bytes_ -= found->second.value.size();
  outside_.erase(found);
}

}  // namespace lensart::nodes
