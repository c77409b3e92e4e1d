/// A state made anew from orders_raw: the same lanes fold the same events, one after the other.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/config/config.hpp"
#include "apps/jobs/order_lane.hpp"
#include "apps/jobs/windowed_job.hpp"
#include "apps/rebuild/database_side.hpp"
#include "apps/rebuild/log_reader.hpp"
#include "graph/time_zone.hpp"
#include "storage/id_index.hpp"
#include "storage/state_store.hpp"

namespace lensart::app {

/// Threads: one.
class StateBuilder {
 public:
  /// A fresh state in `directory`, whose chain begins at `at`.
  static Result<std::unique_ptr<StateBuilder>> open(const Config& config, const DatabaseSide& side,
                                                    const storage::ChainRecord& at,
                                                    const std::filesystem::path& directory,
                                                    const storage::Binding& binding);

  /// Fails with kStateCorrupt when a row of the log is no event by this program's rules.
  Result<Unit> add(const LoggedEvent& event);
  /// A replay that was accepted: its original's coordinates are taken.
  void add(const ReplayedRecord& replayed);
  /// Everything added is durable. The chain has gone on by epochs without rows: the relay moves the
  /// database's lanes over them.
  Result<Unit> finish();

 private:
  StateBuilder(const Config& config, TimeZone zone);
  Result<Unit> open_parts(const storage::StateStoreOptions& options);
  Result<Unit> close_epoch();
  std::uint32_t source_of(const LoggedEvent& event) const;

  const Config& config_;
  TimeZone zone_;
  orders::StatusRules rules_;
  std::unique_ptr<storage::StateStore> store_;
  std::unique_ptr<storage::IdIndex> ids_;
  std::unique_ptr<nodes::Timers> timers_;
  std::vector<std::unique_ptr<jobs::WindowedJob>> windowed_;
  std::unique_ptr<jobs::OrderLane> lane_;
  LogReader reader_;
  storage::Table replays_ = 0;
  storage::ChangeSet replayed_;  ///< since the last epoch
  storage::ChainRecord at_;
  std::vector<storage::SourcePosition> positions_;
  std::uint64_t open_events_ = 0;
  std::uint64_t unsealed_events_ = 0;
  EpochNumber epoch_ = 0;
};

}  // namespace lensart::app
