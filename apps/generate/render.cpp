#include "apps/generate/render.hpp"

#include <algorithm>
#include <string_view>

#include "apps/generate/catalogue.hpp"
#include "apps/generate/php_json.hpp"
#include "apps/generate/random.hpp"

namespace lensart::generate {
namespace {

using orders::EventType;

/// Independent streams of one seed, so that a customer keeps his name from order to order.
constexpr std::uint64_t kCustomers = 0x637573746f6d6572ULL;

std::string_view name_of_type(EventType type) {
  switch (type) {
    case EventType::kCreated:
      return "order.created";
    case EventType::kUpdated:
      return "order.updated";
    case EventType::kPaymentStatusChanged:
      return "order.payment_status_changed";
    case EventType::kStatusChanged:
      return "order.status_changed";
    case EventType::kCancelled:
      return "order.cancelled";
  }
  std::abort();
}

/// Writes one payload. Holds what each part of it needs to know.
class Writer {
 public:
  Writer(std::string& out, const OrderPlan& plan, const Step& step, std::uint64_t seed)
      : out_(out), plan_(plan), step_(step), seed_(seed) {}

  void envelope(std::uint64_t event_number) {
    out_ += "{\"event_type\":\"";
    out_ += name_of_type(step_.type);
    out_ += "\",\"event_id\":\"";
    append_event_id(out_, seed_, event_number, step_.at);
    out_ += "\",\"timestamp\":\"";
    append_iso_local(out_, step_.at);
    out_ += "\",\"data\":{";
    body("\"id\":");
    out_ += "}}";
  }

  /// The later producer: no `data`, no id of its own, microseconds in UTC.
  void flat() {
    out_ += "{\"event_type\":\"";
    out_ += name_of_type(step_.type);
    out_ += "\",\"timestamp\":\"";
    append_iso_utc(out_, step_.at);
    out_ += "\",";
    body("\"order_id\":");
    out_ += '}';
  }

 private:
  void body(std::string_view id_key) {
    switch (step_.type) {
      case EventType::kCreated:
      case EventType::kUpdated:
      case EventType::kCancelled:
        out_ += id_key;
        id(plan_.order_id);
        out_ += ',';
        return snapshot();
      case EventType::kStatusChanged:
        change("status", text_of(step_.old_status), text_of(step_.status));
        return order();
      case EventType::kPaymentStatusChanged:
        change("payment_status", text_of(step_.old_payment), text_of(step_.payment));
        return order();
    }
  }

  void change(std::string_view what, std::string_view before, std::string_view after) {
    out_ += "\"order_id\":";
    id(plan_.order_id);
    out_ += ",\"old_";
    out_ += what;
    out_ += "\":\"";
    out_ += before;
    out_ += "\",\"new_";
    out_ += what;
    out_ += "\":\"";
    out_ += after;
    out_ += '"';
  }

  void order() {
    switch (step_.order_form) {
      case OrderForm::kAbsent:
        return;
      case OrderForm::kNull:
        out_ += ",\"order\":null";
        return;
      case OrderForm::kEmptyArray:
        out_ += ",\"order\":[]";
        return;
      case OrderForm::kEmptyObject:
        out_ += ",\"order\":{}";
        return;
      case OrderForm::kSnapshot:
        out_ += ",\"order\":{\"id\":";
        id(plan_.order_id);
        out_ += ',';
        snapshot();
        out_ += '}';
        return;
    }
  }

  void snapshot() {
    out_ += "\"user_id\":";
    plan_.walk_in ? void(out_ += "null") : id(plan_.user_id);
    out_ += ",\"branch_id\":";
    id(plan_.branch_id);
    out_ += ",\"date\":\"";
    append_local_time(out_, plan_.placed, ' ');
    out_ += "\",\"address\":";
    address();
    out_ += ",\"note\":";
    note();
    out_ += ",\"coupon_id\":";
    const bool coupon = step_.version > 0 && plan_.coupon_id > 0;
    coupon ? id(plan_.coupon_id) : void(out_ += "null");
    out_ += ",\"total_price\":";
    price(total());
    out_ += ",\"order_status\":\"";
    // The shop's snapshot is taken before a status event is applied.
    out_ += text_of(step_.type == EventType::kStatusChanged ? step_.old_status : step_.status);
    out_ += "\",\"payment_status\":\"";
    out_ += text_of(step_.payment);
    out_ += "\",\"payment_method\":\"";
    out_ += text_of(plan_.method);
    out_ += "\",\"status\":\"active\",";
    user();
    branch();
    out_ += "\"order_details\":[";
    std::int64_t line_id = plan_.order_id * 10;
    for (const PlannedLine& each : plan_.lines_at(step_)) line(each, ++line_id);
    if (out_.back() == ',') out_.pop_back();
    out_ += "],\"metadata\":[]";
  }

  void user() {
    if (plan_.walk_in) {
      out_ += "\"user\":null,";
      return;
    }
    const Catalogue& all = catalogue();
    Random random(kCustomers, static_cast<std::uint64_t>(plan_.user_id));
    const std::uint64_t family = random.below(all.family_names.size());
    const std::uint64_t middle = random.below(all.middle_names.size());
    const std::uint64_t given = random.below(all.given_names.size());
    out_ += "\"user\":{\"id\":";
    id(plan_.user_id);
    out_ += ",\"name\":\"";
    out_ += all.family_names[family];
    out_ += ' ';
    out_ += all.middle_names[middle];
    out_ += ' ';
    out_ += all.given_names[given];
    out_ += "\",\"email\":\"";
    out_ += all.mail_names[given];
    out_ += '.';
    append_number(out_, plan_.user_id);
    out_ += '@';
    out_ += all.mail_hosts[random.below(all.mail_hosts.size())];
    out_ += "\"},";
  }

