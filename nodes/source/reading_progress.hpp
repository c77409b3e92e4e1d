/// How far reading has come, for whoever asks: by source. Threads: any.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

namespace lensart::nodes {

class ReadingProgress {
 public:
  /// What is read next, and when the newest record read was appended (RawRecord::appended_at).
  void note_place(std::size_t source, std::int64_t next_offset, std::int64_t appended_at) {
    const std::lock_guard lock(mutex_);
    if (source >= sources_.size()) sources_.resize(source + 1);
    sources_[source].next_offset = next_offset;
    sources_[source].appended_at = appended_at;
  }
  /// Where the partition ends. Ends never go back; of a source without a place it is not kept.
  void note_end(std::size_t source, std::int64_t end) {
    const std::lock_guard lock(mutex_);
    if (source < sources_.size()) sources_[source].end = std::max(sources_[source].end, end);
  }
  /// Of a source that has a place.
  std::int64_t end(std::size_t source) const {
    const std::lock_guard lock(mutex_);
    return sources_[source].end;
  }
  /// Records behind the end.
  std::vector<std::int64_t> lags() const {
    return of_each([](const Source& source) {
      return std::max<std::int64_t>(0, source.end - source.next_offset);
    });
  }
  std::vector<std::int64_t> appended_up_to() const {
    return of_each([](const Source& source) { return source.appended_at; });
  }

 private:
  struct Source {
    std::int64_t next_offset = 0;
    std::int64_t end = 0;
    std::int64_t appended_at = -1;
  };
  template <class Figure>
  std::vector<std::int64_t> of_each(Figure figure) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::int64_t> figures;
    figures.reserve(sources_.size());
    for (const Source& source : sources_) figures.push_back(figure(source));
    return figures;
  }

  mutable std::mutex mutex_;
  std::vector<Source> sources_;
};

}  // namespace lensart::nodes
