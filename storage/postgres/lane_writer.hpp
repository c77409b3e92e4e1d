/// One lane's run of epochs as one transaction, whatever the database makes of its rows.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph/error.hpp"
#include "storage/lane_group.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/postgres/table_writer.hpp"
#include "storage/protocol/relay_protocol.hpp"

namespace lensart::storage {

/// A row that PostgreSQL refused for a reason of its data.
struct Refusal {
  std::string_view table;
  std::string key;      ///< for a person: `order_id=1042`
  Origin origin;        ///< the last event that changed the row
  std::string message;  ///< the server's
};

/// What the sink asks of the job, as it knows nothing of orders. Called on the relay's threads.
struct SinkHooks {
  /// The encoded rows of a child table that belong to an owner, from the state; used when somebody
  /// deleted the owner's row and its children went with it.
  std::function<Result<std::vector<std::string>>(const TableSpec& child,
                                                 std::string_view owner_key)>
      owned_rows;
  /// The dead letter for a refused row: the table it goes to and the row.
  std::function<std::pair<const TableSpec*, std::string>(const Refusal&)> letter_for;
};

/// What a lane's transaction needs to know of the pipeline.
struct LaneContext {
  std::string pipeline;
  std::string schema;
  Incarnation incarnation;
  std::uint64_t max_refusals = 100;
  std::chrono::seconds keep_accounts = std::chrono::hours(24 * 30);  ///< then folded into days
};

enum class Ending : std::uint8_t { kApplied, kRolledBack, kUnknown };

struct LaneOutcome {
  Ending ending = Ending::kRolledBack;
  Error error;  ///< unless kApplied
  std::uint64_t rows = 0;
  std::uint64_t refused = 0;  ///< of them, for a reason of their data
  bool letters = false;       ///< dead letters were written: the sender has work
};

/// Watches for a schema that refuses everything: more than `max_refusals` among a table's last 1
/// 000 rows. Threads: guarded by the caller.
class RefusalWatch {
 public:
  void on_rows(std::string_view table, std::uint64_t taken, std::uint64_t refused);
  std::uint64_t refused_lately(std::string_view table) const;

 private:
  struct Window {
    std::deque<std::pair<std::uint64_t, std::uint64_t>> runs;  ///< (rows, refused of them)
    std::uint64_t rows = 0;
    std::uint64_t refused = 0;
  };
  std::map<std::string, Window, std::less<>> windows_;
};

/// Threads: one.
class LaneWriter {
 public:
  LaneWriter(const TableRegistry& registry, const LaneContext& context, const SinkHooks& hooks);

  /// Readies a fresh connection: session settings, temporary tables.
  Result<Unit> prepare(Connection& connection) const;

  /// Moves the lane from `from` to `to`. A refused row is bisected out and becomes a dead letter; a
  /// row somebody deleted is sent whole. Only with kUnknown is it open whether anything was
  /// committed.
  LaneOutcome apply(Connection& connection, const StateStore& store, const LaneTask& task,
                    const ChainRecord& from, const ChainRecord& to);

 private:
  enum class Mode : std::uint8_t { kFast, kCareful, kBisect };
  Result<Unit> write(Connection& connection, LaneGroup& group, const LaneTask& task,
                     const ChainRecord& from, const ChainRecord& to, Mode mode);
  Result<Unit> begin(Connection& connection, const LaneTask& task, const ChainRecord& from,
                     const ChainRecord& to);
  Result<Unit> write_tables(Connection& connection, LaneGroup& group, Mode mode);
  Result<Unit> resend_owned(Connection& connection, LaneGroup& group);
  Result<Unit> bisect(Connection& connection, const TableStatements& sql,
                      std::vector<const KeyChange*> changes,
                      std::vector<const KeyChange*>& refused);
  Result<Unit> check_refusals(std::string_view table, std::uint64_t more) const;
  Result<Unit> write_letters(Connection& connection);
  const TableStatements& statements_of(const TableSpec& table) const;

  const TableRegistry& registry_;
  LaneContext context_;
  const SinkHooks& hooks_;
  std::vector<TableStatements> statements_;
  RefusalWatch watch_;
  std::vector<Refusal> refusals_;
  bool letters_ = false;
};

}  // namespace lensart::storage
