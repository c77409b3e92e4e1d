#include "apps/explain/ask_state.hpp"

#include <charconv>

#include "apps/explain/control_socket.hpp"
#include "apps/explain/state_view.hpp"
#include "apps/pipeline/options.hpp"

namespace lensart::app {

namespace {

constexpr std::string_view kOrder = "order ";

/// The trees that the questions look at; those of jobs that never ran are not there.
constexpr const char* kTrees[] = {"orders",
                                  "lines",
                                  "history",
                                  "timers",
                                  "ids",
                                  "id_segments",
                                  "order_metrics",
                                  "order_metrics_sliding",
                                  "product_sales_hourly"};

Result<Json> ask_stopped(const Config& config, const std::string& question) {
  storage::StateStoreOptions options = state_options(config);
  options.fingerprint.clear();  // made under other settings, it can be looked at all the same
  options.read_only = true;
  LENSART_ASSIGN(const auto store, storage::StateStore::open(options));
  for (const char* name : kTrees) LENSART_TRY(store->existing_table(name));
  return answer_from(*store, config, question);
}

}  // namespace

Result<Json> answer_from(const storage::StateStore& store, const Config& config,
                         const std::string& question) {
  if (question == "moment") return moment_of_state(store, config);
  if (question == "stats") return state_stats(store, config);
  if (question.starts_with(kOrder)) {
    const char* const end = question.data() + question.size();
    orders::OrderId id = 0;
    const auto parsed = std::from_chars(question.data() + kOrder.size(), end, id);
    if (parsed.ec == std::errc() && parsed.ptr == end && id > 0) return order_in_state(store, id);
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
