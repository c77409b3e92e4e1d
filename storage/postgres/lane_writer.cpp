#include "storage/postgres/lane_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "storage/failpoint.hpp"
#include "storage/postgres/copy_text.hpp"
#include "storage/row.hpp"

namespace lensart::storage {

namespace {

constexpr std::uint64_t kRefusalWindowRows = 1'000;
/// Tables that have children have a key of one column.
constexpr std::size_t kParentKeyColumns = 1;

std::string bytes_text(std::string_view bytes) {
  Cell cell;
  cell.type = ColumnType::kBytes;
  cell.null = false;
  cell.text = bytes;
  return fmt::format("'{}'", cell_text(cell));
}

std::string key_text(const TableSpec& table, std::string_view key) {
  ByteReader reader(key);
  std::string out;
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    if (i > 0) out += ", ";
    out += fmt::format("{}={}", table.columns[i].name,
                       cell_text(read_cell(table.columns[i].type, reader)));
  }
  return out;
}

std::vector<const KeyChange*> pointers(const std::vector<KeyChange>& changes) {
  std::vector<const KeyChange*> out;
  out.reserve(changes.size());
  for (const KeyChange& change : changes) out.push_back(&change);
  return out;
}

/// The key of the parent's row that a child's row belongs to.
std::string_view owner_key(const TableSpec& child, std::string_view key) {
  return leading_columns(child.columns, kParentKeyColumns, key);
}

bool has_key(const TableChanges& changes, std::string_view key) {
  return std::any_of(changes.changes.begin(), changes.changes.end(),
                     [&](const KeyChange& change) { return change.key == key; });
}

/// An owner's bag of rows.
void add_bag(LaneGroup& group, TableChanges& own, std::string key, std::vector<std::string> rows) {
  KeyChange change;
  change.kind = EntryKind::kReplace;
  change.key = group.keep(std::move(key));
  for (std::string& row : rows) change.rows.push_back(group.keep(std::move(row)));
  own.changes.push_back(std::move(change));
}

/// An owner's rows of keys of their own, but for those that the group writes anyway.
void add_rows(LaneGroup& group, const TableSpec& child, TableChanges& own,
              std::vector<std::string> rows) {
  for (std::string& row : rows) {
    KeyChange change;
    change.kind = EntryKind::kUpdate;
    change.rows.push_back(group.keep(std::move(row)));
    change.key = leading_columns(child.columns, child.key_columns, change.rows.back());
    if (!has_key(own, change.key)) own.changes.push_back(std::move(change));
  }
}

}  // namespace

void RefusalWatch::on_rows(std::string_view table, std::uint64_t taken, std::uint64_t refused) {
  auto found = windows_.find(table);
  if (found == windows_.end()) found = windows_.emplace(std::string(table), Window{}).first;
  Window& window = found->second;
  window.runs.emplace_back(taken + refused, refused);
  window.rows += taken + refused;
  window.refused += refused;
  while (window.runs.size() > 1 && window.rows - window.runs.front().first >= kRefusalWindowRows) {
    window.rows -= window.runs.front().first;
    window.refused -= window.runs.front().second;
    window.runs.pop_front();
  }
}

std::uint64_t RefusalWatch::refused_lately(std::string_view table) const {
  const auto found = windows_.find(table);
  return found == windows_.end() ? 0 : found->second.refused;
}

LaneWriter::LaneWriter(const TableRegistry& registry, const LaneContext& context,
                       const SinkHooks& hooks)
    : registry_(registry), context_(context), hooks_(hooks) {
  for (const TableSpec& table : registry.tables()) statements_.emplace_back(table, context.schema);
}

const TableStatements& LaneWriter::statements_of(const TableSpec& table) const {
  return statements_[registry_.index_of(table.id)];
}

Result<Unit> LaneWriter::prepare(Connection& connection) const {
  // Small staging joins must go by the index: a hash or merge join reads the whole table.
  std::string sql =
      "SET synchronous_commit = on; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; "
      "SET enable_hashjoin = off; SET enable_mergejoin = off; SET lock_timeout = '5s'; "
      "SET idle_in_transaction_session_timeout = '60s'; SET client_connection_check_interval = "
      "'5s'; "
      "SET gin_pending_list_limit = '64MB'; SET client_min_messages = warning; ";
  // For the guard (0008_replays.sql), which folds what is older.
  sql += fmt::format("SET lensart.keep_accounts = '{} seconds'; ", context_.keep_accounts.count());
  for (const TableStatements& table : statements_) sql += table.create_stage + "; ";
  return connection.run(sql);
}

