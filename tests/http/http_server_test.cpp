#include "apps/http/http_server.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <atomic>
#include <future>
#include <thread>

#include "apps/http/health.hpp"
#include "tests/http/raw_client.hpp"

namespace lensart::app {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options.listen = "127.0.0.1:0";
    options.body_limit_bytes = 100'000;
  }

  void start() {
    Router router;
    add_probes(router, [this] { return Health{ready, reasons}; });
    auto registry = std::make_shared<prometheus::Registry>();
    prometheus::BuildCounter()
        .Name("lensart_events_total")
        .Register(*registry)
        .Add({})
        .Increment(7);
    add_metrics(router, registry);
    router.add("POST", "/echo",
               [](const HttpRequest& request) { return HttpResponse::json(200, request.body); });
    router.add("GET", "/ask", [](const HttpRequest& request) {
      return HttpResponse::json(200, request.query.at("who") + "@" + request.remote + " " +
                                         std::string(request.header("x-a")));
    });
    router.add("GET", "/throws",
               [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("a \"bug\""); });
    router.add("GET", "/files/*",
               [](const HttpRequest& request) { return HttpResponse::json(200, request.path); });
    router.add("GET", "/large", [](const HttpRequest&) {
      return HttpResponse::json(200, std::string(20'000'000, 'x'));
    });
    auto started = HttpServer::start(options, std::move(router));
    ASSERT_TRUE(started.has_value()) << started.error().message;
    server = std::move(*started);
  }

  RawClient client() const { return RawClient(server->port()); }

  /// The answer to bytes sent on a connection of their own.
  std::string answer_to(const std::string& bytes) const {
    auto one = client();
    one.send(bytes);
    return one.read_response();
  }

  /// Sends bytes that must be refused: with `status`, and the connection closed after.
  void expect_refused(const std::string& bytes, int status) const {
    auto one = client();
    one.send(bytes);
    const auto response = one.read_response();
    EXPECT_THAT(response, StartsWith(fmt::format("HTTP/1.1 {} ", status))) << bytes.substr(0, 200);
    EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(one.is_closed_by_server()) << bytes.substr(0, 200);
  }

  HttpServerOptions options;
  bool ready = true;
  std::vector<std::string> reasons;
  std::unique_ptr<HttpServer> server;
};

TEST_F(HttpServerTest, ProbesAnswer) {
  start();
  auto one = client();
  EXPECT_THAT(one.get("/livez"), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                                       HasSubstr("Content-Type: application/json\r\n"),
                                       EndsWith("\r\n\r\n{\"status\":\"alive\"}\n")));
  EXPECT_THAT(one.get("/readyz"), EndsWith("{\"status\":\"ready\",\"reasons\":[]}\n"));
}

TEST_F(HttpServerTest, NotReadyIs503WithReasonsWhileAlive) {
  ready = false;
  reasons = {"PostgreSQL is \"away\"", "outbox full"};
  start();
  auto one = client();
  EXPECT_THAT(one.get("/readyz"),
              AllOf(StartsWith("HTTP/1.1 503 "),
                    EndsWith("{\"status\":\"not ready\",\"reasons\":[\"PostgreSQL is "
                             "\\\"away\\\"\",\"outbox full\"]}\n")));
  EXPECT_THAT(one.get("/livez"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, MetricsArePrometheusText) {
  start();
  EXPECT_THAT(client().get("/metrics"),
              AllOf(HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
                    HasSubstr("\nlensart_events_total 7")));
}

TEST_F(HttpServerTest, UnknownPathIs404AndUnknownMethod405InJson) {
  start();
  auto one = client();
  EXPECT_THAT(one.get("/nothing"),
              AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("{\"status\":\"error\",\"message\":")));
  EXPECT_THAT(one.get("/echo"), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: POST\r\n")));
  one.send("DELETE /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(one.read_response(),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")));
  one.send("BREW /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(one.read_response(), StartsWith("HTTP/1.1 405 "));
}

TEST_F(HttpServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  start();
  auto one = client();
  one.send("HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(one.read_response(false),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Length: 19\r\n"),
                    EndsWith("\r\n\r\n")));
  EXPECT_THAT(one.get("/livez"), StartsWith("HTTP/1.1 200 ")) << "the next answer starts clean";
}

