#include "apps/explain/ask_state.hpp"

#include "apps/explain/arguments.hpp"
#include "apps/explain/control_socket.hpp"
#include "apps/explain/state_view.hpp"
#include "apps/pipeline/options.hpp"

namespace lensart::app {

namespace {

constexpr std::string_view kOrder = "order ";

Result<Json> ask_stopped(const Config& config, const std::string& question) {
  storage::StateStoreOptions options = state_options(config);
  options.fingerprint.clear();  // made under other settings, it can be looked at all the same
  options.read_only = true;
  LENSART_ASSIGN(const auto store, storage::StateStore::open(options));
  return answer_from(*store, config, question);
}

}  // namespace

Result<Json> answer_from(const storage::StateStore& store, const Config& config,
                         const std::string& question) {
  if (question == "moment") return moment_of_state(store, config);
  if (question == "stats") return state_stats(store, config);
  if (question.starts_with(kOrder)) {
    const auto id = parse_whole(std::string_view(question).substr(kOrder.size()), 1, INT64_MAX);
    if (id) return order_in_state(store, *id);
  }
  return fail(Errc::kBadUsage, "no such question: " + question.substr(0, 100) +
                                   "; there are `order ID`, `moment` and `stats`");
}

Result<Json> ask_state(const Config& config, const std::string& question) {
  LENSART_ASSIGN(auto running, ask_running(config.state.directory, question));
  const bool live = running.has_value();
  if (!live) {
    LENSART_ASSIGN(running, ask_stopped(config, question));
  }
  (*running)["live"] = live;
  return *running;
}

}  // namespace lensart::app
