// `lensart health`, as a container's health check or a person runs it.

#include "apps/http/health.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "apps/http/http_server.hpp"
#include "tests/support/process.hpp"

namespace lensart::app {
namespace {

using std::chrono::seconds;
using support::Finished;
using ::testing::HasSubstr;

class HealthTest : public ::testing::Test {
 protected:
  /// An instance that answers `health` to /readyz.
  void given_an_instance(Health health) {
    Router router;
    add_probes(router, [health = std::move(health)] { return health; });
    listen(std::move(router));
  }

  void listen(Router router) {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    auto started = HttpServer::start(options, std::move(router));
    ASSERT_TRUE(started.has_value()) << started.error().message;
    server_ = std::move(*started);
  }

  std::string address() const { return fmt::format("127.0.0.1:{}", server_->port()); }

  static Finished run(std::vector<std::string> arguments) {
    support::ProcessOptions options;
    options.command = std::move(arguments);
    options.command.insert(options.command.begin(), LENSART_BINARY);
    // A proxy that nobody is: an instance of one's own is never asked through one.
    options.environment = {{"http_proxy", "http://127.0.0.1:1"}};
    auto done = support::run_process(std::move(options), seconds(20));
    EXPECT_TRUE(done.has_value());
    return std::move(*done);
  }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(HealthTest, OneThatIsReadyIsFoundAtHttpListenAndExits0) {
  given_an_instance({.ready = true, .reasons = {}});
  const auto done = run({"health", "--set", "http.listen=" + address()});
  EXPECT_EQ(done.status.code, 0) << done.stderr_text;
  EXPECT_EQ(done.stdout_text, "ready\n");
}

TEST_F(HealthTest, OneThatListensOnEveryAddressIsAskedOnLoopback) {
  given_an_instance({.ready = true, .reasons = {}});
  const auto done =
      run({"health", "--set", fmt::format("http.listen=0.0.0.0:{}", server_->port()), "--set",
           "http.auth=token", "--set", "http.tokens=" + std::string(64, 'a')});
  EXPECT_EQ(done.status.code, 0) << done.stderr_text;
}

TEST_F(HealthTest, OneThatIsNotReadyExits1AndSaysWhy) {
  given_an_instance({.ready = false, .reasons = {"the brokers do not answer", "\"x\""}});
  const auto done = run({"health", "--url", "http://" + address() + "/"});
  EXPECT_EQ(done.status.code, 1) << done.stderr_text;
  EXPECT_EQ(done.stdout_text, "not ready\nthe brokers do not answer\n\"x\"\n");
  const auto json = run({"health", "--json", "--url", address()});
  EXPECT_EQ(json.status.code, 1) << json.stderr_text;
  EXPECT_EQ(
      json.stdout_text,
      "{\"status\":\"not ready\",\"reasons\":[\"the brokers do not answer\",\"\\\"x\\\"\"]}\n");
}

TEST_F(HealthTest, WhereNothingListensItExits69AndNamesTheAddress) {
  const auto done = run({"health", "--url", "127.0.0.1:1"});
  EXPECT_EQ(done.status.code, 69);
  EXPECT_THAT(done.stderr_text, HasSubstr("http://127.0.0.1:1/readyz"));
}

TEST_F(HealthTest, AnotherProgramsAnswerIsNoHealth) {
  Router router;
  router.add("GET", "/readyz", [](const HttpRequest&) { return HttpResponse::json(200, "{}"); });
  listen(std::move(router));
  const auto done = run({"health", "--url", address()});
  EXPECT_EQ(done.status.code, 69);
  EXPECT_THAT(done.stderr_text, HasSubstr("no answer of this program"));
}

}  // namespace
}  // namespace lensart::app
