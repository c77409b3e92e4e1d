/// `lensart check` as a person or a script meets it: the program run, its output and exit code.

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "apps/config/schema.hpp"
#include "apps/config/sources.hpp"
#include "tests/config/config_fixture.hpp"

namespace lensart::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

class CheckCommandTest : public ConfigTest {
 protected:
  std::string read(const std::string& name) const {
    std::ifstream file(directory / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// Runs the program in the test's directory, with nothing of LENSART_ in its environment but what
  /// `before` sets.
  Outcome run(const std::string& arguments, const std::string& before = {}) const {
    const auto command = fmt::format("cd '{}' && env -i PATH=/bin {} '{}' {} >out 2>err",
                                     directory.string(), before, LENSART_BINARY, arguments);
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("out"), read("err")};
  }
};

TEST_F(CheckCommandTest, MisspeltKeyWrongTypeAndRangeExit78WithFileLineKeyValueAndRemedy) {
  write(
      "lensart.toml",
      "[pipeline]\nepoch_max_tme = \"2s\"\nepoch_max_records = \"many\"\nidle_timeout = \"1us\"\n");
  const auto outcome = run("check");
  EXPECT_EQ(outcome.code, 78);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "lensart.toml:2: pipeline.epoch_max_tme = \"2s\": is not a setting; did you mean "
            "\"pipeline.epoch_max_time\"?\n"
            "lensart.toml:3: pipeline.epoch_max_records = \"many\": is a text, not a whole number; "
            "write a number without quotes, like 100\n"
            "lensart.toml:4: pipeline.idle_timeout = \"1us\": is out of range; write a value from "
            "10ms to 24h\n");
}

TEST_F(CheckCommandTest, ProblemsAreDataWithJson) {
  write("lensart.toml", "[sink]\nlanes = 0\n");
  const auto outcome = run("check --json");
  EXPECT_EQ(outcome.code, 78);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\"valid\": false"), HasSubstr("\"line\": 2"),
                                 HasSubstr("\"key\": \"sink.lanes\"")));
}

TEST_F(CheckCommandTest, RightConfigurationExits0AndIsPrintedWithItsOrigins) {
  write("lensart.toml", "[sink]\nlanes = 2\n");
  const auto outcome =
      run("--set sink.kind=null check --set log.level=warn", "LENSART_KAFKA_GROUP=mine");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, ::testing::ContainsRegex("lanes = 2 +# lensart.toml:2"));
  EXPECT_THAT(outcome.out, ::testing::ContainsRegex("kind = \"null\" +# --set"));
  EXPECT_THAT(outcome.out, ::testing::ContainsRegex("level = \"warn\" +# --set"));
  EXPECT_THAT(outcome.out,
              ::testing::ContainsRegex("group = \"mine\" +# environment LENSART_KAFKA_GROUP"));
  EXPECT_THAT(outcome.out, ::testing::ContainsRegex("max_refusals = 100 +# default"));
}

TEST_F(CheckCommandTest, CanaryPasswordIsNowhereInTheOutput) {
  write("lensart.toml",
        "[postgres]\ndsn = \"postgresql://me:cAn4ry@127.0.0.1:1/x\"\n"
        "[kafka]\nbrokers = \"127.0.0.1:1\"\n[kafka.properties]\nsasl.password = \"cAn4ry\"\n");
  for (const auto* arguments :
       {"check", "check --json", "check --online --set start_timeout=1s",
        "check --json --online --set start_timeout=1s", "check --set postgres.password=cAn4ry",
        "check --set log.level=trace", "check --set 'postgres.dsn=password=cAn4ry x'"}) {
    const auto outcome = run(arguments);
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("cAn4ry"))) << arguments;
    EXPECT_THAT(outcome.out + outcome.err, HasSubstr("***")) << arguments;
  }
}

TEST_F(CheckCommandTest, OnlineWithoutServicesExits69AndNamesTheRemedies) {
  write("lensart.toml",
        "start_timeout = \"1s\"\n[kafka]\nbrokers = \"127.0.0.1:1\"\n"
        "[postgres]\ndsn = \"host=127.0.0.1 port=1\"\n");
  const auto outcome = run("check --online");
  EXPECT_EQ(outcome.code, 69);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("# kafka: unreachable: 127.0.0.1:1"), HasSubstr("set kafka.brokers"),
                    HasSubstr("# postgres: unreachable"), HasSubstr("set postgres.dsn")));
}

TEST_F(CheckCommandTest, EveryKeyIsListedWithItsRangeItsVariableAndItsSentence) {
  const auto text = run("check --keys");
  const auto json = run("check --keys --json");
  EXPECT_EQ(text.code, 0);
  EXPECT_EQ(json.code, 0);
  for (const Option& option : schema()) {
    EXPECT_THAT(text.out, AllOf(HasSubstr(option.key + " ("), HasSubstr(option.doc))) << option.key;
    EXPECT_THAT(
        json.out,
        AllOf(HasSubstr(fmt::format("\"key\": \"{}\"", option.key)),
              HasSubstr(fmt::format("\"environment\": \"{}\"", environment_name(option.key)))))
        << option.key;
  }
  EXPECT_THAT(text.out, HasSubstr("sink.lanes (a whole number, from 1 to 64, default 1)"));
  // Nothing of this machine and nothing of a file stands in it.
  write("lensart.toml", "[sink]\nlanes = 7\n");
  EXPECT_EQ(run("check --keys --json").out, json.out);
}

TEST_F(CheckCommandTest, WrongCommandLineExits64) {
  for (const auto* arguments : {"", "chekc", "check --onlin", "--config", "check extra"}) {
    EXPECT_EQ(run(arguments).code, 64) << arguments;
  }
  EXPECT_THAT(run("chekc").err, HasSubstr("Did you mean \"lensart check\"?"));
}

TEST_F(CheckCommandTest, HelpAndVersionExit0) {
  const auto version = run("--version");
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, StartsWith("lensart 0."));
  const auto help = run("check --help");
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("Example:\n  lensart check"));
}

}  // namespace
}  // namespace lensart::app
