// Golden bytes of what is persisted: a difference here means that a state on somebody's disk can no
// longer be read. Then kStateFormat rises, and the old format is migrated.

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "storage/codec.hpp"
#include "storage/outbox_format.hpp"
#include "storage/state_format.hpp"
#include "tests/storage/hex.hpp"

namespace lensart::storage {
namespace {

using namespace std::chrono_literals;

/// Only entries of older states are read by their tables.
const TableRegistry kNoTables({});

TEST(GoldenBytes, ASealedValueHasItsVersionInFrontAndXxh3Behind) {
  EXPECT_EQ(hex(seal(1, "lensart")),
            "01"
            "6c656e73617274"
            "04048a5d");
  EXPECT_EQ(hex(seal(2, "")),
            "02"
            "ffdf939e");
}

TEST(GoldenBytes, KeysAreBigEndian) {
  EXPECT_EQ(hex(key_of(0x0102'0304'0506'0708U)), "0102030405060708");
  std::string key;
  append_key(key, std::uint32_t{0x0102'0304U});
  EXPECT_EQ(hex(key), "01020304");
}

TEST(GoldenBytes, StateMeta) {
  StateMeta meta;
  meta.format = 1;
  meta.pipeline = "lensart";
  meta.fingerprint = "f1";
  meta.hash_seed = 0x1122'3344'5566'7788U;
  const std::string bytes = encode(meta);
  EXPECT_EQ(hex(bytes),
            "01"
            "01000000"
            "07000000"
            "6c656e73617274"
            "02000000"
            "6631"
            "8877665544332211"
            "b136674a");
  const auto back = decode_meta(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->format, 1U);
  EXPECT_EQ(back->pipeline, "lensart");
  EXPECT_EQ(back->fingerprint, "f1");
  EXPECT_EQ(back->hash_seed, meta.hash_seed);
}

TEST(GoldenBytes, TheFormatIsTheSeventh) { EXPECT_EQ(kStateFormat, 7U); }

TEST(GoldenBytes, Binding) {
  storage::Binding binding;
  binding.kafka_cluster_id = "k1";
  binding.database_system_id = "d22";
  binding.database_timeline = 3;
  const std::string bytes = encode(binding);
  EXPECT_EQ(hex(bytes),
            "01"
            "02000000"
            "6b31"
            "03000000"
            "643232"
            "0300000000000000"
            "feb43372");
  const auto back = decode_binding(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kafka_cluster_id, "k1");
  EXPECT_EQ(back->database_system_id, "d22");
  EXPECT_EQ(back->database_timeline, 3);
}

TEST(GoldenBytes, ChainRecord) {
  storage::ChainRecord record;
  record.number = 9;  // stands in the key
  for (std::size_t i = 0; i < 16; ++i) record.id.bytes[i] = static_cast<std::uint8_t>(i);
  record.watermark = Instant{1us};
  record.outbox_bytes = 258;
  record.outbox_digest = 0x1122'3344'5566'7788U;
  record.records = 3;
  record.offsets_json = "{}";
  const std::string bytes = encode(record);
  EXPECT_EQ(hex(bytes),
            "01"
            "000102030405060708090a0b0c0d0e0f"
            "01"
            "0100000000000000"
            "00"
            "0000000000000000"
            "00"
            "0000000000000000"
            "0201000000000000"
            "8877665544332211"
            "0300000000000000"
            "02000000"
            "7b7d"
            "36a7eb39");
  const auto back = decode_chain_record(9, bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->number, 9U);
  EXPECT_EQ(back->id, record.id);
  EXPECT_EQ(back->watermark, record.watermark);
  EXPECT_EQ(back->timer_clock, std::nullopt);
  EXPECT_EQ(back->outbox_bytes, 258U);
  EXPECT_EQ(back->outbox_digest, record.outbox_digest);
  EXPECT_EQ(back->records, 3U);
  EXPECT_EQ(back->offsets_json, "{}");
}

TEST(GoldenBytes, SourcePosition) {
  storage::SourcePosition position;
  position.source = 4;  // stands in the key
  position.topic = "order-created";
  position.partition = 2;
  position.next_offset = 258;
  position.last_offset = -1;
  position.last_hash = 0x1122'3344'5566'7788U;
  position.highest = Instant{-2us};
  const std::string bytes = encode(position);
  EXPECT_EQ(hex(bytes),
            "01"
            "0d000000"
            "6f726465722d63726561746564"
            "02000000"
            "0201000000000000"
            "ffffffffffffffff"
            "8877665544332211"
            "01"
            "feffffffffffffff"
            "9ff55f38");
  const auto back = decode_position(4, bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->source, 4U);
  EXPECT_EQ(back->topic, "order-created");
  EXPECT_EQ(back->partition, 2);
  EXPECT_EQ(back->next_offset, 258);
  EXPECT_EQ(back->last_offset, -1);
  EXPECT_EQ(back->last_hash, position.last_hash);
  EXPECT_EQ(back->highest, position.highest);
}

TEST(GoldenBytes, OutboxKey) {
  EXPECT_EQ(hex(outbox_key(0x0102, 3, 0x0405)),
            "0000000000000102"
            "03"
            "00000405");
}

TEST(GoldenBytes, OutboxKeysAreOrderedByEpochThenLaneThenChunk) {
  EXPECT_LT(outbox_key(1, 255, 0xffff'ffffU), outbox_key(2, 0, 0));
  EXPECT_LT(outbox_key(256, 1, 0xffff'ffffU), outbox_key(256, 2, 0));
  EXPECT_LT(outbox_key(1, 1, 255), outbox_key(1, 1, 256));
}

TEST(GoldenBytes, AnOutboxChunkWithAnEntryOfEachKind) {
  ChunkBuilder builder;
  std::string expected = "03";
  for (int kind = 1; kind <= 8; ++kind) {
    builder.begin(7, static_cast<EntryKind>(kind), {0x0102, -2}).append("row");
    builder.end();
    expected +=
        "07"
        "0" +
        std::to_string(kind) +
        "020201"
        "08feffffffffffffff"
        "03000000"
        "726f77";
  }
  const auto chunks = builder.take();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(hex_unsigned(chunks[0]), expected);
  EXPECT_EQ(hex(chunks[0]).substr(expected.size()), "48f5f463");
  int kind = 0;
  ASSERT_TRUE(
      for_each_entry(entries_of(chunks[0], kNoTables).value(), [&](const OutboxEntry& entry) {
        EXPECT_EQ(entry.table, 7);
        EXPECT_EQ(static_cast<int>(entry.kind), ++kind);
        EXPECT_EQ(entry.origin.source, 0x0102U);
        EXPECT_EQ(entry.origin.offset, -2);
        EXPECT_EQ(entry.body, "row");
      }));
  EXPECT_EQ(kind, 8);
}

TEST(GoldenBytes, TheKindsOfEntriesHaveTheirNumbersForGood) {
  EXPECT_EQ(static_cast<int>(EntryKind::kAppend), 1);
  EXPECT_EQ(static_cast<int>(EntryKind::kInsert), 2);
  EXPECT_EQ(static_cast<int>(EntryKind::kUpdate), 3);
  EXPECT_EQ(static_cast<int>(EntryKind::kDelete), 4);
  EXPECT_EQ(static_cast<int>(EntryKind::kReplaceNew), 5);
  EXPECT_EQ(static_cast<int>(EntryKind::kReplace), 6);
  EXPECT_EQ(static_cast<int>(EntryKind::kAdd), 7);
  EXPECT_EQ(static_cast<int>(EntryKind::kOnce), 8);
}

/// Bytes that no compression makes smaller.
std::string noise(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST(OutboxChunks, AreCutNearSixtyKilobytesAndHoldWholeEntries) {
  ChunkBuilder builder;
  for (int i = 0; i < 300; ++i) {
    builder.begin(1, EntryKind::kAppend, {0, i}).append(noise(1000, i));
    builder.end();
  }
  const std::size_t bytes = builder.bytes();
  std::int64_t seen = 0;
  std::size_t sealed = 0;
  for (const std::string& chunk : builder.take()) {
    sealed += chunk.size();
    EXPECT_LE(chunk.size(), kOutboxChunkBytes + 1100);
    ASSERT_TRUE(for_each_entry(entries_of(chunk, kNoTables).value(), [&](const OutboxEntry& entry) {
      EXPECT_EQ(entry.body, noise(1000, seen));
      EXPECT_EQ(entry.origin.offset, seen++);
    }));
  }
  EXPECT_EQ(seen, 300);
  EXPECT_LE(sealed - bytes, 4U) << "only the last checksum was missing";
  EXPECT_TRUE(builder.take().empty());
  EXPECT_EQ(builder.bytes(), 0U);
}

TEST(OutboxChunks, AreCompressedWhereItPaysAndReadBackToTheByte) {
  ChunkBuilder builder;
  for (int i = 0; i < 300; ++i) {
    builder.begin(1, EntryKind::kAppend, {0, i})
        .append(
            fmt::format("{{\"order_id\":{},\"status\":\"waiting for the courier\"}}", i * 7919));
    builder.end();
  }
  const auto chunks = builder.take();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0][0], static_cast<char>(kOutboxCompressedVersion));
  EXPECT_LT(chunks[0].size(), 10'000U) << "21 KB of texts that are nearly alike";
  std::int64_t seen = 0;
  ASSERT_TRUE(
      for_each_entry(entries_of(chunks[0], kNoTables).value(), [&](const OutboxEntry& entry) {
        EXPECT_EQ(
            entry.body,
            fmt::format("{{\"order_id\":{},\"status\":\"waiting for the courier\"}}", seen * 7919));
        EXPECT_EQ(entry.origin.offset, seen++);
      }));
  EXPECT_EQ(seen, 300);
}

/// Any bit of a chunk turned over, and any size claimed, is noticed.
void expect_damage_is_noticed(const std::string& chunk, std::size_t step) {
  for (std::size_t at = 0; at < chunk.size(); at += step) {
    std::string damaged = chunk;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const auto read = entries_of(damaged, kNoTables);
    ASSERT_FALSE(read) << at;
    EXPECT_EQ(read.error().code, Errc::kStateCorrupt);
  }
}

TEST(OutboxChunks, ADamagedOneGivesNoEntryAndSaysSo) {
  ChunkBuilder builder;
  builder.begin(1, EntryKind::kAppend, {}).append("row");
  builder.end();
  expect_damage_is_noticed(builder.take().front(), 1);
  for (int i = 0; i < 100; ++i) {
    builder.begin(1, EntryKind::kAppend, {}).append(100, static_cast<char>('a' + i % 3));
    builder.end();
  }
  const std::string packed = builder.take().front();
  ASSERT_EQ(packed[0], static_cast<char>(kOutboxCompressedVersion));
  expect_damage_is_noticed(packed, 7);
  // Sealed anew, as a program's own mistake would be: sizes that are not true.
  for (const std::uint32_t claimed : {0U, 1U, 12'000U, 0x7fff'ffffU, 0xffff'ffffU}) {
    std::string lying = packed.substr(0, packed.size() - 4);
    std::memcpy(lying.data() + 1, &claimed, sizeof(claimed));
    seal_in_place(lying);
    EXPECT_FALSE(entries_of(lying, kNoTables)) << claimed;
  }
}

TEST(StateFormat, ADamagedRecordOfAnySortIsNotRead) {
  const auto flips = [](std::string bytes, auto decodes) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      EXPECT_FALSE(decodes(damaged)) << "byte " << at;
      EXPECT_FALSE(decodes(bytes.substr(0, at))) << "cut at " << at;
    }
    EXPECT_TRUE(decodes(bytes));
  };
  flips(encode(StateMeta{}), [](const std::string& b) { return decode_meta(b).has_value(); });
  flips(encode(storage::Binding{}),
        [](const std::string& b) { return decode_binding(b).has_value(); });
  flips(encode(storage::ChainRecord{}),
        [](const std::string& b) { return decode_chain_record(0, b).has_value(); });
  flips(encode(storage::SourcePosition{}),
        [](const std::string& b) { return decode_position(0, b).has_value(); });
}

}  // namespace
}  // namespace lensart::storage
