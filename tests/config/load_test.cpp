#include "apps/config/load.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/config/config_fixture.hpp"

namespace lensart::app {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

using LoadTest = ConfigTest;

TEST_F(LoadTest, NoFileIsValid) {
  const auto loaded = load();
  EXPECT_FALSE(loaded.file.has_value());
  EXPECT_EQ(loaded.config.kafka.group, "lensart-consumer-group");
  EXPECT_EQ(loaded.origin_of("kafka.group").text(), "default");
}

TEST_F(LoadTest, TheDefaultsAreThoseOfTheContract) {  // docs/contract.md, Configuration
  const Config config = load().config;
  EXPECT_EQ(config.pipeline.jobs, (TextList{"orders", "status", "metrics"}));
  EXPECT_EQ(config.pipeline.time_zone, "Asia/Ho_Chi_Minh");
  EXPECT_EQ(config.pipeline.max_out_of_orderness, 5min);
  EXPECT_EQ(config.pipeline.allowed_lateness, 1h);
  EXPECT_EQ(config.pipeline.idle_timeout, 30s);
  EXPECT_EQ(config.pipeline.max_future, 1h);
  EXPECT_EQ(config.pipeline.max_payload, 1U << 20);
  EXPECT_EQ(config.pipeline.stuck_after, 24h);
  EXPECT_EQ(config.pipeline.session_gap, 30min);
  EXPECT_EQ(config.pipeline.epoch_min_time, 5ms);
  EXPECT_EQ(config.pipeline.epoch_max_time, 1s);
  EXPECT_EQ(config.pipeline.epoch_max_records, 50'000U);
  EXPECT_EQ(config.pipeline.epoch_max_bytes, 7U << 20);
  EXPECT_EQ(config.sink.kind, SinkKind::kPostgres);
  EXPECT_EQ(config.sink.outbox_max, 256U << 20);
}

TEST_F(LoadTest, EmptyFileIsValid) {
  file("");
  EXPECT_EQ(load().config.pipeline.epoch_max_records, 50'000U);
}

TEST_F(LoadTest, FirstFileOfTheSearchPathThatExistsIsRead) {
  options.search_path = {directory / "absent.toml", write("second.toml", "[log]\nlevel='warn'"),
                         write("third.toml", "[log]\nlevel='error'")};
  EXPECT_EQ(load().config.log.level, LogLevel::kWarn);
}

TEST_F(LoadTest, LaterSourcesWin) {
  file("[kafka]\ngroup = 'file'\nbrokers = 'file:1'\ndlq_topic = 'file'");
  environment("LENSART_KAFKA_GROUP", "environment");
  environment("LENSART_KAFKA_BROKERS", "environment:1");
  set("kafka.group=set");
  const auto loaded = load();
  EXPECT_EQ(loaded.config.kafka.group, "set");
  EXPECT_EQ(loaded.origin_of("kafka.group").text(), "--set");
  EXPECT_EQ(loaded.config.kafka.brokers, "environment:1");
  EXPECT_EQ(loaded.origin_of("kafka.brokers").text(), "environment LENSART_KAFKA_BROKERS");
  EXPECT_EQ(loaded.config.kafka.dlq_topic, "file");
  EXPECT_EQ(loaded.origin_of("kafka.dlq_topic").text(), options.file->string() + ":4");
}

TEST_F(LoadTest, WrongValueIsReportedEvenWhereALaterSourceOverridesIt) {
  file("[kafka]\ngroup = ''");
  set("kafka.group=good");
  EXPECT_THAT(problem(), StartsWith("lensart.toml:2: kafka.group = \"\": "));
}

TEST_F(LoadTest, UnderscoresInVariablesAreSettledByTheSchema) {
  environment("LENSART_KAFKA_TOPICS_ORDER_CREATED", "created");
  environment("LENSART_PIPELINE_EPOCH_MAX_TIME", "2s");
  environment("LENSART_SHUTDOWN_TIMEOUT", "3s");
  environment("LENSART_NODES_PARSE_CONCURRENCY", "2");
  environment("LENSART_NODES_KEY_PARTITION_LANES", "4");
  environment("LENSART_KAFKA_PROPERTIES_SECURITY_PROTOCOL", "SASL_SSL");
  environment("LENSART_KAFKA_CONSUMER_PROPERTIES_FETCH_MIN_BYTES", "2");
  environment("LENSART_PIPELINE_TERMINAL_STATUSES", "Đã hủy, Đã giao");
  environment("LENSART_PIPELINE_PAYMENT_MAP", "{ cash = 'cash' }");
  const auto config = load().config;
  EXPECT_EQ(config.kafka.topics.order_created, "created");
  EXPECT_EQ(config.pipeline.epoch_max_time, 2s);
  EXPECT_EQ(config.shutdown_timeout, 3s);
  EXPECT_EQ(config.node("parse").concurrency, 2U);
  EXPECT_EQ(config.node("key-partition").lanes, 4U);
  EXPECT_EQ(config.kafka.properties.at("security.protocol"), "SASL_SSL");
  EXPECT_EQ(config.kafka.consumer.properties.at("fetch.min.bytes"), "2");
  EXPECT_EQ(config.pipeline.terminal_statuses, (TextList{"Đã hủy", "Đã giao"}));
  EXPECT_EQ(config.pipeline.payment_map, (TextMap{{"cash", "cash"}}));
}

TEST_F(LoadTest, VariablesOfStackTestsAndFailpointsAreNoSettings) {
  environment("LENSART_STACK_DIRECTORY", "x");
  environment("LENSART_TEST_SEED", "1");
  environment("LENSART_FAILPOINTS", "a=kill");
  environment("PATH", "/bin");
  load();
}

TEST_F(LoadTest, UnknownVariableIsAnError) {
  environment("LENSART_KAFKA_BROKER", "x:1");
  EXPECT_EQ(problem(),
            "environment LENSART_KAFKA_BROKER = \"x:1\": is not a setting; did you mean "
            "\"LENSART_KAFKA_BROKERS\"?");
}

TEST_F(LoadTest, SetTakesOneEntryOfAMap) {
  set("pipeline.status_map.\"Đã = giao\"=completed");
  set("kafka.properties.client.rack=a");
  const auto config = load().config;
  EXPECT_EQ(config.pipeline.status_map.at("Đã = giao"), "completed");
  EXPECT_EQ(config.pipeline.status_map.at("Đã hủy"), "cancelled") << "the others stay";
  EXPECT_EQ(config.kafka.properties.at("client.rack"), "a");
}

TEST_F(LoadTest, MapInTheFileReplacesTheDefault) {
  file(
      "[pipeline]\nstatus_ranks = []\nterminal_statuses = []\n"
      "[pipeline.status_map]\nopen = 'pending'\n");
  EXPECT_EQ(load().config.pipeline.status_map, (TextMap{{"open", "pending"}}));
}

TEST_F(LoadTest, PropertiesMayBeDottedOrQuotedNumbersOrBooleans) {
  file(
      "[kafka.properties]\nsecurity.protocol = 'PLAINTEXT'\n\"socket.timeout.ms\" = 1000\n"
      "socket.keepalive.enable = true\n");
  const auto loaded = load();
  EXPECT_EQ(loaded.config.kafka.properties, (TextMap{{"security.protocol", "PLAINTEXT"},
                                                     {"socket.keepalive.enable", "true"},
                                                     {"socket.timeout.ms", "1000"}}));
  EXPECT_EQ(loaded.origin_of("kafka.properties.socket.timeout.ms").line, 3);
}

TEST_F(LoadTest, EntryOfAMapIsBlamedAtItsOwnLine) {
  file("[pipeline.payment_map]\ncash = 'cash'\nmomo = 'onlin'\n");
  EXPECT_EQ(problem(),
            "lensart.toml:3: pipeline.payment_map.momo = \"onlin\": \"onlin\" is none of cash, "
            "online; write one of them (did you mean \"online\"?)");
}

TEST_F(LoadTest, StatusesAreBroughtToNfc) {
  file("[pipeline.payment_map]\n\"Tie\u0302\u0300n m\u0103\u0323t\" = 'cash'\n");
  EXPECT_TRUE(load().config.pipeline.payment_map.contains("Tiền mặt"));
}

TEST_F(LoadTest, SameTextTwiceInNfcIsAnError) {
  file("[pipeline.payment_map]\n\"\u1ec1\" = 'cash'\n\"e\u0302\u0300\" = 'online'\n");
  EXPECT_THAT(problem(), HasSubstr("is the same text twice (in Unicode NFC)"));
}

TEST_F(LoadTest, AllProblemsAreToldAtOnceInTheOrderOfTheFile) {
  file("[kafka]\ngroup = 5\n[http]\nlisten = 'x'\n");
  environment("LENSART_LOG_LEVEL", "loud");
  set("sink.lanes=0");
  const auto all = problems();
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_EQ(all[0].key, "kafka.group");
  EXPECT_EQ(all[1].key, "http.listen");
  EXPECT_EQ(all[2].key, "log.level");
  EXPECT_EQ(all[3].key, "sink.lanes");
}

TEST_F(LoadTest, MisspeltSectionIsCaughtOnce) {
  file("[pipelin]\nname = 'x'\njobs = []\n");
  EXPECT_EQ(problem(), "lensart.toml:1: pipelin: is not a section; did you mean \"pipeline\"?");
}

TEST_F(LoadTest, RightNameInTheWrongSectionIsSuggestedWhereItBelongs) {
  file("[pipeline]\noutbox_max = '1GiB'\n");
  EXPECT_THAT(problem(), HasSubstr("did you mean \"sink.outbox_max\"?"));
}

TEST_F(LoadTest, SectionGivenAsAValueIsAnError) {
  file("sink = 'null'\n");
  EXPECT_THAT(problem(), HasSubstr("is a section, not a setting; write [sink]"));
}

TEST_F(LoadTest, KeyTwiceIsAnError) {
  file("[sink]\nlanes = 1\nlanes = 2\n");
  EXPECT_THAT(problem(), StartsWith("lensart.toml:3: is no TOML: "));
}

TEST_F(LoadTest, SameNodeUnderTwoNamesIsAnError) {
  file("[nodes.key-partition]\nlanes = 1\n[nodes.key_partition]\nlanes = 2\n");
  EXPECT_THAT(problem(), HasSubstr("is set twice"));
}

TEST_F(LoadTest, SetTwiceOnTheCommandLineIsAnError) {
  set("sink.lanes=1");
  set("sink.lanes=2");
  EXPECT_EQ(problem(), "--set: sink.lanes: is set twice; remove one of the two");
}

TEST_F(LoadTest, SetWithoutAValueIsAnError) {
  set("sink.lanes");
  EXPECT_THAT(problem(), HasSubstr("write --set section.key=value"));
}

TEST_F(LoadTest, UnknownNodeIsAnErrorWhereTheNodesAreKnown) {
  options.node_names = {"parse", "key-partition"};
  file("[nodes.parze]\nlanes = 1\n[nodes.key_partition]\nlanes = 2\n");
  EXPECT_EQ(problem(),
            "lensart.toml:2: nodes.parze.lanes = 1: there is no node \"parze\"; write it as "
            "`lensart graph` prints it (did you mean \"parse\"?)");
}

TEST_F(LoadTest, BrokenTomlIsNamedWithItsLine) {
  file("[kafka]\n\nbrokers = \n");
  EXPECT_THAT(problem(), StartsWith("lensart.toml:3: is no TOML: "));
}

TEST_F(LoadTest, FileThatIsNotThereIsAnError) {
  options.file = directory / "absent.toml";
  EXPECT_THAT(problem(), StartsWith("absent.toml: cannot be read (No such file or directory); "));
}

TEST_F(LoadTest, DirectoryInPlaceOfTheFileIsAnError) {
  options.file = directory;
  EXPECT_THAT(problems().front().text(), HasSubstr("is a directory"));
}

TEST_F(LoadTest, HugeFileIsRefused) {
  file(std::string(2 * kMiB, '#'));
  EXPECT_THAT(problem(), HasSubstr("is larger than 1 MiB"));
}

TEST_F(LoadTest, BytesThatAreNoUtf8AreRefusedFromEverySource) {
  file("[kafka]\ngroup = '\xff'\n");
  EXPECT_THAT(problem(), StartsWith("lensart.toml:2: is no TOML: "));
  options.file.reset();
  environment("LENSART_POSTGRES_SCHEMA", "\xc3\x28");
  EXPECT_THAT(problem(), HasSubstr("is no valid UTF-8"));
}

TEST_F(LoadTest, ArbitraryBytesNeverCrashIt) {
  unsigned seed = 1;
  for (int round = 0; round < 2000; ++round) {
    std::string text = "[kafka]\nbrokers = \"a:1\"\n[nodes.parse]\nlanes = 1\n";
    for (int i = 0; i < 4; ++i) {
      seed = seed * 1664525U + 1013904223U;
      text[seed % text.size()] = static_cast<char>(seed >> 24U);
    }
    options.overrides = {text.substr(0, 20), "pipeline.status_map=" + text};
    file(text);
    static_cast<void>(load_config_from(options));
  }
}

}  // namespace
}  // namespace lensart::app
