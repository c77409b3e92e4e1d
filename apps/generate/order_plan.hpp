/// The life of one order, as a function of the seed and its number.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "apps/orders/event.hpp"
#include "graph/clock.hpp"

namespace lensart::generate {

/// Indices into the texts that stand in the payloads.
enum class Status : std::uint8_t { kPending, kReady, kShipping, kDelivered, kCancelled, kReturned };
enum class PaymentStatus : std::uint8_t { kUnpaid, kPaid, kRefunded };
enum class Method : std::uint8_t { kCash, kTransfer, kCashOnDelivery, kPayos, kMomo, kZaloPay };

/// Already escaped. `kReturned` and `kZaloPay` are in no configured map, as happens.
std::string_view text_of(Status status);
std::string_view text_of(PaymentStatus status);
std::string_view text_of(Method method);

/// How a status event carries its order.
enum class OrderForm : std::uint8_t { kSnapshot, kNull, kEmptyArray, kEmptyObject, kAbsent };

struct Step {
  orders::EventType type = orders::EventType::kCreated;
  Instant at;
  /// How many updates the order has had, this step's own among them.
  std::uint8_t version = 0;
  Status old_status = Status::kPending;
  Status status = Status::kPending;
  PaymentStatus old_payment = PaymentStatus::kUnpaid;
  PaymentStatus payment = PaymentStatus::kUnpaid;
  OrderForm order_form = OrderForm::kSnapshot;
  bool flat = false;
  bool string_ids = false;  ///< ids as numeric strings, as some of PHP's database drivers have it
  bool number_prices = false;  ///< amounts as JSON numbers
};

struct PlannedLine {
  std::uint32_t product = 0;  ///< index into the catalogue
  std::uint32_t color = 0;    ///< index into the catalogue, where the product has colours
  std::int64_t quantity = 1;
  bool with_price = false;
};

/// Made anew whenever one of its events is due, so that no order needs memory while it waits.
struct OrderPlan {
  static constexpr std::size_t kMaxSteps = 11;
  static constexpr std::size_t kMaxLines = 5;

  std::int64_t order_id = 0;
  Instant placed;  ///< `data.date`, a moment before the first event
  bool walk_in = false;
  bool empty_branch = false;
  std::int64_t user_id = 0;
  std::int64_t branch_id = 0;
  std::int64_t coupon_id = 0;  ///< 0 is none; set by an update
  Method method = Method::kCash;
  std::uint32_t note = 0;  ///< index into the catalogue + 1; 0 is none
  std::uint64_t address_seed = 0;
  std::array<PlannedLine, kMaxLines> lines{};
  std::uint8_t line_count = 0;          ///< from the start
  std::uint8_t updated_line_count = 0;  ///< after the update
  std::array<Step, kMaxSteps> steps{};
  std::uint8_t step_count = 0;

  std::span<const Step> life() const { return {steps.data(), step_count}; }
  std::span<const PlannedLine> lines_at(const Step& step) const {
    return {lines.data(), step.version == 0 ? line_count : updated_line_count};
  }
};

struct PlanOptions {
  std::uint64_t seed = 1;
  std::int64_t first_order = 1;
  /// What an hour of an order's life is multiplied by, at most 1.
  double life_scale = 1;
};

/// The plan of the `index`-th order, whose first event is at `born`. Its steps ascend strictly.
OrderPlan make_plan(const PlanOptions& options, std::uint64_t index, Instant born);

}  // namespace lensart::generate
