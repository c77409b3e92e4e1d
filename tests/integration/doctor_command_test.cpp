// `lensart doctor`: it finds what a person broke, says the next step, and tells no secret.

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class DoctorTest : public testing::Test {
 protected:
  /// The report; with `expected`, the exit code is held to it.
  Json examine(std::optional<int> expected = {}, const Environment& more = {}) const {
    const Finished finished = pipeline.command({"doctor", "--json"}, more);
    if (expected) expect_exit(finished, *expected);
    Json report = Json::parse(finished.stdout_text, nullptr, false);
    EXPECT_TRUE(report.is_object()) << finished.stdout_text;
    return report;
  }

  /// The finding of that code; null where there is none.
  static Json found(const Json& report, const std::string& code) {
    for (const Json& finding : report["findings"]) {
      if (finding["code"] == code) return finding;
    }
    return nullptr;
  }

  void produce(std::uint64_t events, std::uint64_t seed = 1) const {
    Stream stream;
    stream.events = events;
    stream.seed = seed;
    stream.first_order = seed * 100'000;
    pipeline.generate(stream);
  }

  Pipeline pipeline;
};

TEST_F(DoctorTest, WithNothingToReadAllIsWellThoughNobodyRuns) {
  const Json report = examine(0);
  EXPECT_TRUE(report["well"]);
  for (const char* good : {"kafka_there", "postgres_there", "schema_there", "rights_there",
                           "clocks_agree", "state_none", "not_running"}) {
    EXPECT_FALSE(found(report, good).is_null()) << good << report.dump(2);
  }
  EXPECT_EQ(found(report, "topic_there")["parameters"]["partitions"], 3);
}

TEST_F(DoctorTest, EventsThatWaitForNobodyAreCountedAndTheNextStepIsToRun) {
  produce(200);
  const Json report = examine(1);
  const Json waiting = found(report, "not_running_behind");
  ASSERT_FALSE(waiting.is_null()) << report.dump(2);
  EXPECT_EQ(waiting["parameters"]["events"], pipeline.records_in_topics());
  EXPECT_THAT(waiting["next"], HasSubstr("lensart run"));
  expect_exit(pipeline.run_to_end(), 0);
  const bool stuck =
      pipeline.ask("SELECT count(*) FROM " + pipeline.schema() +
                   ".order_anomalies WHERE kind = 'stuck' AND resolved_at IS NULL") != "0";
  const Json after = examine(stuck ? 1 : 0);
  EXPECT_FALSE(found(after, "not_running").is_null()) << after.dump(2);
  EXPECT_FALSE(found(after, "lineage_good").is_null()) << after.dump(2);
  EXPECT_NE(found(after, "stuck_orders").is_null(), stuck) << after.dump(2);
}

TEST_F(DoctorTest, ServicesThatAreAwayAreNamedInTheLanguageOfThePerson) {
  const Environment away = {{"LENSART_KAFKA_BROKERS", "127.0.0.1:1"},
                            {"LENSART_POSTGRES_DSN", "host=127.0.0.1 port=1 dbname=x user=x"},
                            {"LENSART_START_TIMEOUT", "2s"},
                            {"LC_ALL", "vi_VN.UTF-8"}};
  const Finished finished = pipeline.command({"doctor"}, away);
  expect_exit(finished, 69);
  EXPECT_THAT(finished.stdout_text, HasSubstr("Hãy khởi động broker"));
  EXPECT_THAT(finished.stdout_text, HasSubstr("Hãy khởi động PostgreSQL"));
  EXPECT_THAT(finished.stdout_text, HasSubstr("docs/runbooks/database-away.md"));
  const Finished english = pipeline.command({"doctor", "--lang", "en"}, away);
  EXPECT_THAT(english.stdout_text, HasSubstr("start the broker"));
}

TEST_F(DoctorTest, AWrongConfigurationIsThatAndNothingElse) {
  const Json report = examine(78, {{"LENSART_STATE_CACHE", "lots"}});
  ASSERT_EQ(report["findings"].size(), 1U) << report.dump(2);
  EXPECT_EQ(report["findings"][0]["code"], "configuration_bad");
  EXPECT_EQ(report["findings"][0]["parameters"]["key"], "state.cache");
}

TEST_F(DoctorTest, ARunningInstanceIsAskedAndWhatItNoticesIsSaid) {
  // Orders that rest for an hour are stuck, and the clock passes them as soon as all is read.
  pipeline.set("LENSART_PIPELINE_STUCK_AFTER", "1h");
  pipeline.set("LENSART_PIPELINE_IDLE_TIMEOUT", "300ms");
  produce(500);
  Process process = pipeline.start({"run"});
  ASSERT_TRUE(pipeline.wait_ready(process)) << process.stderr_text();
  Json report;
  EXPECT_TRUE(wait_until([&] {
    report = examine();
    return !found(report, "stuck_orders").is_null();
  })) << report.dump(2);
  EXPECT_EQ(report["exit_code"], 1) << report.dump(2);
  EXPECT_FALSE(found(report, "instance_running").is_null()) << report.dump(2);
  EXPECT_TRUE(found(report, "state_there")["parameters"]["epoch"].is_number()) << report.dump(2);
  EXPECT_TRUE(found(report, "http_silent").is_null()) << report.dump(2);
  // A hung instance is found out, too.
  process.send_signal(SIGSTOP);
  const Json hung = examine(75);
  EXPECT_FALSE(found(hung, "instance_silent").is_null()) << hung.dump(2);
  process.send_signal(SIGCONT);
  process.send_signal(SIGTERM);
  ASSERT_TRUE(process.wait(std::chrono::seconds(20)));
}