TEST_F(HttpServerTest, ConnectionIsKeptForRequestsOneByOneAndPipelined) {
  start();
  auto one = client();
  for (int i = 0; i < 3; ++i) EXPECT_THAT(one.get("/livez"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server->open_connections(), 1U);
  const std::string request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
  one.send(request + request + request);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(one.read_response(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, CloseIsHonouredAndHttp10ClosesByDefault) {
  start();
  for (const auto* request : {"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                              "GET /livez HTTP/1.0\r\n\r\n"}) {
    auto one = client();
    one.send(request);
    EXPECT_THAT(one.read_response(), StartsWith("HTTP/1.1 200 "));
    EXPECT_TRUE(one.is_closed_by_server());
  }
}

TEST_F(HttpServerTest, QueryAndHeadersReachTheHandler) {
  start();
  auto one = client();
  EXPECT_THAT(one.get("/ask?who=a%20b+c&x&who=d", "X-A: 1\r\nx-a: 2\r\n"),
              EndsWith("\r\n\r\na b c@127.0.0.1 1, 2"));
  EXPECT_THAT(one.get("/ask?who=%4"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(one.get("http://localhost/ask?who=me"), EndsWith("me@127.0.0.1 "));
  EXPECT_THAT(one.get("/files/a/b"), EndsWith("/files/a/b"));
}

TEST_F(HttpServerTest, HandlerThatThrowsIs500AndTheServerGoesOn) {
  start();
  auto one = client();
  EXPECT_THAT(one.get("/throws"), AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("a \\\"bug\\\"")));
  EXPECT_THAT(one.get("/livez"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, BodyIsReadWholeOrChunked) {
  start();
  auto one = client();
  one.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_THAT(one.read_response(), EndsWith("\r\n\r\nhello"));
  one.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(one.read_response(), EndsWith("\r\n\r\nabcde"));
  const std::string body(100'000, 'b');
  one.send(fmt::format("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}",
                       body.size(), body));
  EXPECT_THAT(one.read_response(), EndsWith(body));
}

TEST_F(HttpServerTest, ContinueIsSentBeforeTheBody) {
  start();
  auto one = client();
  one.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(one.read_response(), "HTTP/1.1 100 Continue\r\n\r\n");
  one.send("ok");
  EXPECT_THAT(one.read_response(), EndsWith("\r\n\r\nok"));
  expect_refused("POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: magic\r\n\r\n", 417);
}

TEST_F(HttpServerTest, HeaderOfAMegabyteIs431) {
  start();
  const std::string large(1'000'000, 'a');
  expect_refused("GET /livez HTTP/1.1\r\nHost: localhost\r\nX-A: " + large + "\r\n\r\n", 431);
  expect_refused("GET /" + large + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 431);
  std::string many = "GET /livez HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 2000; ++i) many += fmt::format("X-{}: 12345\r\n", i);
  expect_refused(many + "\r\n", 431);
}

TEST_F(HttpServerTest, AnnouncedLargeBodyIs413BeforeItIsSent) {
  start();
  expect_refused("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n",
                 413);
  expect_refused(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 100001\r\n\r\n",
      413);
}

TEST_F(HttpServerTest, LargeChunkedBodyIs413OnceItIsTooMuch) {
  start();
  std::string bytes =
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 12; ++i) bytes += "2710\r\n" + std::string(10'000, 'c') + "\r\n";
  expect_refused(bytes, 413);
  expect_refused(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "7fffffffffffffff\r\n",
      413);
}

TEST_F(HttpServerTest, ClientThatKeepsSendingAHugeBodyStillReadsTheAnswer) {
  start();
  auto one = client();
  one.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n");
  EXPECT_TRUE(one.send(std::string(8'000'000, 'd')));
  EXPECT_THAT(one.read_response(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, ConflictingLengthsAre400AndClosed) {
  start();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";
  for (const auto* lengths :
       {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n",
        "Content-Length: 3, 4\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "Content-Length: -1\r\n",
        "Content-Length: +3\r\n", "Content-Length: 0x3\r\n", "Content-Length: abc\r\n",
        "Content-Length:\r\n", "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 3\r\n", "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"}) {
    expect_refused(head + lengths + "\r\nabc", 400);
  }
}

TEST_F(HttpServerTest, MalformedRequestsAre400AndClosed) {
  start();
  for (const auto* bytes :
       {"\r\n\r\n\r\n", "GET\r\n\r\n", "GET /livez\r\n\r\n", "GET /livez HTTP/9.9\r\n\r\n",
        "GET /livez HTTP/1.1\r\nno colon\r\n\r\n", "GET /livez HTTP/1.1\r\n: x\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost : localhost\r\n\r\n", "G\x01T / HTTP/1.1\r\n\r\n",
        "GET /li vez HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "GET livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    expect_refused(bytes, 400);
  }
}

TEST_F(HttpServerTest, ArbitraryBytesNeverStopIt) {
  start();
  const std::string valid =
      "POST /echo?who=a%20b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nX-A: b\r\n\r\nabc";
  unsigned seed = 7;
  for (int round = 0; round < 300; ++round) {
    auto bytes = valid;
    for (int i = 0; i < 3; ++i) {
      seed = seed * 1664525U + 1013904223U;
      bytes[(seed >> 8U) % bytes.size()] = static_cast<char>(seed >> 24U);
    }
    client().send(bytes);
  }
  EXPECT_THAT(client().get("/livez"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ForeignHostIsRefused) {
  options.hosts = {"orders.example"};
  start();
  const auto with_host = [&](const std::string& host) {
    return answer_to("GET /livez HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  };
  for (const auto* host : {"localhost", "LOCALHOST:8081", "127.0.0.1:1", "127.1.2.3", "[::1]:8081",
                           "orders.example:443", "Orders.Example."}) {
    EXPECT_THAT(with_host(host), StartsWith("HTTP/1.1 200 ")) << host;
  }
  for (const auto* host : {"evil.example", "localhost.evil.example", "192.168.0.1",
                           "127.0.0.1.nip.io", "", "[::2]", "[", "evil.example:localhost"}) {
    EXPECT_THAT(with_host(host), StartsWith("HTTP/1.1 421 ")) << host;
  }
}

TEST_F(HttpServerTest, OnAllAddressesAnyAddressIsAHost) {
  options.listen = "0.0.0.0:0";
  start();
  const auto with_host = [&](const std::string& host) {
    return answer_to("GET /livez HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  };
  EXPECT_THAT(with_host("192.168.0.1:8081"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(with_host("evil.example"), StartsWith("HTTP/1.1 421 "));
}

TEST_F(HttpServerTest, ThreeHundredSlowConnectionsHoldNobodyUp) {
  start();
  std::vector<RawClient> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(client());
    ASSERT_TRUE(slow.back().is_connected());
    // A third say nothing, a third stop in the headers, a third in the body.
    if (i % 3 == 1) slow.back().send("GET /livez HTTP/1.1\r\nHost: loc");
    if (i % 3 == 2) {
      slow.back().send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab");
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  auto one = client();
  for (int i = 0; i < 100; ++i) ASSERT_THAT(one.get("/livez"), StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_EQ(server->open_connections(), 301U);
  // And they are served when they make up their minds.
  slow[1].send("alhost\r\n\r\n");
  EXPECT_THAT(slow[1].read_response(), StartsWith("HTTP/1.1 200 "));
  slow[2].send("cdefghi");
  EXPECT_THAT(slow[2].read_response(), EndsWith("abcdefghi"));
}

TEST_F(HttpServerTest, ClientThatIsTooSlowIsClosed) {
  options.header_timeout = 500ms;
  options.body_timeout = 500ms;
  options.idle_timeout = 500ms;
  start();
  auto silent = client();
  auto in_header = client();
  in_header.send("GET /livez HTTP/1.1\r\nHo");
  auto in_body = client();
  in_body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab");
  auto idle = client();
  EXPECT_THAT(idle.get("/livez"), StartsWith("HTTP/1.1 200 "));
  for (auto* each : {&silent, &in_header, &in_body, &idle})
    EXPECT_TRUE(each->is_closed_by_server());
}

TEST_F(HttpServerTest, DripFeedingHeadersBuysNoTime) {
  options.header_timeout = 200ms;
  start();
  auto one = client();
  const auto begin = std::chrono::steady_clock::now();
  one.send("GET /livez HTTP/1.1\r\n");
  while (one.send("X-A: b\r\n") && std::chrono::steady_clock::now() - begin < 20s) {
    std::this_thread::sleep_for(20ms);  // the drip itself; the end is the server's doing
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(HttpServerTest, ClientThatDoesNotReadItsAnswerIsClosed) {
  options.write_timeout = 100ms;
  start();
  auto one = client();
  one.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  // Connections are taken in their order: once the second is answered, the first is under way.
  ASSERT_THAT(client().get("/livez"), StartsWith("HTTP/1.1 200 "));
  const auto begin = std::chrono::steady_clock::now();
  while (server->open_connections() != 0) {
    ASSERT_LT(std::chrono::steady_clock::now() - begin, 20s);
    std::this_thread::yield();
  }
}

TEST_F(HttpServerTest, ConnectionOverTheLimitIsClosedAtOnce) {
  options.connection_limit = 2;
  start();
  auto first = client();
  auto second = client();
  EXPECT_THAT(first.get("/livez"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(second.get("/livez"), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(client().is_closed_by_server());
  EXPECT_THAT(first.get("/livez"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, StopClosesConnectionsThatWait) {
  start();
  auto idle = client();
  EXPECT_THAT(idle.get("/livez"), StartsWith("HTTP/1.1 200 "));
  auto in_header = client();
  in_header.send("GET /li");
  const auto begin = std::chrono::steady_clock::now();
  server->stop(30s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s) << "nothing was worth waiting for";
  EXPECT_TRUE(idle.is_closed_by_server());
  EXPECT_TRUE(in_header.is_closed_by_server());
  EXPECT_EQ(server->open_connections(), 0U);
  EXPECT_FALSE(RawClient(server->port()).is_connected());
  server->stop();
}

TEST_F(HttpServerTest, StopLetsAnAnswerUnderWayArrive) {
  start();
  auto one = client();
  one.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  // The answer is larger than what sockets hold, so it is under way until it is read.
  ASSERT_THAT(client().get("/livez"), StartsWith("HTTP/1.1 200 "));
  auto stopped = std::async(std::launch::async, [&] { server->stop(60s); });
  EXPECT_GT(one.read_response().size(), 20'000'000U);
  EXPECT_TRUE(one.is_closed_by_server());
  stopped.get();
}

TEST_F(HttpServerTest, StopDoesNotWaitLongerThanItsGrace) {
  start();
  auto one = client();
  one.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_THAT(client().get("/livez"), StartsWith("HTTP/1.1 200 "));
  const auto begin = std::chrono::steady_clock::now();
  server->stop(50ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(HttpServerTest, PortInUseNamesTheSetting) {
  start();
  auto second = options;
  second.listen = fmt::format("127.0.0.1:{}", server->port());
  const auto failed = HttpServer::start(second, Router());
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, Errc::kBadConfig);
  EXPECT_THAT(failed.error().message,
              AllOf(StartsWith("http.listen = \"" + second.listen + "\": cannot be listened on"),
                    HasSubstr("another program has the port: stop it, or set http.listen")));
}

TEST_F(HttpServerTest, AddressOfAnotherMachineNamesTheSetting) {
  options.listen = "192.0.2.1:0";
  const auto failed = HttpServer::start(options, Router());
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message, HasSubstr("this machine has no such address"));
}

}  // namespace
}  // namespace lensart::app
