// Any bytes, read as a payload: nothing crashes, and what the reader says about them hangs
// together.
//
// With -DLENSART_FUZZ=ON and clang this is a libFuzzer target; otherwise replay_main.cpp runs it
// over the corpus. The first byte of an input chooses the topic, the rest is the payload.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "apps/orders/event_reader.hpp"
#include "apps/orders/json_document.hpp"
#include "graph/text.hpp"
#include "graph/time_zone.hpp"
#include "tests/orders/plain_json.hpp"

namespace lensart::orders {
namespace {

void require(bool holds, const char* claim) {
  if (holds) return;
  std::fprintf(stderr, "not true: %s\n", claim);
  std::abort();
}

class Harness {
 public:
  Harness() : reader_(rules()) {}

  void run(Topic topic, std::string_view payload) {
    Event event;
    Rejection rejection;
    const Outcome outcome = reader_.read(topic, payload, now(), arena_, event, rejection);
    const auto violations = reader_.violations(topic, payload, now());
    const bool is_json = document_.parse(payload) == nullptr;
    require(is_json == plain_json(payload).has_value(), "it is JSON to both or to neither");
    require((outcome == Outcome::kRejected) == !violations.empty(), "a rejection has a violation");
    if (outcome == Outcome::kRejected) {
      const Violation& first = rejection.violation;
      require(first.code == violations[0].code, "the first violation is the rejection's: code");
      require(first.field == violations[0].field, "the first violation is the rejection's: field");
      require((first.code == Code::kBadJson) == !is_json, "what is no JSON is bad_json");
      check(first.field, 255);
      check(first.message, 1000);
      if (rejection.event_id) check(*rejection.event_id, 100);
      if (rejection.order_id) require(*rejection.order_id >= 1, "an order id is positive");
    }
    if (outcome == Outcome::kEvent) check(event);
    arena_.reset();
  }

 private:
  static Rules rules() {
    static const TimeZone zone = TimeZone::find("Europe/Berlin").value();
    Rules rules;
    rules.zone = &zone;
    return rules;
  }

  static Instant now() { return std::chrono::sys_days(std::chrono::year(2026) / 11 / 24); }

  static void check(std::string_view text, std::size_t limit) {
    require(count_code_points(text) <= limit, "a text fits its column");
    require(text.find('\0') == std::string_view::npos, "a text holds no U+0000");
    require(to_nfc(text) == text, "a text is in normal form");
  }

  static void check_optional(const Text& text, std::size_t limit) {
    if (text) check(*text, limit);
  }

  static void check_instant(Instant instant) {
    require(instant >= std::chrono::sys_days(std::chrono::year(2000) / 1 / 1) &&
                instant < std::chrono::sys_days(std::chrono::year(2101) / 1 / 1),
            "an instant lies within 2000 to 2100");
  }

  static void check_amount(Hundredths amount) {
    require(amount >= 0 && amount < 1'000'000'000'000'000, "an amount fits DECIMAL(15,2)");
  }

  static void check(const Event& event) {
    constexpr std::size_t kNoLimit = 1'000'000'000;
    require(!event.event_id.empty() && event.order_id >= 1, "an event has its ids");
    check(event.event_id, 100);
    check_optional(event.old_status, 50);
    check(event.new_status, 50);
    check(event.new_payment_status, 50);
    check_instant(event.timestamp);
    if (!event.has_snapshot) return;
    const Snapshot& snapshot = event.snapshot;
    require(snapshot.branch_id >= 1 && snapshot.total_price >= 1, "a snapshot has what it must");
    check_amount(snapshot.total_price);
    if (snapshot.date) check_instant(*snapshot.date);
    for (const Text& text : {snapshot.user_name, snapshot.user_email, snapshot.branch_name}) {
      check_optional(text, 255);
    }
    for (const Text& text : {snapshot.branch_address, snapshot.address, snapshot.note}) {
      check_optional(text, kNoLimit);
    }
    check(snapshot.order_status, 50);
    check(snapshot.payment_status, 50);
    check_optional(snapshot.payment_method, 50);
    for (const Line& line : snapshot.lines) {
      require(line.product_id >= 1 && line.quantity >= 1 && line.quantity <= 1'000'000,
              "a line has what it must");
      check_optional(line.product_name, 255);
      check_optional(line.color, 50);
      check_amount(line.total_price);
      if (line.price) check_amount(*line.price);
    }
  }

  EventReader reader_;
  JsonDocument document_;
  Arena arena_;
};

}  // namespace
}  // namespace lensart::orders

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lensart::orders;
  static Harness harness;
  if (size == 0) return 0;
  // A buffer of its own, so that a sanitizer sees a step too far.
  const std::size_t payload_size = size - 1;
  const auto buffer = std::make_unique<char[]>(payload_size + kPayloadPadding);
  std::copy(data + 1, data + size, buffer.get());
  harness.run(static_cast<Topic>(data[0] % 4), {buffer.get(), payload_size});
  return 0;
}
