// lensart_compare: holds a finished run against the reference model. Exit 0 equal, 1 differences,
// 64 wrong command line, 69 a service cannot be reached.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "tests/support/run_compare.hpp"

namespace {

using lensart::support::RunToCompare;

int compare(const RunToCompare& run) {
  const auto comparison = lensart::support::compare_run(run);
  if (!comparison) {
    std::fprintf(stderr, "lensart_compare: %s\n", comparison.error().message.c_str());
    return lensart::exit_code_for(comparison.error().code);
  }
  std::fputs(comparison->describe().c_str(), stdout);
  std::puts(comparison->equal() ? "equal" : "NOT EQUAL");
  return comparison->equal() ? 0 : 1;
}

void add_seconds(CLI::App& app, const std::string& name, std::chrono::microseconds& setting) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(setting).count();
  app.add_option_function<std::int64_t>(
         name, [&setting](const std::int64_t& given) { setting = std::chrono::seconds(given); },
         "seconds, as the run was configured")
      ->default_str(std::to_string(seconds));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compares a run's tables with what the reference model makes of the same log.");
  RunToCompare run;
  std::vector<std::string> topics = {"order-created", "order-updated", "order-cancelled",
                                     "order-events"};
  std::string zone = "Asia/Ho_Chi_Minh";
  std::vector<std::string> jobs(run.settings.jobs.begin(), run.settings.jobs.end());
  bool unlimited_lateness = false;
  bool unlimited_state = false;
  app.add_option("--brokers", run.brokers, "Kafka's address")
      ->envname("LENSART_KAFKA_BROKERS")
      ->required();
  app.add_option("--dsn", run.dsn, "PostgreSQL's connection string")
      ->envname("LENSART_POSTGRES_DSN")
      ->required();
  app.add_option("--schema", run.schema, "where the tables are")->capture_default_str();
  app.add_option("--pipeline", run.pipeline, "whose accounts")->capture_default_str();
  app.add_option("--topics", topics, "order-created, -updated, -cancelled, -events, in that order")
      ->delimiter(',')
      ->expected(4)
      ->capture_default_str();
  app.add_option("--replay-topic", run.replay_topic, "order-events-replay, where it was used");
  app.add_option("--jobs", jobs, "as the run was configured")
      ->delimiter(',')
      ->capture_default_str();
  add_seconds(app, "--stuck-after", run.settings.stuck_after);
  add_seconds(app, "--session-gap", run.settings.session_gap);
  add_seconds(app, "--sliding-retention", run.settings.sliding_retention);
  add_seconds(app, "--max-out-of-orderness", run.settings.max_out_of_orderness);
  add_seconds(app, "--allowed-lateness", *run.settings.allowed_lateness);
  add_seconds(app, "--state-ttl", *run.settings.state_ttl);
  app.add_flag("--unlimited-lateness", unlimited_lateness, "as the run was configured");
  app.add_flag("--unlimited-state", unlimited_state, "as the run was configured");
  app.add_option("--zone", zone, "the business time zone")->capture_default_str();
  app.add_flag("--allow-zero-total", run.settings.allow_zero_total, "as the run was configured");
  try {
    app.parse(argc, argv);
    run.settings.zone = lensart::model::Zone(zone);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "lensart_compare: --zone %s: %s\n", zone.c_str(), error.what());
    return 64;
  }
  run.settings.jobs = {jobs.begin(), jobs.end()};
  if (unlimited_lateness) run.settings.allowed_lateness.reset();
  if (unlimited_state) run.settings.state_ttl.reset();
  std::copy(topics.begin(), topics.end(), run.topics.begin());
  return compare(run);
}
