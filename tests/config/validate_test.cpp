#include <fmt/format.h>

#include "tests/config/config_fixture.hpp"

namespace lensart::app {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using ValidateTest = ConfigTest;

const std::string kHash(64, 'a');

TEST_F(ValidateTest, BoundsOutOfOrderAreBlamedOnTheOneThatWasSet) {
  for (const auto& [small, spelling, large] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"pipeline.epoch_min_time", "\"2s\"", "pipeline.epoch_max_time"},
           {"pipeline.max_payload", "\"16MiB\"", "pipeline.epoch_max_bytes"},
           {"pipeline.epoch_max_bytes", "\"512MiB\"", "sink.outbox_max"},
           {"state.cache", "\"65GiB\"", "state.max_size"},
           {"retry.initial", "\"31s\"", "retry.max"}}) {
    auto text = file_with(small, spelling);
    if (small == "pipeline.max_payload") text += "epoch_max_bytes = \"8MiB\"\n";
    file(text);
    EXPECT_THAT(problem(), StartsWith(fmt::format("lensart.toml:")));
    EXPECT_THAT(problem(), HasSubstr(fmt::format("raise {} or lower {}", large, small)));
  }
}

TEST_F(ValidateTest, ServerWithoutTokenIsRefusedOffLoopback) {
  file("[http]\nlisten = '0.0.0.0:8081'\n");
  EXPECT_EQ(problem(),
            "lensart.toml:2: http.listen = \"0.0.0.0:8081\": http.auth \"none\" is refused off "
            "loopback; set http.auth = \"token\" and http.tokens, or listen on 127.0.0.1");
}

TEST_F(ValidateTest, ServerWithTokenMayListenAnywhere) {
  file("[http]\nlisten = '0.0.0.0:8081'\nauth = 'token'\ntokens = ['" + kHash + "']\n");
  load();
}

TEST_F(ValidateTest, TokenWithoutTokensIsRefused) {
  file("[http]\nauth = 'token'\n");
  EXPECT_THAT(problem(), HasSubstr("http.tokens is empty"));
}

TEST_F(ValidateTest, GatewayIsJudgedOnlyWhereItRuns) {
  file("[gateway]\nlisten = '0.0.0.0:8082'\nauth = 'none'\n");
  const auto loaded = load();
  EXPECT_EQ(validate_gateway(loaded).size(), 1U);
  set("gateway.enabled=true");
  EXPECT_THAT(problem(), HasSubstr("gateway.auth \"none\" is refused off loopback"));
}

TEST_F(ValidateTest, GatewayOnTheAddressOfHttpIsRefused) {
  file("[gateway]\nenabled = true\nlisten = '127.0.0.1:8081'\nauth = 'none'\n");
  EXPECT_THAT(problem(), HasSubstr("are the same address"));
}

TEST_F(ValidateTest, OneTopicForTwoPurposesIsRefused) {
  file("[kafka]\ndlq_topic = 'order-events'\n");
  EXPECT_THAT(problem(), HasSubstr("are the same topic"));
}

TEST_F(ValidateTest, RankOfAStatusTheMapLacksIsRefused) {
  file("[pipeline]\nstatus_ranks = ['Đã giao', 'Delivered']\n");
  EXPECT_THAT(problem(), HasSubstr("names \"Delivered\", which pipeline.status_map lacks"));
}

TEST_F(ValidateTest, NoJobIsRefused) {
  file("[pipeline]\njobs = []\n");
  EXPECT_THAT(problem(), HasSubstr("names no job"));
}

TEST_F(ValidateTest, TheJobThatTheOthersStandOnCannotBeLeftOut) {
  file("[pipeline]\njobs = ['metrics']\n");
  EXPECT_THAT(problem(), HasSubstr("add \"orders\""));
}

TEST_F(ValidateTest, AnOrderMayNotExpireBeforeItsTimerHasHadItsTurn) {
  file("[pipeline]\nstate_ttl = '2d'\nstuck_after = '49h'\n");
  EXPECT_THAT(problem(), HasSubstr("raise pipeline.state_ttl"));
}

TEST_F(ValidateTest, PropertyThatThePipelineRestsOnIsRefusedWithTheWayToGo) {
  for (const auto* name :
       {"bootstrap.servers", "group.id", "auto.offset.reset", "enable.auto.commit",
        "enable.auto.offset.store", "enable.idempotence", "acks", "isolation.level"}) {
    options.overrides = {fmt::format("kafka.properties.{}=x", name)};
    EXPECT_THAT(problem(), HasSubstr(fmt::format("\"{}\" is the pipeline's own; ", name)));
  }
}

TEST_F(ValidateTest, TwoPasswordsAreRefused) {
  const auto path = write("password", "x\n");
  file("[postgres]\ndsn = 'password=y'\npassword_file = '" + path.string() + "'\n");
  EXPECT_THAT(problem(), HasSubstr("the password stands in postgres.dsn too"));
}

}  // namespace
}  // namespace lensart::app
