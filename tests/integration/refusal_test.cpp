// PostgreSQL refuses a row, or an operator has taken one away: the rest goes on, and nothing of it
// is silent.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/corpus/payload.hpp"
#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using model::TopicKind;
using testing::HasSubstr;

class RefusalTest : public testing::Test {
 protected:
  void SetUp() override {
    Stream stream;
    stream.events = 1'500;
    stream.poison = 0;
    stream.first_order = kFirstOrder;
    pipeline_.generate(stream);
  }

  void constrain(const std::string& table, const std::string& condition) {
    pipeline_.execute(
        fmt::format("ALTER TABLE {}.{} ADD CONSTRAINT of_the_operator CHECK ({}) "
                    "NOT VALID",
                    pipeline_.schema(), table, condition));
  }

  std::int64_t count(const std::string& from) const {
    return std::stoll(
        pipeline_.ask(fmt::format("SELECT count(*) FROM {}.{}", pipeline_.schema(), from)));
  }

  /// What a comparison says of one table.
  static support::TableDifference of(const support::RunComparison& comparison,
                                     const std::string& table) {
    for (const auto& difference : comparison.differences) {
      if (difference.table == table) return difference;
    }
    throw std::out_of_range(table);
  }

  static constexpr std::int64_t kFirstOrder = 5'000;
  Pipeline pipeline_;
};

TEST_F(RefusalTest, ARefusedOrderAloneIsLeftOutAndKnown) {
  constrain("orders_processed", fmt::format("order_id <> {}", kFirstOrder + 3));
  expect_exit(pipeline_.run_to_end(), 0);

  const auto comparison = pipeline_.compare();
  EXPECT_TRUE(of(comparison, "orders_raw").empty()) << comparison.describe();
  EXPECT_TRUE(of(comparison, "pipeline_accounts").empty()) << comparison.describe();
  const auto orders = of(comparison, "orders_processed");
  EXPECT_EQ(orders.missing, 1U) << orders.describe();
  EXPECT_EQ(orders.extra + orders.different, 0U) << orders.describe();
  // Its lines have no order to belong to.
  EXPECT_EQ(of(comparison, "order_items_analytics").extra, 0U) << comparison.describe();
  EXPECT_EQ(count(fmt::format("order_items_analytics WHERE order_id = {}", kFirstOrder + 3)), 0);

  EXPECT_GE(count("dead_letters WHERE code = 'sink_rejected'"), 1);
  EXPECT_EQ(count(fmt::format("dead_letters WHERE code = 'sink_rejected' AND (field NOT LIKE "
                              "'orders_processed%{}%' OR message NOT LIKE '%of_the_operator%')",
                              kFirstOrder + 3)),
            0);
  const Finished audit = pipeline_.verify();
  expect_exit(audit, 0);
  EXPECT_THAT(audit.stdout_text, HasSubstr("known"));
  EXPECT_EQ(pipeline_.letters_amiss(), std::vector<std::string>{});
}

TEST_F(RefusalTest, ARefusedEventStaysAcceptedAndKnown) {
  constrain("orders_raw", fmt::format("order_id <> {}", kFirstOrder + 3));
  expect_exit(pipeline_.run_to_end(), 0);
  const auto comparison = pipeline_.compare();
  const auto raw = of(comparison, "orders_raw");
  EXPECT_GE(raw.missing, 1U);
  EXPECT_EQ(raw.extra + raw.different, 0U) << raw.describe();
  EXPECT_EQ(count(fmt::format("orders_processed WHERE order_id = {}", kFirstOrder + 3)), 1);
  EXPECT_EQ(count("dead_letters WHERE code = 'sink_rejected'"),
            static_cast<std::int64_t>(raw.missing));
  const Finished audit = pipeline_.verify();
  EXPECT_THAT(audit.stdout_text, HasSubstr("known"));
}

TEST_F(RefusalTest, AConstraintThatRefusesEverythingStopsThePipelineAndCostsNothing) {
  constrain("orders_processed", "false");
  const Finished stopped = pipeline_.run_to_end();
  EXPECT_EQ(stopped.status.code, 1) << stopped.status.describe();
  EXPECT_THAT(stopped.stderr_text, HasSubstr("sink.max_refusals"));
  EXPECT_THAT(stopped.stderr_text, HasSubstr("of_the_operator"));
  EXPECT_EQ(count("dead_letters"), 0) << "the stream was drained into the dead letters";
  pipeline_.execute("ALTER TABLE " + pipeline_.schema() +
                    ".orders_processed DROP CONSTRAINT of_the_operator");
  expect_exit(pipeline_.run_to_end(), 0);
  expect_all_is_well(pipeline_);
}

TEST_F(RefusalTest, AnOrderDeletedByHandIsSentWholeAgainByItsNextEvent) {
  expect_exit(pipeline_.run_to_end(), 0);
  const std::string order =
      pipeline_.ask("SELECT max(order_id) FROM " + pipeline_.schema() + ".order_items_analytics");
  pipeline_.execute("DELETE FROM " + pipeline_.schema() +
                    ".orders_processed WHERE order_id = " + order);
  EXPECT_EQ(count("order_items_analytics WHERE order_id = " + order), 0);
  const std::string payload = corpus::status_changed()
                                  .top("event_id", corpus::quoted("the next event"))
                                  .data("order_id", order)
                                  .text();
  pipeline_.send(TopicKind::kOrderEvents, 1, payload);
  expect_exit(pipeline_.run_to_end(), 0);
  EXPECT_EQ(count("orders_processed WHERE order_id = " + order), 1);
  EXPECT_GT(count("order_items_analytics WHERE order_id = " + order), 0);
  expect_all_is_well(pipeline_);
}

TEST_F(RefusalTest, RowsDeletedByHandComeBackThoughOthersOfTheirEpochStand) {
  expect_exit(pipeline_.run_to_end(), 0);
  pipeline_.execute("DELETE FROM " + pipeline_.schema() +
                    ".orders_processed WHERE order_id % 7 = 0");
  // The whole stream once more with other ids: every order has further events.
  Stream again;
  again.events = 1'500;
  again.poison = 0;
  again.seed = 2;
  again.first_order = kFirstOrder;
  pipeline_.generate(again);
  expect_exit(pipeline_.run_to_end(), 0);
  const auto comparison = pipeline_.compare();
  // Orders without a further event stay away; nothing else differs.
  EXPECT_EQ(of(comparison, "orders_processed").extra, 0U) << comparison.describe();
  EXPECT_EQ(of(comparison, "orders_processed").different, 0U) << comparison.describe();
  EXPECT_EQ(of(comparison, "order_items_analytics").extra, 0U) << comparison.describe();
  EXPECT_TRUE(of(comparison, "orders_raw").empty()) << comparison.describe();
}

}  // namespace
}  // namespace lensart::integration
