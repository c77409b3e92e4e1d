#include "apps/generate/generator.hpp"

#include <nlohmann/json.hpp>

#include "tests/generate/stream_fixture.hpp"

namespace lensart::generate {
namespace {

using namespace std::chrono_literals;

/// Counts, and lets time pass only by pausing.
class PacedSink final : public RecordSink {
 public:
  explicit PacedSink(ManualClock& clock) : clock_(clock) {}
  Result<Unit> write(const GeneratedRecord&) override {
    ++written;
    if (written == fail_at) return fail(Errc::kBrokerDown, "gone");
    return Unit{};
  }
  void pause(std::chrono::microseconds duration) override { clock_.advance(duration); }
  Result<Unit> finish() override {
    ++finished;
    return Unit{};
  }

  std::uint64_t written = 0;
  std::uint64_t fail_at = 0;
  int finished = 0;

 private:
  ManualClock& clock_;
};

class PourTest : public testing::Test {
 protected:
  Result<Summary> pour_all(GenerateOptions options, PourOptions how = {}) {
    EventStream stream(options);
    return pour(stream, sink, clock, how);
  }
  ManualClock clock;
  PacedSink sink{clock};
};

TEST_F(PourTest, KeepsTheRate) {
  GenerateOptions options = options_of(1000);
  options.records = 3001;
  const auto summary = pour_all(options, {.rate = 1000, .on_progress = {}, .stop = {}});
  ASSERT_TRUE(summary);
  EXPECT_NEAR(summary->seconds, 3.0, 0.001);
  EXPECT_EQ(sink.written, 3001U);
  EXPECT_EQ(sink.finished, 1);
}

TEST_F(PourTest, ReportsProgressEachSecond) {
  GenerateOptions options = options_of(1000);
  options.records = 3001;
  int reports = 0;
  ASSERT_TRUE(pour_all(
      options, {.rate = 1000, .on_progress = [&](const Summary&) { ++reports; }, .stop = {}}));
  EXPECT_GE(reports, 2);
  EXPECT_LE(reports, 3);
}

TEST_F(PourTest, StopsWhenAskedAndStillFinishes) {
  const auto summary = pour_all(
      options_of(1000), {.rate = 0, .on_progress = {}, .stop = [&] { return sink.written == 10; }});
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->records, 10U);
  EXPECT_EQ(sink.finished, 1);
}

TEST_F(PourTest, AFailedWriteEndsIt) {
  sink.fail_at = 5;
  const auto summary = pour_all(options_of(1000));
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, Errc::kBrokerDown);
  EXPECT_EQ(sink.written, 5U);
}

TEST_F(PourTest, TheSummaryAddsUp) {
  GenerateOptions options = options_of(3000);
  options.duplicates = 0.1;
  options.poison = 0.1;
  const auto summary = pour_all(options);
  ASSERT_TRUE(summary);
  const auto json = nlohmann::json::parse(summary->to_json());
  EXPECT_EQ(json.at("records"), sink.written);
  EXPECT_EQ(json.at("accepted").get<std::uint64_t>() + json.at("duplicates").get<std::uint64_t>() +
                json.at("ignored").get<std::uint64_t>() + json.at("rejected").get<std::uint64_t>(),
            sink.written);
  EXPECT_EQ(json.at("orders"), 3000);
  EXPECT_EQ(json.at("events").at("order.created"), 3000);
  std::uint64_t poison = 0;
  for (const auto& each : json.at("poison")) poison += each.get<std::uint64_t>();
  EXPECT_EQ(json.at("rejected"), poison);
  EXPECT_NE(summary->to_text().find("3000 orders"), std::string::npos);
}

}  // namespace
}  // namespace lensart::generate
