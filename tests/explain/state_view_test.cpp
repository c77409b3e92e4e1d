// What a state says of itself.

#include "apps/explain/state_view.hpp"

#include <gtest/gtest.h>

#include <map>

#include "apps/explain/ask_state.hpp"
#include "storage/codec.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::app {
namespace {

using namespace std::chrono_literals;

const Instant kNoon{std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 12h};

class StateViewTest : public testing::Test {
 protected:
  void SetUp() override {
    config.state.directory = directory.path();
    storage::StateStoreOptions options;
    options.directory = directory.path();
    options.pipeline = config.pipeline.name;
    store = storage::StateStore::open(options).value();
    orders = store->table("orders").value();
  }
  /// An epoch with the highest timestamps of a topic's partitions, in hours before noon.
  void commit(std::optional<Instant> watermark, std::vector<std::optional<int>> hours) {
    storage::EpochCommit epoch;
    epoch.number = store->chain().back().number + 1;
    epoch.watermark = watermark;
    for (std::size_t i = 0; i < hours.size(); ++i) {
      storage::SourcePosition position;
      position.source = static_cast<std::uint32_t>(i);
      position.topic = "order-created";
      position.partition = static_cast<std::int32_t>(i);
      position.next_offset = 10;
      if (hours[i]) position.highest = kNoon - std::chrono::hours(*hours[i]);
      epoch.positions.push_back(position);
    }
    epoch.changes.emplace_back().put(orders, storage::key_of(7), "no state of an order");
    ASSERT_TRUE(store->commit(epoch, {}));
  }
  std::string holders() const {
    const Json moment = answer_from(*store, config, "moment").value();
    std::string text;
    for (const Json& partition : moment["partitions"]) {
      if (partition["holds_watermark"] == true) text += partition["partition"].dump();
    }
    return text;
  }

  storage::TemporaryDirectory directory;
  Config config;
  std::unique_ptr<storage::StateStore> store;
  storage::Table orders = 0;
};

TEST_F(StateViewTest, ThePartitionThatHoldsTheWatermarkBackIsNamed) {
  commit(kNoon - 2h - 5min, {0, 2, 1});
  EXPECT_EQ(holders(), "1");
  commit(std::nullopt, {0, std::nullopt, 1});
  EXPECT_EQ(holders(), "1") << "nothing came from it yet";
  commit(kNoon - 1h - 5min, {0, 2, 1});
  EXPECT_EQ(holders(), "2") << "the slowest one is idle and holds nothing";
}

TEST_F(StateViewTest, DamageAndQuestionsThatAreNoneAreSaid) {
  commit(std::nullopt, {});
  EXPECT_EQ(answer_from(*store, config, "order 8").value()["known"], false);
  EXPECT_EQ(answer_from(*store, config, "order 7").error().code, Errc::kStateCorrupt);
  for (const char* question : {"", "order", "order ", "order -1", "order 0", "order 1 ",
                               "order 99999999999999999999", "drop tables", "moment "}) {
    EXPECT_EQ(answer_from(*store, config, question).error().code, Errc::kBadUsage) << question;
  }
}

TEST_F(StateViewTest, AStoppedOnesTreesAreFoundWhateverTheirNames) {
  ASSERT_TRUE(store->table("a_job_of_tomorrow"));
  commit(std::nullopt, {});
  store.reset();
  const auto stats = ask_state(config, "stats");
  ASSERT_TRUE(stats) << stats.error().message;
  EXPECT_EQ((*stats)["live"], false);
  std::map<std::string, std::uint64_t> entries;
  for (const Json& tree : (*stats)["trees"]) entries[tree["name"]] = tree["entries"];
  EXPECT_EQ(entries["orders"], 1U);
  EXPECT_TRUE(entries.contains("a_job_of_tomorrow"));
}

}  // namespace
}  // namespace lensart::app
