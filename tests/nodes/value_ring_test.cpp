#include "nodes/operators/value_ring.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <map>
#include <string>

namespace lensart::nodes {
namespace {

using namespace std::string_literals;

constexpr std::size_t kRoom = 8 * 1024;

std::string filled(char c, std::size_t bytes) { return std::string(bytes, c); }

TEST(ValueRingTest, AValueIsFoundAsItWasPutLast) {
  ValueRing ring(kRoom);
  EXPECT_FALSE(ring.find(1));
  ring.put(1, "a", 0);
  ring.put(2, "b", 0);
  ring.put(1, "longer", 0);
  ring.put(1, filled('x', 500), 0);  // more than where it lay had room for
  ring.put(2, "", 0);
  EXPECT_EQ(ring.find(1), filled('x', 500));
  EXPECT_EQ(ring.find(2), "");
  EXPECT_EQ(ring.size(), 2U);
}

/// What this process holds for itself.
std::size_t private_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kib = 0;
    if (word == "RssAnon:" && status >> kib) return kib * 1024;
  }
  return 0;
}

TEST(ValueRingTest, TheMemoryIsTakenAtOnceAndNotByAndBy) {
  constexpr std::size_t kLarge = 64 << 20;
  const std::size_t before = private_bytes();
  ASSERT_GT(before, 0U);
  ValueRing ring(kLarge);
  const std::size_t made = private_bytes();
  EXPECT_GT(made, before + kLarge / 8 * 7);
  for (std::int64_t key = 0; key < 200'000; ++key) ring.put(key, filled('x', 600), 0);
  EXPECT_LT(private_bytes(), made + kLarge / 8);
}

TEST(ValueRingTest, TheMemoryIsThatOfTheRoomHoweverMuchIsPut) {
  ValueRing ring(kRoom);
  for (std::int64_t key = 0; key < 1000; ++key) ring.put(key, filled('x', 100 + key % 300), 0);
  EXPECT_LE(ring.used_bytes(), kRoom);
  EXPECT_GT(ring.used_bytes(), kRoom / 2);
  EXPECT_GT(ring.size(), 15U);
  EXPECT_LT(ring.size(), 60U);
  EXPECT_TRUE(ring.find(999)) << "the newest";
  EXPECT_FALSE(ring.find(0)) << "the oldest";
}

TEST(ValueRingTest, WhatWasAskedForStaysLonger) {
  ValueRing ring(kRoom);
  ring.put(0, filled('a', 200), 0);
  ring.put(1, filled('b', 200), 0);
  for (std::int64_t key = 2; key < 200; ++key) {
    ASSERT_EQ(ring.find(0), filled('a', 200)) << "at " << key;
    ring.put(key, filled('x', 200), 0);
  }
  EXPECT_FALSE(ring.find(1));
}

TEST(ValueRingTest, WhatWasAskedForOnceDoesNotStayForEver) {
  ValueRing ring(kRoom);
  for (std::int64_t key = 0; key < 40; ++key) {
    ring.put(key, filled('x', 170), 0);
    ring.find(key);
  }
  for (std::int64_t key = 40; key < 140; ++key) ring.put(key, filled('y', 170), 0);
  for (std::int64_t key = 0; key < 40; ++key) EXPECT_FALSE(ring.find(key)) << key;
  EXPECT_TRUE(ring.find(139));
}

TEST(ValueRingTest, WhatIsNotDurableStaysWhateverTheRoom) {
  for (const std::size_t room : {std::size_t{0}, std::size_t{100}, kRoom}) {
    ValueRing ring(room);
    for (std::int64_t key = 0; key < 500; ++key) ring.put(key, filled('x', 100), 1);
    for (std::int64_t key = 0; key < 500; ++key) ASSERT_EQ(ring.find(key), filled('x', 100));
    ring.put(7, "changed once more", 2);
    ring.set_durable(1);
    EXPECT_EQ(ring.find(7), "changed once more");
    EXPECT_LT(ring.size(), 100U) << "what had no room is gone";
    EXPECT_LE(ring.used_bytes(), room + 20);
    ring.set_durable(2);
    EXPECT_LE(ring.used_bytes(), room);
  }
}

TEST(ValueRingTest, ALargeValueIsKeptOnlyWhileItMustBe) {
  ValueRing ring(kRoom);
  ring.put(1, "small", 0);
  ring.put(2, filled('x', kRoom / 2), 0);
  EXPECT_FALSE(ring.find(2));
  ring.put(2, filled('y', 4 * kRoom), 1);
  EXPECT_EQ(ring.find(2), filled('y', 4 * kRoom));
  ring.set_durable(1);
  EXPECT_FALSE(ring.find(2));
  EXPECT_EQ(ring.find(1), "small");
}

TEST(ValueRingTest, AForgottenValueIsGoneDurableOrNot) {
  ValueRing ring(kRoom);
  ring.put(1, "a", 0);
  ring.put(2, filled('b', 2 * kRoom), 1);
  ring.forget(1);
  ring.forget(2);
  ring.forget(3);
  EXPECT_FALSE(ring.find(1));
  EXPECT_FALSE(ring.find(2));
  EXPECT_EQ(ring.size(), 0U);
  for (std::int64_t key = 4; key < 200; ++key) ring.put(key, filled('x', 100), 0);
  EXPECT_FALSE(ring.find(1)) << "nor when the tail passes where it lay";
}

/// Whatever is done, in whatever room: a value that is not durable is found as it was put last, and
/// one that is durable is found so or not at all.
RC_GTEST_PROP(ValueRingTest, AnySequenceEqualsAMap, ()) {
  const auto room = *rc::gen::element<std::size_t>(0, 31, 64, 1000, 4096, 20'000);
  ValueRing ring(room);
  struct Expected {
    std::string value;
    EpochNumber changed_in;
  };
  std::map<std::int64_t, Expected> model;
  EpochNumber epoch = 1;
  const auto steps = *rc::gen::inRange(0, 300);
  for (int i = 0; i < steps; ++i) {
    const auto key = *rc::gen::inRange<std::int64_t>(0, 40);
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
        ring.forget(key);
        model.erase(key);
        break;
      case 1:
        ring.set_durable(epoch);
        ++epoch;
        break;
      case 2:
      case 3:
      case 4:
      case 5: {
        const auto bytes = *rc::gen::inRange<std::size_t>(0, 400);
        const EpochNumber changed_in = *rc::gen::element<EpochNumber>(0, epoch);
        // What the tree has is only put where the ring has nothing.
        if (changed_in == 0 && model.contains(key)) break;
        model[key] = {filled(static_cast<char>('a' + i % 26), bytes), changed_in};
        ring.put(key, model[key].value, changed_in);
        break;
      }
      default:
        ring.prefetch(key);
        const auto found = ring.find(key);
        const auto expected = model.find(key);
        if (expected == model.end()) {
          RC_ASSERT(!found.has_value());
        } else if (found) {
          RC_ASSERT(*found == expected->second.value);
        } else {
          RC_ASSERT(expected->second.changed_in < epoch);
          model.erase(expected);
        }
    }
    RC_ASSERT(ring.size() <= 40U);
  }
  for (const auto& [key, expected] : model) {
    const auto found = ring.find(key);
    RC_ASSERT((found ? *found == expected.value : expected.changed_in < epoch));
  }
}

}  // namespace
}  // namespace lensart::nodes
