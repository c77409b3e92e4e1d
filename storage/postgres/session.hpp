/// Who owns a pipeline in the database: an advisory lock on a connection of its own, and the
/// incarnation in the lane rows, checked by every transaction.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "graph/error.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/protocol/start_check.hpp"
#include "storage/state_store.hpp"

namespace lensart::storage {

/// Stands in the fingerprint's place while tables are made anew: nothing else may go on from there.
inline constexpr std::string_view kRebuildingFingerprint = "rebuilding";

struct SessionOptions {
  ConnectionOptions connection;
  std::string pipeline;
  std::string schema;
  int lanes = 1;
  std::string settings_json;  ///< for pipeline_settings
  std::string settings_fingerprint;
  std::int64_t schema_version = 0;  ///< what this program needs
  bool allow_unsafe_fsync = false;  ///< tests only: a server with fsync=off is refused
};

/// Who the database is: to notice a restored, promoted or exchanged one.
struct DatabaseIdentity {
  std::string system_id;
  std::int64_t timeline = 0;
};

/// The application_name of a pipeline's connections: stale ones of ours are found by it.
std::string application_name(const std::string& pipeline, const Incarnation& incarnation,
                             std::string_view role);

/// Threads: one at a time.
class Session {
 public:
  /// Connects and takes the advisory lock (tried for half a second): kOwnedByAnother when it is
  /// held; kBadConfig when the schema is missing or not the program's (naming `lensart init`).
  static Result<Session> open(const SessionOptions& options, const Incarnation& incarnation);

  Result<DatabaseIdentity> identity();
  /// Waits for old backends still committing, holds the lane rows against the chain, and makes them
  /// ours, in one transaction. Nothing is written when they do not fit (kStateMismatch).
  Result<StartPlan> claim(std::span<const ChainRecord> chain);
  /// Gives the pipeline another number of lanes. REQUIRES: all lanes stand at `at`.
  Result<Unit> relane(const ChainRecord& at, int lanes);
  /// Held against pipeline_settings: kStateMismatch when the tables were made with others; written
  /// when there are none yet.
  Result<Unit> check_settings();
  /// A sign of life: what the server's clock shows. kDatabaseDown when the connection, and so the
  /// lock, is gone.
  Result<Instant> ping();

  Connection& connection() { return connection_; }

 private:
  Session(Connection connection, SessionOptions options, const Incarnation& incarnation)
      : connection_(std::move(connection)),
        options_(std::move(options)),
        incarnation_(incarnation) {}
  Result<Unit> take_lock();
  Result<Unit> check_server();
  Result<Unit> insert_rows(const ChainRecord& at, int lanes);
  void end_stale_backends();

  Connection connection_;
  SessionOptions options_;
  Incarnation incarnation_;
};

/// Reads the lane rows of a pipeline, sorted by lane; with `for_update` they are locked.
Result<std::vector<LaneRow>> read_lane_rows(Connection& connection, const std::string& schema,
                                            const std::string& pipeline, bool for_update);

}  // namespace lensart::storage
