// What an operator does to a running pipeline, and what it must not let slip.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;

class OperatingTest : public testing::Test {
 protected:
  void produce(std::uint64_t events) {
    Stream stream;
    stream.events = events;
    stream.seed = ++streams_;
    stream.first_order = streams_ * 100'000;
    pipeline_.generate(stream);
  }

  /// True once `records` are in the tables.
  bool wait_consumed(Process& process, std::int64_t records) const {
    auto database = pipeline_.database();
    return wait_until(
               [&] { return !process.is_running() || pipeline_.consumed(database) >= records; }) &&
           process.is_running();
  }

  std::int64_t letters(const char* where) const {
    return std::stoll(pipeline_.ask(
        fmt::format("SELECT count(*) FROM {}.dead_letters WHERE {}", pipeline_.schema(), where)));
  }

  Pipeline pipeline_;
  std::uint64_t streams_ = 0;
};

TEST_F(OperatingTest, AskedToStopUnderLoadItCommitsWhatItReadAndExitsWith0) {
  pipeline_.set("LENSART_PIPELINE_EPOCH_MAX_RECORDS", "500");
  produce(20'000);
  Process process = pipeline_.start({"run"});
  ASSERT_TRUE(wait_consumed(process, 1)) << process.stderr_text();
  process.send_signal(SIGTERM);
  const auto status = process.wait(seconds(20));
  ASSERT_TRUE(status) << process.stderr_text();
  EXPECT_EQ(status->code, 0) << process.stderr_text();
  EXPECT_THAT(process.stderr_text(), HasSubstr("everything read is committed"));
  // What it left behind is consistent in itself, and the rest follows.
  expect_exit(pipeline_.verify(), 0);
  expect_exit(pipeline_.run_to_end(), 0);
  expect_all_is_well(pipeline_);
}

TEST_F(OperatingTest, AskedTwiceItStopsAtOnceAndNothingIsLost) {
  produce(3'000);
  // Someone holds the table, so that the first request has to wait for the sink.
  auto holder = pipeline_.database();
  need(holder.execute("BEGIN; LOCK TABLE " + pipeline_.schema() + ".orders_raw"));
  Process process = pipeline_.start({"run"});
  ASSERT_TRUE(wait_until([&] {
    return metric(pipeline_.get("/metrics").body, "lensart_epochs_total").value_or(0) > 0;
  })) << process.stderr_text();
  process.send_signal(SIGTERM);
  EXPECT_TRUE(wait_until(
      [&] { return process.stderr_text().find("a second signal stops") != std::string::npos; }));
  EXPECT_FALSE(process.wait(milliseconds(300)));
  const auto before = steady_clock::now();
  process.send_signal(SIGTERM);
  const auto status = process.wait(seconds(5));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code, 0);
  EXPECT_LT(steady_clock::now() - before, seconds(1));
  need(holder.execute("ROLLBACK"));
  expect_exit(pipeline_.run_to_end(), 0);
  expect_all_is_well(pipeline_);
}

TEST_F(OperatingTest, ASecondInstanceIsRefusedWithinASecond) {
  produce(200);
  Process owner = pipeline_.start({"run"});
  ASSERT_TRUE(pipeline_.wait_ready(owner)) << owner.stderr_text();
  const auto refused_within = [&](const Environment& environment) {
    const auto before = steady_clock::now();
    const Finished second = pipeline_.command({"run"}, environment);
    EXPECT_EQ(second.status.code, 75) << second.stderr_text;
    return steady_clock::now() - before;
  };
  const Environment other_port = {{"LENSART_HTTP_LISTEN", "127.0.0.1:0"}};
  EXPECT_LT(refused_within(other_port), seconds(1)) << "on the same state directory";
  // On another one the pipeline's own lock in the database refuses it, after half a second's
  // patience.
  Environment elsewhere = other_port;
  elsewhere.emplace_back("LENSART_STATE_DIRECTORY",
                         (pipeline_.workspace().directory() / "elsewhere").string());
  EXPECT_LT(refused_within(elsewhere), seconds(2)) << "on a state directory of its own";
  EXPECT_TRUE(owner.is_running());
  ASSERT_TRUE(wait_consumed(owner, pipeline_.records_in_topics()));
  owner.send_signal(SIGTERM);
  ASSERT_TRUE(owner.wait(seconds(20)));
  expect_all_is_well(pipeline_);
}

TEST_F(OperatingTest, AStaleInstanceIsFencedAndWritesNothing) {
  pipeline_.set("LENSART_PIPELINE_EPOCH_MAX_RECORDS", "500");
  produce(500);
  expect_exit(pipeline_.run_to_end(), 0);
  const auto copy = pipeline_.workspace().directory() / "copy";
  std::filesystem::copy(pipeline_.workspace().state_directory(), copy,
                        std::filesystem::copy_options::recursive);
  Process stale = pipeline_.start({"run"});
  ASSERT_TRUE(pipeline_.wait_ready(stale)) << stale.stderr_text();
  stale.send_signal(SIGSTOP);
  // The server gives its lock away, as when the machine it runs on is cut off.
  pipeline_.ask(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> "
      "pg_backend_pid() AND application_name LIKE 'lensart/lensart/%/owner'");
  produce(2'000);
  expect_exit(pipeline_.run_to_end({{"LENSART_STATE_DIRECTORY", copy.string()},
                                    {"LENSART_HTTP_LISTEN", "127.0.0.1:0"}}),
              0);
  stale.send_signal(SIGCONT);
  produce(2'000);  // it has something to write, and tries
  const auto status = stale.wait(seconds(30));
  ASSERT_TRUE(status) << "a stale instance goes on: " << stale.stderr_text();
  EXPECT_EQ(status->code, 75) << stale.stderr_text();
  expect_exit(pipeline_.run_to_end({{"LENSART_STATE_DIRECTORY", copy.string()}}), 0);
  expect_all_is_well(pipeline_);
}

TEST_F(OperatingTest, WithoutTheDeadLetterTopicTheTablesGoOnAndTheLettersFollow) {
  const auto& workspace = pipeline_.workspace();
  need(support::delete_topics(pipeline_.stack().brokers, {workspace.dlq_topic()}));
  produce(2'000);
  Process process = pipeline_.start({"run"});
  ASSERT_TRUE(wait_consumed(process, pipeline_.records_in_topics())) << process.stderr_text();
  EXPECT_TRUE(wait_until([&] {
    return process.stderr_text().find("dead letters wait for their topic") != std::string::npos;
  })) << process.stderr_text();
  EXPECT_GT(letters("sent_at IS NULL"), 0);
  expect_exit(pipeline_.command({"init"}), 0);  // makes what is missing
  EXPECT_TRUE(wait_until([&] { return letters("sent_at IS NULL") == 0; }, seconds(60)))
      << process.stderr_text();
  process.send_signal(SIGTERM);
  ASSERT_TRUE(process.wait(seconds(20)));
  expect_all_is_well(pipeline_);
  EXPECT_EQ(pipeline_.letters_amiss(), std::vector<std::string>{});
}

TEST_F(OperatingTest, APasswordIsNeverSeen) {
  const std::string canary = "canary-5a1b-never-print-me";
  const std::string dsn = pipeline_.stack().dsn + " password=" + canary;
  pipeline_.set("LENSART_POSTGRES_DSN", dsn);
  pipeline_.set("LENSART_LOG_LEVEL", "trace");
  produce(200);
  std::string seen;
  const auto look_at = [&](const Finished& finished) {
    seen += finished.stdout_text + finished.stderr_text;
  };
  look_at(pipeline_.command({"check"}));
  look_at(pipeline_.command({"check", "--json"}));
  look_at(pipeline_.command({"init"}));
  Process process = pipeline_.start({"run"});
  ASSERT_TRUE(wait_consumed(process, 200)) << process.stderr_text();
  for (const char* path : {"/metrics", "/readyz", "/livez", "/"}) seen += pipeline_.get(path).body;
  process.send_signal(SIGTERM);
  ASSERT_TRUE(process.wait(seconds(20)));
  seen += process.stdout_text() + process.stderr_text();
  look_at(pipeline_.verify());
  // Every way a connection can fail: nobody there, no such database, an option unheard of.
  for (const std::string wrong : {" port=1", " dbname=nobody_made_this", " sslmode=nonsense"}) {
    look_at(pipeline_.command({"run", "--until-end"}, {{"LENSART_POSTGRES_DSN", dsn + wrong},
                                                       {"LENSART_START_TIMEOUT", "1s"}}));
  }
  look_at(
      pipeline_.command({"run"}, {{"LENSART_POSTGRES_DSN", "postgres://u:" + canary + "@[::"}}));
  EXPECT_FALSE(seen.empty());
  EXPECT_THAT(seen, Not(HasSubstr(canary)));
}

}  // namespace
}  // namespace lensart::integration
