/// What a running pipeline's state says of itself: the questions of apps/explain, answered from
/// inside.
#pragma once

#include <string>

#include "apps/explain/answer.hpp"
#include "graph/error.hpp"

namespace lensart::app {

class Pipeline;

/// Answers as answer_from() does, with what only the running instance knows. Threads: any.
Result<Json> answer_live(const Pipeline& pipeline, const std::string& question);

}  // namespace lensart::app
