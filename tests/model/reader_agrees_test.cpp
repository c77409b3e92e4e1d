// The program's reader against the model's judge, which were written apart from each other: on
// every case of the corpus and on random mutations they must say the same, down to each field.
//
// LENSART_TEST_SEED and LENSART_TEST_RUNS choose the mutations; the seed is printed.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "apps/orders/event_reader.hpp"
#include "graph/arena.hpp"
#include "graph/time_zone.hpp"
#include "tests/corpus/corpus.hpp"
#include "tests/model/judge.hpp"
#include "tests/model/mutate.hpp"
#include "tests/model/table.hpp"

namespace lensart::model {
namespace {

const Instant kNow{std::chrono::hours(24 * 20'000)};  // 2024-10-04T00:00:00Z

template <class T>
std::string shown(const std::optional<T>& value) {
  return value ? fmt::format("'{}'", *value) : "NULL";
}

template <class T>
std::string shown_instant(const std::optional<T>& value) {
  return value ? print_instant(*value) : "NULL";
}

template <class AnyLine>
std::string shown_line(const AnyLine& line) {
  return fmt::format("[{} {} {} {} {} {}]", line.product_id, shown(line.product_name),
                     shown(line.color), line.quantity, line.total_price, shown(line.price));
}

/// Both sides' snapshots have the same names.
template <class AnySnapshot>
std::string shown_snapshot(const AnySnapshot& s) {
  std::string text = fmt::format(
      "user {} {} {} branch {} {} {} date {} address {} note {} coupon {} total {} status '{}' "
      "payment '{}' method {} lines",
      shown(s.user_id), shown(s.user_name), shown(s.user_email), s.branch_id, shown(s.branch_name),
      shown(s.branch_address), shown_instant(s.date), shown(s.address), shown(s.note),
      shown(s.coupon_id), s.total_price, s.order_status, s.payment_status, shown(s.payment_method));
  for (const auto& line : s.lines) text += shown_line(line);
  return text;
}

template <class AnyEvent>
std::string shown_event(const AnyEvent& e) {
  std::string text = fmt::format("{} '{}' {} order {}", name_of(e.type), e.event_id,
                                 print_instant(e.timestamp), e.order_id);
  if (name_of(e.type) == "order.status_changed") {
    text += fmt::format(" from {} to '{}'", shown(e.old_status), e.new_status);
  }
  if (name_of(e.type) == "order.payment_status_changed") {
    text += fmt::format(" to '{}'", e.new_payment_status);
  }
  return text;
}

std::string by_model(const Verdict& verdict) {
  if (verdict.ignored()) return "ignored";
  if (!verdict.accepted()) {
    return fmt::format("{} field '{}' event_id {} order_id {}", verdict.outcome, verdict.field,
                       shown(verdict.event_id), shown(verdict.order_id));
  }
  const Event& event = verdict.event;
  return "accepted " + shown_event(event) +
         (event.snapshot ? " snapshot " + shown_snapshot(*event.snapshot) : " no snapshot");
}

/// The program's reader behind one call, its answer in the words of `by_model`.
class Product {
 public:
  Product(const TimeZone& zone, bool allow_zero_total)
      : reader_(orders::Rules{1024 * 1024, std::chrono::hours(1), allow_zero_total, &zone}) {}

  std::string read(TopicKind topic, const std::string& payload) {
    // The reader may look at the bytes behind the payload, but they must not matter.
    std::string padded = payload + std::string(orders::kPayloadPadding, '}');
    const std::string_view bytes(padded.data(), payload.size());
    const auto kind = static_cast<orders::Topic>(topic);
    arena_.reset();
    orders::Event event;
    orders::Rejection rejection;
    const orders::Outcome outcome = reader_.read(kind, bytes, kNow, arena_, event, rejection);
    check_violations(outcome, rejection, reader_.violations(kind, bytes, kNow));
    switch (outcome) {
      case orders::Outcome::kIgnored:
        return "ignored";
      case orders::Outcome::kRejected:
        return fmt::format("{} field '{}' event_id {} order_id {}",
                           name_of(rejection.violation.code), rejection.violation.field,
                           shown(rejection.event_id), shown(rejection.order_id));
      case orders::Outcome::kEvent:
        // Nothing may still point into the payload's own bytes by accident of padding.
        return "accepted " + shown_event(event) +
               (event.has_snapshot ? " snapshot " + shown_snapshot(event.snapshot)
                                   : " no snapshot");
    }
    return "no outcome";
  }

 private:
  /// The list for the gateway begins with the rule the pipeline names, and is empty where it names
  /// none.
  static void check_violations(orders::Outcome outcome, const orders::Rejection& rejection,
                               const std::vector<orders::Violation>& all) {
    if (outcome != orders::Outcome::kRejected) {
      EXPECT_TRUE(all.empty());
      return;
    }
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(name_of(all.front().code), name_of(rejection.violation.code));
    EXPECT_FALSE(rejection.violation.message.empty());
    EXPECT_EQ(all.front().field, rejection.violation.field);
  }

  orders::EventReader reader_;
  Arena arena_;
};

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(ReaderAgrees, OnEveryCaseOfTheCorpus) {
  const Settings settings;
  const auto zone = TimeZone::find("Asia/Ho_Chi_Minh");
  ASSERT_TRUE(zone);
  Product product(*zone, settings.allow_zero_total);
  for (const corpus::Case& one : corpus::all_cases(kNow)) {
    SCOPED_TRACE(one.name + "\n" + one.payload.value_or("(null)").substr(0, 2000));
    const std::string payload = one.payload.value_or("");
    EXPECT_EQ(product.read(one.topic, payload),
              by_model(judge(one.topic, payload, kNow, settings)));
  }
}

/// Reports at most this many disagreements: one is enough to fail.
constexpr int kMostReports = 25;

void agree_on_mutations(const char* zone_name, bool allow_zero_total, std::uint64_t seed,
                        std::uint64_t runs) {
  Settings settings;
  settings.zone = Zone(zone_name);
  settings.allow_zero_total = allow_zero_total;
  const auto zone = TimeZone::find(zone_name);
  ASSERT_TRUE(zone);
  Product product(*zone, allow_zero_total);
  Mutator mutator(seed);
  std::map<std::string, std::uint64_t> outcomes;
  int reports = 0;
  for (std::uint64_t run = 0; run < runs && reports < kMostReports; ++run) {
    const Mutator::Payload payload = mutator.next();
    const Verdict verdict = judge(payload.topic, payload.bytes, kNow, settings);
    ++outcomes[verdict.outcome];
    SCOPED_TRACE(fmt::format("seed {}, run {}, topic {}\n{}", seed, run,
                             static_cast<int>(payload.topic), payload.bytes));
    const std::string expected = by_model(verdict);
    const std::string actual = product.read(payload.topic, payload.bytes);
    EXPECT_EQ(actual, expected);
    if (actual != expected) ++reports;
  }
  std::string summary;
  for (const auto& [outcome, count] : outcomes) summary += fmt::format(" {} {}", count, outcome);
  fmt::print("{}, seed {}:{}\n", zone_name, seed, summary);
}

TEST(ReaderAgrees, OnRandomMutations) {
  const std::uint64_t seed = number_from_environment("LENSART_TEST_SEED", std::random_device{}());
  const std::uint64_t runs = number_from_environment("LENSART_TEST_RUNS", 20'000);
  agree_on_mutations("Asia/Ho_Chi_Minh", false, seed, runs);
  agree_on_mutations("Europe/Berlin", true, seed + 1, runs / 4);
  agree_on_mutations("America/St_Johns", false, seed + 2, runs / 4);
}

}  // namespace
}  // namespace lensart::model
