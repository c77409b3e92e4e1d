// The whole corpus through the program: Kafka in, PostgreSQL out, every table as the model has it.

#include <gtest/gtest.h>

#include <random>

#include "tests/corpus/corpus.hpp"
#include "tests/support/kafka_log.hpp"
#include "tests/support/process.hpp"
#include "tests/support/run_compare.hpp"
#include "tests/support/stack.hpp"

namespace lensart::corpus {
namespace {

using support::LogWriter;
using support::Workspace;

template <class T>
std::string why(const Result<T>& result) {
  return result ? "" : result.error().message;
}

class CorpusRunTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto stack = support::Stack::from_environment();
    ASSERT_TRUE(stack) << why(stack);
    auto workspace = Workspace::create(*stack);
    ASSERT_TRUE(workspace) << why(workspace);
    workspace_.emplace(std::move(*workspace));
    const auto created = workspace_->create_topics();
    ASSERT_TRUE(created) << why(created);
  }

  /// Each case in a random partition, and some of them once more in the same or another one.
  void produce(const std::vector<Case>& cases) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    RecordProperty("seed", std::to_string(seed));
    std::mt19937 random(seed);
    auto writer = LogWriter::open(workspace_->stack().brokers);
    ASSERT_TRUE(writer) << why(writer);
    for (const Case& one : cases) {
      for (unsigned copies = random() % 8 == 0 ? 3 : 1; copies > 0; --copies) {
        const auto partition = static_cast<std::int32_t>(random() % 3);
        const auto sent = writer->send(workspace_->topic(one.topic), partition, one.payload);
        ASSERT_TRUE(sent) << why(sent);
      }
    }
    const auto flushed = writer->flush();
    ASSERT_TRUE(flushed) << why(flushed);
  }

  void run(std::vector<std::string> arguments) {
    support::ProcessOptions options;
    options.command = {LENSART_PROGRAM};
    options.command.insert(options.command.end(), arguments.begin(), arguments.end());
    options.environment = workspace_->environment();
    options.working_directory = workspace_->directory();
    const auto finished = support::run_process(std::move(options), std::chrono::minutes(2));
    ASSERT_TRUE(finished) << why(finished);
    ASSERT_EQ(finished->status.code, 0) << finished->status.describe() << "\n"
                                        << finished->stdout_text << finished->stderr_text;
  }

  void expect_equal_tables() {
    support::RunToCompare run;
    run.brokers = workspace_->stack().brokers;
    run.dsn = workspace_->stack().dsn;
    run.schema = workspace_->schema();
    run.topics = workspace_->topics();
    const auto comparison = support::compare_run(run);
    ASSERT_TRUE(comparison) << why(comparison);
    EXPECT_TRUE(comparison->equal()) << comparison->describe();
  }

  std::optional<Workspace> workspace_;
};

TEST_F(CorpusRunTest, EveryTableIsWhatTheModelMakesOfTheCorpus) {
  produce(all_cases(SystemClock().wall()));
  run({"init"});
  run({"run", "--until-end"});
  expect_equal_tables();
  run({"verify"});
}

TEST_F(CorpusRunTest, ASecondRunChangesNothing) {
  produce(all_cases(SystemClock().wall()));
  run({"init"});
  run({"run", "--until-end"});
  run({"run", "--until-end"});
  expect_equal_tables();
}

}  // namespace
}  // namespace lensart::corpus
