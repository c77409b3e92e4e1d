/// LMDB, wrapped once: environment, transactions, cursors.
///
/// Debian 12's 0.9.24. The environment lives in its own directory, locked against a second process
/// by a file lock of ours (LMDB alone would not refuse one). Never opened across a fork, never on a
/// network file system, never with MDB_NOSYNC or MDB_WRITEMAP.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "graph/error.hpp"
#include "storage/logged_tables.hpp"

namespace lensart::storage {

/// A named tree inside the environment. Cheap to copy; valid as long as the environment.
using Table = MDB_dbi;

/// Counts how often the file has been mapped anew, elsewhere: addresses in it hold as long as it is
/// the same.
using MapGeneration = std::uint64_t;

struct EnvironmentOptions {
  std::string directory;                            ///< must exist
  std::uint64_t initial_size_bytes = 256ULL << 20;  ///< of the map; grown as needed
  std::uint64_t max_size_bytes = 64ULL << 30;       ///< `state.max_size`
  bool read_only = false;
};

class ReadTransaction;
class WriteTransaction;

/// Threads: `write` from one thread; `read` from any. Growing the map waits for no reader: see
/// grow().
class Environment {
 public:
  /// Fails with kStateFailed (permissions, disk), kStateCorrupt (damaged meta pages, file shorter
  /// than its meta page says).
  static Result<std::unique_ptr<Environment>> open(const EnvironmentOptions& options);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /// Opens (creating if needed) a tree. Call once per name, before any transaction is open.
  Result<Table> table(const char* name);
  /// The same for a tree that is a log first: see storage/logged_tables.hpp. Through a read
  /// transaction it looks like any other; it is written by a ChangeLog alone. Places that an older
  /// program kept by key are grouped if `layout` says so; never the other way.
  Result<Table> logged_table(const char* name, PlaceLayout layout = PlaceLayout::kByKey);
  /// Opens every tree that is there; those that are logged are so from then on.
  Result<Unit> open_all_tables();
  /// The trees opened so far. Threads: any, once all are.
  const std::map<std::string, Table, std::less<>>& tables() const { return tables_; }
  const LoggedTables& logged_tables() const { return logged_; }

  Result<ReadTransaction> read() const;

  /// Runs `body` in a write transaction and makes it durable; on a failure nothing is written. When
  /// the map is full it is grown and `body` is run again, from the start, on a new transaction,
  /// until `max_size_bytes`: then kStateFull. REQUIRES: the caller has no read transaction open on
  /// this thread.
  Result<Unit> write(const std::function<Result<Unit>(WriteTransaction&)>& body);

  /// Any thread, also while another writes.
  std::uint64_t map_size_bytes() const;
  /// Bytes of the file in use (pages ever allocated).
  std::uint64_t used_bytes() const;

  /// Readers hold this shared while a transaction is live, growing takes it alone.
  class Gate;

 private:
  Environment() = default;
  Result<Unit> find_logged();
  Result<Unit> group_places(const LoggedTree& by_key, Table grouped);
  Result<Unit> grow();

  MDB_env* env_ = nullptr;
  EnvironmentOptions options_;
  std::map<std::string, Table, std::less<>> tables_;
  LoggedTables logged_;
  std::unique_ptr<Gate> gate_;
};

/// A consistent view. Threads: one at a time. Views of values die with it or at reset().
/// Keep it short: a long reader makes the file grow, and growing the map waits for it.
class ReadTransaction {
 public:
  ReadTransaction(ReadTransaction&& other) noexcept;
  ReadTransaction& operator=(ReadTransaction&&) = delete;
  ~ReadTransaction();

  /// Empty when there is no such key.
  Result<std::optional<std::string_view>> get(Table table, std::string_view key) const;
  /// Calls `visit` for the keys from `from` on, in order, until it returns false.
  Result<Unit> scan(Table table, std::string_view from, const ScanVisit& visit) const;
  Result<std::optional<std::string>> last_key(Table table) const;
  Result<std::uint64_t> count(Table table) const;
  /// How many keys of a logged tree have their value in the log.
  Result<std::uint64_t> count_places(const LoggedTree& tree) const;
  /// What a tree takes in the file.
  Result<std::uint64_t> bytes(Table table) const;

  /// Lets go of the view; renew() takes a new one. Both are cheap.
  void reset();
  Result<Unit> renew();
  bool live() const { return live_; }
  /// REQUIRES: live(). Never 0.
  MapGeneration map_generation() const;

 private:
  friend class Environment;
  ReadTransaction(MDB_txn* txn, Environment::Gate* gate, const LoggedTables* logged)
      : txn_(txn), gate_(gate), logged_(logged), live_(true) {}
  MDB_txn* txn_ = nullptr;
  Environment::Gate* gate_ = nullptr;
  const LoggedTables* logged_ = nullptr;
  bool live_ = false;
};

/// Threads: the writer's only. Every tree as it is: of a logged one, what has been folded.
class WriteTransaction {
 public:
  Result<std::optional<std::string_view>> get(Table table, std::string_view key) const;
  Result<Unit> put(Table table, std::string_view key, std::string_view value);
  /// The same; quicker when the puts of one table come in a row, in the order of the keys: the way
  /// down the tree is gone anew only for a key that is not in the leaf of the one before.
  Result<Unit> put_sorted(Table table, std::string_view key, std::string_view value);
  /// REQUIRES: `key` is greater than any key of the table.
  Result<Unit> append(Table table, std::string_view key, std::string_view value);
  /// True if it was there.
  Result<bool> erase(Table table, std::string_view key);
  /// Removes every key in [from, until). Returns how many.
  Result<std::uint64_t> erase_range(Table table, std::string_view from, std::string_view until);
  Result<Unit> scan(Table table, std::string_view from, const ScanVisit& visit) const;
  Result<Unit> clear(Table table);
  // See LoggedTables::fetch, PlaceCursor::at, count_places.
  Result<std::optional<std::string_view>> fetch_logged(std::string_view key,
                                                       const LogPlace& place) const;
  Result<PlaceCursor> places(const LoggedTree& tree, std::string_view from) const;
  Result<std::uint64_t> count_places(const LoggedTree& tree) const;

 private:
  friend class Environment;
  WriteTransaction(MDB_txn* txn, const LoggedTables* logged) : txn_(txn), logged_(logged) {}
  MDB_txn* txn_;
  const LoggedTables* logged_;
  MDB_cursor* cursor_ = nullptr;  ///< of put_sorted(); ends with the transaction
  Table cursor_table_ = 0;
};

}  // namespace lensart::storage
