// Who listens, what is made for them, and what waits for the database.

#include "apps/api/hub.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "apps/api/query_worker.hpp"
#include "tests/api/simulated_pipeline.hpp"

namespace lensart::app {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A listener of the stream, as the server would hold it.
struct Listener {
  std::shared_ptr<EventQueue> queue = std::make_shared<EventQueue>(EventQueueLimits{}, [] {});
  EventStream stream() const { return EventStream(queue); }
};

class HubTest : public ::testing::Test {
 protected:
  SimulatedPipeline pipeline;
  int reads = 0;
  int eager_looks = 0;
  Hub hub{pipeline.facts,
          {[this] {
             ++reads;
             pipeline.now.at += std::chrono::seconds(1);
             pipeline.now.tick += std::chrono::seconds(1);
             return pipeline.now;
           },
           [](std::size_t) { return std::vector<EpochFigures>(); },
           [this](bool eager) {
             eager_looks += eager ? 1 : 0;
             return std::optional<StuckOrders>();
           }}};
  const std::set<Picture> all = {Picture::kOverview, Picture::kGraph, Picture::kEpochs,
                                 Picture::kWatermarks};
};

TEST_F(HubTest, NothingIsMadeWhileNobodyListensOrAsks) {
  for (int i = 0; i < 5; ++i) hub.look();
  EXPECT_EQ(reads, 5);
  EXPECT_EQ(hub.pictures_made(), 0U);
  EXPECT_EQ(eager_looks, 0);
}

TEST_F(HubTest, TenListenersCostOneComputation) {
  std::vector<Listener> listeners(10);
  hub.look();
  for (const Listener& listener : listeners) hub.listen(listener.stream(), all);
  EXPECT_EQ(hub.pictures_made(), 4U);
  for (int i = 0; i < 5; ++i) hub.look();
  EXPECT_EQ(hub.pictures_made(), 4U * 6);
  hub.document(Picture::kOverview);  // the same again for who only asks
  EXPECT_EQ(hub.pictures_made(), 4U * 6);
  EXPECT_EQ(eager_looks, 5);
  for (const Listener& listener : listeners) {
    EXPECT_THAT(listener.queue->take(), HasSubstr("event: overview\ndata: {\"at\":"));
  }
}

TEST_F(HubTest, WhoOnlyAsksHasTheDatabaseAskedAnewToo) {
  hub.look();
  hub.document(Picture::kOverview);
  hub.look();
  hub.look();
  EXPECT_EQ(eager_looks, 1);
}

TEST_F(HubTest, AListenerGetsOnlyWhatItAskedForAndAtOnce) {
  hub.look();
  const Listener one;
  hub.listen(one.stream(), {Picture::kWatermarks});
  EXPECT_THAT(one.queue->take(), StartsWith("event: watermarks\n"));
  hub.look();
  const std::string next = one.queue->take();
  EXPECT_THAT(next, StartsWith("event: watermarks\n"));
  EXPECT_EQ(next.find("event:", 1), std::string::npos);
}

TEST_F(HubTest, OneThatIsGoneIsForgotten) {
  hub.look();
  const Listener one;
  hub.listen(one.stream(), all);
  EXPECT_EQ(hub.listeners(), 1U);
  one.queue->end();
  hub.look();
  EXPECT_EQ(hub.listeners(), 0U);
  hub.look();
  EXPECT_EQ(hub.pictures_made(), 4U + 1);  // that it is gone was seen with the first event
}

TEST_F(HubTest, StoppingEndsTheStreams) {
  hub.start();
  const Listener one;
  hub.listen(one.stream(), all);
  hub.stop();
  EXPECT_FALSE(one.queue->is_open());
  const Listener late;
  hub.listen(late.stream(), all);
  EXPECT_EQ(hub.listeners(), 0U);
}

// --------------------------------------------------------------------------------- the worker

using Answer = std::future<HttpResponse>;

std::pair<Responder, Answer> asked() {
  auto promise = std::make_shared<std::promise<HttpResponse>>();
  Answer answer = promise->get_future();
  return {Responder([promise](HttpResponse response) { promise->set_value(std::move(response)); }),
          std::move(answer)};
}

Result<storage::Connection> nobody() {
  return fail(Errc::kDatabaseDown, "connection refused (password=hunter2)");
}

TEST(QueryWorkerTest, ADatabaseThatIsAwayIsAnswered503WithoutItsSecrets) {
  QueryWorkerOptions options;
  options.clean = [](std::string text) { return text.substr(0, text.find(" (")); };
  std::atomic<int> tries{0};
  QueryWorker worker(
      [&tries] {
        ++tries;
        return nobody();
      },
      options);
  for (int i = 0; i < 3; ++i) {
    auto [responder, answer] = asked();
    worker.ask([](storage::Connection&) { return HttpResponse(); }, std::move(responder));
    const HttpResponse response = answer.get();
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.body,
                HasSubstr(R"("message":"connection refused","code":"database_away")"));
    EXPECT_EQ(response.headers.front().first, "Retry-After");
  }
  EXPECT_EQ(tries, 1) << "the others need not wait for a connection that was refused just now";
}

