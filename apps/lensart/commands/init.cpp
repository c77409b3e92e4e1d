/// `lensart init`: topics and schema, as often as you like.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>

#include "apps/audit/migrate.hpp"
#include "apps/config/effective.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/topics.hpp"
#include "apps/pipeline/options.hpp"

namespace lensart::app {
namespace {

struct InitReport {
  nodes::EnsuredTopics topics;
  MigrationReport schema;
};

Result<InitReport> init(const Config& config) {
  InitReport report;
  LENSART_ASSIGN(const storage::ConnectionOptions options, connection_options(config));
  LENSART_ASSIGN(storage::Connection connection, storage::Connection::open(options));
  LENSART_ASSIGN(report.schema, migrate(connection, config.postgres.schema));
  LENSART_ASSIGN(nodes::KafkaAdmin admin,
                 nodes::KafkaAdmin::open(kafka_options(config, nodes::KafkaRole::kProducer)));
  LENSART_ASSIGN(report.topics, admin.ensure_topics(topic_specs(config)));
  return report;
}

void print_text(const Config& config, const InitReport& report) {
  std::cout << fmt::format(
      "schema {}: version {}{}\n", config.postgres.schema, report.schema.now,
      report.schema.applied.empty()
          ? ", nothing to do"
          : fmt::format(", applied {}", fmt::join(report.schema.applied, ", ")));
  for (const std::string& topic : report.topics.created)
    std::cout << "topic " << topic << ": created\n";
  for (const std::string& topic : report.topics.existed)
    std::cout << "topic " << topic << ": there\n";
  for (const nodes::TopicDifference& difference : report.topics.differences) {
    std::cout << fmt::format("  {}: {} is {}, recommended {}; left as it is\n", difference.topic,
                             difference.what, difference.found, difference.wanted);
  }
}

void print_json(const InitReport& report) {
  const auto list = [](const std::vector<std::string>& items) {
    std::vector<std::string> quoted;
    for (const std::string& item : items) quoted.push_back(json_string(item));
    return fmt::format("[{}]", fmt::join(quoted, ", "));
  };
  std::cout << fmt::format(
      "{{\"schema_version\": {}, \"applied\": {}, \"topics_created\": {}, "
      "\"topics_there\": {}}}\n",
      report.schema.now, list(report.schema.applied), list(report.topics.created),
      list(report.topics.existed));
}

}  // namespace

void add_init_command(CLI::App& root, Program& program) {
  CLI::App* command =
      root.add_subcommand("init", "Create topics and schema; may be run again at any time");
  command->footer("Example:\n  lensart init --config lensart.toml");
  command->callback([&program] {
    program.action = [&program] {
      const auto config = program.load_config();
      if (!config) return report(config.error());
      const auto done = init(*config);
      if (!done) return report(done.error());
      program.json ? print_json(*done) : print_text(*config, *done);
      return 0;
    };
  });
}

}  // namespace lensart::app
