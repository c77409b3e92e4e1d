/// A log in memory: the same records in the same order, each time it is started.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "nodes/source/record_source.hpp"

namespace lensart::nodes {

struct MemoryRecord {
  std::uint32_t topic_index = 0;
  std::int32_t partition = 0;
  std::string payload;
  bool null = false;
};

/// Offsets count from 0 in each partition, in the order given. Threads: see RecordSource.
class MemorySource final : public RecordSource {
 public:
  MemorySource(SourceDirectory& directory, std::vector<std::string> topics,
               const std::vector<MemoryRecord>& log)
      : directory_(directory), topics_(std::move(topics)), log_(log) {}

  Result<Unit> start(std::span<const storage::SourcePosition> positions) override;
  Result<Unit> poll(RecordBatch& into, const PollLimits& limits) override;
  int wake_descriptor() const override { return -1; }
  std::int64_t next_offset(std::uint32_t source) const override {
    const std::int64_t next = source < next_offset_.size() ? next_offset_[source] : 0;
    return source < start_at_.size() ? std::max(next, start_at_[source]) : next;
  }
  bool at_end(std::uint32_t) const override { return next_ == log_.size(); }
  bool reached_start_end() const override { return next_ == log_.size(); }
  void report_committed(std::span<const storage::SourcePosition>) override {}
  std::vector<std::int64_t> lags() const override { return {}; }
  std::string trouble() const override { return {}; }

 private:
  SourceDirectory& directory_;
  std::vector<std::string> topics_;
  const std::vector<MemoryRecord>& log_;
  std::size_t next_ = 0;
  std::vector<std::int64_t> next_offset_;  ///< by source
  std::vector<std::int64_t> start_at_;     ///< by source: below it everything was read before
};

}  // namespace lensart::nodes
