// What /metrics says of a real run, held against the tables; and what Prometheus makes of it: its
// own linter, and every query of the dashboards.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "tests/integration/scenario.hpp"
#include "tests/notify/receiver.hpp"

namespace lensart::integration {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::seconds;

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    found.insert((*at)[1].str());
  }
  return found;
}

std::string url_encoded(const std::string& text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

/// What Grafana would put in the place of its variables.
std::string filled_in(std::string query) {
  query = std::regex_replace(query, std::regex(R"(\$__rate_interval)"), "4s");
  return std::regex_replace(query, std::regex(R"(\$instance)"), ".*");
}

class MetricsTest : public testing::Test {
 protected:
  /// Some of everything: accepted, duplicate, ignored, refused.
  void run_a_while() {
    Stream stream;
    stream.events = 2'000;
    stream.poison = 0.05;
    // Orders that rest for an hour are stuck, and the clock passes them as soon as all is read.
    pipeline.set("LENSART_PIPELINE_STUCK_AFTER", "1h");
    pipeline.set("LENSART_PIPELINE_IDLE_TIMEOUT", "300ms");
    pipeline.set("LENSART_NOTIFY_WEBHOOK_URL", receiver.url());
    pipeline.set("LENSART_NOTIFY_CHANNEL", "lensart_notices");
    pipeline.generate(stream);
    program.emplace(pipeline.start({"run"}));
    ASSERT_TRUE(pipeline.wait_ready(*program)) << program->stderr_text();
    await_all();
  }
  /// Everything read, applied and, where it is a letter, sent.
  void await_all() {
    auto database = pipeline.database();
    const auto records = pipeline.records_in_topics();
    ASSERT_TRUE(wait_until([&] { return pipeline.consumed(database) >= records; }))
        << program->stderr_text();
    ASSERT_TRUE(wait_until([&] {
      scrape();
      return value("lensart_consumer_lag_records") == 0.0 &&
             value("lensart_outbox_epochs") == 0.0 && value("lensart_dead_letters_unsent") == 0.0 &&
             value("lensart_stuck_orders").value_or(0) > 0 &&
             value("lensart_stuck_orders") == stuck_orders() &&
             !of("lensart_node_busy_ratio").empty();
    })) << metrics;
  }
  /// What a program that LISTENs was told, and what the webhook was sent, by kind.
  static std::map<std::string, json> by_kind(const std::vector<std::string>& messages) {
    std::map<std::string, json> out;
    for (const std::string& message : messages) {
      const json parsed = json::parse(message);
      out[parsed["kind"].get<std::string>()] = parsed;
    }
    return out;
  }
  std::map<std::string, json> posted() const {
    std::vector<std::string> bodies;
    for (const notify::Received& request : receiver.received()) bodies.push_back(request.body);
    return by_kind(bodies);
  }
  static std::map<std::string, json> heard(Database& listener) {
    std::vector<std::string> payloads;
    PQconsumeInput(listener.handle());
    while (PGnotify* notice = PQnotifies(listener.handle())) {
      payloads.emplace_back(notice->extra);
      PQfreemem(notice);
    }
    return by_kind(payloads);
  }
  void scrape() { metrics = pipeline.get("/metrics").body; }
  std::optional<double> value(const std::string& name) const { return metric(metrics, name); }
  std::set<std::string> of(const std::string& name) const {
    return matches(metrics, "(?:^|\n)(" + name + "(?:\\{[^\n]*\\})? [^\n]*)");
  }
  double stuck_orders() const {
    return asked("SELECT count(*) FROM " + pipeline.schema() +
                 ".order_anomalies WHERE kind = 'stuck' AND resolved_at IS NULL");
  }
  double asked(const std::string& sql) const { return std::stod(pipeline.ask(sql)); }

  double outcome(const std::string& name) const {
    double sum = 0;
    for (const std::string& line : of("lensart_events_total")) {
      if (line.find("outcome=\"" + name + "\"") != std::string::npos)
        sum += std::stod(line.substr(line.rfind(' ')));
    }
    return sum;
  }

  /// A Prometheus of the test's own, told to scrape the program often.
  void start_prometheus() {
    const fs::path directory = pipeline.workspace().directory() / "prometheus";
    fs::create_directory(directory);
    std::ofstream(directory / "prometheus.yml")
        << "global: {scrape_interval: 500ms, scrape_timeout: 500ms}\nscrape_configs:\n"
        << "  - job_name: lensart\n    static_configs:\n      - targets: [\""
        << pipeline.workspace().http_address() << "\"]\n";
    // Another pipeline's workspace would do; a name is all that is needed, and a port is in it.
    prometheus_address = need(Workspace::create(pipeline.stack())).http_address();
    support::ProcessOptions options;
    options.command = {"prometheus", "--config.file=" + (directory / "prometheus.yml").string(),
                       "--storage.tsdb.path=" + (directory / "data").string(),
                       "--web.listen-address=" + prometheus_address};
    prometheus.emplace(need(Process::start(std::move(options))));
  }
  /// The samples a query finds that are numbers.
  std::size_t found(const std::string& query) const {
    const auto answer =
        http_get(prometheus_address, "/api/v1/query?query=" + url_encoded(filled_in(query)));
    const json parsed = json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || parsed.is_discarded()) return 0;
    std::size_t count = 0;
    for (const json& sample : parsed["data"]["result"]) count += sample["value"][1] != "NaN";
    return count;
  }
  static std::set<std::string> dashboard_queries() {
    std::set<std::string> queries;
    for (const auto& file :
         fs::directory_iterator(LENSART_SOURCE_DIR "/docker/grafana/dashboards")) {
      const json board = json::parse(read_file(file.path()));
      for (const json& panel : board["panels"]) {
        for (const json& target : panel.value("targets", json::array()))
          queries.insert(target["expr"].get<std::string>());
      }
    }
    return queries;
  }

  notify::Receiver receiver;
  Pipeline pipeline;
  std::optional<Process> program;
  std::optional<Process> prometheus;
  std::string prometheus_address;
  std::string metrics;
};

