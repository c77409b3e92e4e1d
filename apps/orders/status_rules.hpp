/// What the configured maps say of statuses and payment methods (docs/contract.md §3). Comparison
/// is exact, in NFC.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lensart::orders {

/// The column of the metrics that a status counts under.
enum class StatusColumn : std::uint8_t { kNone, kPending, kProcessing, kCompleted, kCancelled };
/// The column that a payment method counts under.
enum class PaymentColumn : std::uint8_t { kNone, kCash, kOnline };

/// A few texts and what they mean. The texts begin alike, so lengths are compared first.
template <class Value>
class TextTable {
 public:
  void add(std::string text, Value value) { entries_.emplace_back(std::move(text), value); }
  const Value* find(std::string_view text) const {
    for (const auto& [known, value] : entries_) {
      if (known.size() == text.size() && known == text) return &value;
    }
    return nullptr;
  }

 private:
  std::vector<std::pair<std::string, Value>> entries_;
};

/// What is known of a status.
struct StatusMeaning {
  StatusColumn column = StatusColumn::kNone;
  std::optional<int> rank;  ///< from first to last; others have none
  bool terminal = false;
};

/// Immutable once filled. Threads: any.
struct StatusRules {
  TextTable<StatusMeaning> statuses;
  TextTable<PaymentColumn> payments;
  std::chrono::microseconds stuck_after = std::chrono::hours(24);
  std::chrono::microseconds session_gap = std::chrono::minutes(30);

  StatusColumn column_of_status(std::string_view status) const {
    const StatusMeaning* known = statuses.find(status);
    return known == nullptr ? StatusColumn::kNone : known->column;
  }
  PaymentColumn column_of_payment(std::string_view method) const {
    const PaymentColumn* known = payments.find(method);
    return known == nullptr ? PaymentColumn::kNone : *known;
  }
  bool knows_status(std::string_view status) const { return statuses.find(status) != nullptr; }
  bool knows_payment(std::string_view method) const { return payments.find(method) != nullptr; }
};

}  // namespace lensart::orders
