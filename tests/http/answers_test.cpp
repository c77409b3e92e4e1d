// Answers from other threads, event streams, and who may ask.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <future>
#include <mutex>
#include <thread>

#include "apps/http/access.hpp"
#include "apps/http/event_stream.hpp"
#include "apps/http/http_server.hpp"
#include "apps/http/responder.hpp"
#include "tests/http/raw_client.hpp"

namespace lensart::app {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// printf %s first | sha256sum
constexpr const char* kFirst = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";
constexpr const char* kSecond = "16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4";

/// True as soon as `claim` is; false when it has not come true in ten seconds.
template <class Claim>
bool soon(Claim claim) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!claim()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

class HttpAnswersTest : public ::testing::Test {
 protected:
  HttpAnswersTest() {
    options.listen = "127.0.0.1:0";
    options.observe = [this](std::string_view path, int status, std::chrono::nanoseconds) {
      observed.push_back(fmt::format("{} {}", path, status));
    };
    router.add("GET", "/now", [](const HttpRequest&) { return HttpResponse::json(200, "now"); });
    router.add_async("POST", "/later", [this](HttpRequest request, Responder responder) {
      const std::lock_guard lock(mutex);
      asked.emplace_back(std::move(request), std::move(responder));
    });
    router.add_async("GET", "/forgets", [](const HttpRequest&, Responder) {});
    router.add_async("GET", "/throws",
                     [](const HttpRequest&, Responder) { throw std::runtime_error("a bug"); });
    router.add_stream("/events", [this](const HttpRequest&, EventStream stream) {
      stream.send({"hello", "first"});
      const std::lock_guard lock(mutex);
      streams.push_back(std::move(stream));
    });
    router.add_stream("/broken", [](const HttpRequest&, const EventStream&) {
      throw std::runtime_error("a bug");
    });
  }

  void start() {
    auto started = HttpServer::start(options, std::move(router));
    ASSERT_TRUE(started.has_value()) << started.error().message;
    server = std::move(*started);
  }

  RawClient client() const { return RawClient(server->port()); }

  RawClient client_asking_later(const std::string& body = "x") {
    const auto before = count(asked);
    auto one = client();
    one.send(later(body));
    EXPECT_TRUE(soon([&] { return count(asked) > before; }));
    return one;
  }

  RawClient listener() {
    auto one = client();
    one.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(one.read_until("data: first\n\n"), StartsWith("HTTP/1.1 200 "));
    return one;
  }

  static std::string later(const std::string& body) {
    return fmt::format("POST /later HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}",
                       body.size(), body);
  }

  Responder take(std::size_t index) {
    const std::lock_guard lock(mutex);
    return std::move(asked.at(index).second);
  }
  EventStream stream(std::size_t index) {
    const std::lock_guard lock(mutex);
    return streams.at(index);
  }
  template <class Things>
  std::size_t count(const Things& things) {
    const std::lock_guard lock(mutex);
    return things.size();
  }