TEST_F(MetricsTest, SayWhatTheTablesSayAPersonIsToldAndPrometheusUnderstands) {
  auto listener = pipeline.database();
  need(listener.execute("LISTEN lensart_notices"));
  ASSERT_NO_FATAL_FAILURE(run_a_while());
  const std::string schema = pipeline.schema();
  EXPECT_EQ(outcome("accepted"), asked("SELECT count(*) FROM " + schema + ".orders_raw"));
  EXPECT_GT(outcome("accepted"), 1000);
  for (const char* name : {"accepted", "duplicate", "ignored", "dead_lettered"}) {
    EXPECT_EQ(outcome(name),
              asked(fmt::format("SELECT sum({}) FROM {}.pipeline_accounts", name, schema)))
        << name;
  }
  const double letters = asked("SELECT count(*) FROM " + schema + ".dead_letters");
  EXPECT_GT(letters, 0);
  EXPECT_EQ(value("lensart_dead_letters_total"), letters);
  EXPECT_EQ(value("lensart_dead_letters_sent_total"), letters);
  const auto consumed = static_cast<double>(pipeline.records_in_topics());
  EXPECT_EQ(value("lensart_applied_records_total"), consumed);
  EXPECT_EQ(value("lensart_freshness_seconds_count"), consumed);
  for (const char* phase : {"fill", "close", "commit", "apply"}) {
    const std::string line = fmt::format("lensart_epoch_seconds_count\\{{phase=\"{}\"\\}}", phase);
    EXPECT_EQ(of(line).size(), 1U) << phase;
  }
  EXPECT_EQ(value("lensart_epochs_total"),
            asked("SELECT max(epoch) FROM " + schema + ".pipeline_epochs"));
  EXPECT_EQ(value("lensart_sink_up"), 1);
  EXPECT_EQ(value("lensart_kafka_up"), 1);
  EXPECT_LT(std::abs(value("lensart_postgres_clock_offset_seconds").value_or(99)), 1);
  for (const std::string& line : of("lensart_node_busy_ratio"))
    EXPECT_LE(std::stod(line.substr(line.rfind(' '))), 1) << line;

  EXPECT_TRUE(wait_until([&] {
    const auto told = posted();
    return told.contains("stuck_orders") && told.contains("dead_letters");
  })) << program->stderr_text();
  EXPECT_TRUE(wait_until([&, told = std::map<std::string, json>{}]() mutable {
    told.merge(heard(listener));
    return told == posted();
  }));
  const json stuck = posted()["stuck_orders"];
  EXPECT_GT(stuck["count"], 0);
  EXPECT_EQ(asked(fmt::format("SELECT count(*) FROM {}.order_anomalies WHERE kind = 'stuck' AND "
                              "order_id = {} AND status = {} AND date_trunc('second', since) = {}",
                              schema, stuck["orders"][0]["order_id"].get<std::int64_t>(),
                              support::quote_literal(stuck["orders"][0]["status"]),
                              support::quote_literal(stuck["orders"][0]["since"]))),
            1);

  // Each metric that the documentation names is there, and none besides.
  const auto documented =
      matches(read_file(LENSART_SOURCE_DIR "/docs/operations.md"), "`(lensart_[a-z_]+)[`{]");
  const auto served = matches(metrics, "# TYPE (lensart_[a-z_]+) ");
  const std::set<std::string> roles = {"lensart_migrator", "lensart_writer", "lensart_reader"};
  for (const std::string& name : served) EXPECT_TRUE(documented.contains(name)) << name;
  for (const std::string& name : documented) {
    if (name.starts_with("lensart_gateway_") || roles.contains(name)) continue;
    EXPECT_TRUE(served.contains(name)) << name;
  }

  const fs::path copy = pipeline.workspace().directory() / "metrics.txt";
  std::ofstream(copy) << metrics;
  support::ProcessOptions linter;
  linter.command = {"sh", "-c", "promtool check metrics < " + copy.string()};
  const auto linted = need(support::run_process(std::move(linter), seconds(30)));
  EXPECT_EQ(linted.status.code, 0) << linted.stdout_text << linted.stderr_text;

  start_prometheus();
  // Something to look at while it scrapes.
  Process trickle = pipeline.start({"generate", "--events", "20000", "--rate", "400", "--poison",
                                    "0.05", "--first-order", "500000", "--to", "kafka"});
  const auto queries = dashboard_queries();
  ASSERT_GT(queries.size(), 40U);
  for (const std::string& query : queries) {
    EXPECT_TRUE(wait_until([&] { return found(query) > 0; }, seconds(10))) << filled_in(query);
  }
  EXPECT_TRUE(trickle.is_running()) << trickle.stderr_text();
  trickle.kill();
  // What the runbooks ask of the database can be asked.
  auto database = pipeline.database();
  need(database.execute("SET search_path = " + schema));
  std::size_t statements = 0;
  for (const auto& file : fs::directory_iterator(LENSART_SOURCE_DIR "/docs/runbooks")) {
    for (const std::string& block : matches(read_file(file.path()), "```sql\n([^`]*)```")) {
      const auto done = database.execute(block);
      EXPECT_TRUE(done) << file.path() << ": " << done.error().message;
      ++statements;
    }
  }
  EXPECT_GT(statements, 5U);
  program->send_signal(SIGTERM);
  EXPECT_TRUE(program->wait(seconds(20)));
}

}  // namespace
}  // namespace lensart::integration
