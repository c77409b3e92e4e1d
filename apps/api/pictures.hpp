/// The pipeline's pages as JSON, made of figures: `Overview`, `Graph`, `Epochs`, `Watermarks` and
/// the histories of openapi.json.
///
/// Threads: any; pure functions.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "apps/api/attention.hpp"
#include "apps/api/history.hpp"
#include "apps/api/readings.hpp"
#include "apps/explain/answer.hpp"

namespace lensart::app {

/// One look at the pipeline. Views of what its owner holds.
struct Look {
  const Facts& facts;
  const Readings& readings;
  const History& history;
  const std::vector<Attention>& attention;
};

Json overview_of(const Look& look);
Json graph_of(const Look& look);
/// `recent`: the newest first.
Json epochs_of(const Look& look, std::span<const EpochFigures> recent);
Json watermarks_of(const Look& look);

/// `seconds` back, one point each `step` seconds.
Json overview_history(const History& history, std::size_t seconds, std::size_t step);
Json node_history(const History& history, std::size_t node, std::size_t seconds, std::size_t step);

}  // namespace lensart::app
