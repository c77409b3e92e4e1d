// A quiet night: no event comes, and the orders that nobody touched for a day are found all the
// same, once, whatever is restarted meanwhile (docs/contract.md §4, the timer clock).
//
// The orders are dated back so far that only seconds of the night are left, on real clocks: the
// program's, PostgreSQL's and the broker's.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <csignal>

#include "tests/integration/scenario.hpp"

namespace lensart::integration {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::system_clock;

constexpr seconds kStuckAfter = std::chrono::hours(24);
constexpr seconds kOutOfOrderness = std::chrono::minutes(5);
constexpr seconds kEvening{30};  ///< what is left of the night when the orders come

class QuietNightTest : public testing::Test {
 protected:
  QuietNightTest() { pipeline.set("LENSART_PIPELINE_IDLE_TIMEOUT", "1s"); }

  static Clock::time_point now() { return std::chrono::floor<seconds>(Clock::now()); }
  static Clock::time_point evening() { return now() - kStuckAfter - kOutOfOrderness + kEvening; }

  static std::string text(Clock::time_point at) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(at));
  }
  void place(int order, Clock::time_point at) const {
    pipeline.send(model::TopicKind::kOrderCreated, 0,
                  fmt::format(R"({{"event_type":"order.created","event_id":"placed-{0}",)"
                              R"("timestamp":"{1}","data":{{"id":{0},"branch_id":1,)"
                              R"("total_price":"100.00","order_status":"Đang xử lý",)"
                              R"("payment_status":"Chưa thanh toán"}}}})",
                              order, text(at)));
  }
  void change(int order, const std::string& status, Clock::time_point at) const {
    pipeline.send(model::TopicKind::kOrderEvents, 0,
                  fmt::format(R"({{"event_type":"order.status_changed","event_id":"{0}-{1}",)"
                              R"("timestamp":"{2}","data":{{"order_id":{0},"new_status":"{1}"}}}})",
                              order, status, text(at)));
  }

  Process start() const {
    Process process = pipeline.start({"run"});
    EXPECT_TRUE(pipeline.wait_ready(process)) << process.stderr_text();
    return process;
  }
  static void stop(Process& process) {
    process.send_signal(SIGTERM);
    const auto status = process.wait(std::chrono::minutes(1));
    EXPECT_TRUE(status && status->code == 0) << process.stderr_text();
  }
  std::string stuck() const {
    return pipeline.ask(fmt::format(
        "SELECT coalesce(string_agg(order_id || ' since ' || extract(epoch FROM since)::bigint || "
        "CASE WHEN resolved_at IS NULL THEN '' ELSE ' until ' || extract(epoch FROM "
        "resolved_at)::bigint END, ', ' ORDER BY order_id, since), 'none') FROM "
        "{}.order_anomalies WHERE kind = 'stuck'",
        pipeline.schema()));
  }
  static std::string since(int order, Clock::time_point at) {
    return fmt::format("{} since {}", order, Clock::to_time_t(at));
  }
  bool wait_consumed(std::int64_t records) const {
    auto database = pipeline.database();
    return wait_until([&] { return pipeline.consumed(database) >= records; });
  }

  Pipeline pipeline;
};

TEST_F(QuietNightTest, FindsWhatNobodyTouchedOnceWhateverIsRestarted) {
  const auto placed = evening();
  place(1, placed);
  place(2, placed);
  change(2, "Đã giao", placed + seconds(1));  // terminal: never stuck
  {
    Process process = start();
    ASSERT_TRUE(wait_consumed(3));
    EXPECT_EQ(stuck(), "none");
    stop(process);
  }
  Process process = start();  // before the timer is due: it survives
  ASSERT_TRUE(wait_until([&] { return stuck() != "none"; }, std::chrono::minutes(2)))
      << process.stderr_text();
  EXPECT_EQ(stuck(), since(1, placed));
  process.kill();  // after it fired: found once
  process = start();
  const auto morning = now();
  place(3, morning);
  ASSERT_TRUE(wait_consumed(4));
  expect_exit(pipeline.verify(), 0);
  EXPECT_EQ(stuck(), since(1, placed)) << "another order's event takes nothing back";
  change(1, "Đang giao hàng", morning);
  ASSERT_TRUE(wait_consumed(5));
  EXPECT_TRUE(wait_until([&] {
    return stuck() == fmt::format("{} until {}", since(1, placed), Clock::to_time_t(morning));
  })) << stuck();
  stop(process);
  expect_all_is_well(pipeline);
}

}  // namespace
}  // namespace lensart::integration
