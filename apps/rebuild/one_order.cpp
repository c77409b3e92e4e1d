#include "apps/rebuild/one_order.hpp"

#include <fmt/format.h>

#include <set>

#include "apps/jobs/order_jobs.hpp"
#include "apps/pipeline/options.hpp"
#include "apps/rebuild/database_side.hpp"
#include "apps/rebuild/log_reader.hpp"
#include "storage/row.hpp"

namespace lensart::app {

namespace {

using storage::EntryKind;
using storage::TableSpec;

/// The encoded keys of an order's rows in a table.
Result<std::set<std::string>> keys_in(storage::Connection& connection, const Config& config,
                                      const TableSpec& table, orders::OrderId order_id) {
  std::string columns;
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    const storage::ColumnSpec& column = table.columns[i];
    const std::string name = storage::quoted_identifier(column.name);
    columns +=
        (i > 0 ? ", " : "") + (column.type == storage::ColumnType::kInstant
                                   ? fmt::format("(extract(epoch FROM {}) * 1e6)::bigint", name)
                                   : name);
  }
  LENSART_ASSIGN(
      const storage::Rows rows,
      connection.query(fmt::format("SELECT {} FROM {}.{} WHERE order_id = $1::bigint", columns,
                                   storage::quoted_identifier(config.postgres.schema),
                                   storage::quoted_identifier(table.name)),
                       {std::to_string(order_id)}));
  std::set<std::string> keys;
  for (int row = 0; row < rows.count(); ++row) {
    std::string key;
    storage::RowWriter writer(key);
    for (int i = 0; i < rows.columns(); ++i) {
      const bool is_text =
          table.columns[static_cast<std::size_t>(i)].type == storage::ColumnType::kText;
      is_text ? writer.text(rows.text(row, i)) : writer.bigint(rows.number(row, i));
    }
    keys.insert(std::move(key));
  }
  return keys;
}

}  // namespace

/// The entries of the epoch.
struct OrderRebuilder::Rows {
  storage::ChunkBuilder entries;
  OrderRebuilt& rebuilt;

  void put(const TableSpec& table, EntryKind kind, std::string_view body) {
    entries.begin(table.id, kind, {}).append(body);
    entries.end();
    ++(kind == EntryKind::kDelete ? rebuilt.gone : rebuilt.rows);
  }
  /// Makes the order's rows of a table these.
  Result<Unit> make(storage::Connection& connection, const Config& config, std::uint8_t table_id,
                    orders::OrderId order_id, const std::vector<std::string>& wanted) {
    const TableSpec& table = *jobs::tables().find(table_id);
    LENSART_ASSIGN(std::set<std::string> there, keys_in(connection, config, table, order_id));
    for (const std::string& row : wanted) {
      const std::string key(storage::leading_columns(table.columns, table.key_columns, row));
      put(table, there.erase(key) > 0 ? EntryKind::kUpdate : EntryKind::kInsert, row);
    }
    for (const std::string& key : there) put(table, EntryKind::kDelete, key);
    return Unit{};
  }
};

OrderRebuilder::OrderRebuilder(const Config& config, storage::StateStore& store, TimeZone zone)
    : config_(config), store_(store), zone_(std::move(zone)), rules_(status_rules(config)) {}

Result<std::unique_ptr<OrderRebuilder>> OrderRebuilder::open(const Config& config,
                                                             storage::StateStore& store) {
  LENSART_ASSIGN(TimeZone zone, TimeZone::find(config.pipeline.time_zone));
  std::unique_ptr<OrderRebuilder> self(new OrderRebuilder(config, store, std::move(zone)));
  const jobs::OrderJobsOptions options = job_options(config, self->zone_);
  self->track_status_ = options.jobs.contains("status");
  self->windowed_ = jobs::windowed_jobs(options);
  for (const auto& job : self->windowed_) {
    LENSART_TRY(job->open(store, 1, 1, options.cache_bytes / 8));
    self->with_sales_ = self->with_sales_ || job->wants_sales();
  }
  LENSART_ASSIGN(self->trees_, jobs::open_order_trees(store));
  LENSART_ASSIGN(const storage::Table timers, store.table("timers"));
  self->timers_ = std::make_unique<nodes::Timers>(timers);
  return self;
}

Result<OrderRebuilder::Fresh> OrderRebuilder::fold(storage::Connection& connection,
                                                   orders::OrderId order_id) const {
  Fresh fresh;
  LogReader reader(config_, zone_);
  const auto origin_of = [this](const LoggedEvent& logged) {
    for (const storage::SourcePosition& position : store_.positions()) {
      if (position.topic == logged.topic && position.partition == logged.partition) {
        return storage::Origin{position.source, logged.offset};
      }
    }
    return storage::Origin{};
  };
  LENSART_ASSIGN(
      fresh.events,
      for_each_event_of(connection, {config_.postgres.schema, config_.pipeline.name}, order_id,
                        [&](const LoggedEvent& logged) -> Result<Unit> {
                          orders::Event event;
                          LENSART_TRY(reader.read(logged, event));
                          const storage::Origin origin = origin_of(logged);
                          fresh.state.apply(event, origin, logged.too_late, {zone_, with_sales_});
                          if (track_status_) fresh.track.add(event, origin, rules_);
                          return Unit{};
                        }));
  fresh.state.row_sent = fresh.state.all.has_snapshot;
  return fresh;
}

