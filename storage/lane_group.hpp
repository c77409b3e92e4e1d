/// A run of epochs of one sink lane, conflated: what one transaction of the relay writes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"
#include "storage/outbox_format.hpp"
#include "storage/state_store.hpp"
#include "storage/table_spec.hpp"

namespace lensart::storage {

/// What the group does to one key of a table. Views point into the group's own copy of the chunks,
/// or into `LaneGroup::extra_bytes`.
struct KeyChange {
  std::string_view key;  ///< encoded leading columns
  EntryKind kind = EntryKind::kUpdate;
  bool was_absent = false;  ///< the group's first entry of the key found no row in the database
  Origin origin;
  std::vector<std::string_view> rows;  ///< one, or an owner's whole bag; none for kDelete
};

/// Changes of one table, sorted by key, each key once.
struct TableChanges {
  const TableSpec* table = nullptr;
  std::vector<KeyChange> changes;
};

/// Threads: one.
class LaneGroup {
 public:
  explicit LaneGroup(const TableRegistry& registry);

  /// Adds an epoch's entry; entries arrive in the order of their epochs.
  void add(const OutboxEntry& entry);
  /// Reads the epochs (from, to] of a lane from the outbox.
  Result<Unit> load(const StateStore& store, int lane, EpochNumber from, EpochNumber to);
  /// Conflates and sorts. Call once, after the last add.
  void close();

  /// In the registry's order; tables without changes are left out.
  const std::vector<TableChanges>& tables() const { return closed_; }
  std::vector<TableChanges>& tables() { return closed_; }
  std::size_t rows() const;

  /// Keeps bytes alive as long as the group, for rows added after the fact.
  std::string_view keep(std::string bytes);

 private:
  struct Pending {
    const TableSpec* table = nullptr;
    std::vector<KeyChange> entries;  ///< in arrival order
  };
  void conflate(Pending& pending, TableChanges& out);
  void merge(const TableSpec& table, KeyChange& into, KeyChange&& later);

  const TableRegistry& registry_;
  std::vector<std::unique_ptr<std::string>> bytes_;
  std::vector<Pending> pending_;
  std::vector<TableChanges> closed_;
};

}  // namespace lensart::storage
