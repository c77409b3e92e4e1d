/// Whether a state and a database tell one story, decided before anything is written
/// (docs/contract.md §5, promise 6).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/error.hpp"
#include "storage/epoch.hpp"

namespace lensart::storage {

/// A row of pipeline_epochs.
struct LaneRow {
  int lane = 0;
  int lanes = 0;  ///< how many lanes the pipeline had when it was written
  EpochNumber epoch = 0;
  EpochId id;
  Incarnation incarnation;
};

struct StartPlan {
  bool insert_rows = false;            ///< the very first start: no row yet, LMDB at genesis
  int lanes = 0;                       ///< how many lanes the rows have now
  std::vector<EpochNumber> positions;  ///< where each lane stands in our chain
};

/// `chain`: the retained records, oldest first, without gaps. `rows`: sorted by lane.
/// Fails with kStateMismatch, saying what does not fit and which command mends it.
Result<StartPlan> plan_start(std::span<const ChainRecord> chain, std::span<const LaneRow> rows,
                             int lanes_wanted);

/// Where in the chain an id stands; empty when it is not ours.
std::optional<EpochNumber> position_in(std::span<const ChainRecord> chain, EpochNumber epoch,
                                       const EpochId& id);

}  // namespace lensart::storage