  void branch() {
    if (plan_.empty_branch) {
      out_ += "\"branch\":[],";
      return;
    }
    const Branch& at = catalogue().branches[static_cast<std::size_t>(plan_.branch_id - 1)];
    out_ += "\"branch\":{\"id\":";
    id(plan_.branch_id);
    out_ += ",\"name\":\"";
    out_ += at.name;
    out_ += "\",\"address\":\"";
    out_ += at.address;
    out_ += "\"},";
  }

  void line(const PlannedLine& planned, std::int64_t line_id) {
    const Catalogue& all = catalogue();
    const Product& product = all.products[planned.product];
    out_ += "{\"id\":";
    id(line_id);
    out_ += ",\"product_id\":";
    id(static_cast<std::int64_t>(planned.product) + 1);
    out_ += ",\"product_name\":\"";
    out_ += product.name;
    if (product.has_color) {
      out_ += "\",\"color\":\"";
      out_ += all.colors[planned.color];
      out_ += "\",\"quantity\":";
    } else {
      out_ += "\",\"color\":null,\"quantity\":";
    }
    id(planned.quantity);
    out_ += ",\"total_price\":";
    price(product.price_dong * planned.quantity);
    if (planned.with_price) {
      out_ += ",\"price\":";
      price(product.price_dong);
    }
    out_ += "},";
  }

  void address() {
    if (plan_.walk_in) {
      out_ += "null";
      return;
    }
    const Catalogue& all = catalogue();
    Random random(plan_.address_seed);
    out_ += '"';
    append_number(out_, random.between(1, 480));
    if (random.chance(0.4)) {
      out_ += "\\/";
      append_number(out_, random.between(1, 60));
    }
    out_ += ' ';
    out_ += all.streets[random.below(all.streets.size())];
    out_ += ", ";
    out_ += all.districts[random.below(all.districts.size())];
    out_ += '"';
  }

  void note() {
    if (plan_.note == 0) {
      out_ += "null";
      return;
    }
    out_ += '"';
    out_ += catalogue().notes[plan_.note - 1];
    out_ += '"';
  }

  /// The lines and the carriage, less a coupon's tenth: never nothing.
  std::int64_t total() const {
    std::int64_t sum = plan_.walk_in ? 0 : 30'000;
    for (const PlannedLine& each : plan_.lines_at(step_)) {
      sum += catalogue().products[each.product].price_dong * each.quantity;
    }
    if (step_.version > 0 && plan_.coupon_id > 0) sum -= sum / 10;
    return std::max<std::int64_t>(sum, 50'000);
  }

  void id(std::int64_t value) {
    if (step_.string_ids) out_ += '"';
    append_number(out_, value);
    if (step_.string_ids) out_ += '"';
  }

  void price(std::int64_t dong) {
    if (step_.number_prices) return append_number(out_, dong);
    out_ += '"';
    append_number(out_, dong);
    out_ += ".00\"";
  }

  std::string& out_;
  const OrderPlan& plan_;
  const Step& step_;
  std::uint64_t seed_;
};

}  // namespace

orders::Topic topic_of(EventType type) {
  switch (type) {
    case EventType::kCreated:
      return orders::Topic::kOrderCreated;
    case EventType::kUpdated:
      return orders::Topic::kOrderUpdated;
    case EventType::kCancelled:
      return orders::Topic::kOrderCancelled;
    case EventType::kStatusChanged:
    case EventType::kPaymentStatusChanged:
      return orders::Topic::kOrderEvents;
  }
  std::abort();
}

void append_event_id(std::string& out, std::uint64_t seed, std::uint64_t number, Instant at) {
  const auto micros = static_cast<std::uint64_t>(at.time_since_epoch().count());
  // The multiplier has no factor in common with 10⁹, so that different numbers stay different.
  constexpr std::uint64_t kRange = 1'000'000'000;
  const std::uint64_t digits = (number * 387'420'489 + mix(seed) % kRange) % kRange;
  out += "evt_";
  append_hex(out, micros / 1'000'000, 8);
  append_hex(out, micros % 1'000'000, 5);
  append_padded(out, digits / 100'000'000, 1);
  out += '.';
  append_padded(out, digits % 100'000'000, 8);
}

void render_event(std::string& out, const OrderPlan& plan, const Step& step, std::uint64_t seed,
                  std::uint64_t event_number) {
  out.clear();
  Writer writer(out, plan, step, seed);
  step.flat ? writer.flat() : writer.envelope(event_number);
}

void render_test(std::string& out, Instant at, std::uint64_t seed, std::uint64_t event_number) {
  constexpr std::string_view kTypes[] = {"test.connection", "", "order.viewed", "ping"};
  out = "{\"event_type\":\"";
  out += kTypes[event_number % std::size(kTypes)];
  out += "\",\"event_id\":\"";
  append_event_id(out, seed, event_number, at);
  out += "\",\"timestamp\":\"";
  append_iso_local(out, at);
  out += "\",\"data\":{\"test\":true,\"message\":\"This is a test event\"}}";
}

}  // namespace lensart::generate
