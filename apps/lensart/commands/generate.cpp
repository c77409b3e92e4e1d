/// `lensart generate`: realistic order events, to Kafka or to a file.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <memory>

#include "apps/config/values.hpp"
#include "apps/generate/generator.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/progress.hpp"
#include "apps/lensart/signals.hpp"
#include "apps/lensart/topics.hpp"
#include "apps/orders/instant_text.hpp"
#include "graph/time_zone.hpp"

namespace lensart::app {
namespace {

using generate::GenerateOptions;
using generate::Placement;

/// As the command line has them; empty texts were not given.
struct GenerateLine {
  GenerateOptions stream;
  std::string orders, events, span, disorder, now;
  std::string placement = "random";
  std::string to = "kafka";
  std::int32_t file_partitions = 3;
  double rate = 0;
};

Result<Duration> duration_option(std::string_view option, const std::string& text,
                                 Duration otherwise) {
  if (text.empty()) return otherwise;
  if (const auto parsed = parse_duration(text)) return *parsed;
  return fail(Errc::kBadUsage,
              fmt::format("{} {}: a duration is needed, such as 10m or 14d", option, text));
}

Result<std::optional<std::uint64_t>> count_option(std::string_view option,
                                                  const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc{} && end == text.data() + text.size()) return count;
  return fail(Errc::kBadUsage,
              fmt::format("{} {}: a whole number is needed, such as 1000", option, text));
}

Result<Instant> now_option(const Config& config, const std::string& text) {
  if (text.empty()) return SystemClock().wall();
  LENSART_ASSIGN(const TimeZone zone, TimeZone::find(config.pipeline.time_zone));
  if (const auto parsed = orders::parse_instant(text, zone)) return *parsed;
  return fail(
      Errc::kBadUsage,
      fmt::format("--now {}: an instant is needed, such as 2026-11-20T10:30:00+07:00", text));
}

Result<GenerateOptions> stream_options(const Config& config, const GenerateLine& line) {
  GenerateOptions options = line.stream;
  LENSART_ASSIGN(options.orders, count_option("--orders", line.orders));
  LENSART_ASSIGN(options.records, count_option("--events", line.events));
  LENSART_ASSIGN(options.span, duration_option("--span", line.span, options.span));
  LENSART_ASSIGN(options.disorder, duration_option("--disorder", line.disorder, Duration{0}));
  LENSART_ASSIGN(options.now, now_option(config, line.now));
  options.placement = line.placement == "one"           ? Placement::kOne
                      : line.placement == "round-robin" ? Placement::kRoundRobin
                                                        : Placement::kRandom;
  options.partitions = line.file_partitions;
  options.max_payload_bytes = config.pipeline.max_payload;
  LENSART_TRY(options.validate());
  if (line.rate < 0) return fail(Errc::kBadUsage, "--rate: 0 (no limit) or more is needed");
  return options;
}

/// How many partitions all four topics have.
Result<std::int32_t> common_partitions(const Config& config) {
  LENSART_ASSIGN(nodes::KafkaAdmin admin,
                 nodes::KafkaAdmin::open(kafka_options(config, nodes::KafkaRole::kProducer)));
  LENSART_ASSIGN(const auto there, admin.partitions());
  const KafkaTopicsConfig& topics = config.kafka.topics;
  std::int32_t fewest = std::numeric_limits<std::int32_t>::max();
  for (const std::string& name :
       {topics.order_created, topics.order_updated, topics.order_cancelled, topics.order_events}) {
    const auto found = there.find(name);
    if (found == there.end()) {
      return fail(Errc::kBadConfig, fmt::format("Kafka at \"{}\" has no topic {}: run `lensart "
                                                "init`, or see kafka.topics",
                                                config.kafka.brokers, name));
    }
    fewest = std::min(fewest, found->second);
  }
  return fewest;
}

Result<std::unique_ptr<generate::RecordSink>> open_sink(const Config& config,
                                                        const GenerateLine& line,
                                                        GenerateOptions& options) {
  if (line.to != "kafka") return generate::FileSink::open(line.to, topic_names(config));
  LENSART_ASSIGN(options.partitions, common_partitions(config));
  nodes::ProducerOptions producer_options;
  producer_options.client = kafka_options(config, nodes::KafkaRole::kProducer);
  // Full requests are the fastest; at a given pace an early acknowledgement is worth more.
  if (line.rate == 0) producer_options.linger = std::chrono::milliseconds(50);
  LENSART_ASSIGN(auto producer, nodes::Producer::open(std::move(producer_options)));
  return std::make_unique<generate::KafkaSink>(std::move(producer), topic_names(config));
}

/// Of the records or the orders that were asked for, whichever ends the stream.
double share_of(const GenerateOptions& options, const generate::Summary& summary) {
  const auto part = [](std::uint64_t done, std::uint64_t of) {
    return of == 0 ? 0 : static_cast<double>(done) / static_cast<double>(of);
  };
  const std::uint64_t orders =
      options.orders.value_or(options.records ? 0 : GenerateOptions::kDefaultOrders);
  return std::max(part(summary.records, options.records.value_or(0)), part(summary.orders, orders));
}

Result<generate::Summary> generate_events(const Program& program, const GenerateLine& line) {
  LENSART_ASSIGN(const Config config, program.load_config());
  LENSART_ASSIGN(GenerateOptions options, stream_options(config, line));
  LENSART_ASSIGN(const auto sink, open_sink(config, line, options));
  generate::EventStream stream(options);
  generate::PourOptions pour_options;
  pour_options.rate = line.rate;
  pour_options.stop = note_stop_signals();
  Progress progress({.unit = "records", .quiet = program.json});
  pour_options.on_progress = [&](const generate::Summary& summary) {
    progress.show(summary.records, share_of(options, summary));
  };
  return generate::pour(stream, *sink, SystemClock(), pour_options);
}

int generate(const Program& program, const GenerateLine& line) {
  const auto summary = generate_events(program, line);
  if (!summary) return report(summary.error());
  // With the records themselves on stdout, the summary is a message.
  std::ostream& out = line.to == "-" ? std::cerr : std::cout;
  out << (program.json ? summary->to_json() + "\n" : summary->to_text());
  return 0;
}

void describe_options(CLI::App& command, GenerateLine& line) {
  command.add_option("--orders", line.orders, "How many orders (default: 1000)")->type_name("N");
  command.add_option("--events", line.events, "Stop after so many records of any kind")
      ->type_name("N");
  command.add_option("--rate", line.rate, "Records a second (default: as fast as possible)")
      ->type_name("R");
  command
      .add_option("--seed", line.stream.seed, "The same seed makes the same events (default: 1)")
      ->type_name("S");
  command.add_option("--disorder", line.disorder, "Move records by up to this much event time")
      ->type_name("DURATION");
  command
      .add_option("--duplicates", line.stream.duplicates,
                  "The chance that an event is sent twice, 0 to 1")
      ->type_name("P");
  command
      .add_option("--poison", line.stream.poison,
                  "The chance that a broken payload follows an event, 0 to 1")
      ->type_name("P");
  command.add_option("--partitions", line.placement, "random (default), one or round-robin")
      ->check(CLI::IsMember({"random", "one", "round-robin"}))
      ->type_name("HOW");
  command
      .add_option("--partition-count", line.file_partitions,
                  "Partitions a topic in a file (default: 3; Kafka knows its own)")
      ->type_name("N");
  command.add_option("--tests", line.stream.tests, "Test messages, to be ignored (default: 3)")
      ->type_name("N");
  command.add_option("--span", line.span, "The event time covered, up to now (default: 14d)")
      ->type_name("DURATION");
  command.add_option("--now", line.now, "No event is later than this (default: the clock)")
      ->type_name("INSTANT");
  command.add_option("--first-order", line.stream.first_order, "The first order's id (default: 1)")
      ->type_name("ID");
  command.add_option("--to", line.to, "kafka (default), a file, or - for stdout")
      ->type_name("kafka|FILE");
}

}  // namespace

void add_generate_command(CLI::App& root, Program& program) {
  auto* command = root.add_subcommand(
      "generate", "Make realistic order events, the same for the same seed, to Kafka or a file");
  auto line = std::make_shared<GenerateLine>();
  describe_options(*command, *line);
  command->footer(
      "Without --now two runs differ in their instants and event ids. A file has one record a\n"
      "line: topic, partition and payload between tabs.\n\n"
      "Example:\n  lensart generate --orders 30000 --duplicates 0.05 --poison 0.02 --disorder 10m\n"
      "  lensart generate --events 600000 --rate 1000 --span 1d\n"
      "  lensart generate --orders 5 --now 2026-11-20T10:30:00+07:00 --to events.txt");
  command->callback(
      [&program, line] { program.action = [&program, line] { return generate(program, *line); }; });
}

}  // namespace lensart::app
