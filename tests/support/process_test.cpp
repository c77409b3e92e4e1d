// Child processes: what a test may rely on.

#include "tests/support/process.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace lensart::support {
namespace {

using namespace std::chrono_literals;

Finished run(std::vector<std::string> command,
             std::vector<std::pair<std::string, std::string>> environment = {}) {
  ProcessOptions options;
  options.command = std::move(command);
  options.environment = std::move(environment);
  auto finished = run_process(std::move(options), 10s);
  EXPECT_TRUE(finished) << (finished ? "" : finished.error().message);
  return finished ? *finished : Finished{};
}

TEST(Process, ReportsExitCodeAndBothOutputs) {
  const Finished finished = run({"sh", "-c", "echo out; echo err >&2; exit 7"});
  EXPECT_EQ(finished.status.code, 7);
  EXPECT_EQ(finished.stdout_text, "out\n");
  EXPECT_EQ(finished.stderr_text, "err\n");
}

TEST(Process, AddsToTheEnvironmentAndReplacesWhatIsThere) {
  setenv("LENSART_TEST_INHERITED", "old", 1);
  const Finished finished = run({"sh", "-c", "echo $LENSART_TEST_INHERITED $LENSART_TEST_ADDED"},
                                {{"LENSART_TEST_INHERITED", "new"}, {"LENSART_TEST_ADDED", "a b"}});
  EXPECT_EQ(finished.stdout_text, "new a b\n");
}

TEST(Process, PassesArgumentsAsTheyAre) {
  EXPECT_EQ(run({"printf", "%s|", "a b", "", "$HOME", "\"x\""}).stdout_text, "a b||$HOME|\"x\"|");
}

TEST(Process, SaysWhichSignalEndedIt) {
  ProcessOptions options;
  options.command = {"sleep", "60"};
  auto process = Process::start(options);
  ASSERT_TRUE(process);
  EXPECT_TRUE(process->is_running());
  EXPECT_FALSE(process->wait(20ms));
  process->send_signal(SIGTERM);
  const auto status = process->wait(10s);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->signal, SIGTERM);
  EXPECT_EQ(process->wait(0ms)->signal, SIGTERM);
}

TEST(Process, IsGoneWithItsObject) {
  pid_t pid = 0;
  {
    ProcessOptions options;
    options.command = {"sleep", "60"};
    auto process = Process::start(options);
    ASSERT_TRUE(process);
    pid = process->pid();
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(Process, ACommandThatDoesNotExistIsAnError) {
  ProcessOptions options;
  options.command = {"/no/such/command"};
  const auto process = Process::start(options);
  ASSERT_FALSE(process);
  EXPECT_NE(process.error().message.find("/no/such/command"), std::string::npos);
}

TEST(Process, OneThatDoesNotEndInTimeIsAnErrorAndKilled) {
  ProcessOptions options;
  options.command = {"sleep", "60"};
  const auto finished = run_process(options, 50ms);
  ASSERT_FALSE(finished);
  EXPECT_NE(finished.error().message.find("did not end"), std::string::npos);
}

}  // namespace
}  // namespace lensart::support
