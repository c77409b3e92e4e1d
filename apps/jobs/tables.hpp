/// The table registry of all jobs: from it the relay's statements, the audit's differences and
/// rebuild are made (docs/contract.md §3).
#pragma once

#include "storage/table_spec.hpp"

namespace lensart::jobs {

// Persisted in the outbox: never reused for another table.
inline constexpr std::uint8_t kOrdersRaw = 1;
inline constexpr std::uint8_t kOrdersProcessed = 2;
inline constexpr std::uint8_t kOrderItems = 3;
inline constexpr std::uint8_t kDeadLetters = 4;
inline constexpr std::uint8_t kAccounts = 5;
inline constexpr std::uint8_t kStatusHistory = 6;
inline constexpr std::uint8_t kStatusSessions = 7;
inline constexpr std::uint8_t kAnomalies = 8;
inline constexpr std::uint8_t kOrderMetrics = 9;
inline constexpr std::uint8_t kOrderMetricsSliding = 10;
inline constexpr std::uint8_t kProductSalesHourly = 11;
inline constexpr std::uint8_t kReplays = 12;

/// In foreign-key order. Immutable.
const storage::TableRegistry& tables();

}  // namespace lensart::jobs
