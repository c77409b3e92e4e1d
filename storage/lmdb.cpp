#include "storage/lmdb.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "storage/place_writer.hpp"

namespace lensart::storage {

namespace {

constexpr unsigned kMaxReaders = 256;
constexpr std::string_view kLogName = "log";
constexpr std::string_view kRecentSuffix = ".recent";
constexpr std::string_view kGroupedSuffix = ".recent64";

Result<Unit> scan_txn(MDB_txn* txn, Table table, std::string_view from, const ScanVisit& visit) {
  LENSART_ASSIGN(RawCursor cursor, RawCursor::at(txn, table, from));
  while (cursor.valid()) {
    if (!visit(cursor.key(), cursor.value())) return Unit{};
    LENSART_TRY(cursor.next());
  }
  return Unit{};
}

}  // namespace

/// A shared lock is taken while a read transaction is live, and not while it is reset.
class Environment::Gate {
 public:
  std::shared_mutex mutex;
  MapGeneration generation = 1;  ///< guarded by the mutex
};

Result<std::unique_ptr<Environment>> Environment::open(const EnvironmentOptions& options) {
  const std::string data = options.directory + "/data.mdb";
  struct stat info {};
  const bool exists = ::stat(data.c_str(), &info) == 0;
  std::unique_ptr<Environment> self(new Environment());
  self->options_ = options;
  self->gate_ = std::make_unique<Gate>();
  if (const int rc = mdb_env_create(&self->env_); rc != 0) return lmdb_error(rc, "creating");
  mdb_env_set_maxdbs(self->env_, kMaxTables);
  mdb_env_set_maxreaders(self->env_, kMaxReaders);
  const std::uint64_t have = exists ? static_cast<std::uint64_t>(info.st_size) : 0;
  mdb_env_set_mapsize(self->env_,
                      std::max(std::min(options.initial_size_bytes, options.max_size_bytes), have));
  unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
  if (options.read_only) flags |= MDB_RDONLY;
  if (const int rc = mdb_env_open(self->env_, options.directory.c_str(), flags, 0640); rc != 0) {
    return lmdb_error(rc, "opening " + data);
  }
  if (exists) {
    MDB_envinfo meta{};
    MDB_stat stat{};
    mdb_env_info(self->env_, &meta);
    mdb_env_stat(self->env_, &stat);
    const std::uint64_t needed = (meta.me_last_pgno + 1) * stat.ms_psize;
    if (have < needed) {
      return fail(Errc::kStateCorrupt,
                  fmt::format("{} is {} bytes long where its meta page needs {}: it was cut off; "
                              "restore a backup or run `lensart state adopt`",
                              data, have, needed));
    }
  }
  int dead = 0;
  mdb_reader_check(self->env_, &dead);
  return self;
}

Environment::~Environment() {
  if (env_ != nullptr) mdb_env_close(env_);
}

Result<Table> Environment::table(const char* name) {
  MDB_txn* txn = nullptr;
  if (const int rc = mdb_txn_begin(env_, nullptr, options_.read_only ? MDB_RDONLY : 0, &txn);
      rc != 0) {
    return lmdb_error(rc, "opening a table");
  }
  Table table = 0;
  if (const int rc = mdb_dbi_open(txn, name, options_.read_only ? 0 : MDB_CREATE, &table);
      rc != 0) {
    mdb_txn_abort(txn);
    return lmdb_error(rc, fmt::format("opening table {}", name == nullptr ? "of tables" : name));
  }
  if (const int rc = mdb_txn_commit(txn); rc != 0) return lmdb_error(rc, "opening a table");
  if (name != nullptr) tables_.emplace(name, table);
  return table;
}

Result<Unit> Environment::open_all_tables() {
  std::vector<std::string> names;
  {
    LENSART_ASSIGN(const Table unnamed, table(nullptr));  // its keys are the trees' names
    LENSART_ASSIGN(const auto txn, read());
    LENSART_TRY(txn.scan(unnamed, "", [&](std::string_view name, std::string_view) {
      names.emplace_back(name);
      return true;
    }));
  }
  for (const std::string& name : names) LENSART_TRY(table(name.c_str()));
  return find_logged();
}

/// By their names, in their order: the places kept by key come before the grouped ones. Where there
/// are both, the ones that hold something are what counts; see group_places().
Result<Unit> Environment::find_logged() {
  LENSART_ASSIGN(const auto txn, read());
  for (const auto& [name, recent] : tables_) {
    const bool grouped = name.ends_with(kGroupedSuffix);
    if (!grouped && !name.ends_with(kRecentSuffix)) continue;
    const std::string_view suffix = grouped ? kGroupedSuffix : kRecentSuffix;
    const auto tree = tables_.find(name.substr(0, name.size() - suffix.size()));
    const auto log = tables_.find(kLogName);
    if (tree == tables_.end() || log == tables_.end()) {
      return fail(Errc::kStateCorrupt, fmt::format("the state has the tree {}, but not what it "
                                                   "belongs to; restore a backup or run `lensart "
                                                   "state adopt`",
                                                   name));
    }
    logged_.set_log(log->second);
    if (logged_.contains(tree->second)) {
      LENSART_ASSIGN(const std::uint64_t by_key, txn.count(logged_.at(tree->second).recent));
      if (by_key > 0) continue;
    }
    logged_.set({tree->second, recent, grouped ? PlaceLayout::kGrouped : PlaceLayout::kByKey});
  }
  return Unit{};
}

Result<Table> Environment::logged_table(const char* name, PlaceLayout layout) {
  LENSART_ASSIGN(const Table tree, table(name));
  const bool known = logged_.contains(tree);
  const bool grouped = layout == PlaceLayout::kGrouped;
  const bool to_group = known && grouped && logged_.at(tree).layout == PlaceLayout::kByKey;
  if (known && (!to_group || options_.read_only)) return tree;
  LENSART_ASSIGN(const Table log, table(std::string(kLogName).c_str()));
  const std::string recent_name = name + std::string(grouped ? kGroupedSuffix : kRecentSuffix);
  LENSART_ASSIGN(const Table recent, table(recent_name.c_str()));
  if (to_group) LENSART_TRY(group_places(logged_.at(tree), recent));
  logged_.set_log(log);
  logged_.set({tree, recent, layout});
  return tree;
}

/// In one transaction, which leaves the tree with the places by key behind, empty.
Result<Unit> Environment::group_places(const LoggedTree& by_key, Table grouped) {
  const LoggedTree target{by_key.tree, grouped, PlaceLayout::kGrouped};
  return write([&](WriteTransaction& txn) -> Result<Unit> {
    PlaceWriter writer(txn);
    {
      LENSART_ASSIGN(PlaceCursor cursor, txn.places(by_key, ""));
      while (cursor.valid()) {
        LENSART_TRY(writer.put(target, cursor.key(), cursor.place()));
        LENSART_TRY(cursor.next());
      }
    }
    LENSART_TRY(writer.finish());
    return txn.clear(by_key.recent);
  });
}

Result<ReadTransaction> Environment::read() const {
  gate_->mutex.lock_shared();
  MDB_txn* txn = nullptr;
  if (const int rc = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn); rc != 0) {
    gate_->mutex.unlock_shared();
    return lmdb_error(rc, "beginning to read");
  }
  return ReadTransaction(txn, gate_.get(), &logged_);
}

