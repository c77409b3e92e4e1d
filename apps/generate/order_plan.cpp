#include "apps/generate/order_plan.hpp"

#include <algorithm>
#include <string>

#include "apps/generate/catalogue.hpp"
#include "apps/generate/php_json.hpp"
#include "apps/generate/random.hpp"

namespace lensart::generate {
namespace {

using orders::EventType;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Lays one step after the other, each a random while after the one before.
class Life {
 public:
  Life(OrderPlan& plan, Random& random, double scale, Instant born)
      : plan_(plan), random_(random), scale_(scale), now_(born) {}

  bool has_room() const { return plan_.step_count < OrderPlan::kMaxSteps; }

  void created() { add(EventType::kCreated, {}); }

  void updated(microseconds low, microseconds high) {
    wait(low, high);
    state_.version = 1;
    add(EventType::kUpdated, {});
  }

  void pay(PaymentStatus to, microseconds low, microseconds high) {
    wait(low, high);
    state_.old_payment = state_.payment;
    state_.payment = to;
    add(EventType::kPaymentStatusChanged, form(0.7));
  }

  void move(Status to, microseconds low, microseconds high) {
    wait(low, high);
    state_.old_status = state_.status;
    state_.status = to;
    add(EventType::kStatusChanged, form(0.9));
  }

  /// Moves without telling: the next status event has a gap before it.
  void move_silently(Status to) { state_.status = to; }

  void cancelled(microseconds low, microseconds high) {
    wait(low, high);
    add(EventType::kCancelled, {});
    state_.old_status = state_.status;
    state_.status = Status::kCancelled;
  }

 private:
  void wait(microseconds low, microseconds high) {
    const auto drawn = static_cast<double>(random_.between(low.count(), high.count()));
    now_ += microseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(drawn * scale_)));
  }

  OrderForm form(double snapshot) {
    if (random_.chance(snapshot)) return OrderForm::kSnapshot;
    const std::uint64_t other = random_.below(10);
    if (other < 4) return OrderForm::kEmptyArray;
    if (other < 8) return OrderForm::kNull;
    return other == 8 ? OrderForm::kEmptyObject : OrderForm::kAbsent;
  }

  void add(EventType type, OrderForm order_form) {
    Step step = state_;
    step.type = type;
    step.at = now_;
    step.order_form = order_form;
    const std::uint64_t dialect = random_.below(1000);
    step.flat = dialect < 30;
    step.string_ids = dialect % 25 == 3;
    step.number_prices = dialect % 25 == 7;
    plan_.steps[plan_.step_count++] = step;
  }

  OrderPlan& plan_;
  Random& random_;
  double scale_;
  Instant now_;
  Step state_;
};

Method draw_method(Random& random, bool walk_in) {
  const std::uint64_t drawn = random.below(1000);
  if (drawn == 0) return Method::kZaloPay;
  if (walk_in) return drawn < 700 ? Method::kCash : Method::kTransfer;
  if (drawn < 330) return Method::kTransfer;
  if (drawn < 600) return Method::kCashOnDelivery;
  if (drawn < 790) return Method::kPayos;
  return drawn < 920 ? Method::kMomo : Method::kCash;
}

void draw_lines(OrderPlan& plan, Random& random) {
  const Catalogue& all = catalogue();
  const std::uint64_t drawn = random.below(100);
  plan.line_count = drawn < 3 ? 0 : drawn < 35 ? 1 : drawn < 80 ? 2 : drawn < 95 ? 3 : 4;
  plan.updated_line_count = plan.line_count;
  for (PlannedLine& line : plan.lines) {
    line.product = static_cast<std::uint32_t>(random.below(all.products.size()));
    line.color = static_cast<std::uint32_t>(random.below(all.colors.size()));
    line.quantity = random.chance(0.8) ? 1 : random.between(2, 4);
    line.with_price = random.chance(0.2);
  }
}

void draw_walk_in(Life& life, Random& random) {
  life.created();
  if (random.chance(0.8)) life.pay(PaymentStatus::kPaid, seconds(20), minutes(10));
  if (random.chance(0.9)) life.move(Status::kReady, minutes(15), hours(20));
  life.move(Status::kDelivered, minutes(20), hours(60));
}

