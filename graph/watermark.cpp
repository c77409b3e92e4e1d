#include "graph/watermark.hpp"

#include <algorithm>

namespace lensart {

DataWatermark::Source& DataWatermark::at(std::size_t source) {
  if (source >= sources_.size()) sources_.resize(source + 1);
  return sources_[source];
}

void DataWatermark::observe(std::size_t source, Instant timestamp) {
  auto& highest = at(source).highest;
  if (!highest || timestamp > *highest) highest = timestamp;
}

void DataWatermark::set_idle(std::size_t source, bool idle) { at(source).idle = idle; }

void DataWatermark::restore_highest(std::size_t source, std::optional<Instant> highest) {
  at(source).highest = highest;
}

std::optional<Instant> DataWatermark::highest(std::size_t source) const {
  return source < sources_.size() ? sources_[source].highest : std::nullopt;
}

std::optional<Instant> DataWatermark::advance() {
  std::optional<Instant> lowest_busy;
  std::optional<Instant> highest_of_all;
  bool any_busy = false;
  bool held = false;
  for (const Source& source : sources_) {
    if (source.highest && (!highest_of_all || *source.highest > *highest_of_all)) {
      highest_of_all = source.highest;
    }
    if (source.idle) continue;
    any_busy = true;
    if (!source.highest) {
      held = true;
    } else if (!lowest_busy || *source.highest < *lowest_busy) {
      lowest_busy = source.highest;
    }
  }
  const std::optional<Instant> reached =
      any_busy ? (held ? std::nullopt : lowest_busy) : highest_of_all;
  if (reached) {
    const Instant candidate = *reached - max_out_of_orderness_;
    if (!watermark_ || candidate > *watermark_) watermark_ = candidate;
  }
  return watermark_;
}

}  // namespace lensart
