#include "nodes/source/memory_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lensart::nodes {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MemorySourceTest : public ::testing::Test {
 protected:
  MemorySourceTest() {
    // Two topics, three partitions, mingled.
    log = {{0, 0, "a0"}, {0, 1, "b0"}, {0, 0, "a1"}, {1, 0, "c0"}, {0, 1, "b1"}, {0, 0, "a2"}};
  }
  std::vector<std::string> poll(std::size_t max_records = 100, std::size_t max_bytes = 1 << 20) {
    RecordBatch batch;
    EXPECT_TRUE(source.poll(batch, {max_bytes, max_records}));
    std::vector<std::string> out;
    for (const RawRecord& record : batch.records) {
      out.push_back(std::to_string(record.source) + "@" + std::to_string(record.offset) + ":" +
                    std::string(batch.payload(record)));
    }
    return out;
  }
  static storage::SourcePosition position(std::uint32_t number, std::int64_t next) {
    storage::SourcePosition out;
    out.source = number;
    out.next_offset = next;
    return out;
  }

  SourceDirectory directory;
  std::vector<MemoryRecord> log;
  MemorySource source{directory, {"first", "second"}, log};
};

TEST_F(MemorySourceTest, GivesTheLogWithDenseOffsetsInEachPartition) {
  ASSERT_TRUE(source.start({}));
  EXPECT_FALSE(source.reached_start_end());
  EXPECT_THAT(poll(), ElementsAre("0@0:a0", "1@0:b0", "0@1:a1", "2@0:c0", "1@1:b1", "0@2:a2"));
  EXPECT_TRUE(source.reached_start_end());
  EXPECT_TRUE(source.at_end(0));
  EXPECT_THAT(poll(), IsEmpty());
  EXPECT_EQ(directory.size(), 3U);
  EXPECT_EQ(directory.at(2).topic, "second");
  EXPECT_EQ(directory.at(2).topic_index, 1U);
  EXPECT_EQ(source.next_offset(0), 3);
}

TEST_F(MemorySourceTest, APollTakesNoMoreRecordsThanAllowed) {
  ASSERT_TRUE(source.start({}));
  EXPECT_THAT(poll(2), ElementsAre("0@0:a0", "1@0:b0"));
  EXPECT_THAT(poll(1), ElementsAre("0@1:a1"));
}

TEST_F(MemorySourceTest, APollTakesAtLeastOneRecordHoweverLargeAndThenStopsAtTheBytes) {
  ASSERT_TRUE(source.start({}));
  EXPECT_THAT(poll(100, 1), ElementsAre("0@0:a0"));
  EXPECT_THAT(poll(100, 3), ElementsAre("1@0:b0", "0@1:a1"));
}

TEST_F(MemorySourceTest, ARestartGoesOnWhereThePositionsStand) {
  ASSERT_TRUE(source.start({}));
  poll(4);
  const std::vector<storage::SourcePosition> positions{position(0, 2), position(1, 1),
                                                       position(2, 1)};
  ASSERT_TRUE(source.start(positions));
  EXPECT_THAT(poll(), ElementsAre("1@1:b1", "0@2:a2"));
}

TEST_F(MemorySourceTest, ARestartReadsPartitionsWithoutAPositionFromTheirBeginning) {
  ASSERT_TRUE(source.start({}));
  poll(1);
  const std::vector<storage::SourcePosition> positions{position(0, 3)};
  ASSERT_TRUE(source.start(positions));
  EXPECT_THAT(poll(), ElementsAre("1@0:b0", "2@0:c0", "1@1:b1"));
}

TEST(SourceDirectory, APartitionKeepsItsNumber) {
  SourceDirectory directory;
  EXPECT_EQ(directory.add("t", 0, 0), 0U);
  EXPECT_EQ(directory.add("t", 1, 0), 1U);
  EXPECT_EQ(directory.add("u", 0, 1), 2U);
  EXPECT_EQ(directory.add("t", 1, 0), 1U);
  EXPECT_EQ(directory.size(), 3U);
}

TEST(RecordBatch, HoldsNullAndEmptyPayloadsApartAndIsPadded) {
  RecordBatch batch;
  batch.add(0, 1, -1, "abc");
  batch.add(0, 2, -1, "", true);
  batch.add(0, 3, -1, "");
  batch.pad();
  EXPECT_EQ(batch.payload(batch.records[0]), "abc");
  EXPECT_TRUE(batch.records[1].null);
  EXPECT_FALSE(batch.records[2].null);
  EXPECT_EQ(batch.bytes.size(), 3 + RecordBatch::kPadding);
}

}  // namespace
}  // namespace lensart::nodes