Result<Unit> OrderRebuilder::add_rows(storage::Connection& connection, orders::OrderId order_id,
                                      const Fresh& fresh, Rows& rows) const {
  std::vector<std::string> order;
  if (fresh.state.all.has_snapshot) fresh.state.append_row(order.emplace_back(), order_id);
  LENSART_TRY(rows.make(connection, config_, jobs::kOrdersProcessed, order_id, order));
  if (fresh.state.all.has_snapshot) {
    std::string body;
    storage::RowWriter(body).bigint(order_id);
    body.append(fresh.state.pending_lines);
    rows.put(*jobs::tables().find(jobs::kOrderItems), EntryKind::kReplace, body);
  }
  if (!track_status_) return Unit{};
  const jobs::StatusView view =
      jobs::view_of(fresh.track, true, store_.chain().back().timer_clock, rules_);
  std::vector<std::string> history, sessions, anomalies;
  for (const auto& entry : view.history) {
    if (view.has_snapshot) history.push_back(jobs::history_row(order_id, entry));
  }
  for (const auto& one : view.sessions) sessions.push_back(jobs::session_row(order_id, one));
  for (const auto& one : view.anomalies) anomalies.push_back(jobs::anomaly_row(order_id, one));
  LENSART_TRY(rows.make(connection, config_, jobs::kStatusHistory, order_id, history));
  LENSART_TRY(rows.make(connection, config_, jobs::kStatusSessions, order_id, sessions));
  return rows.make(connection, config_, jobs::kAnomalies, order_id, anomalies);
}

Result<Unit> OrderRebuilder::add_state(const storage::ReadTransaction& txn,
                                       orders::OrderId order_id, const jobs::OrderState& old,
                                       Fresh& fresh, storage::ChangeSet& changes) {
  const std::string prefix = storage::key_of(static_cast<std::uint64_t>(order_id));
  for (const storage::Table tree : {trees_.lines, trees_.history}) {
    LENSART_TRY(txn.scan(tree, prefix, [&](std::string_view key, std::string_view) {
      if (!key.starts_with(prefix)) return false;
      changes.erase(tree, key);
      return true;
    }));
  }
  if (old.timer) timers_->clear(changes, {*old.timer, order_id});
  if (fresh.events == 0) {
    changes.erase(trees_.orders, prefix);
    return Unit{};
  }
  // Of what was erased above, the change that comes last stands.
  std::uint32_t line = 0;
  for (const std::string_view row : storage::texts_in(fresh.state.pending_lines)) {
    changes.put(trees_.lines, jobs::line_key(order_id, line++),
                storage::seal(jobs::kLineVersion, row));
  }
  LENSART_TRY(fresh.track.store_fresh(changes, trees_.history, order_id, fresh.state.writes));
  fresh.state.duplicates = old.duplicates;  // the log does not have them
  fresh.state.timer =
      jobs::view_of(fresh.track, true, store_.chain().back().timer_clock, rules_).stuck_at;
  if (fresh.state.timer) timers_->set(changes, {*fresh.state.timer, order_id});
  fresh.state.encode(changes.begin_put(trees_.orders, prefix));
  changes.end_put();
  return Unit{};
}

/// What the state counted of it is taken out, what the log says is put in.
Result<Unit> OrderRebuilder::add_windows(const storage::ReadTransaction& txn,
                                         const jobs::OrderState& old, const Fresh& fresh,
                                         EpochNumber epoch, storage::ChangeSet& changes,
                                         storage::ChunkBuilder& rows) {
  const auto before = jobs::counted_order(old.counted(), rules_);
  const auto after = jobs::counted_order(fresh.state.counted(), rules_);
  if (before == after) return Unit{};
  for (const auto& job : windowed_) {
    job->exchange(0, before ? &*before : nullptr, after ? &*after : nullptr);
    const auto handed = job->hand_over(0);
    LENSART_TRY(job->close_epoch(0, {handed.get()}, epoch, store_.chain().back().watermark, txn,
                                 changes, rows));
  }
  return Unit{};
}

Result<std::optional<storage::EpochCommit>> OrderRebuilder::build(storage::Connection& connection,
                                                                  orders::OrderId order_id,
                                                                  OrderRebuilt& rebuilt) {
  const storage::ChainRecord& last = store_.chain().back();
  LENSART_ASSIGN(const auto txn, store_.read());
  LENSART_ASSIGN(const auto value,
                 txn.get(trees_.orders, storage::key_of(static_cast<std::uint64_t>(order_id))));
  const auto old = value ? jobs::OrderState::decode(*value) : std::optional(jobs::OrderState{});
  if (!old) {
    return fail(Errc::kStateCorrupt,
                fmt::format("the state's value of order {} is damaged, so it is unknown what the "
                            "windows count of it: run `lensart rebuild`",
                            order_id));
  }
  LENSART_ASSIGN(Fresh fresh, fold(connection, order_id));
  rebuilt.events = fresh.events;
  storage::EpochCommit epoch;
  epoch.number = last.number + 1;
  epoch.watermark = epoch.judged_by = last.watermark;
  epoch.timer_clock = last.timer_clock;
  epoch.offsets_json = last.offsets_json;
  Rows rows{{}, rebuilt};
  LENSART_TRY(add_rows(connection, order_id, fresh, rows));
  storage::ChangeSet changes;
  if (!old->expired) {
    LENSART_TRY(add_state(txn, order_id, *old, fresh, changes));
    LENSART_TRY(add_windows(txn, *old, fresh, epoch.number, changes, rows.entries));
  }
  const bool anything = fresh.events > 0 || value || rebuilt.gone > 0;
  if (!anything) return std::optional<storage::EpochCommit>();
  epoch.changes.push_back(std::move(changes));
  for (std::string& chunk : rows.entries.take()) epoch.chunks.push_back({0, std::move(chunk)});
  return std::optional(std::move(epoch));
}

}  // namespace lensart::app
