/// The derived tables filled from a finished state, a stretch an epoch.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "apps/config/config.hpp"
#include "graph/error.hpp"
#include "storage/sink.hpp"
#include "storage/state_store.hpp"

namespace lensart::app {

/// Commits epochs with the rows of `tables` and hands each to `sink`; waits for it when much is on
/// its way, and calls `on_commit` after each. REQUIRES: the tables are empty in the database.
Result<Unit> fill_tables(const Config& config, const std::set<std::string>& tables,
                         storage::StateStore& store, const storage::Incarnation& incarnation,
                         storage::Sink& sink, const std::function<void()>& on_commit);

}  // namespace lensart::app
