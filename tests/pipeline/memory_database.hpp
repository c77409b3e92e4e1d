/// The database in memory: the rows of each table and the rows of the sink lanes, held to what the
/// shipped SQL would refuse.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/clock.hpp"
#include "graph/error.hpp"
#include "storage/lane_group.hpp"
#include "storage/protocol/start_check.hpp"
#include "storage/table_spec.hpp"
#include "tests/model/table.hpp"

namespace lensart::rehearsal {

/// Copies are photographs: what a backup or a standby would hold. Threads: one at a time.
class MemoryDatabase {
 public:
  explicit MemoryDatabase(const storage::TableRegistry& registry);

  /// One transaction. Fails where PostgreSQL would, or where the sender was wrong about what stands
  /// here: a row inserted that exists, updated that does not, lines without their order. What a
  /// failure leaves behind is undefined: a test that meets one is over.
  Result<Unit> apply(const storage::LaneGroup& group, const storage::LaneRow& to);

  /// In the model's form and order; of what the registry does not know, none. The accounts are
  /// added up over the minutes.
  std::vector<model::Table> tables() const;
  /// Partitions whose account leaves offsets out, or counts them twice.
  std::vector<std::string> account_gaps() const;

  std::vector<storage::LaneRow> lanes;  ///< pipeline_epochs
  /// Of pipeline_epochs, too: the clocks of the last epoch applied; nothing is −∞.
  std::optional<Instant> timer_clock;
  std::optional<Instant> watermark;

 private:
  /// key → rows: one, or an owner's bag. Both as the outbox has them.
  using Rows = std::map<std::string, std::vector<std::string>, std::less<>>;

  Result<Unit> apply(const storage::TableSpec& table, const storage::KeyChange& change);
  void count_late(const storage::TableSpec& replays, std::string_view row);
  /// Whether the row that this one refers to is there, or it refers to none.
  bool parent_there(const storage::TableSpec& table, std::string_view key) const;
  model::Table printed(const model::TableShape& shape) const;
  model::Table printed_accounts() const;

  const storage::TableRegistry* registry_;
  std::map<std::string, Rows, std::less<>> tables_;
};

}  // namespace lensart::rehearsal
