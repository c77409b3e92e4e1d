// What a person sees of a long command, on a terminal and elsewhere.

#include "apps/lensart/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <regex>
#include <sstream>

#include "apps/lensart/logging.hpp"

namespace lensart::app {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A terminal of 40 columns, and what was written to it.
class Terminal {
 public:
  Terminal() {
    winsize size{};
    size.ws_row = 24;
    size.ws_col = 40;
    EXPECT_EQ(openpty(&ours_, &theirs_, nullptr, nullptr, &size), 0);
  }
  ~Terminal() {
    ::close(theirs_);
    ::close(ours_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  int descriptor() const { return theirs_; }
  /// The kernel hands it over a moment later.
  std::string written() const {
    std::string text;
    char buffer[4096];
    for (pollfd ready{ours_, POLLIN, 0}; ::poll(&ready, 1, 30) > 0;) {
      const ssize_t got = ::read(ours_, buffer, sizeof buffer);
      if (got <= 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  int ours_ = -1;
  int theirs_ = -1;
};

class ProgressTest : public testing::Test {
 protected:
  ProgressTest() {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(log_);
    sink->set_pattern("%v");
    before_ = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
  }
  ~ProgressTest() override { spdlog::set_default_logger(before_); }
  std::string log() const { return log_.str(); }

  ManualClock clock;

 private:
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_;
};

TEST_F(ProgressTest, OnATerminalOneLineIsWrittenOverAgainAndGoneAtTheEnd) {
  const Terminal terminal;
  {
    Progress progress({.unit = "rows", .descriptor = terminal.descriptor()}, clock);
    clock.advance(10s);
    progress.show(2'500, 0.25);
    EXPECT_EQ(terminal.written(), "\r2500 rows, 25 %, 30 s left, 250 a secon\033[K")
        << "cut to the width, since a line that wraps cannot be taken back";
    progress.show(2'600, 0.26);
    EXPECT_EQ(terminal.written(), "") << "not more often than anybody can read";
    clock.advance(200ms);
    progress.show(2'700);
    EXPECT_EQ(terminal.written(), "\r2700 rows, 265 a second\033[K");
  }
  EXPECT_EQ(terminal.written(), "\r\033[K");
  EXPECT_EQ(log(), "");
}

TEST_F(ProgressTest, ALineOfTheLogDoesNotBeginBehindIt) {
  const Terminal terminal;
  Progress progress({.unit = "rows", .descriptor = terminal.descriptor()}, clock);
  clock.advance(1s);
  progress.show(1);
  EXPECT_THAT(terminal.written(), StartsWith("\r1 rows"));
  set_up_logging(LogConfig{});
  spdlog::info("something else");
  EXPECT_EQ(terminal.written(), "\r\033[K");
  spdlog::info("and more");
  EXPECT_EQ(terminal.written(), "") << "it was gone already";
}

TEST_F(ProgressTest, TimesAreAPersons) {
  const Terminal terminal;
  Progress progress({.unit = "", .descriptor = terminal.descriptor()}, clock);
  clock.advance(10s);
  progress.show(0, 0.0);
  EXPECT_EQ(terminal.written(), "\r0 , 0 %\033[K") << "nothing done tells nothing of the time left";
  clock.advance(10s);
  progress.show(0, 0.1);
  EXPECT_THAT(terminal.written(), HasSubstr("3 min 0 s left"));
  clock.advance(1min);
  progress.show(0, 0.01);
  EXPECT_THAT(terminal.written(), HasSubstr("2 h 12 min left"));
  clock.advance(1s);
  progress.show(0, 1.0);
  EXPECT_THAT(terminal.written(), HasSubstr(", 99 %, 0 s left")) << "100 % is for the end";
}

TEST_F(ProgressTest, ElsewhereItIsALineOfTheLogNowAndThen) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    Progress progress({.unit = "rows", .descriptor = ends[1]}, clock);
    for (int second = 1; second <= 12; ++second) {
      clock.advance(1s);
      progress.show(static_cast<std::uint64_t>(second) * 10, {}, "orders_raw");
    }
  }
  ::close(ends[1]);
  char nothing = 0;
  EXPECT_EQ(::read(ends[0], &nothing, 1), 0) << "no escapes where there is no terminal";
  ::close(ends[0]);
  EXPECT_EQ(log(), "50 rows, 10 a second: orders_raw\n100 rows, 10 a second: orders_raw\n");
}

TEST_F(ProgressTest, NothingIsSaidToAProgram) {
  const Terminal terminal;
  {
    Progress progress({.unit = "rows", .quiet = true, .descriptor = terminal.descriptor()}, clock);
    clock.advance(1min);
    progress.show(1, 0.5);
  }
  EXPECT_EQ(terminal.written(), "");
  EXPECT_EQ(log(), "");
}

/// What `lensart generate` writes on a terminal that is its stderr.
std::string seen_on_terminal(const std::string& more) {
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) {
    const std::string command = "exec " LENSART_BINARY " " + more +
                                " generate --events 1500 --rate 1000 --to /dev/null > /dev/null";
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = ::read(terminal, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(terminal);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << text;
  return text;
}

TEST(ProgressOfACommandTest, IsOnTheTerminalAndNotWithJson) {
  const std::string plain = seen_on_terminal("");
  EXPECT_TRUE(std::regex_search(
      plain, std::regex("\r[0-9]+ records, 6[0-9] %, [01] s left, [0-9]+ a second\033\\[K")))
      << plain;
  EXPECT_THAT(plain, EndsWith("\r\033[K"));
  EXPECT_THAT(seen_on_terminal("--json"), Not(HasSubstr("records")));
}

}  // namespace
}  // namespace lensart::app
