/// Which order ids have been met, in as little memory as a table's ids allow: ranges.
#pragma once

#include <cstdint>
#include <map>

namespace lensart::importing {

/// Exports go by id, so a few ranges hold them all. A file made to have more than kMaxRanges of
/// them is checked no further; nothing is ever called a repetition that is none.
///
/// Threads: one.
class SeenIds {
 public:
  static constexpr std::size_t kMaxRanges = 1'000'000;

  /// False if `id` was inserted before. REQUIRES: 0 < id.
  bool insert(std::int64_t id);
  std::size_t ranges() const { return ranges_.size(); }

 private:
  std::map<std::int64_t, std::int64_t> ranges_;  ///< first to last, both within
};

}  // namespace lensart::importing
