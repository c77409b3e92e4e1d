// kill -9 under load, at moments nobody chose: afterwards every table equals the model's.
//
// LENSART_TEST_KILL_RUNS runs with one kill each, then one with LENSART_TEST_KILLS_IN_ONE, each
// over LENSART_TEST_KILL_EVENTS events; LENSART_TEST_SEED repeats one. Without them it is a sample.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <thread>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using Seconds = std::chrono::duration<double>;

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  return values[at];
}

class KillTest : public testing::Test {
 protected:
  void SetUp() override { std::printf("seed %lu\n", seed_); }

  /// The events' own seed differs in each run.
  void produce(const Pipeline& pipeline) {
    Stream stream;
    stream.events = events_;
    stream.seed = random_();
    pipeline.generate(stream);
    records_ = pipeline.records_in_topics();
  }

  /// Lanes and sizes may change over a restart; nothing may depend on them.
  Environment random_settings() {
    const std::array<const char*, 3> records = {"500", "5000", "50000"};
    return {{"LENSART_SINK_LANES", std::to_string(1 + random_() % 4)},
            {"LENSART_PIPELINE_EPOCH_MAX_RECORDS", records[random_() % records.size()]}};
  }

  /// Starts it, lets it get to about `progress` of the log, and kills it. Every fourth time it dies
  /// in its recovery already. False if it ended by itself.
  bool run_and_kill(const Pipeline& pipeline, double progress) {
    auto database = pipeline.database();
    const bool early = random_() % 4 == 0 && progress > 0.1;
    const auto delay = std::chrono::microseconds(random_() % (early ? 250'000 : 40'000));
    const auto before = std::chrono::steady_clock::now();
    const std::int64_t stood_at = epoch(pipeline, database);
    Process process = pipeline.start({"run"}, random_settings());
    const auto target = static_cast<std::int64_t>(progress * static_cast<double>(records_));
    bool seen = false;
    const auto far_enough = [&] {
      if (!seen && epoch(pipeline, database) > stood_at) {
        seen = true;
        if (kills_ > 0)
          recoveries_.push_back(Seconds(std::chrono::steady_clock::now() - before).count());
      }
      return !process.is_running() || pipeline.consumed(database) >= target;
    };
    if (!early && !wait_until(far_enough, std::chrono::minutes(5))) {
      ADD_FAILURE() << "no progress: " << process.stderr_text();
    }
    std::this_thread::sleep_for(delay);  // the moment nobody chose
    const bool alive = process.is_running();
    EXPECT_TRUE(alive) << process.stderr_text();
    process.kill();
    killed_at_.push_back(pipeline.consumed(database));
    ++kills_;
    return alive;
  }

  static std::int64_t epoch(const Pipeline& pipeline, Database& database) {
    return std::stoll(need(database.query_one("SELECT coalesce(max(epoch), 0) FROM " +
                                              pipeline.schema() + ".pipeline_epochs")));
  }

  /// One whole run: made, killed `kills` times, finished, compared. True if it survived.
  bool survives(int kills) {
    const bool failed_before = HasFailure();
    Pipeline pipeline;
    produce(pipeline);
    killed_at_.clear();
    kills_ = 0;
    std::vector<double> progress;
    for (int i = 0; i < kills; ++i) {
      progress.push_back(static_cast<double>(random_() % 1'000'000) / 1e6);
    }
    std::sort(progress.begin(), progress.end());
    for (const double each : progress) run_and_kill(pipeline, each);
    // The last start goes on to the end.
    auto database = pipeline.database();
    const std::int64_t stood_at = epoch(pipeline, database);
    const auto before = std::chrono::steady_clock::now();
    Process process = pipeline.start({"run", "--until-end"}, random_settings());
    const bool moved =
        wait_until([&] { return !process.is_running() || epoch(pipeline, database) > stood_at; },
                   std::chrono::minutes(5));
    EXPECT_TRUE(moved);
    recoveries_.push_back(Seconds(std::chrono::steady_clock::now() - before).count());
    const auto status = process.wait(std::chrono::minutes(10));
    EXPECT_TRUE(status && status->code == 0)
        << (status ? status->describe() : "it hangs") << process.stderr_text();
    expect_all_is_well(pipeline);
    const bool well = !HasFailure() || failed_before;
    std::printf("%6ld records, killed at %s: %s\n", records_,
                fmt::format("{}", fmt::join(killed_at_, " ")).c_str(),
                well ? "equal" : "DIFFERENT");
    return well;
  }

  void print_recoveries() const {
    std::printf("from restart to the first epoch in the tables: p50 %.2f s, p99 %.2f s (%zu)\n",
                quantile(recoveries_, 0.5), quantile(recoveries_, 0.99), recoveries_.size());
  }

  const std::uint64_t seed_ = chosen_seed();
  std::mt19937_64 random_{seed_};
  const std::uint64_t events_ = number_from_environment("LENSART_TEST_KILL_EVENTS", 20'000);
  std::int64_t records_ = 0;
  int kills_ = 0;
  std::vector<std::int64_t> killed_at_;
  std::vector<double> recoveries_;
};

TEST_F(KillTest, EachOfManyRunsSurvivesOneKill) {
  const auto runs = number_from_environment("LENSART_TEST_KILL_RUNS", 2);
  SCOPED_TRACE("LENSART_TEST_SEED=" + std::to_string(seed_));
  std::uint64_t survived = 0;
  for (std::uint64_t i = 0; i < runs; ++i) survived += survives(1) ? 1 : 0;
  std::printf("survived %lu/%lu\n", survived, runs);
  print_recoveries();
}

TEST_F(KillTest, OneRunSurvivesManyKills) {
  const auto kills = static_cast<int>(number_from_environment("LENSART_TEST_KILLS_IN_ONE", 3));
  SCOPED_TRACE("LENSART_TEST_SEED=" + std::to_string(seed_));
  const bool well = survives(kills);
  std::printf("survived %d kills: %s\n", kills, well ? "yes" : "no");
  print_recoveries();
}

}  // namespace
}  // namespace lensart::integration