  HttpServerOptions options;
  Router router;
  std::vector<std::string> observed;  // of the server's thread: to be read when it has ended
  std::mutex mutex;
  std::vector<std::pair<HttpRequest, Responder>> asked;
  std::vector<EventStream> streams;
  std::unique_ptr<HttpServer> server;
};

TEST_F(HttpAnswersTest, AnswerComesLaterFromAnotherThreadAndHoldsNobodyUp) {
  start();
  auto one = client_asking_later("hello");
  EXPECT_THAT(client().get("/now"), EndsWith("now"));
  std::thread([responder = take(0)]() mutable {
    responder.answer(HttpResponse::json(201, "at last"));
    EXPECT_FALSE(responder);
    responder.answer(HttpResponse::json(200, "again"));
  }).join();
  EXPECT_THAT(one.read_response(), AllOf(StartsWith("HTTP/1.1 201 "), EndsWith("at last")));
  EXPECT_EQ(asked[0].first.body, "hello");
  EXPECT_THAT(one.get("/now"), EndsWith("now")) << "the connection goes on";
  server->stop();
  EXPECT_THAT(observed, ElementsAre("/now 200", "/later 201", "/now 200"));
}

TEST_F(HttpAnswersTest, RequestsOnOneConnectionAreAnsweredInTheirOrder) {
  start();
  auto one = client();
  one.send(later("a") + later("b") + "GET /now HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(soon([&] { return count(asked) == 1; }));
  take(0).answer(HttpResponse::json(200, "to a"));
  EXPECT_THAT(one.read_response(), EndsWith("to a"));
  ASSERT_TRUE(soon([&] { return count(asked) == 2; }));
  take(1).answer(HttpResponse::json(200, "to b"));
  EXPECT_THAT(one.read_response(), EndsWith("to b"));
  EXPECT_THAT(one.read_response(), EndsWith("now"));
}

TEST_F(HttpAnswersTest, NobodyWaitsForAnAnswerThatWasForgotten) {
  start();
  auto one = client();
  EXPECT_THAT(one.get("/forgets"),
              AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("nobody answered")));
  EXPECT_THAT(one.get("/throws"), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(one.get("/broken"), AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("a bug")));
  EXPECT_THAT(one.get("/now"), EndsWith("now"));
}

TEST_F(HttpAnswersTest, ClientThatWentAwayMeanwhileIsHarmless) {
  start();
  { const auto gone = client_asking_later(); }
  take(0).answer(HttpResponse::json(200, std::string(1'000'000, 'x')));
  EXPECT_TRUE(soon([&] { return server->open_connections() == 0; }));
  EXPECT_THAT(client().get("/now"), EndsWith("now"));
}

TEST_F(HttpAnswersTest, AnswerAfterTheServersEndGoesNowhere) {
  start();
  const auto one = client_asking_later();
  const auto two = listener();
  server->stop(0ms);
  server.reset();
  take(0).answer(HttpResponse::json(200, "too late"));
  EXPECT_FALSE(stream(0).send({"late", "too late"}));
}

TEST_F(HttpAnswersTest, StopLetsRequestsUnderWayBeAnswered) {
  start();
  auto one = client_asking_later();
  auto stopped = std::async(std::launch::async, [&] { server->stop(60s); });
  EXPECT_TRUE(soon([&] { return !client().is_connected(); }));
  take(0).answer(HttpResponse::json(200, "in time"));
  EXPECT_THAT(one.read_response(), EndsWith("in time"));
  EXPECT_TRUE(one.is_closed_by_server());
  stopped.get();
}

TEST_F(HttpAnswersTest, StopWaitsNoLongerThanItsGraceForAnAnswer) {
  start();
  auto one = client_asking_later();
  const auto begin = std::chrono::steady_clock::now();
  server->stop(50ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_TRUE(one.is_closed_by_server());
}

TEST_F(HttpAnswersTest, EventsReachEveryListenerInTheirOrder) {
  start();
  auto one = client();
  one.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(one.read_until("\n\n"), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                                            HasSubstr("Content-Type: text/event-stream\r\n"),
                                            HasSubstr("Cache-Control: no-store\r\n"),
                                            EndsWith("\r\n\r\nevent: hello\ndata: first\n\n")));
  auto two = listener();
  const ServerSentEvent event("tick", "a\nb\r\nc", Waiting::kAll, "7");
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(stream(i).send(event));
    EXPECT_TRUE(stream(i).send({"", "unnamed"}));
  }
  const auto* expected = "id: 7\nevent: tick\ndata: a\ndata: b\ndata: c\n\ndata: unnamed\n\n";
  EXPECT_EQ(one.read_until("unnamed\n\n"), expected);
  EXPECT_EQ(two.read_until("unnamed\n\n"), expected);
  one.send("HEAD /events HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(stream(0).is_open()) << "what a listener says is of no interest";
}

TEST_F(HttpAnswersTest, QuietStreamBeats) {
  options.heartbeat_interval = 5ms;
  start();
  auto one = listener();
  EXPECT_EQ(one.read_until(":\n\n:\n\n"), ":\n\n:\n\n");
}

TEST_F(HttpAnswersTest, ListenerThatLeavesIsNoticed) {
  start();
  { const auto one = listener(); }
  EXPECT_TRUE(soon([&] { return !stream(0).is_open(); }));
  EXPECT_FALSE(stream(0).send({"tick", ""}));
  EXPECT_TRUE(soon([&] { return server->open_connections() == 0; }));
}

TEST_F(HttpAnswersTest, ListenerThatNeverReadsIsCutOffAndNobodyElse) {
  options.write_timeout = 50ms;
  options.stream_queue.max_bytes = 8'000'000;
  start();
  const auto slow = listener();
  auto quick = listener();
  const std::string much(8'000'000, 'x');  // more than the sockets hold
  EXPECT_TRUE(soon([&] { return !stream(0).send({"much", much, Waiting::kLatest}); }));
  EXPECT_TRUE(stream(1).send({"little", "y"}));
  EXPECT_EQ(quick.read_until("\n\n"), "event: little\ndata: y\n\n");
}

TEST_F(HttpAnswersTest, ListenersOverTheLimitAreTold) {
  options.stream_limit = 1;
  start();
  {
    const auto first = listener();
    EXPECT_THAT(client().get("/events"),
                AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 10\r\n")));
  }
  EXPECT_TRUE(soon([&] { return server->open_connections() == 0; }));
  listener();
}

TEST_F(HttpAnswersTest, StreamEndsWithItsLastSenderOrTheServer) {
  start();
  auto one = listener();
  auto two = listener();
  stream(0).send({"bye", ""});
  streams.erase(streams.begin());
  EXPECT_EQ(one.read_until("\n\n"), "event: bye\ndata: \n\n");
  EXPECT_TRUE(one.is_closed_by_server());
  const auto begin = std::chrono::steady_clock::now();
  server->stop(30s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s) << "a stream is not waited for";
  EXPECT_TRUE(two.is_closed_by_server());
  EXPECT_FALSE(stream(0).is_open());
}

TEST_F(HttpAnswersTest, GuardStandsBeforeTheBodyAndBeforeWhatIsNotThere) {
  router.add_guard("/later", access_guard({AuthKind::kToken, {kFirst, kSecond}, {}}));
  start();
  auto one = client();
  one.send("POST /later HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_THAT(one.read_response(),
              AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("WWW-Authenticate: Bearer\r\n"),
                    HasSubstr("Connection: close\r\n")));
  auto two = client();
  EXPECT_THAT(two.get("/later/nothing"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(two.get("/now"), EndsWith("now"));
  two.send(
      "POST /later HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer second\r\n"
      "Content-Length: 1\r\n\r\nx");
  ASSERT_TRUE(soon([&] { return count(asked) == 1; }));
  EXPECT_EQ(asked[0].first.token, 1);
  take(0).answer(HttpResponse::json(200, "in"));
  EXPECT_THAT(two.read_response(), EndsWith("in"));
  EXPECT_THAT(two.get("/now", "Authorization: Bearer nonsense\r\n"), EndsWith("now"));
}

TEST(EventQueueTest, FullQueueLosesItsOldestAndCountsThem) {
  int wakes = 0;
  EventQueue queue({3, 1000}, [&] { ++wakes; });
  for (const auto* data : {"a", "b", "c", "d", "e"}) EXPECT_TRUE(queue.push({"", data}));
  EXPECT_EQ(queue.dropped(), 2U);
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(queue.take(), "data: c\n\ndata: d\n\ndata: e\n\n");
  EXPECT_EQ(queue.take(), "");
  queue.push({"", std::string(600, 'x')});
  queue.push({"", std::string(2000, 'y')});
  EXPECT_EQ(wakes, 2);
  EXPECT_EQ(queue.dropped(), 3U);
  EXPECT_THAT(queue.take(), StartsWith("data: y")) << "the newest is sent, however large";
}

TEST(EventQueueTest, LatestTakesThePlaceOfOneThatWaits) {
  EventQueue queue({}, [] {});
  queue.push({"rate", "1", Waiting::kLatest});
  queue.push({"news", "a"});
  queue.push({"rate", "2", Waiting::kLatest});
  queue.push({"news", "b"});
  EXPECT_EQ(queue.take(),
            "event: news\ndata: a\n\nevent: rate\ndata: 2\n\nevent: news\ndata: b\n\n");
  EXPECT_EQ(queue.dropped(), 0U);
}

class AccessTest : public ::testing::Test {
 protected:
  int status(const std::string& method, std::map<std::string, std::string, std::less<>> headers) {
    request = HttpRequest{};
    request.method = method;
    headers.emplace("host", "orders.example:8081");
    request.headers = std::move(headers);
    const auto refusal = access_guard(options)(request);
    return refusal ? refusal->status : 200;
  }

  AccessOptions options{AuthKind::kToken, {kFirst, kSecond}, {"Shop.Example"}};
  HttpRequest request;
};

TEST_F(AccessTest, OnlyAKnownTokenLetsIn) {
  for (const auto* bad :
       {"", "Bearer", "Bearer ", "Bearer wrong", "Bearer first ", "Basic first", "first",
        "Bearer a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd995"
        "41461a08e"}) {
    EXPECT_EQ(status("GET", {{"authorization", bad}}), 401) << bad;
  }
  EXPECT_EQ(status("GET", {{"authorization", "Bearer first"}}), 200);
  EXPECT_EQ(request.token, 0);
  EXPECT_EQ(status("POST", {{"authorization", "bearer second"}}), 200);
  EXPECT_EQ(request.token, 1);
  options.tokens = {};
  EXPECT_EQ(status("GET", {{"authorization", "Bearer first"}}), 401);
  options.auth = AuthKind::kNone;
  EXPECT_EQ(status("GET", {}), 200);
  EXPECT_EQ(request.token, -1);
}

TEST_F(AccessTest, WritesForAnotherSiteAreRefused) {
  options.auth = AuthKind::kNone;
  for (const auto* origin : {"http://evil.example", "null", "http://orders.example",
                             "http://orders.example:80", "http://orders.example:8082",
                             "https://orders.example:8081.evil.example", "orders.example:8081"}) {
    EXPECT_EQ(status("POST", {{"origin", origin}}), 403) << origin;
    EXPECT_EQ(status("GET", {{"origin", origin}}), 200) << origin;
  }
  for (const auto* origin : {"http://orders.example:8081", "https://ORDERS.example:8081",
                             "https://shop.example", "https://shop.example:444"}) {
    EXPECT_EQ(status("DELETE", {{"origin", origin}}), 200) << origin;
  }
  EXPECT_EQ(status("POST", {{"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(status("POST", {{"sec-fetch-site", "same-origin"}}), 200);
  EXPECT_EQ(status("POST", {{"host", "shop.example"}, {"origin", "https://shop.example:443"}}),
            200);
}

}  // namespace
}  // namespace lensart::app
