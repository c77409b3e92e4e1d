// A segment's filter is asked where it lies in the mapped file, also after the map has moved.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "storage/codec.hpp"
#include "storage/id_segment.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::storage {
namespace {

class Segments {
 public:
  explicit Segments(std::uint64_t map_bytes) {
    EnvironmentOptions options;
    options.directory = directory_.path();
    options.initial_size_bytes = map_bytes;
    environment = std::move(*Environment::open(options));
    table = *environment->table("segments");
  }
  /// A segment of the ids [from, until) as hash_id() makes them of their numbers.
  std::shared_ptr<const IdSegment> add(std::uint64_t number, std::uint64_t from,
                                       std::uint64_t until) {
    std::vector<IdHash> ids;
    for (std::uint64_t id = from; id < until; ++id) ids.push_back(hash(id));
    std::sort(ids.begin(), ids.end());
    SegmentWriter writer(number, ids.size());
    KeyValues entries;
    writer.add(ids.data(), ids.size(), entries);
    auto segment = std::make_shared<const IdSegment>(writer.finish({}, entries));
    const auto written = environment->write([&](WriteTransaction& txn) -> Result<Unit> {
      for (const auto& [key, value] : entries) LENSART_TRY(txn.put(table, key, value));
      return Unit{};
    });
    EXPECT_TRUE(written) << written.error().message;
    return segment;
  }
  void erase(std::uint64_t number) {
    const auto erased = environment->write([&](WriteTransaction& txn) -> Result<Unit> {
      LENSART_TRY(txn.erase_range(table, key_of(number), key_of(number + 1)));
      return Unit{};
    });
    EXPECT_TRUE(erased) << erased.error().message;
  }
  static IdHash hash(std::uint64_t id) { return hash_id(std::to_string(id), 42); }
  /// How many of [from, until) the filter lets through.
  std::uint64_t let_through(MappedFilter& filter, std::uint64_t from, std::uint64_t until) {
    const auto txn = environment->read();
    std::uint64_t through = 0;
    for (std::uint64_t id = from; id < until; ++id) {
      const auto may_be = filter.may_contain(*txn, table, hash(id));
      EXPECT_TRUE(may_be) << may_be.error().message;
      through += may_be && *may_be ? 1 : 0;
    }
    return through;
  }

 private:
  TemporaryDirectory directory_;

 public:
  std::unique_ptr<Environment> environment;
  Table table = 0;
};

constexpr std::uint64_t kMap = 8 << 20;

TEST(MappedFilter, LetsAllItsIdsThroughAndOfOthersOneInAHundredAtMost) {
  Segments segments(kMap);
  constexpr std::uint64_t kIds = 100'000;  // three chunks
  MappedFilter filter(segments.add(1, 0, kIds));
  EXPECT_EQ(segments.let_through(filter, 0, kIds), kIds);
  EXPECT_LT(segments.let_through(filter, kIds, 2 * kIds), kIds / 100);
}

RC_GTEST_PROP(MappedFilterProperty, HasNoFalseNegatives, ()) {
  const auto count = *rc::gen::inRange<std::uint64_t>(0, 3'000);
  Segments segments(kMap);
  MappedFilter filter(segments.add(1, 0, count));
  RC_ASSERT(segments.let_through(filter, 0, count) == count);
}

/// Segment after segment is written beside one of so many ids, every third erased again: its filter
/// goes on to let its own ids through, and few others. Returns how large the map is then.
std::uint64_t write_beside(std::uint64_t map_bytes, std::uint64_t ids) {
  Segments segments(map_bytes);
  MappedFilter filter(segments.add(50, 0, ids));
  EXPECT_EQ(segments.let_through(filter, 0, ids), ids);
  for (std::uint64_t number = 1; number < 100 && !::testing::Test::HasFailure(); ++number) {
    if (number == 50) continue;
    segments.add(number, 0, 20'000 + number);
    if (number % 3 == 0) segments.erase(number);
    EXPECT_EQ(segments.let_through(filter, 0, ids), ids) << "after segment " << number;
    EXPECT_LT(segments.let_through(filter, ids, ids + 2'000), 100U) << "after segment " << number;
  }
  return segments.environment->map_size_bytes();
}

TEST(MappedFilter, AnAddressOutlivesTheViewAndWhatIsWrittenBeside) {
  EXPECT_EQ(write_beside(64 << 20, 80'000), 64U << 20) << "it has not moved";
}

// LMDB copies what is small together with its neighbours in the tree, whenever these change.
TEST(MappedFilter, WhatIsSmallIsKnownWhereverLmdbCopiesIt) {
  write_beside(64 << 20, 200);
  write_beside(64 << 20, 1'920 * 256 / 12 + 100);  // and the end of a larger one
}

TEST(MappedFilter, IsFoundAgainWhereverTheMapGoesAsItGrows) {
  EXPECT_GE(write_beside(4 << 20, 80'000), 16U << 20) << "it has grown twice and more";
}

}  // namespace
}  // namespace lensart::storage
