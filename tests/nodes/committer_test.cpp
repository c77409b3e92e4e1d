#include "nodes/sink/committer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/state_fixture.hpp"

namespace lensart::nodes {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

storage::SourcePosition position(std::uint32_t source, std::string topic, std::int32_t partition,
                                 std::int64_t next) {
  storage::SourcePosition out;
  out.source = source;
  out.topic = std::move(topic);
  out.partition = partition;
  out.next_offset = next;
  return out;
}

TEST(OffsetsJson, GroupsPartitionsByTopicInTheOrderOfTheirNumbers) {
  EXPECT_EQ(offsets_json({}), "{}");
  EXPECT_EQ(offsets_json({position(0, "t", 0, 12)}), R"({"t":{"0":12}})");
  EXPECT_EQ(offsets_json({position(0, "u.b-c_d", 10, 1), position(1, "t", 2, 3),
                          position(2, "u.b-c_d", 9, 4), position(3, "t", 0, 0)}),
            R"({"t":{"0":0,"2":3},"u.b-c_d":{"9":4,"10":1}})");
}

/// What the committer told, waited for.
class CommitterTest : public storage::StateFixture {
 protected:
  void SetUp() override { start(options()); }
  void TearDown() override { committer.reset(); }

  void start(const storage::StateStoreOptions& with) {
    committer.reset();
    index.reset();
    close();
    open(with);
    index = std::move(*storage::IdIndex::open(*store));
    Committer::Callbacks callbacks;
    callbacks.on_durable = [this](const storage::ChainRecord& record, const EpochDraft& draft) {
      const std::lock_guard lock(mutex);
      durable.push_back(record);
      credit_bytes += draft.credit_bytes;
      told.notify_all();
    };
    callbacks.on_stop = [this](const Error& error) {
      const std::lock_guard lock(mutex);
      stopped.push_back(error);
      told.notify_all();
    };
    committer = std::make_unique<Committer>(*store, *index, clock, incarnation, callbacks);
  }
  std::shared_ptr<EpochDraft> draft(EpochNumber number) const {
    auto out = std::make_shared<EpochDraft>();
    out->number = number;
    return out;
  }
  bool wait_told(std::size_t count) {
    std::unique_lock lock(mutex);
    return told.wait_for(lock, 10s, [&] { return durable.size() + stopped.size() >= count; });
  }

  SystemClock clock;
  std::unique_ptr<storage::IdIndex> index;
  std::unique_ptr<Committer> committer;
  std::mutex mutex;
  std::condition_variable told;
  std::vector<storage::ChainRecord> durable;
  std::vector<Error> stopped;
  std::size_t credit_bytes = 0;
};

TEST_F(CommitterTest, AnEpochIsToldOnlyWhenItIsDurable) {
  auto epoch = draft(1);
  epoch->records = 5;
  epoch->credit_bytes = 77;
  epoch->watermark = Instant{7us};
  epoch->timer_clock = Instant{8us};
  epoch->positions.push_back(position(0, "t", 0, 6));
  epoch->outputs.resize(1);
  epoch->outputs[0].chunks.push_back({0, "chunk"});
  committer->submit(epoch);
  ASSERT_TRUE(wait_told(1));
  ASSERT_EQ(durable.size(), 1U);
  EXPECT_EQ(durable[0].number, 1U);
  EXPECT_EQ(durable[0].records, 5U);
  EXPECT_EQ(durable[0].offsets_json, R"({"t":{"0":6}})");
  EXPECT_EQ(credit_bytes, 77U);
  committer.reset();
  index.reset();
  reopen();
  EXPECT_EQ(store->chain().back().id, durable[0].id);
  EXPECT_EQ(store->chain().back().watermark, Instant{7us});
  EXPECT_EQ(store->chain().back().timer_clock, Instant{8us});
  ASSERT_EQ(store->positions().size(), 1U);
  EXPECT_EQ(store->positions()[0].next_offset, 6);
}

TEST_F(CommitterTest, TheLanesOutputsAreSortedBySinkLaneAndKeepTheirOrder) {
  auto epoch = draft(1);
  epoch->outputs.resize(3);
  epoch->outputs[0].chunks = {{1, "a"}, {0, "b"}};
  epoch->outputs[1].chunks = {{0, "c"}};
  epoch->outputs[2].chunks = {{1, "d"}, {1, "e"}};
  committer->submit(epoch);
  ASSERT_TRUE(wait_told(1));
  EXPECT_THAT(chunks(0, 0, 1), ElementsAre("b", "c"));
  EXPECT_THAT(chunks(1, 0, 1), ElementsAre("a", "d", "e"));
}

TEST_F(CommitterTest, EpochsAreCommittedInTheirOrderAndCounted) {
  for (EpochNumber number = 1; number <= 20; ++number) {
    auto epoch = draft(number);
    epoch->records = number;
    committer->submit(epoch);
  }
  ASSERT_TRUE(wait_told(20));
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(durable[i].number, i + 1);
  const CommitFigures figures = committer->figures();
  EXPECT_EQ(figures.epochs, 20U);
  EXPECT_EQ(figures.records, 210U);
}

TEST_F(CommitterTest, StoppingCommitsWhatWasSubmitted) {
  for (EpochNumber number = 1; number <= 50; ++number) committer->submit(draft(number));
  committer->stop();
  EXPECT_EQ(durable.size(), 50U);
}

TEST_F(CommitterTest, AnEpochThatFreezesTheIdsSealsThem) {
  auto epoch = draft(1);
  epoch->freeze_ids = true;
  epoch->outputs.resize(1);
  index->log(epoch->outputs[0].changes, 1, 0, {storage::hash_id("a", 1)});
  committer->submit(epoch);
  committer->stop();
  const auto segments = index->segments();
  ASSERT_EQ(segments->segments.size(), 1U);
  EXPECT_EQ(segments->covers_until, 1U);
}

TEST_F(CommitterTest, TheLogIsFoldedAfterTheEpochs) {
  storage::StateStoreOptions options = this->options();
  options.log_bytes = 64 << 10;
  start(options);
  const storage::Table orders = *store->logged_table("orders");
  for (EpochNumber number = 1; number <= 60; ++number) {
    auto epoch = draft(number);
    epoch->outputs.resize(1);
    epoch->outputs[0].changes.put(orders, storage::key_of(number), std::string(5'000, 'v'));
    committer->submit(epoch);
  }
  committer->stop();
  const auto log = store->read()->bytes(store->tables().find("log")->second);
  EXPECT_LT(*log, 3U * (64 << 10)) << "of 300 KB written";
}

TEST_F(CommitterTest, AFailureIsToldOnceAndNothingFollowsIt) {
  storage::StateStoreOptions small = options();
  small.max_size_bytes = 1 << 20;
  start(small);
  auto epoch = draft(1);
  epoch->outputs.resize(1);
  epoch->outputs[0].chunks.push_back({0, std::string(2 << 20, 'x')});
  committer->submit(epoch);
  committer->submit(draft(2));
  ASSERT_TRUE(wait_told(1));
  committer->stop();
  ASSERT_EQ(stopped.size(), 1U);
  EXPECT_EQ(stopped[0].code, Errc::kStateFull);
  EXPECT_TRUE(durable.empty());
  EXPECT_EQ(newest(), 0U);
}

}  // namespace
}  // namespace lensart::nodes
