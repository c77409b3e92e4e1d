/// Questions to the state, whoever holds it.
#pragma once

#include <functional>
#include <string>

#include "apps/config/config.hpp"
#include "apps/explain/answer.hpp"
#include "graph/error.hpp"
#include "storage/state_store.hpp"

namespace lensart::app {

/// One question to a state, as answer_from() takes it.
using AskState = std::function<Result<Json>(const std::string& question)>;

/// Answers `order ID`, `moment` and `stats` (state_view.hpp). Fails with kBadUsage for any other
/// question. Threads: any.
Result<Json> answer_from(const storage::StateStore& store, const Config& config,
                         const std::string& question);

/// The same from the running instance, or, with none running, from the state opened read-only. The
/// answer's member `live` says which.
Result<Json> ask_state(const Config& config, const std::string& question);

}  // namespace lensart::app
