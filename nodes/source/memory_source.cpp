#include "nodes/source/memory_source.hpp"

namespace lensart::nodes {

Result<Unit> MemorySource::start(std::span<const storage::SourcePosition> positions) {
  next_ = 0;
  next_offset_.clear();
  start_at_.clear();
  for (const storage::SourcePosition& position : positions) {
    if (position.source >= start_at_.size()) start_at_.resize(position.source + 1);
    start_at_[position.source] = position.next_offset;
  }
  // All of them are there from the start, in the order in which a log names them.
  for (const MemoryRecord& record : log_) {
    directory_.add(topics_.at(record.topic_index), record.partition, record.topic_index);
  }
  return Unit{};
}

Result<Unit> MemorySource::poll(RecordBatch& into, const PollLimits& limits) {
  while (next_ < log_.size() && into.records.size() < limits.max_records &&
         into.bytes.size() < limits.max_bytes) {
    const MemoryRecord& record = log_[next_++];
    const std::uint32_t source =
        directory_.add(topics_.at(record.topic_index), record.partition, record.topic_index);
    if (source >= next_offset_.size()) next_offset_.resize(source + 1);
    if (source >= start_at_.size()) start_at_.resize(source + 1);
    const std::int64_t offset = next_offset_[source]++;
    if (offset >= start_at_[source]) into.add(source, offset, -1, record.payload, record.null);
  }
  return Unit{};
}

}  // namespace lensart::nodes
