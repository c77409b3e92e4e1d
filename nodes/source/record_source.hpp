/// Where records come from: Kafka, or memory in tests and benchmarks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/error.hpp"
#include "nodes/source/record_batch.hpp"
#include "storage/epoch.hpp"

namespace lensart::nodes {

struct SourceInfo {
  std::string topic;
  std::int32_t partition = 0;
  std::uint32_t topic_index = 0;  ///< in the list of topics the source was given
};

/// Numbers topic partitions densely, for good: the numbers are part of the state.
///
/// Threads: `add` from the source's; `at` and `size` from any.
class SourceDirectory {
 public:
  static constexpr std::size_t kMaxSources = 4096;

  /// The number of a partition, new if it was not known. REQUIRES: fewer than kMaxSources.
  std::uint32_t add(const std::string& topic, std::int32_t partition, std::uint32_t topic_index);
  const SourceInfo& at(std::uint32_t source) const { return *sources_[source]; }
  std::size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  std::array<std::unique_ptr<SourceInfo>, kMaxSources> sources_;
  std::atomic<std::size_t> size_{0};
};

struct PollLimits {
  std::size_t max_bytes = 256 * 1024;
  std::size_t max_records = 512;
};

/// Threads: the pump's only.
class RecordSource {
 public:
  RecordSource() = default;
  RecordSource(const RecordSource&) = delete;
  RecordSource& operator=(const RecordSource&) = delete;
  virtual ~RecordSource() = default;

  /// Begins to read where `positions` stand; partitions without one from their beginning.
  virtual Result<Unit> start(std::span<const storage::SourcePosition> positions) = 0;
  /// Appends what is there now, without waiting; at least one record if there is one.
  virtual Result<Unit> poll(RecordBatch& into, const PollLimits& limits) = 0;
  /// Becomes readable when `poll` may have something; −1: never.
  virtual int wake_descriptor() const = 0;
  /// The offset that comes next in a source; before its first record, where reading began.
  virtual std::int64_t next_offset(std::uint32_t source) const = 0;
  /// Read to its end, with its broker answering.
  virtual bool at_end(std::uint32_t source) const = 0;
  /// Read up to its end as of `start`.
  virtual bool at_start_end(std::uint32_t source) const { return at_end(source); }
  /// Every partition is.
  virtual bool reached_start_end() const = 0;
  /// For information only: shows the lag in every Kafka tool.
  virtual void report_committed(std::span<const storage::SourcePosition> positions) = 0;
  /// Records behind the end of each source, by source number; −1 unknown.
  virtual std::vector<std::int64_t> lags() const = 0;
  /// When the newest record read of each source was appended, microseconds since 1970 by the
  /// broker's clock; −1 none read yet. By source number; shorter where nothing is known.
  virtual std::vector<std::int64_t> appended_up_to() const { return {}; }
  /// What is wrong with the source; empty: nothing.
  virtual std::string trouble() const = 0;
};

}  // namespace lensart::nodes