TEST_F(DoctorTest, AStateThatDoesNotFitIsFoundBeforeAStartIsRefused) {
  produce(300);
  expect_exit(pipeline.run_to_end(), 0);
  // Lost: the database knows of epochs that no state here has.
  const auto elsewhere = (pipeline.workspace().directory() / "elsewhere").string();
  const Json lost = examine(76, {{"LENSART_STATE_DIRECTORY", elsewhere}});
  EXPECT_FALSE(found(lost, "state_lost").is_null()) << lost.dump(2);
  EXPECT_FALSE(std::filesystem::exists(elsewhere)) << "the doctor makes nothing";
  // Restored from a copy that is older than the database.
  const auto copy = (pipeline.workspace().directory() / "copy").string();
  std::filesystem::copy(pipeline.workspace().state_directory(), copy,
                        std::filesystem::copy_options::recursive);
  produce(300, 2);
  expect_exit(pipeline.run_to_end(), 0);
  const Json older = examine(76, {{"LENSART_STATE_DIRECTORY", copy}});
  EXPECT_FALSE(found(older, "state_refused").is_null()) << older.dump(2);
  // Other settings than those the tables were made under.
  const Json other = examine(76, {{"LENSART_PIPELINE_SESSION_GAP", "7m"}});
  EXPECT_FALSE(found(other, "settings_changed").is_null()) << other.dump(2);
  const auto wanted = pipeline.command({"run", "--until-end"}, {{"LENSART_STATE_DIRECTORY", copy}});
  expect_exit(wanted, 76);
}

TEST_F(DoctorTest, ADirectoryThatMayNotBeWrittenALockAndAMissingSchemaAreNamed) {
  std::ofstream(pipeline.workspace().directory() / "file") << "x";
  const auto under = (pipeline.workspace().directory() / "file" / "state").string();
  const Json blocked = examine(74, {{"LENSART_STATE_DIRECTORY", under}});
  EXPECT_FALSE(found(blocked, "state_unwritable").is_null()) << blocked.dump(2);
  // Somebody holds the state and answers no question.
  const auto state = pipeline.workspace().state_directory();
  std::filesystem::create_directories(state);
  const int lock = ::open((state / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  const Json locked = examine(1);
  EXPECT_EQ(found(locked, "state_locked")["parameters"]["pid"], ::getpid()) << locked.dump(2);
  ::close(lock);
  pipeline.execute("DROP TABLE " + pipeline.schema() + ".schema_migrations");
  const Json bare = examine(1);
  EXPECT_FALSE(found(bare, "schema_missing").is_null()) << bare.dump(2);
}

TEST_F(DoctorTest, TheBundleHasTheFiguresAndNoSecretNorCustomer) {
  const std::string canary = "canary-7b2d-never-pack-me";
  const auto password_file = pipeline.workspace().directory() / "password";
  std::ofstream(password_file) << canary << "-file\n";
  pipeline.set("LENSART_POSTGRES_DSN", pipeline.stack().dsn + " sslpassword=" + canary + "-dsn");
  pipeline.set("LENSART_POSTGRES_PASSWORD_FILE", password_file.string());
  pipeline.set("LENSART_KAFKA_PROPERTIES_SASL_PASSWORD", canary + "-sasl");
  pipeline.set("LENSART_HTTP_TOKENS",
               R"(["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"])");
  pipeline.set("LENSART_HTTP_AUTH", "token");
  pipeline.set("LENSART_NOTIFY_WEBHOOK_URL", "http://127.0.0.1:1/" + canary + "-hook");
  produce(500);
  Process process = pipeline.start({"run"});
  ASSERT_TRUE(pipeline.wait_ready(process)) << process.stderr_text();
  auto database = pipeline.database();
  ASSERT_TRUE(
      wait_until([&] { return pipeline.consumed(database) >= pipeline.records_in_topics(); }));
  const std::string archive = (pipeline.workspace().directory() / "doctor.tar.gz").string();
  const Finished made = pipeline.command({"doctor", "--bundle", archive});
  process.send_signal(SIGTERM);
  ASSERT_TRUE(process.wait(std::chrono::seconds(20)));
  support::ProcessOptions options;
  options.command = {"tar", "-xzvOf", archive};
  const auto unpacked = need(support::run_process(options, std::chrono::seconds(20)));
  ASSERT_EQ(unpacked.status.code, 0) << unpacked.stderr_text;
  for (const char* name : {"report.txt", "report.json", "versions.txt", "configuration.toml",
                           "state.json", "overview.json", "epochs.json", "readyz.json",
                           "metrics.txt", "database-epochs.json", "database-accounts.json"}) {
    EXPECT_THAT(unpacked.stderr_text, HasSubstr(name));
  }
  const std::string seen = unpacked.stdout_text + made.stdout_text + made.stderr_text;
  EXPECT_THAT(seen, HasSubstr("lensart_events_total"));
  EXPECT_THAT(seen, HasSubstr("\"consumed\""));
  EXPECT_THAT(seen, Not(HasSubstr(canary)));
  EXPECT_THAT(seen, Not(HasSubstr("0123456789abcdef0123456789abcdef")));
  for (const char* column : {"user_name", "user_email", "address"}) {
    const std::string customer = pipeline.ask(fmt::format(
        "SELECT coalesce(max({}), '') FROM {}.orders_processed", column, pipeline.schema()));
    ASSERT_FALSE(customer.empty()) << column;
    EXPECT_THAT(seen, Not(HasSubstr(customer))) << column;
  }
}

}  // namespace
}  // namespace lensart::integration