LaneOutcome LaneWriter::apply(Connection& connection, const StateStore& store, const LaneTask& task,
                              const ChainRecord& from, const ChainRecord& to) {
  LaneOutcome outcome;
  const auto rolled_back = [&](Error error) {
    outcome.error = std::move(error);
    return outcome;
  };
  Mode mode = Mode::kFast;
  for (;;) {
    LaneGroup group(registry_);
    if (auto loaded = group.load(store, task.lane, task.from, task.to); !loaded) {
      return rolled_back(loaded.error());
    }
    group.close();
    outcome.rows = group.rows();
    refusals_.clear();
    letters_ = false;
    LENSART_FAILPOINT("relay.before");
    auto written = write(connection, group, task, from, to, mode);
    if (written) {
      LENSART_FAILPOINT("relay.commit.before");
      auto committed = connection.run("COMMIT");
      LENSART_FAILPOINT("relay.commit.after");
      if (committed) {
        outcome.ending = Ending::kApplied;
        outcome.letters = letters_;
        outcome.refused = refusals_.size();
        return outcome;
      }
      outcome.ending = connection.lost() ? Ending::kUnknown : Ending::kRolledBack;
      outcome.error = committed.error();
      return outcome;
    }
    // COMMIT was never sent, so whatever happened on the way there leaves nothing behind.
    if (connection.lost()) return rolled_back(written.error());
    if (auto undone = connection.run("ROLLBACK"); !undone) return rolled_back(undone.error());
    const Action action = action_for(written.error().code);
    if (action == Action::kMend && mode == Mode::kFast) {
      mode = Mode::kCareful;
    } else if (action == Action::kBisect && mode != Mode::kBisect) {
      mode = Mode::kBisect;
    } else {
      return rolled_back(written.error());
    }
  }
}

Result<Unit> LaneWriter::begin(Connection& connection, const LaneTask& task,
                               const ChainRecord& from, const ChainRecord& to) {
  return connection.run(
      fmt::format("BEGIN; SELECT {}.pipeline_advance({}, {}, {}, {}, {}, {}, {}::jsonb, {}, {})",
                  quoted_identifier(context_.schema), connection.quoted(context_.pipeline),
                  task.lane, bytes_text(context_.incarnation.view()), bytes_text(from.id.view()),
                  to.number, bytes_text(to.id.view()), connection.quoted(to.offsets_json),
                  instant_literal(to.watermark), instant_literal(to.timer_clock)));
}

Result<Unit> LaneWriter::write(Connection& connection, LaneGroup& group, const LaneTask& task,
                               const ChainRecord& from, const ChainRecord& to, Mode mode) {
  LENSART_TRY(begin(connection, task, from, to));
  LENSART_FAILPOINT("relay.guarded");
  if (mode != Mode::kFast) LENSART_TRY(resend_owned(connection, group));
  LENSART_TRY(write_tables(connection, group, mode));
  return write_letters(connection);
}

Result<Unit> LaneWriter::write_tables(Connection& connection, LaneGroup& group, Mode mode) {
  std::map<std::string_view, std::set<std::string_view>> left_out;  // table → refused keys
  for (const TableChanges& changes : group.tables()) {
    const TableSpec& table = *changes.table;
    std::vector<const KeyChange*> wanted = pointers(changes.changes);
    if (const auto refused = left_out.find(table.parent); refused != left_out.end()) {
      std::erase_if(wanted, [&](const KeyChange* change) {
        return refused->second.contains(owner_key(table, change->key));
      });
    }
    if (hooks_.letter_for && table.conflation == Conflation::kOnce) letters_ = true;
    if (mode != Mode::kBisect) {
      TableWriter writer(connection, statements_of(table));
      LENSART_TRY(
          writer.apply(wanted, mode == Mode::kFast ? WriteMode::kFast : WriteMode::kCareful));
      watch_.on_rows(table.name, wanted.size(), 0);
      continue;
    }
    std::vector<const KeyChange*> refused;
    LENSART_TRY(bisect(connection, statements_of(table), wanted, refused));
    watch_.on_rows(table.name, wanted.size() - refused.size(), refused.size());
    for (const KeyChange* change : refused) left_out[table.name].insert(change->key);
    LENSART_TRY(check_refusals(table.name, 0));
  }
  return Unit{};
}