Result<Unit> Environment::write(const std::function<Result<Unit>(WriteTransaction&)>& body) {
  for (;;) {
    MDB_txn* txn = nullptr;
    int rc = mdb_txn_begin(env_, nullptr, 0, &txn);
    if (rc != 0) return lmdb_error(rc, "beginning to write");
    WriteTransaction handle(txn, &logged_);
    Result<Unit> done = Unit{};
    try {
      done = body(handle);
    } catch (...) {
      mdb_txn_abort(txn);
      throw;
    }
    if (done) {
      rc = mdb_txn_commit(txn);
      if (rc == 0) return Unit{};
      done = lmdb_error(rc, "committing");
    } else {
      mdb_txn_abort(txn);
    }
    if (done.error().code != Errc::kStateFull) return done;
    LENSART_TRY(grow());
  }
}

Result<Unit> Environment::grow() {
  const std::unique_lock alone(gate_->mutex);
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  const std::uint64_t now = info.me_mapsize;
  if (now >= options_.max_size_bytes) {
    return fail(Errc::kStateFull,
                fmt::format("the state has reached state.max_size ({} bytes); raise it and start "
                            "again: nothing is lost",
                            options_.max_size_bytes));
  }
  const std::uint64_t next = std::min(now * 2, options_.max_size_bytes);
  ++gate_->generation;
  if (const int rc = mdb_env_set_mapsize(env_, next); rc != 0) return lmdb_error(rc, "growing");
  return Unit{};
}

