#include "storage/postgres/session.hpp"

#include <fmt/format.h>

#include <thread>

#include "storage/failpoint.hpp"
#include "storage/postgres/copy_text.hpp"

namespace lensart::storage {

namespace {

constexpr auto kLockPatience = std::chrono::milliseconds(500);
constexpr auto kLockRetry = std::chrono::milliseconds(50);
constexpr std::size_t kApplicationNameMax = 63;

std::string bytea(std::string_view bytes) {
  Cell cell;
  cell.type = ColumnType::kBytes;
  cell.null = false;
  cell.text = bytes;
  return cell_text(cell);
}

std::string name_prefix(const std::string& pipeline, std::string_view incarnation_hex) {
  return fmt::format("lensart/{}/{}/", pipeline.substr(0, 24), incarnation_hex.substr(0, 16));
}

}  // namespace

std::string application_name(const std::string& pipeline, const Incarnation& incarnation,
                             std::string_view role) {
  return (name_prefix(pipeline, incarnation.hex()) + std::string(role))
      .substr(0, kApplicationNameMax);
}

Result<std::vector<LaneRow>> read_lane_rows(Connection& connection, const std::string& schema,
                                            const std::string& pipeline, bool for_update) {
  LENSART_ASSIGN(
      const Rows rows,
      connection.query(fmt::format("SELECT lane, lanes, epoch, epoch_id, incarnation FROM "
                                   "{}.pipeline_epochs WHERE pipeline = $1 ORDER BY lane{}",
                                   quoted_identifier(schema), for_update ? " FOR UPDATE" : ""),
                       {pipeline}));
  std::vector<LaneRow> out;
  for (int i = 0; i < rows.count(); ++i) {
    LaneRow row;
    row.lane = static_cast<int>(rows.number(i, 0));
    row.lanes = static_cast<int>(rows.number(i, 1));
    row.epoch = static_cast<EpochNumber>(rows.number(i, 2));
    const auto id = EpochId::from(rows.bytes(i, 3));
    const auto incarnation = Incarnation::from(rows.bytes(i, 4));
    if (!id || !incarnation) {
      return fail(Errc::kStateMismatch, "pipeline_epochs holds an id that is not 16 bytes long");
    }
    row.id = *id;
    row.incarnation = *incarnation;
    out.push_back(row);
  }
  return out;
}

Result<Session> Session::open(const SessionOptions& options, const Incarnation& incarnation) {
  ConnectionOptions connection_options = options.connection;
  connection_options.application_name = application_name(options.pipeline, incarnation, "owner");
  LENSART_ASSIGN(Connection connection, Connection::open(connection_options));
  Session self(std::move(connection), options, incarnation);
  LENSART_TRY(self.connection_.run(
      "SET synchronous_commit = on; SET lock_timeout = '5s'; SET tcp_keepalives_idle = 10; "
      "SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
      "SET client_connection_check_interval = '5s'; SET client_min_messages = warning"));
  LENSART_TRY(self.check_server());
  LENSART_TRY(self.take_lock());
  return self;
}

Result<Unit> Session::check_server() {
  LENSART_ASSIGN(const Rows fsync, connection_.query("SHOW fsync"));
  if (fsync.text(0, 0) != "on" && !options_.allow_unsafe_fsync) {
    return fail(
        Errc::kBadConfig,
        "the PostgreSQL server runs with fsync = off: a power cut would lose what was promised. "
        "Set fsync = on in postgresql.conf and reload");
  }
  LENSART_ASSIGN(const Rows exists,
                 connection_.query("SELECT to_regclass($1) IS NOT NULL",
                                   {quoted_identifier(options_.schema) + ".schema_migrations"}));
  std::int64_t version = 0;
  if (exists.text(0, 0) == "t") {
    LENSART_ASSIGN(
        const Rows rows,
        connection_.query(fmt::format("SELECT coalesce(max(version), 0) FROM {}.schema_migrations",
                                      quoted_identifier(options_.schema))));
    version = rows.number(0, 0);
  }
  if (version == options_.schema_version) return Unit{};
  if (version > options_.schema_version) {
    return fail(
        Errc::kBadConfig,
        fmt::format("schema \"{}\" has version {}, newer than this program's {}; use the newer "
                    "program",
                    options_.schema, version, options_.schema_version));
  }
  return fail(Errc::kBadConfig,
              version == 0
                  ? fmt::format("schema \"{}\" has no tables of ours yet; run `lensart init`",
                                options_.schema)
                  : fmt::format("schema \"{}\" has version {}, this program needs {}; run "
                                "`lensart init`",
                                options_.schema, version, options_.schema_version));
}

Result<Unit> Session::take_lock() {
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  for (;;) {
    LENSART_ASSIGN(const Rows rows,
                   connection_.query("SELECT pg_try_advisory_lock(hashtextextended($1, 0))",
                                     {"lensart/" + options_.schema + "/" + options_.pipeline}));
    if (rows.text(0, 0) == "t") return Unit{};
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(
          Errc::kOwnedByAnother,
          fmt::format("another instance runs pipeline.name = \"{}\" in schema \"{}\" of this "
                      "database (it holds the advisory lock); stop it, or give this one a name "
                      "and a schema of its own",
                      options_.pipeline, options_.schema));
    }
    std::this_thread::sleep_for(kLockRetry);
  }
}