TEST(QueryWorkerTest, BeyondTheQueueItIsBusyAndAtTheEndItStops) {
  QueryWorkerOptions options;
  options.queue_limit = 2;
  QueryWorker worker(nobody, options);
  std::promise<void> hold;
  std::promise<void> held;
  auto [first, first_answer] = asked();
  worker.ask_without_database(
      [&]() -> Result<HttpResponse> {
        held.set_value();
        hold.get_future().wait();
        return HttpResponse::json(200, "{}");
      },
      std::move(first));
  held.get_future().wait();
  std::vector<Answer> answers;
  for (int i = 0; i < 3; ++i) {
    auto [responder, answer] = asked();
    worker.ask_without_database([]() -> Result<HttpResponse> { return HttpResponse(); },
                                std::move(responder));
    answers.push_back(std::move(answer));
  }
  EXPECT_THAT(answers[2].get().body, HasSubstr(R"("code":"busy")"));
  std::thread stopping([&] { worker.stop(); });
  EXPECT_THAT(answers[0].get().body, HasSubstr(R"("code":"stopping")"));
  hold.set_value();
  stopping.join();
  EXPECT_EQ(first_answer.get().status, 200) << "what was under way is answered";
  auto [late, late_answer] = asked();
  worker.ask_without_database([]() -> Result<HttpResponse> { return HttpResponse(); },
                              std::move(late));
  EXPECT_THAT(late_answer.get().body, HasSubstr(R"("code":"stopping")"));
}

TEST(QueryWorkerTest, OneThatWaitedTooLongIsToldSo) {
  QueryWorkerOptions options;
  options.patience = std::chrono::milliseconds(-1);
  QueryWorker worker(nobody, options);
  auto [responder, answer] = asked();
  worker.ask_without_database([]() -> Result<HttpResponse> { return HttpResponse(); },
                              std::move(responder));
  EXPECT_THAT(answer.get().body, HasSubstr(R"("code":"busy")"));
}

TEST(QueryWorkerTest, AnErrandIsRunOnceAtATimeAndToldThatThereIsNoDatabase) {
  QueryWorker worker(nobody);
  std::promise<bool> told;
  EXPECT_TRUE(
      worker.run([&](storage::Connection* database) { told.set_value(database == nullptr); }));
  EXPECT_TRUE(told.get_future().get());
}

TEST(QueryWorkerTest, AQuestionThatThrowsIsAnswered500) {
  QueryWorker worker(nobody);
  auto [responder, answer] = asked();
  worker.ask_without_database([]() -> Result<HttpResponse> { throw std::runtime_error("a bug"); },
                              std::move(responder));
  EXPECT_EQ(answer.get().status, 500);
}

}  // namespace
}  // namespace lensart::app
