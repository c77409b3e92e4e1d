#include "graph/flow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

namespace lensart {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::size_t kThreads = 3;

NodeSpec parallel(std::string name, std::function<void(std::size_t, Batch&)> body,
                  std::size_t concurrency = 0) {
  return {std::move(name), NodeKind::kParallel, {concurrency, 1, 0}, "", std::move(body)};
}
NodeSpec lanes(std::string name, std::size_t count, std::function<void(std::size_t, Batch&)> body) {
  return {std::move(name), NodeKind::kLanes, {0, count, 0}, "", std::move(body)};
}
NodeSpec serial(std::string name, std::function<void(std::size_t, Batch&)> body) {
  return {std::move(name), NodeKind::kSerial, {}, "", std::move(body)};
}

/// A little work of a length that varies from batch to batch, so that batches overtake.
void dawdle(std::uint64_t sequence) {
  volatile std::uint64_t sum = 0;
  const std::uint64_t rounds = (sequence * 2654435761U >> 7) % 4000;
  for (std::uint64_t i = 0; i < rounds; ++i) sum = sum + i;
}

class FlowTest : public ::testing::Test {
 protected:
  void start(std::vector<NodeSpec> nodes, std::size_t threads = kThreads) {
    Wiring wiring;
    wiring.name = "test";
    wiring.nodes = std::move(nodes);
    flow =
        std::make_unique<Flow>(std::move(wiring), FlowOptions{threads}, [this](const Error& error) {
          const std::lock_guard lock(mutex);
          failures.push_back(error);
        });
  }
  void push(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      auto batch = std::make_shared<Batch>();
      batch->sequence = next++;
      batch->records_count = 2;
      flow->push(std::move(batch));
    }
  }
  /// A body that notes what it sees.
  std::function<void(std::size_t, Batch&)> note(std::vector<std::uint64_t>& into) {
    return [&into](std::size_t, Batch& batch) { into.push_back(batch.sequence); };
  }
  static std::vector<std::uint64_t> in_order(std::uint64_t count) {
    std::vector<std::uint64_t> out(count);
    for (std::uint64_t i = 0; i < count; ++i) out[i] = i;
    return out;
  }

  std::mutex mutex;
  std::vector<Error> failures;
  std::unique_ptr<Flow> flow;
  std::uint64_t next = 0;
};

