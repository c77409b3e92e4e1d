// The console's API of a running pipeline: the checks are api_checks.py's, the corner of the stack
// is made and removed here.

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

TEST(ApiTest, SaysWhatItsDocumentSaysAndWhatTheTablesHold) {
  const Pipeline pipeline;
  support::ProcessOptions checks;
  checks.command = {"python3", "-B", LENSART_API_CHECKS};
  checks.environment = pipeline.workspace().environment();
  checks.environment.emplace_back("LENSART_TEST_PROGRAM_FILE", program_file());
  const Finished done = need(support::run_process(std::move(checks), std::chrono::minutes(4)));
  EXPECT_EQ(done.status.code, 0) << done.stdout_text << done.stderr_text;
  const auto ran = done.stderr_text.find("\nRan ");
  ASSERT_NE(ran, std::string::npos) << done.stderr_text;
  EXPECT_EQ(done.stderr_text.find("skipped"), std::string::npos) << done.stderr_text;
}

}  // namespace
}  // namespace lensart::integration
