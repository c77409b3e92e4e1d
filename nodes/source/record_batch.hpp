/// A batch of raw records: owns their bytes, padded for simdjson; the records point into it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/batch.hpp"
#include "nodes/epoch_draft.hpp"

namespace lensart::nodes {

/// One record as it came. Key, headers and Kafka's timestamp play no part in what it means.
struct RawRecord {
  std::uint32_t source = 0;  ///< topic partition, see SourceDirectory
  std::uint32_t at = 0;      ///< of its bytes in the batch
  std::uint32_t size = 0;
  std::int64_t offset = 0;
  bool null = false;  ///< a null value, which counts as an empty payload
  /// Microseconds UTC by the broker; by our clock when it was polled, where the topic has no append
  /// time; −1 unknown. For freshness and lag only.
  std::int64_t appended_at = -1;
};

struct RecordBatch : Batch {
  /// Readable bytes behind the last record.
  static constexpr std::size_t kPadding = 64;

  std::vector<char> bytes;
  std::vector<RawRecord> records;
  std::optional<Instant> judged_by;  ///< the watermark of the last epoch closed when its own opened
  std::size_t credit_bytes = 0;      ///< to be given back when the epoch is durable
  std::shared_ptr<EpochDraft> draft;  ///< of a marker: what the lanes fill

  std::string_view payload(const RawRecord& record) const {
    return {bytes.data() + record.at, record.size};
  }
  void add(std::uint32_t source, std::int64_t offset, std::int64_t appended_at,
           std::string_view payload, bool null = false) {
    RawRecord record;
    record.null = null;
    record.source = source;
    record.offset = offset;
    record.appended_at = appended_at;
    record.at = static_cast<std::uint32_t>(bytes.size());
    record.size = static_cast<std::uint32_t>(payload.size());
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    records.push_back(record);
  }
  /// Once, after the last add.
  void pad() { bytes.resize(bytes.size() + kPadding); }
};

}  // namespace lensart::nodes
