/// An index of event ids in a state of its own, seen through one lane.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/id_index.hpp"
#include "tests/storage/state_fixture.hpp"

namespace lensart::storage {

inline IdHash id_of(std::uint64_t number) { return hash_id("event-" + std::to_string(number), 42); }

class IdIndexTest : public StateFixture {
 protected:
  void SetUp() override { start(); }

  /// As a process does: opens the state and gives the lane what the log holds.
  void start() {
    lane.reset();
    index.reset();
    close();
    open();
    auto opened = IdIndex::open(*store);
    ASSERT_TRUE(opened) << opened.error().message;
    index = std::move(*opened);
    lane = std::make_unique<IdLane>(*index);
    accepted.clear();
    for (const IdHash& id : index->take_recent()) lane->restore(id);
    lane->refresh();
  }
  bool insert(std::uint64_t number) {
    auto txn = store->read();
    const auto fresh = lane->insert(*txn, id_of(number));
    EXPECT_TRUE(fresh) << fresh.error().message;
    if (fresh && *fresh) accepted.push_back(id_of(number));
    return fresh && *fresh;
  }
  /// How many of [from, until) are new.
  std::uint64_t insert(std::uint64_t from, std::uint64_t until) {
    std::uint64_t fresh = 0;
    auto txn = store->read();
    for (std::uint64_t number = from; number < until; ++number) {
      if (!*lane->insert(*txn, id_of(number))) continue;
      accepted.push_back(id_of(number));
      ++fresh;
    }
    return fresh;
  }
  /// Closes the epoch: what is new goes into the log.
  EpochNumber close_epoch() {
    EpochCommit epoch = next_epoch();
    epoch.changes.resize(1);
    index->log(epoch.changes[0], epoch.number, 0, std::exchange(accepted, {}));
    commit(epoch);
    return epoch.number;
  }
  /// A new generation of ids; the old one becomes a segment.
  void freeze_and_seal() {
    const EpochNumber until = close_epoch();
    lane->freeze(until);
    const auto sealed = index->seal(until);
    ASSERT_TRUE(sealed) << sealed.error().message;
    lane->refresh();
  }
  /// Every key and value of a tree.
  std::vector<std::pair<std::string, std::string>> tree(const char* name) {
    std::vector<std::pair<std::string, std::string>> out;
    const Table table = *store->table(name);
    auto txn = store->read();
    EXPECT_TRUE(txn->scan(table, "", [&](std::string_view key, std::string_view value) {
      out.emplace_back(key, value);
      return true;
    }));
    return out;
  }
  void put(const char* name, std::string_view key, std::string_view value) {
    const Table table = *store->table(name);
    ASSERT_TRUE(store->write([&](WriteTransaction& txn) { return txn.put(table, key, value); }));
  }

  std::unique_ptr<IdIndex> index;
  std::unique_ptr<IdLane> lane;
  std::vector<IdHash> accepted;  ///< since the last close of an epoch
};

}  // namespace lensart::storage
