// Kafka or PostgreSQL away: at the start, and while it runs. Nothing is lost, nothing grows, and
// nobody has to help.

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using support::Service;
using testing::HasSubstr;

class OutageTest : public testing::Test {
 protected:
  ~OutageTest() override {
    // Also after a failed test: the next one needs them.
    for (const Service service : {Service::kKafka, Service::kPostgres}) {
      static_cast<void>(pipeline_.stack().start(service));
    }
  }

  void produce(std::uint64_t events) {
    Stream stream;
    stream.events = events;
    stream.seed = ++streams_;
    stream.first_order = streams_ * 100'000;
    pipeline_.generate(stream);
  }

  void stop(Service service) const { need(pipeline_.stack().stop(service)); }
  void start(Service service) const { need(pipeline_.stack().start(service)); }

  /// Until everything in the topics is in the tables.
  bool wait_caught_up(Process& process) const {
    auto database = pipeline_.database();
    const std::int64_t records = pipeline_.records_in_topics();
    return wait_until(
        [&] { return !process.is_running() || pipeline_.consumed(database) >= records; },
        std::chrono::minutes(2));
  }

  void expect_clean_end(Process& process) const {
    process.send_signal(SIGTERM);
    const auto status = process.wait(std::chrono::seconds(30));
    ASSERT_TRUE(status) << "it did not stop: " << process.stderr_text();
    EXPECT_EQ(status->code, 0) << process.stderr_text();
  }

  double figure(const std::string& name) const {
    return metric(pipeline_.get("/metrics").body, name).value_or(-1);
  }

  Pipeline pipeline_;
  std::uint64_t streams_ = 0;
};

TEST_F(OutageTest, StartedWithoutADatabaseItWaitsForIt) {
  produce(500);
  stop(Service::kPostgres);
  Process process = pipeline_.start({"run", "--until-end"});
  EXPECT_TRUE(wait_until([&] {
    return process.stderr_text().find("waiting for the database") != std::string::npos;
  })) << process.stderr_text();
  start(Service::kPostgres);
  const auto status = process.wait(std::chrono::seconds(60));
  ASSERT_TRUE(status) << process.stderr_text();
  EXPECT_EQ(status->code, 0) << process.stderr_text();
  expect_all_is_well(pipeline_);
}

TEST_F(OutageTest, StartedWithoutABrokerItWaitsForIt) {
  produce(500);
  stop(Service::kKafka);
  Process process = pipeline_.start({"run", "--until-end"});
  EXPECT_TRUE(wait_until([&] {
    return process.stderr_text().find("waiting for Kafka") != std::string::npos;
  })) << process.stderr_text();
  start(Service::kKafka);
  const auto status = process.wait(std::chrono::seconds(60));
  ASSERT_TRUE(status) << process.stderr_text();
  EXPECT_EQ(status->code, 0) << process.stderr_text();
  expect_all_is_well(pipeline_);
}

TEST_F(OutageTest, PatienceAtTheStartEndsWithExit69) {
  stop(Service::kPostgres);
  const Finished finished = pipeline_.run_to_end({{"LENSART_START_TIMEOUT", "1s"}});
  EXPECT_EQ(finished.status.code, 69) << finished.stderr_text;
  start(Service::kPostgres);
}