/// A bad CHECK must not drain the stream into the dead letters.
Result<Unit> LaneWriter::check_refusals(std::string_view table, std::uint64_t more) const {
  const std::uint64_t refused = watch_.refused_lately(table) + more;
  if (refused <= context_.max_refusals) return Unit{};
  return fail(
      Errc::kFatal,
      fmt::format("PostgreSQL refused {} of the last {} rows of {} (sink.max_refusals = {}): "
                  "\"{}\". Remove the constraint, or raise the limit; nothing is lost",
                  refused, kRefusalWindowRows, table, context_.max_refusals,
                  refusals_.empty() ? "" : refusals_.back().message));
}

Result<Unit> LaneWriter::resend_owned(Connection& connection, LaneGroup& group) {
  if (!hooks_.owned_rows) return Unit{};
  for (const TableSpec& child : registry_.tables()) {
    if (child.parent.empty()) continue;
    std::vector<std::string> missing;
    TableChanges* own = nullptr;
    for (TableChanges& changes : group.tables()) {
      if (changes.table->name == child.parent) {
        TableWriter writer(connection, statements_of(*changes.table));
        LENSART_ASSIGN(missing, writer.missing(pointers(changes.changes)));
      }
      if (changes.table == &child) own = &changes;
    }
    if (missing.empty()) continue;
    if (own == nullptr) {
      group.tables().push_back({&child, {}});
      own = &group.tables().back();
    }
    for (std::string& key : missing) {
      if (child.conflation == Conflation::kReplaceAll && has_key(*own, key)) continue;
      LENSART_ASSIGN(auto rows, hooks_.owned_rows(child, key));
      if (child.conflation == Conflation::kReplaceAll) {
        add_bag(group, *own, std::move(key), std::move(rows));
      } else {
        add_rows(group, child, *own, std::move(rows));
      }
    }
  }
  return Unit{};
}

Result<Unit> LaneWriter::bisect(Connection& connection, const TableStatements& sql,
                                std::vector<const KeyChange*> changes,
                                std::vector<const KeyChange*>& refused) {
  if (changes.empty()) return Unit{};
  LENSART_TRY(connection.run("SAVEPOINT lensart_bisect"));
  TableWriter writer(connection, sql);
  auto applied = writer.apply(changes, WriteMode::kCareful);
  if (applied) return connection.run("RELEASE SAVEPOINT lensart_bisect");
  if (connection.lost() || action_for(applied.error().code) != Action::kBisect) return applied;
  LENSART_TRY(
      connection.run("ROLLBACK TO SAVEPOINT lensart_bisect; RELEASE SAVEPOINT lensart_bisect"));
  if (changes.size() == 1) {
    const KeyChange& change = *changes.front();
    refusals_.push_back({sql.table->name, key_text(*sql.table, change.key), change.origin,
                         applied.error().message});
    refused.push_back(changes.front());
    return check_refusals(sql.table->name, refused.size());
  }
  const auto middle = changes.begin() + static_cast<std::ptrdiff_t>(changes.size() / 2);
  LENSART_TRY(bisect(connection, sql, {changes.begin(), middle}, refused));
  return bisect(connection, sql, {middle, changes.end()}, refused);
}

Result<Unit> LaneWriter::write_letters(Connection& connection) {
  if (refusals_.empty() || !hooks_.letter_for) return Unit{};
  std::vector<std::string> rows;
  std::vector<KeyChange> changes;
  const TableSpec* table = nullptr;
  rows.reserve(refusals_.size());
  for (const Refusal& refusal : refusals_) {
    auto [spec, row] = hooks_.letter_for(refusal);
    table = spec;
    rows.push_back(std::move(row));
    KeyChange change;
    change.kind = EntryKind::kOnce;
    change.rows.push_back(rows.back());
    changes.push_back(std::move(change));
  }
  letters_ = true;
  TableWriter writer(connection, statements_of(*table));
  return writer.apply(pointers(changes), WriteMode::kCareful);
}

}  // namespace lensart::storage
