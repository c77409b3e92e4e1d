#include "storage/state_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/codec.hpp"
#include "storage/state_format.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::storage {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StateStoreTest : public StateFixture {
 protected:
  /// Puts bytes where the store keeps its meta record.
  void write_meta(std::string_view bytes) {
    open();
    const Table meta = *store->table("meta");
    ASSERT_TRUE(store->write([&](WriteTransaction& txn) { return txn.put(meta, "meta", bytes); }));
    close();
  }
  std::uint64_t outbox_chunks() {
    const Table outbox = *store->table("outbox");
    return *store->read()->count(outbox);
  }
};

TEST_F(StateStoreTest, AFreshStateStandsAtTheGenesis) {
  open();
  ASSERT_EQ(store->chain().size(), 1U);
  EXPECT_EQ(newest(), 0U);
  EXPECT_THAT(store->positions(), IsEmpty());
  EXPECT_FALSE(store->binding().has_value());
}

TEST_F(StateStoreTest, TheGenesisAndTheHashSeedStayTheSame) {
  open();
  const EpochId genesis = store->chain().front().id;
  const std::uint64_t seed = store->hash_seed();
  reopen();
  EXPECT_EQ(store->chain().front().id, genesis);
  EXPECT_EQ(store->hash_seed(), seed);
}

TEST_F(StateStoreTest, TwoStatesDifferInGenesisAndSeed) {
  open();
  StateStoreOptions other = options();
  other.directory = directory.path() + "/other";
  const auto second = StateStore::open(other);
  ASSERT_TRUE(second);
  EXPECT_NE((*second)->chain().front().id, store->chain().front().id);
  EXPECT_NE((*second)->hash_seed(), store->hash_seed());
}

TEST_F(StateStoreTest, ASecondInstanceOfTheSameDirectoryIsRefused) {
  open();
  const Error error = refusal(options());
  EXPECT_EQ(error.code, Errc::kOwnedByAnother);
  EXPECT_THAT(error.message, HasSubstr(options().directory));
  close();
  open();
}

TEST_F(StateStoreTest, ACommandThatOnlyReadsMayOpenItBesideTheInstance) {
  open();
  commit(next_epoch());
  StateStoreOptions reading = options();
  reading.read_only = true;
  // Within one process LMDB allows a file once; beside another process it is the same code.
  close();
  open(reading);
  EXPECT_EQ(newest(), 1U);
}

TEST_F(StateStoreTest, ReadingWhereThereIsNoStateIsAnError) {
  StateStoreOptions reading = options();
  reading.read_only = true;
  EXPECT_EQ(refusal(reading).code, Errc::kStateFailed);
}

TEST_F(StateStoreTest, ADirectoryThatCannotBeMadeIsAnError) {
  StateStoreOptions bad = options();
  bad.directory = "/proc/lensart";
  const Error error = refusal(bad);
  EXPECT_EQ(error.code, Errc::kStateFailed);
  EXPECT_THAT(error.message, HasSubstr("state.directory = \"/proc/lensart\""));
}

TEST_F(StateStoreTest, AnotherPipelinesStateIsRefused) {
  open();
  close();
  StateStoreOptions other = options();
  other.pipeline = "other";
  const Error error = refusal(other);
  EXPECT_EQ(error.code, Errc::kStateMismatch);
  EXPECT_THAT(error.message, HasSubstr("pipeline.name = \"lensart\", not to \"other\""));
}

TEST_F(StateStoreTest, OtherSettingsAreRefusedAndNameTheRemedy) {
  open();
  close();
  StateStoreOptions other = options();
  other.fingerprint = "f2";
  const Error error = refusal(other);
  EXPECT_EQ(error.code, Errc::kStateMismatch);
  EXPECT_THAT(error.message, HasSubstr("lensart rebuild"));
}

TEST_F(StateStoreTest, ANewerFormatIsRefused) {
  StateMeta meta;
  meta.format = kStateFormat + 1;
  meta.pipeline = "lensart";
  meta.fingerprint = "f1";
  write_meta(encode(meta));
  const Error error = refusal(options());
  EXPECT_EQ(error.code, Errc::kStateMismatch);
  EXPECT_THAT(error.message, HasSubstr("newer"));
}