// Both read the meta pages through the map, which growing takes away.
std::uint64_t Environment::map_size_bytes() const {
  const std::shared_lock mapped(gate_->mutex);
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  return info.me_mapsize;
}

std::uint64_t Environment::used_bytes() const {
  const std::shared_lock mapped(gate_->mutex);
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env_, &info);
  mdb_env_stat(env_, &stat);
  return (info.me_last_pgno + 1) * stat.ms_psize;
}

ReadTransaction::ReadTransaction(ReadTransaction&& other) noexcept
    : txn_(std::exchange(other.txn_, nullptr)),
      gate_(other.gate_),
      logged_(other.logged_),
      live_(std::exchange(other.live_, false)) {}

ReadTransaction::~ReadTransaction() {
  if (txn_ == nullptr) return;
  mdb_txn_abort(txn_);
  if (live_) gate_->mutex.unlock_shared();
}

Result<std::optional<std::string_view>> ReadTransaction::get(Table table,
                                                             std::string_view key) const {
  return logged_->contains(table) ? logged_->get(txn_, table, key) : get_raw(txn_, table, key);
}

Result<Unit> ReadTransaction::scan(Table table, std::string_view from,
                                   const ScanVisit& visit) const {
  return logged_->contains(table) ? logged_->scan(txn_, table, from, visit)
                                  : scan_txn(txn_, table, from, visit);
}

Result<std::optional<std::string>> ReadTransaction::last_key(Table table) const {
  MDB_cursor* raw = nullptr;
  if (const int rc = mdb_cursor_open(txn_, table, &raw); rc != 0) return lmdb_error(rc, "scanning");
  const std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor(raw, &mdb_cursor_close);
  MDB_val key{};
  MDB_val value{};
  const int rc = mdb_cursor_get(raw, &key, &value, MDB_LAST);
  if (rc == MDB_NOTFOUND) return std::nullopt;
  if (rc != 0) return lmdb_error(rc, "scanning");
  return std::string(to_view(key));
}

Result<std::uint64_t> ReadTransaction::count(Table table) const {
  return logged_->contains(table) ? logged_->count(txn_, table) : count_raw(txn_, table);
}

Result<std::uint64_t> ReadTransaction::count_places(const LoggedTree& tree) const {
  return storage::count_places(txn_, tree);
}

