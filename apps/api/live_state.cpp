#include "apps/api/live_state.hpp"

#include "apps/explain/ask_state.hpp"
#include "apps/pipeline/pipeline.hpp"

namespace lensart::app {

Result<Json> answer_live(const Pipeline& pipeline, const std::string& question) {
  LENSART_ASSIGN(Json answer, answer_from(pipeline.store(), pipeline.config(), question));
  if (question != "moment") return answer;
  const std::vector<std::int64_t> lags = pipeline.lags();
  Json& partitions = answer["partitions"];
  for (std::size_t i = 0; i < partitions.size() && i < lags.size(); ++i) {
    if (lags[i] >= 0) partitions[i]["lag"] = lags[i];
  }
  answer["applied_epoch"] = pipeline.sink_status().applied;
  answer["paused"] = pipeline.paused();
  return answer;
}

}  // namespace lensart::app
