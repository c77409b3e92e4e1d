#include "apps/jobs/windowed_job.hpp"

namespace lensart::jobs {

std::optional<CountedOrder> counted_order(const OrderFold& fold, const orders::StatusRules& rules) {
  if (!fold.has_snapshot) return std::nullopt;
  CountedOrder order;
  const SnapshotFacts facts = fold.facts();
  order.placed = facts.date.value_or(fold.created_at());
  order.branch_id = facts.branch_id;
  order.total_price = facts.total_price;
  order.status = rules.column_of_status(fold.status);
  if (facts.payment_method) order.payment = rules.column_of_payment(*facts.payment_method);
  order.sales = fold.sales;
  return order;
}

}  // namespace lensart::jobs