TEST_F(StateStoreTest, ADamagedMetaRecordIsCorruption) {
  write_meta("not a record");
  EXPECT_EQ(refusal(options()).code, Errc::kStateCorrupt);
}

TEST_F(StateStoreTest, AGapInTheChainIsCorruption) {
  open();
  for (int i = 0; i < 3; ++i) commit(next_epoch());
  const Table chain = *store->table("chain");
  ASSERT_TRUE(store->write([&](WriteTransaction& txn) -> Result<Unit> {
    LENSART_TRY(txn.erase(chain, key_of(2)));
    return Unit{};
  }));
  close();
  EXPECT_EQ(refusal(options()).code, Errc::kStateCorrupt);
}

TEST_F(StateStoreTest, WhatACommitWritesIsThereAfterAReopen) {
  open();
  const Table table = *store->table("orders");
  EpochCommit epoch = next_epoch({{0, "zero"}, {0, "zero again"}, {2, "two"}});
  epoch.records = 7;
  epoch.watermark = Instant{1s};
  epoch.timer_clock = Instant{2s};
  epoch.offsets_json = R"({"t":{"0":8}})";
  SourcePosition position;
  position.topic = "t";
  position.next_offset = 8;
  position.last_offset = 7;
  position.highest = Instant{3s};
  epoch.positions.push_back(position);
  epoch.changes.resize(2);
  epoch.changes[0].put(table, "a", "1");
  epoch.changes[0].put(table, "a", "2");
  epoch.changes[1].put(table, "b", "3");
  epoch.changes[1].erase(table, "b");
  const ChainRecord record = commit(epoch);
  reopen();
  ASSERT_EQ(store->chain().size(), 2U);
  const ChainRecord& back = store->chain().back();
  EXPECT_EQ(back.id, record.id);
  EXPECT_EQ(back.records, 7U);
  EXPECT_EQ(back.watermark, epoch.watermark);
  EXPECT_EQ(back.timer_clock, epoch.timer_clock);
  EXPECT_EQ(back.offsets_json, epoch.offsets_json);
  EXPECT_EQ(back.outbox_bytes, 17U);
  ASSERT_EQ(store->positions().size(), 1U);
  EXPECT_EQ(store->positions()[0].topic, "t");
  EXPECT_EQ(store->positions()[0].next_offset, 8);
  EXPECT_EQ(store->positions()[0].highest, position.highest);
  EXPECT_THAT(chunks(0, 0, 1), ElementsAre("zero", "zero again"));
  EXPECT_THAT(chunks(1, 0, 1), IsEmpty());
  EXPECT_THAT(chunks(2, 0, 1), ElementsAre("two"));
  const Table again = *store->table("orders");
  auto txn = store->read();
  EXPECT_EQ(**txn->get(again, "a"), "2") << "of several changes to a key the last one stands";
  EXPECT_FALSE(txn->get(again, "b")->has_value());
}

TEST_F(StateStoreTest, ABindingIsKept) {
  open();
  ASSERT_TRUE(store->bind({"cluster", "system", 4}));
  reopen();
  ASSERT_TRUE(store->binding().has_value());
  EXPECT_EQ(store->binding()->kafka_cluster_id, "cluster");
  EXPECT_EQ(store->binding()->database_system_id, "system");
  EXPECT_EQ(store->binding()->database_timeline, 4);
}

