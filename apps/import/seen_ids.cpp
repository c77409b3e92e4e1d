#include "apps/import/seen_ids.hpp"

#include <iterator>

namespace lensart::importing {

bool SeenIds::insert(std::int64_t id) {
  const auto after = ranges_.upper_bound(id);
  const auto before = after == ranges_.begin() ? ranges_.end() : std::prev(after);
  if (before != ranges_.end() && id <= before->second) return false;
  const bool joins_before = before != ranges_.end() && before->second == id - 1;
  const bool joins_after = after != ranges_.end() && after->first - 1 == id;
  if (joins_before) {
    before->second = joins_after ? after->second : id;
    if (joins_after) ranges_.erase(after);
  } else if (joins_after) {
    const std::int64_t last = after->second;
    ranges_.erase(after);
    ranges_.emplace(id, last);
  } else if (ranges_.size() < kMaxRanges) {
    ranges_.emplace(id, id);
  }
  return true;
}

}  // namespace lensart::importing