TEST_F(OutageTest, WithoutADatabaseTheSourcePausesAndGoesOnByItself) {
  pipeline_.set("LENSART_SINK_OUTBOX_MAX", "1MiB");
  pipeline_.set("LENSART_PIPELINE_EPOCH_MAX_BYTES", "1MiB");
  produce(1'000);
  Process process = pipeline_.start({"run"});
  ASSERT_TRUE(pipeline_.wait_ready(process)) << process.stderr_text();
  ASSERT_TRUE(wait_caught_up(process));
  stop(Service::kPostgres);
  produce(20'000);
  EXPECT_TRUE(wait_until([&] { return figure("lensart_source_paused") == 1; }));
  EXPECT_TRUE(wait_until([&] { return pipeline_.get("/readyz").status == 503; }));
  EXPECT_EQ(pipeline_.get("/livez").status, 200);
  // What comes meanwhile shows, though nothing is polled.
  const double behind = figure("lensart_consumer_lag_records");
  produce(2'000);
  EXPECT_TRUE(wait_until([&] { return figure("lensart_consumer_lag_records") >= behind + 2'000; }))
      << behind << ", then " << figure("lensart_consumer_lag_records");
  EXPECT_GT(figure("lensart_source_paused_seconds_total"), 1);
  EXPECT_TRUE(process.is_running());
  // One epoch may be cut when there is room for some of it only.
  EXPECT_LT(figure("lensart_outbox_bytes"), 4 * 1024 * 1024);
  EXPECT_LT(figure("lensart_process_private_bytes"), 256.0 * 1024 * 1024);
  start(Service::kPostgres);
  EXPECT_TRUE(wait_caught_up(process)) << process.stderr_text();
  EXPECT_TRUE(wait_until([&] { return pipeline_.get("/readyz").status == 200; }));
  expect_clean_end(process);
  expect_all_is_well(pipeline_);
}

TEST_F(OutageTest, WhenADatabaseIsBackItIsReadyThoughThereIsNothingToWrite) {
  produce(200);
  Process process = pipeline_.start({"run"});
  ASSERT_TRUE(wait_caught_up(process)) << process.stderr_text();
  ASSERT_TRUE(wait_until([&] { return figure("lensart_outbox_epochs") == 0; }));
  stop(Service::kPostgres);
  EXPECT_TRUE(wait_until([&] { return figure("lensart_sink_up") == 0; }));
  start(Service::kPostgres);
  EXPECT_TRUE(wait_until([&] { return pipeline_.get("/readyz").status == 200; }));
  EXPECT_EQ(figure("lensart_sink_up"), 1);
  expect_clean_end(process);
}

TEST_F(OutageTest, ADatabaseThatCrashesUnderLoadCostsNothing) {
  produce(20'000);
  pipeline_.set("LENSART_PIPELINE_EPOCH_MAX_RECORDS", "1000");
  Process process = pipeline_.start({"run"});
  {
    auto database = pipeline_.database();
    ASSERT_TRUE(wait_until([&] { return pipeline_.consumed(database) > 0; }));
  }
  need(pipeline_.stack().kill(Service::kPostgres));
  start(Service::kPostgres);
  EXPECT_TRUE(wait_caught_up(process)) << process.stderr_text();
  expect_clean_end(process);
  expect_all_is_well(pipeline_);
}

TEST_F(OutageTest, ItStopsThoughTheBrokerIsGoneForGood) {
  produce(20'000);
  Process process = pipeline_.start({"run"});
  auto database = pipeline_.database();
  ASSERT_TRUE(wait_until([&] { return pipeline_.consumed(database) > 0; }));
  need(pipeline_.stack().kill(Service::kKafka));
  // What has been read is committed meanwhile, and nobody takes note of how far that is.
  std::this_thread::sleep_for(std::chrono::seconds(1));
  expect_clean_end(process);
  start(Service::kKafka);
  Process again = pipeline_.start({"run", "--until-end"});
  const auto status = again.wait(std::chrono::seconds(60));
  ASSERT_TRUE(status) << again.stderr_text();
  EXPECT_EQ(status->code, 0) << again.stderr_text();
  expect_all_is_well(pipeline_);
}

TEST_F(OutageTest, ABrokerThatRestartsUnderLoadCostsNothing) {
  produce(3'000);
  Process process = pipeline_.start({"run"});
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(wait_caught_up(process)) << process.stderr_text();
    stop(Service::kKafka);
    start(Service::kKafka);
    produce(1'000);
  }
  EXPECT_TRUE(wait_caught_up(process)) << process.stderr_text();
  expect_clean_end(process);
  expect_all_is_well(pipeline_);
}

}  // namespace
}  // namespace lensart::integration