void draw_cancellation(Life& life, Random& random, bool paid) {
  life.cancelled(minutes(5), hours(18));
  if (random.chance(0.3)) life.move(Status::kCancelled, seconds(0), seconds(5));
  if (paid && random.chance(0.7)) life.pay(PaymentStatus::kRefunded, minutes(30), hours(48));
}

void draw_delivery(Life& life, Random& random, bool prepaid, std::uint64_t cancel_after) {
  bool paid = prepaid;
  // 0: before anything is done, 1: when it is ready, 2: on its way. More: never.
  if (cancel_after == 0) return draw_cancellation(life, random, paid);
  if (random.chance(0.01)) {
    life.move_silently(Status::kReady);
  } else {
    life.move(Status::kReady, hours(1), hours(30));
  }
  if (cancel_after == 1) return draw_cancellation(life, random, paid);
  life.move(Status::kShipping, hours(1), hours(20));
  if (cancel_after == 2) return draw_cancellation(life, random, paid);
  if (random.chance(0.004)) {
    life.move(Status::kReady, minutes(10), hours(4));
    life.move(Status::kShipping, hours(1), hours(8));
  }
  life.move(Status::kDelivered, hours(3), hours(50));
  if (!paid && random.chance(0.75)) life.pay(PaymentStatus::kPaid, seconds(1), hours(10));
  if (life.has_room() && random.chance(0.003)) {
    life.move(Status::kReturned, hours(2), hours(24));
  }
}

void draw_online(OrderPlan& plan, Life& life, Random& random) {
  const bool online = plan.method == Method::kTransfer || plan.method == Method::kPayos ||
                      plan.method == Method::kMomo || plan.method == Method::kZaloPay;
  life.created();
  const bool prepaid = online && random.chance(0.85);
  const bool paid_first = random.chance(0.6);
  if (prepaid && paid_first) life.pay(PaymentStatus::kPaid, seconds(30), minutes(40));
  if (random.chance(0.3)) {
    plan.coupon_id = random.chance(0.5) ? random.between(1, 40) : 0;
    if (random.chance(0.4)) ++plan.updated_line_count;
    life.updated(minutes(2), hours(3));
  }
  if (prepaid && !paid_first) life.pay(PaymentStatus::kPaid, minutes(5), hours(2));
  const std::uint64_t cancel_after = random.chance(0.09) ? random.below(3) : 3;
  draw_delivery(life, random, prepaid, cancel_after);
}

}  // namespace

std::string_view text_of(Status status) {
  static const std::array<std::string, 6> kTexts = {
      php_escape("Đang xử lý"),     php_escape("Đã xử lý và sẵn sàng giao hàng"),
      php_escape("Đang giao hàng"), php_escape("Đã giao"),
      php_escape("Đã hủy"),         php_escape("Đã hoàn trả")};
  return kTexts[static_cast<std::size_t>(status)];
}

std::string_view text_of(PaymentStatus status) {
  static const std::array<std::string, 3> kTexts = {
      php_escape("Chưa thanh toán"), php_escape("Đã thanh toán"), php_escape("Đã hoàn tiền")};
  return kTexts[static_cast<std::size_t>(status)];
}

std::string_view text_of(Method method) {
  static const std::array<std::string, 6> kTexts = {
      php_escape("Tiền mặt"), php_escape("Chuyển khoản"), "COD", "payos", "momo", "ZaloPay"};
  return kTexts[static_cast<std::size_t>(method)];
}

OrderPlan make_plan(const PlanOptions& options, std::uint64_t index, Instant born) {
  Random random(options.seed, index);
  OrderPlan plan;
  plan.order_id = options.first_order + static_cast<std::int64_t>(index);
  plan.placed = born - microseconds(random.between(0, 2'000'000));
  plan.walk_in = random.chance(0.08);
  plan.empty_branch = plan.walk_in && random.chance(0.4);
  plan.user_id = random.between(1, 40'000);
  plan.branch_id = random.between(1, static_cast<std::int64_t>(catalogue().branches.size()));
  plan.method = draw_method(random, plan.walk_in);
  plan.note = random.chance(0.2)
                  ? static_cast<std::uint32_t>(1 + random.below(catalogue().notes.size()))
                  : 0;
  plan.address_seed = random.next();
  draw_lines(plan, random);
  Life life(plan, random, options.life_scale, born);
  if (plan.walk_in) {
    draw_walk_in(life, random);
  } else {
    draw_online(plan, life, random);
  }
  return plan;
}

}  // namespace lensart::generate