Result<std::uint64_t> ReadTransaction::bytes(Table table) const {
  MDB_stat stat{};
  if (const int rc = mdb_stat(txn_, table, &stat); rc != 0) return lmdb_error(rc, "measuring");
  return (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
}

MapGeneration ReadTransaction::map_generation() const { return gate_->generation; }

void ReadTransaction::reset() {
  if (!live_) return;
  mdb_txn_reset(txn_);
  gate_->mutex.unlock_shared();
  live_ = false;
}

Result<Unit> ReadTransaction::renew() {
  if (live_) return Unit{};
  gate_->mutex.lock_shared();
  if (const int rc = mdb_txn_renew(txn_); rc != 0) {
    gate_->mutex.unlock_shared();
    return lmdb_error(rc, "renewing a reader");
  }
  live_ = true;
  return Unit{};
}

Result<std::optional<std::string_view>> WriteTransaction::get(Table table,
                                                              std::string_view key) const {
  return get_raw(txn_, table, key);
}

Result<Unit> WriteTransaction::put(Table table, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  if (const int rc = mdb_put(txn_, table, &k, &v, 0); rc != 0) return lmdb_error(rc, "writing");
  return Unit{};
}

Result<Unit> WriteTransaction::put_sorted(Table table, std::string_view key,
                                          std::string_view value) {
  if (cursor_ == nullptr || cursor_table_ != table) {
    if (cursor_ != nullptr) mdb_cursor_close(std::exchange(cursor_, nullptr));
    if (const int rc = mdb_cursor_open(txn_, table, &cursor_); rc != 0) {
      return lmdb_error(rc, "writing");
    }
    cursor_table_ = table;
  }
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  if (const int rc = mdb_cursor_put(cursor_, &k, &v, 0); rc != 0) return lmdb_error(rc, "writing");
  return Unit{};
}

Result<Unit> WriteTransaction::append(Table table, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  if (const int rc = mdb_put(txn_, table, &k, &v, MDB_APPEND); rc != 0) {
    return lmdb_error(rc, "appending");
  }
  return Unit{};
}

Result<bool> WriteTransaction::erase(Table table, std::string_view key) {
  MDB_val k = to_val(key);
  const int rc = mdb_del(txn_, table, &k, nullptr);
  if (rc == 0) return true;
  if (rc == MDB_NOTFOUND) return false;
  return lmdb_error(rc, "erasing");
}

Result<std::uint64_t> WriteTransaction::erase_range(Table table, std::string_view from,
                                                    std::string_view until) {
  MDB_cursor* raw = nullptr;
  if (const int rc = mdb_cursor_open(txn_, table, &raw); rc != 0) return lmdb_error(rc, "erasing");
  const std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor(raw, &mdb_cursor_close);
  std::uint64_t erased = 0;
  MDB_val key = to_val(from);
  MDB_val value{};
  int rc = mdb_cursor_get(raw, &key, &value, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (rc == 0 && to_view(key) < until) {
    if (rc = mdb_cursor_del(raw, 0); rc != 0) return lmdb_error(rc, "erasing");
    ++erased;
    // After a delete the cursor stands on the next key, which GET_CURRENT does not always see.
    rc = mdb_cursor_get(raw, &key, &value, MDB_NEXT);
    if (rc == 0) continue;
  }
  if (rc != 0 && rc != MDB_NOTFOUND) return lmdb_error(rc, "erasing");
  return erased;
}

Result<Unit> WriteTransaction::scan(Table table, std::string_view from,
                                    const ScanVisit& visit) const {
  return scan_txn(txn_, table, from, visit);
}

Result<std::optional<std::string_view>> WriteTransaction::fetch_logged(
    std::string_view key, const LogPlace& place) const {
  return logged_->fetch(txn_, key, place);
}

Result<PlaceCursor> WriteTransaction::places(const LoggedTree& tree, std::string_view from) const {
  return PlaceCursor::at(txn_, tree, from);
}

Result<std::uint64_t> WriteTransaction::count_places(const LoggedTree& tree) const {
  return storage::count_places(txn_, tree);
}

Result<Unit> WriteTransaction::clear(Table table) {
  if (const int rc = mdb_drop(txn_, table, 0); rc != 0) return lmdb_error(rc, "clearing");
  return Unit{};
}

}  // namespace lensart::storage
