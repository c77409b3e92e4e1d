/// `lensart_load`: requests to the gateway, counted, timed, and looked for in Kafka afterwards.
///
/// What is timed is checked: each answer must be 200 (with --insist at last), and with --topic each
/// acknowledged event must stand in Kafka; else the exit code is 1.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "bench/gateway/load.hpp"
#include "nodes/kafka/admin.hpp"

namespace lensart::bench {
namespace {

struct Options {
  LoadOptions load;
  std::string brokers;
  std::string topic;  ///< empty: nobody looks
};

struct Found {
  std::uint64_t lost = 0;
  std::uint64_t repeated = 0;
};

/// Reads the topic from begin to end and counts each of this run's events.
Result<Found> look_into_kafka(const Options& options, const LoadReport& report) {
  nodes::KafkaClientOptions client_options;
  client_options.brokers = options.brokers;
  LENSART_ASSIGN(auto admin, nodes::KafkaAdmin::open(client_options));
  const std::vector<std::string> topics{options.topic};
  LENSART_ASSIGN(const auto ranges, admin.ranges(topics));
  client_options.defaults = {{"group.id", "lensart-load"}, {"enable.auto.commit", "false"}};
  LENSART_ASSIGN(const auto client,
                 nodes::KafkaClient::open(nodes::KafkaRole::kConsumer, client_options));
  const nodes::KafkaPartitions partitions(
      rd_kafka_topic_partition_list_new(static_cast<int>(ranges.size())));
  std::uint64_t left = 0;
  for (const auto& range : ranges) {
    rd_kafka_topic_partition_list_add(partitions.get(), range.topic.c_str(), range.partition)
        ->offset = range.begin;
    left += static_cast<std::uint64_t>(range.end - range.begin);
  }
  rd_kafka_assign(client.get(), partitions.get());
  rd_kafka_poll_set_consumer(client.get());
  std::vector<std::uint8_t> times(report.acknowledged.size());
  const std::string mark = fmt::format("\"event_id\":\"gw-{}-", options.load.run);
  while (left > 0) {
    const nodes::KafkaMessage message(rd_kafka_consumer_poll(client.get(), 30'000));
    if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return fail(Errc::kBrokerDown,
                  fmt::format("{} records of {} were not read", left, options.topic));
    }
    --left;
    const std::string_view payload(static_cast<const char*>(message->payload), message->len);
    const auto at = payload.find(mark);
    if (at == std::string_view::npos) continue;
    const auto number = std::stoull(std::string(payload.substr(at + mark.size(), 8)));
    if (number < times.size() && times[number] < 255) ++times[number];
  }
  rd_kafka_consumer_close(client.get());
  Found found;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (report.acknowledged[i] && times[i] == 0) ++found.lost;
    if (times[i] > 1) ++found.repeated;
  }
  return found;
}

Result<int> measure(const Options& options) {
  LENSART_ASSIGN(auto report, put_load(options.load));
  auto& latencies = report.latencies_us;
  std::sort(latencies.begin(), latencies.end());
  const auto percentile = [&](double share) {
    if (latencies.empty()) return 0.0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1));
    return latencies[at] / 1000.0;
  };
  const auto acknowledged = static_cast<std::uint64_t>(
      std::count(report.acknowledged.begin(), report.acknowledged.end(), true));
  std::string statuses;
  for (const auto& [status, count] : report.statuses) {
    if (count > 0)
      statuses += fmt::format("{}\"{}\":{}", statuses.empty() ? "" : ",", status, count);
  }
  std::string line = fmt::format(
      R"({{"requests":{},"acknowledged":{},"statuses":{{{}}},"seconds":{:.3f},"rate":{:.0f},)"
      R"("p50_ms":{:.2f},"p99_ms":{:.2f},"most_ms":{:.2f})",
      options.load.requests, acknowledged, statuses, report.seconds,
      static_cast<double>(report.answered) / report.seconds, percentile(0.5), percentile(0.99),
      percentile(1));
  std::uint64_t lost = 0;
  if (!options.topic.empty()) {
    LENSART_ASSIGN(const Found found, look_into_kafka(options, report));
    line += fmt::format(R"(,"lost":{},"repeated":{})", found.lost, found.repeated);
    lost = found.lost;
  }
  std::cout << line << "}\n";
  return acknowledged == options.load.requests && lost == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lensart::bench

int main(int argc, char** argv) {
  lensart::bench::Options options;
  CLI::App app{"Requests to the gateway's order-created, and what became of them, as JSON."};
  app.add_option("--port", options.load.port, "on 127.0.0.1 (8082)");
  app.add_option("--run", options.load.run, "stands in each event's id");
  app.add_option("--token", options.load.token);
  app.add_option("--connections", options.load.connections);
  app.add_option("--requests", options.load.requests);
  app.add_option("--rate", options.load.rate, "a second; without it as fast as answers come");
  app.add_flag("--insist", options.load.insist, "repeat what is not answered 200, until it is");
  app.add_option("--brokers", options.brokers)->envname("LENSART_KAFKA_BROKERS");
  app.add_option("--topic", options.topic, "look there for every acknowledged event");
  app.footer("Example:\n  lensart_load --requests 100000 --topic order-created");
  CLI11_PARSE(app, argc, argv);
  const auto result = lensart::bench::measure(options);
  if (result) return *result;
  std::cerr << result.error().message << '\n';
  return lensart::exit_code_for(result.error().code);
}