TEST_F(FlowTest, OrderIsRestoredBehindParallelNodes) {
  std::vector<std::uint64_t> seen;
  start({parallel("work", [](std::size_t, Batch& b) { dawdle(b.sequence); }),
         serial("end", note(seen))});
  push(2'000);
  flow->drain();
  EXPECT_EQ(seen, in_order(2'000));
}

TEST_F(FlowTest, EveryLaneSeesEveryBatchInOrder) {
  std::array<std::vector<std::uint64_t>, 4> seen;
  start({parallel("work", [](std::size_t, Batch& b) { dawdle(b.sequence); }),
         lanes("lanes", 4, [&](std::size_t lane, Batch& b) { seen[lane].push_back(b.sequence); })});
  push(1'000);
  flow->drain();
  for (const auto& lane : seen) EXPECT_EQ(lane, in_order(1'000));
}

TEST_F(FlowTest, WhatFollowsTheLanesWaitsForAllOfThem) {
  constexpr std::uint64_t kCount = 1'000;
  std::vector<std::atomic<int>> done(kCount);
  std::vector<std::uint64_t> seen;
  std::atomic<int> early{0};
  start({lanes("lanes", 3,
               [&](std::size_t lane, Batch& b) {
                 dawdle(b.sequence * (lane + 1));
                 ++done[b.sequence];
               }),
         serial("end", [&](std::size_t, Batch& b) {
           if (done[b.sequence] != 3) ++early;
           seen.push_back(b.sequence);
         })});
  push(kCount);
  flow->drain();
  EXPECT_EQ(early, 0);
  EXPECT_EQ(seen, in_order(kCount)) << "a fast lane must not let batches overtake";
}

TEST_F(FlowTest, TenThousandBatchesOfAnyLengthThroughEveryKindOfNode) {
  constexpr std::uint64_t kCount = 10'000;
  std::vector<std::uint64_t> first;
  std::vector<std::uint64_t> last;
  std::array<std::vector<std::uint64_t>, 2> left;
  std::array<std::vector<std::uint64_t>, 3> right;
  start({parallel("parse", [](std::size_t, Batch& b) { dawdle(b.sequence); }),
         lanes("left", 2,
               [&](std::size_t lane, Batch& b) {
                 dawdle(b.sequence + lane);
                 left[lane].push_back(b.sequence);
               }),
         serial("between", note(first)),
         parallel(
             "render", [](std::size_t, Batch& b) { dawdle(b.sequence * 3); }, 2),
         lanes("right", 3,
               [&](std::size_t lane, Batch& b) {
                 dawdle(b.sequence * 5 + lane);
                 right[lane].push_back(b.sequence);
               }),
         serial("end", note(last))});
  push(kCount);
  flow->drain();
  EXPECT_EQ(first, in_order(kCount));
  EXPECT_EQ(last, in_order(kCount));
  for (const auto& lane : left) EXPECT_EQ(lane.size(), kCount);
  for (const auto& lane : right) EXPECT_EQ(lane.size(), kCount);
  for (std::size_t node = 0; node < flow->wiring().nodes.size(); ++node) {
    const NodeStats& stats = flow->stats_of(node);
    EXPECT_EQ(stats.queued_batches(), 0U) << node;
    EXPECT_EQ(stats.entered_batches, kCount) << node;
    EXPECT_EQ(stats.left_batches, kCount) << node;
    EXPECT_EQ(stats.records, 2 * kCount) << "lanes count a batch once: node " << node;
  }
}

TEST_F(FlowTest, DrainReturnsWhenNothingIsInsideAndTheFlowGoesOnAfterwards) {
  std::atomic<int> done{0};
  start({parallel("work", [&](std::size_t, Batch&) { ++done; })});
  flow->drain();
  push(10);
  flow->drain();
  EXPECT_EQ(done, 10);
  push(5);
  flow->drain();
  EXPECT_EQ(done, 15);
}

TEST_F(FlowTest, AFailureReachesItsHandlerOnceWithTheNodesNameAndItsCode) {
  start({parallel("work", [](std::size_t, Batch&) {
    throw Failure(Error{Errc::kStateCorrupt, "damaged"});
  })});
  push(100);
  flow->drain();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].code, Errc::kStateCorrupt);
  EXPECT_EQ(failures[0].message, "node \"work\": damaged");
  EXPECT_TRUE(flow->failed());
}

TEST_F(FlowTest, FailuresAtTheSameTimeReachTheHandlerOnce) {
  std::mutex meeting;
  std::condition_variable met;
  std::size_t inside = 0;
  start({parallel("work", [&](std::size_t, Batch&) {
    std::unique_lock lock(meeting);
    ++inside;
    met.notify_all();
    met.wait_for(lock, 10s, [&] { return inside >= kThreads; });
    throw std::runtime_error("no");
  })});
  push(kThreads);
  flow->drain();
  EXPECT_EQ(inside, kThreads);
  EXPECT_EQ(failures.size(), 1U);
}

TEST_F(FlowTest, AnyOtherExceptionIsFatalAndStallsNothing) {
  std::atomic<int> passed{0};
  std::atomic<bool> seen_after{false};
  start({lanes("lanes", 2,
               [](std::size_t lane, Batch& b) {
                 if (lane == 1 && b.sequence == 50) throw std::runtime_error("no");
               }),
         serial("end", [&](std::size_t, Batch& b) {
           ++passed;
           if (b.sequence > 50) seen_after = true;
         })});
  push(1'000);
  flow->drain();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].code, Errc::kFatal);
  EXPECT_THAT(failures[0].message, HasSubstr("node \"lanes\": no"));
  EXPECT_LE(passed, 50) << "after a failure no body runs any more";
  EXPECT_FALSE(seen_after);
  EXPECT_EQ(flow->stats_of(1).queued_batches(), 0U) << "but every batch is let through";
}

TEST_F(FlowTest, WhatIsNoExceptionAtAllIsCaughtToo) {
  start({serial("work", [](std::size_t, Batch&) { throw 5; })});
  push(3);
  flow->drain();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_THAT(failures[0].message, HasSubstr("unknown exception"));
}

TEST_F(FlowTest, BodiesRunOnExactlyAsManyThreadsAsThePoolHas) {
  // Every body waits for the others: fewer threads would never get them together.
  std::mutex meeting;
  std::condition_variable met;
  std::size_t inside = 0;
  std::size_t most = 0;
  bool together = false;
  std::set<std::thread::id> threads;
  start({parallel(
      "work",
      [&](std::size_t, Batch&) {
        std::unique_lock lock(meeting);
        threads.insert(std::this_thread::get_id());
        most = std::max(most, ++inside);
        if (inside == kThreads) together = true;
        met.notify_all();
        met.wait_for(lock, 10s, [&] { return together; });
        --inside;
      },
      16)});
  push(200);
  // The caller of drain() may not help out: it would be one thread more.
  {
    std::unique_lock lock(meeting);
    EXPECT_TRUE(met.wait_for(lock, 10s, [&] { return together; }));
  }
  flow->drain();
  EXPECT_EQ(most, kThreads);
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST_F(FlowTest, ThreadsOfThePoolGiveWayToTheOthers) {
  const int ours = getpriority(PRIO_PROCESS, 0);
  std::set<int> seen;
  const auto look = [&](std::size_t, Batch&) {
    const std::lock_guard lock(mutex);
    seen.insert(getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())));
  };
  start({parallel("parse", look), lanes("fold", 2, look), serial("settle", look)});
  push(50);
  // Not drain(): who waits there lends a hand, and is no thread of the pool.
  while (flow->stats_of(2).left_batches.load() < 50) std::this_thread::sleep_for(1ms);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(seen, std::set<int>{std::min(ours + kPoolNice, 19)});
  EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())), ours);
}

TEST_F(FlowTest, AParallelNodeRunsNoMoreBodiesThanItsConcurrency) {
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  start({parallel(
      "work",
      [&](std::size_t, Batch& b) {
        const int now = ++inside;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        dawdle(b.sequence);
        --inside;
      },
      2)});
  push(2'000);
  flow->drain();
  EXPECT_LE(most, 2);
}

TEST_F(FlowTest, SourcesAndExternalNodesAreDrawnButNotRun) {
  std::vector<std::uint64_t> seen;
  start({{"read", NodeKind::kSource, {}, "", nullptr},
         serial("work", note(seen)),
         {"relay", NodeKind::kExternal, {}, "", nullptr}});
  push(3);
  flow->drain();
  EXPECT_EQ(seen, in_order(3));
  EXPECT_EQ(flow->stats_of(0).entered_batches, 0U);
}

TEST_F(FlowTest, DestroyingItWaitsForWhatIsInside) {
  std::atomic<int> done{0};
  start({parallel("work", [&](std::size_t, Batch& b) {
    dawdle(b.sequence);
    ++done;
  })});
  push(500);
  flow.reset();
  EXPECT_EQ(done, 500);
}

}  // namespace
}  // namespace lensart
