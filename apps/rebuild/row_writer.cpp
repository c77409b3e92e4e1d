#include "apps/rebuild/row_writer.hpp"

#include "apps/jobs/order_jobs.hpp"
#include "apps/pipeline/options.hpp"
#include "storage/row.hpp"

namespace lensart::app {

namespace {

using storage::EntryKind;

constexpr std::size_t kEpochBytes = 8 << 20;

/// Gathers rows and commits them.
class TableFiller {
 public:
  TableFiller(const Config& config, const std::set<std::string>& tables, storage::StateStore& store,
              const storage::Incarnation& incarnation, storage::Sink& sink,
              const std::function<void()>& on_commit)
      : config_(config),
        tables_(tables),
        store_(store),
        incarnation_(incarnation),
        sink_(sink),
        on_commit_(on_commit),
        rules_(status_rules(config)) {}

  Result<Unit> orders() {
    LENSART_ASSIGN(trees_, jobs::open_order_trees(store_));
    std::string from;
    do {
      LENSART_ASSIGN(from, some_orders(from));
      LENSART_TRY(commit());
    } while (!from.empty());
    return Unit{};
  }

  Result<Unit> windows(const jobs::WindowedJob& job) {
    if (!wanted(job.table())) return Unit{};
    std::string from;
    do {
      {
        LENSART_ASSIGN(const auto txn, store_.read());
        LENSART_ASSIGN(from, job.for_each_row(txn, from, [&](std::string_view row) {
          put(job.table(), EntryKind::kUpdate, row);
          return rows_.bytes() < kEpochBytes;
        }));
      }
      LENSART_TRY(commit());
    } while (!from.empty());
    return Unit{};
  }

 private:
  bool wanted(const storage::TableSpec& table) const {
    return tables_.contains(std::string(table.name));
  }
  void put(const storage::TableSpec& table, EntryKind kind, std::string_view body) {
    if (!wanted(table)) return;
    rows_.begin(table.id, kind, {}).append(body);
    rows_.end();
  }

  /// Rows of the orders from a key on; returns the key to go on from, empty at the end.
  Result<std::string> some_orders(const std::string& from) {
    LENSART_ASSIGN(const auto txn, store_.read());
    std::string next;
    Result<Unit> wrong = Unit{};
    LENSART_TRY(txn.scan(trees_.orders, from, [&](std::string_view key, std::string_view value) {
      if (rows_.bytes() >= kEpochBytes) {
        next = key;
        return false;
      }
      wrong = one_order(txn, static_cast<orders::OrderId>(storage::key_to_u64(key)), value);
      return wrong.has_value();
    }));
    LENSART_TRY(wrong);
    return next;
  }

  Result<Unit> one_order(const storage::ReadTransaction& txn, orders::OrderId order_id,
                         std::string_view value) {
    const auto state = jobs::OrderState::decode(value);
    if (!state) return fail(Errc::kStateCorrupt, std::string(nodes::kDamagedState));
    if (state->all.has_snapshot) {
      std::string row;
      state->append_row(row, order_id);
      put(*jobs::tables().find(jobs::kOrdersProcessed), EntryKind::kInsert, row);
      LENSART_TRY(lines_of(txn, order_id));
    }
    LENSART_ASSIGN(const jobs::StatusTrack track,
                   jobs::StatusTrack::load(txn, trees_.history, order_id, state->writes));
    const jobs::StatusView view =
        jobs::view_of(track, true, store_.chain().back().timer_clock, rules_);
    for (const auto& entry : view.history) {
      if (!view.has_snapshot) break;
      put(*jobs::tables().find(jobs::kStatusHistory), EntryKind::kInsert,
          jobs::history_row(order_id, entry));
    }
    for (const auto& session : view.sessions) {
      put(*jobs::tables().find(jobs::kStatusSessions), EntryKind::kInsert,
          jobs::session_row(order_id, session));
    }
    for (const auto& anomaly : view.anomalies) {
      put(*jobs::tables().find(jobs::kAnomalies), EntryKind::kInsert,
          jobs::anomaly_row(order_id, anomaly));
    }
    return Unit{};
  }

  Result<Unit> lines_of(const storage::ReadTransaction& txn, orders::OrderId order_id) {
    const std::string prefix = storage::key_of(static_cast<std::uint64_t>(order_id));
    std::string body;
    storage::RowWriter(body).bigint(order_id);
    const std::size_t empty = body.size();
    LENSART_TRY(txn.scan(trees_.lines, prefix, [&](std::string_view key, std::string_view value) {
      if (!key.starts_with(prefix)) return false;
      storage::ByteWriter(body).text(storage::unseal(jobs::kLineVersion, value).value);
      return true;
    }));
    if (body.size() > empty) {
      put(*jobs::tables().find(jobs::kOrderItems), EntryKind::kReplaceNew, body);
    }
    return Unit{};
  }

  Result<Unit> commit() {
    const storage::ChainRecord& last = store_.chain().back();
    storage::EpochCommit epoch;
    epoch.number = last.number + 1;
    epoch.watermark = last.watermark;
    epoch.timer_clock = last.timer_clock;
    epoch.judged_by = last.watermark;
    epoch.offsets_json = last.offsets_json;
    for (std::string& chunk : rows_.take()) epoch.chunks.push_back({0, std::move(chunk)});
    LENSART_ASSIGN(const storage::ChainRecord record, store_.commit(epoch, incarnation_));
    sink_.on_durable(record);
    on_commit_();
    while (sink_.downstream().outbox_bytes > config_.sink.outbox_max / 2) {
      sink_.wait_idle(std::chrono::milliseconds(200));
    }
    return Unit{};
  }

  const Config& config_;
  const std::set<std::string>& tables_;
  storage::StateStore& store_;
  const storage::Incarnation& incarnation_;
  storage::Sink& sink_;
  const std::function<void()>& on_commit_;
  orders::StatusRules rules_;
  jobs::OrderTrees trees_;
  storage::ChunkBuilder rows_;
};

}  // namespace

Result<Unit> fill_tables(const Config& config, const std::set<std::string>& tables,
                         storage::StateStore& store, const storage::Incarnation& incarnation,
                         storage::Sink& sink, const std::function<void()>& on_commit) {
  LENSART_ASSIGN(const TimeZone zone, TimeZone::find(config.pipeline.time_zone));
  TableFiller filler(config, tables, store, incarnation, sink, on_commit);
  LENSART_TRY(filler.orders());
  const auto jobs = jobs::windowed_jobs(job_options(config, zone));
  for (const auto& job : jobs) {
    LENSART_TRY(job->open(store, 1, 1, 1 << 20));
    LENSART_TRY(filler.windows(*job));
  }
  return Unit{};
}

}  // namespace lensart::app