TEST_F(StateStoreTest, ChunksComeInTheOrderOfEpochsThenOfTheirWriting) {
  open();
  for (int epoch = 1; epoch <= 3; ++epoch) {
    std::vector<OutboxChunk> written;
    for (std::uint8_t lane = 0; lane < 3; ++lane) {
      for (int i = 0; i < 300; ++i) {
        written.push_back({lane, std::to_string(epoch * 10'000 + lane * 1000 + i)});
      }
    }
    commit(next_epoch(std::move(written)));
  }
  const auto read = chunks(1, 0, 3);
  ASSERT_EQ(read.size(), 900U);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i], std::to_string((i / 300 + 1) * 10'000 + 1000 + i % 300));
  }
  EXPECT_EQ(chunks(1, 1, 2).size(), 300U);
  EXPECT_THAT(chunks(1, 3, 3), IsEmpty());
}

TEST_F(StateStoreTest, AnErrorEndsTheWalkOverTheChunks) {
  open();
  commit(next_epoch({{0, "a"}, {0, "b"}}));
  int visited = 0;
  const auto read = store->for_each_chunk(0, 0, 1, [&](std::string_view) -> Result<Unit> {
    ++visited;
    return fail(Errc::kFatal, "enough");
  });
  EXPECT_EQ(visited, 1);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "enough");
}

TEST_F(StateStoreTest, TrimmingForgetsExactlyTheOutboxUpToItsTarget) {
  open();
  for (int i = 1; i <= 5; ++i) commit(next_epoch({{0, "a" + std::to_string(i)}, {1, "b"}}));
  store->trim_to(3);
  ASSERT_TRUE(store->trim_now());
  EXPECT_EQ(store->chain().front().number, 3U) << "the record stays: it is where a lane may stand";
  EXPECT_THAT(chunks(0, 0, 5), ElementsAre("a4", "a5"));
  EXPECT_EQ(outbox_chunks(), 4U);
  reopen();
  EXPECT_EQ(store->chain().front().number, 3U);
  EXPECT_EQ(newest(), 5U);
  EXPECT_THAT(chunks(0, 0, 5), ElementsAre("a4", "a5"));
}

TEST_F(StateStoreTest, ACommitTrimsAlongTheWay) {
  open();
  for (int i = 1; i <= 3; ++i) commit(next_epoch({{0, std::to_string(i)}}));
  store->trim_to(3);
  EXPECT_EQ(store->chain().front().number, 0U) << "not before the next commit";
  commit(next_epoch({{0, "4"}}));
  EXPECT_EQ(store->chain().front().number, 3U);
  EXPECT_THAT(chunks(0, 0, 4), ElementsAre("4"));
  store->trim_to(2);
  ASSERT_TRUE(store->trim_now());
  EXPECT_EQ(store->chain().front().number, 3U) << "a target never goes back";
}

TEST_F(StateStoreTest, ACommitThatFindsTheStateFullWritesNothing) {
  StateStoreOptions small = options();
  small.max_size_bytes = 1 << 20;
  open(small);
  commit(next_epoch({{0, "first"}}));
  EpochCommit large = next_epoch({{0, std::string(2 << 20, 'x')}});
  SourcePosition position;
  position.topic = "t";
  large.positions.push_back(position);
  const auto done = store->commit(large, incarnation);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kStateFull);
  EXPECT_EQ(newest(), 1U);
  close();
  open(small);
  EXPECT_EQ(newest(), 1U);
  EXPECT_THAT(store->positions(), IsEmpty());
  EXPECT_THAT(chunks(0, 0, 2), ElementsAre("first"));
  close();
  open();
  EXPECT_TRUE(store->commit(large, incarnation)) << "a larger state.max_size mends it";
}

TEST_F(StateStoreTest, TheIdOfAnEpochDependsOnEverythingInIt) {
  open();
  const auto id_with = [&](const std::function<void(EpochCommit&)>& change) {
    // Each in a copy of the same state.
    close();
    const std::string copy = directory.path() + "/copy";
    std::filesystem::remove_all(copy);
    std::filesystem::copy(options().directory, copy);
    StateStoreOptions there = options();
    there.directory = copy;
    open(there);
    const Table table = *store->table("orders");
    EpochCommit epoch = next_epoch({{0, "chunk"}});
    epoch.changes.resize(1);
    epoch.changes[0].put(table, "key", "value");
    change(epoch);
    const EpochId id = commit(epoch).id;
    close();
    open();
    return id;
  };
  const EpochId same = id_with([](EpochCommit&) {});
  EXPECT_EQ(id_with([](EpochCommit&) {}), same);
  EXPECT_NE(id_with([](EpochCommit& e) { e.offsets_json = "{ }"; }), same);
  EXPECT_NE(id_with([](EpochCommit& e) { e.chunks[0].bytes = "other"; }), same);
  EXPECT_NE(id_with([](EpochCommit& e) { e.changes[0].put(e.changes[0].items[0].table, "k", ""); }),
            same);
  incarnation = random_incarnation();
  EXPECT_NE(id_with([](EpochCommit&) {}), same);
}

}  // namespace
}  // namespace lensart::storage
