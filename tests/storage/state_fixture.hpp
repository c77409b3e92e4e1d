/// A state in a directory of its own, for tests; gone with the object.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/state_store.hpp"

namespace lensart::storage {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    // In memory where there is such a place: these tests are about bytes, not about fsync.
    const std::filesystem::path memory = "/dev/shm";
    const bool fast = std::filesystem::is_directory(memory);
    const auto base = fast ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (base / "lensart-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Opens, closes and opens again; the tests' verbs.
class StateFixture : public ::testing::Test {
 protected:
  StateStoreOptions options() const {
    StateStoreOptions out;
    out.directory = directory.path() + "/state";
    out.fingerprint = "f1";
    return out;
  }
  void open() { open(options()); }
  void open(const StateStoreOptions& with) {
    auto opened = StateStore::open(with);
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
  }
  void close() { store.reset(); }
  void reopen() {
    close();
    open();
  }
  /// The error of an open that must not succeed.
  static Error refusal(const StateStoreOptions& with) {
    auto opened = StateStore::open(with);
    EXPECT_FALSE(opened) << "the state was opened";
    return opened ? Error{} : opened.error();
  }
  EpochNumber newest() const { return store->chain().back().number; }
  /// An epoch after the newest, with these chunks.
  EpochCommit next_epoch(std::vector<OutboxChunk> chunks = {}) const {
    EpochCommit epoch;
    epoch.number = newest() + 1;
    epoch.offsets_json = "{}";
    epoch.chunks = std::move(chunks);
    return epoch;
  }
  ChainRecord commit(const EpochCommit& epoch) {
    auto record = store->commit(epoch, incarnation);
    EXPECT_TRUE(record) << record.error().message;
    EXPECT_TRUE(store->fold());
    return record ? *record : ChainRecord{};
  }
  std::vector<std::string> chunks(int lane, EpochNumber from, EpochNumber to) const {
    std::vector<std::string> out;
    const auto read = store->for_each_chunk(lane, from, to, [&](std::string_view chunk) {
      out.emplace_back(chunk);
      return Result<Unit>(Unit{});
    });
    EXPECT_TRUE(read) << read.error().message;
    return out;
  }

  TemporaryDirectory directory;
  Incarnation incarnation = random_incarnation();
  std::unique_ptr<StateStore> store;
};

}  // namespace lensart::storage
