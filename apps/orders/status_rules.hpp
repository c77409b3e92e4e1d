/// What the configured maps say of statuses and payment methods (docs/contract.md §3). Comparison
/// is exact, in NFC.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace lensart::orders {

/// The column of the metrics that a status counts under.
enum class StatusColumn : std::uint8_t { kNone, kPending, kProcessing, kCompleted, kCancelled };
/// The column that a payment method counts under.
enum class PaymentColumn : std::uint8_t { kNone, kCash, kOnline };

/// Immutable once filled. Threads: any.
struct StatusRules {
  std::map<std::string, StatusColumn, std::less<>> statuses;
  std::map<std::string, PaymentColumn, std::less<>> payments;
  std::map<std::string, int, std::less<>> ranks;  ///< from first to last; others have none
  std::set<std::string, std::less<>> terminal;
  std::chrono::microseconds stuck_after = std::chrono::hours(24);
  std::chrono::microseconds session_gap = std::chrono::minutes(30);

  StatusColumn column_of_status(std::string_view status) const {
    const auto found = statuses.find(status);
    return found == statuses.end() ? StatusColumn::kNone : found->second;
  }
  PaymentColumn column_of_payment(std::string_view method) const {
    const auto found = payments.find(method);
    return found == payments.end() ? PaymentColumn::kNone : found->second;
  }
  bool knows_status(std::string_view status) const { return statuses.contains(status); }
  bool knows_payment(std::string_view method) const { return payments.contains(method); }
  bool is_terminal(std::string_view status) const { return terminal.contains(status); }
  std::optional<int> rank_of(std::string_view status) const {
    const auto found = ranks.find(status);
    return found == ranks.end() ? std::nullopt : std::optional(found->second);
  }
};

}  // namespace lensart::orders
