/// Streams of one fixed moment, gathered into memory.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "apps/generate/event_stream.hpp"

namespace lensart::generate {

/// 2026-11-20T03:30:00Z.
inline constexpr Instant kNow{std::chrono::seconds(1'795'145'400)};

inline GenerateOptions options_of(std::uint64_t orders) {
  GenerateOptions options;
  options.orders = orders;
  options.now = kNow;
  return options;
}

inline std::vector<GeneratedRecord> all_of(const GenerateOptions& options) {
  const auto valid = options.validate();
  EXPECT_TRUE(valid) << (valid ? "" : valid.error().message);
  EventStream stream(options);
  std::vector<GeneratedRecord> records;
  for (GeneratedRecord record; stream.next(record);) records.push_back(record);
  return records;
}

inline std::uint64_t count_of(const std::vector<GeneratedRecord>& records, Expected expected) {
  std::uint64_t count = 0;
  for (const GeneratedRecord& record : records) count += record.expected == expected;
  return count;
}

}  // namespace lensart::generate