Result<DatabaseIdentity> Session::identity() {
  LENSART_ASSIGN(const Rows rows,
                 connection_.query("SELECT s.system_identifier::text, c.timeline_id FROM "
                                   "pg_control_system() s, pg_control_checkpoint() c"));
  return DatabaseIdentity{std::string(rows.text(0, 0)), rows.number(0, 1)};
}

/// An old backend of ours may still hold the lane rows: hung, or in the middle of a COMMIT. We hold
/// the advisory lock, so whoever started it is gone.
void Session::end_stale_backends() {
  auto rows = read_lane_rows(connection_, options_.schema, options_.pipeline, false);
  if (!rows) return;
  for (const LaneRow& row : *rows) {
    if (row.incarnation == incarnation_) continue;
    static_cast<void>(connection_.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
        "starts_with(application_name, $1)",
        {name_prefix(options_.pipeline, row.incarnation.hex())}));
  }
}

Result<StartPlan> Session::claim(std::span<const ChainRecord> chain) {
  LENSART_TRY(connection_.run("BEGIN"));
  auto rows = read_lane_rows(connection_, options_.schema, options_.pipeline, true);
  if (!rows && connection_.sqlstate() == "55P03") {
    LENSART_TRY(connection_.run("ROLLBACK"));
    end_stale_backends();
    LENSART_TRY(connection_.run("BEGIN"));
    rows = read_lane_rows(connection_, options_.schema, options_.pipeline, true);
  }
  if (!rows) return tl::unexpected(rows.error());
  auto plan = plan_start(chain, *rows, options_.lanes);
  if (!plan) {
    static_cast<void>(connection_.run("ROLLBACK"));
    return plan;
  }
  if (plan->insert_rows) {
    LENSART_TRY(insert_rows(chain.front(), plan->lanes));
  } else {
    LENSART_TRY(connection_.query(
        fmt::format("UPDATE {}.pipeline_epochs SET incarnation = $1 WHERE pipeline = $2",
                    quoted_identifier(options_.schema)),
        {bytea(incarnation_.view()), options_.pipeline}));
  }
  LENSART_FAILPOINT("claim.commit");
  LENSART_TRY(connection_.run("COMMIT"));
  return plan;
}

Result<Unit> Session::insert_rows(const ChainRecord& at, int lanes) {
  LENSART_TRY(connection_.query(
      fmt::format(
          "INSERT INTO {}.pipeline_epochs (pipeline, lane, lanes, epoch, epoch_id, incarnation, "
          "offsets, watermark, timer_clock) SELECT $1, lane, $2::int, $3::bigint, $4, $5, "
          "$6::jsonb, {}, {} FROM generate_series(0, $2::int - 1) lane",
          quoted_identifier(options_.schema), instant_literal(at.watermark),
          instant_literal(at.timer_clock)),
      {options_.pipeline, std::to_string(lanes), std::to_string(at.number), bytea(at.id.view()),
       bytea(incarnation_.view()), at.offsets_json}));
  return Unit{};
}

Result<Unit> Session::relane(const ChainRecord& at, int lanes) {
  LENSART_TRY(connection_.run("BEGIN"));
  LENSART_TRY(read_lane_rows(connection_, options_.schema, options_.pipeline, true));
  LENSART_TRY(connection_.query(fmt::format("DELETE FROM {}.pipeline_epochs WHERE pipeline = $1",
                                            quoted_identifier(options_.schema)),
                                {options_.pipeline}));
  LENSART_TRY(insert_rows(at, lanes));
  return connection_.run("COMMIT");
}

Result<Unit> Session::check_settings() {
  const std::string table = quoted_identifier(options_.schema) + ".pipeline_settings";
  LENSART_ASSIGN(
      const Rows rows,
      connection_.query(fmt::format("SELECT fingerprint FROM {} WHERE pipeline = $1", table),
                        {options_.pipeline}));
  if (rows.count() == 0) {
    LENSART_TRY(connection_.query(
        fmt::format("INSERT INTO {} (pipeline, settings, fingerprint) VALUES ($1, $2::jsonb, $3)",
                    table),
        {options_.pipeline, options_.settings_json, options_.settings_fingerprint}));
    return Unit{};
  }
  if (rows.text(0, 0) == options_.settings_fingerprint) return Unit{};
  if (rows.text(0, 0) == kRebuildingFingerprint) {
    return fail(Errc::kStateMismatch,
                "a rebuild of the tables was begun and not finished: run `lensart rebuild` again");
  }
  return fail(
      Errc::kStateMismatch,
      "the tables were made under other settings (jobs, maps, ranks, zone, lateness, gaps or "
      "stuck_after changed; pipeline_settings has the old ones). Set the old values again, or run "
      "`lensart rebuild` to make the tables anew under the new ones");
}

Result<Instant> Session::ping() {
  LENSART_ASSIGN(const Rows rows,
                 connection_.query("SELECT (extract(epoch FROM clock_timestamp()) * 1e6)::bigint"));
  return Instant{std::chrono::microseconds(rows.number(0, 0))};
}

}  // namespace lensart::storage
