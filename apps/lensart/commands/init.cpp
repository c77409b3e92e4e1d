/// `lensart init`: topics and schema, as often as you like.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>

#include "apps/audit/migrate.hpp"
#include "apps/audit/roles.hpp"
#include "apps/config/effective.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/topics.hpp"
#include "apps/pipeline/options.hpp"

namespace lensart::app {
namespace {

struct InitOptions {
  bool roles = false;
  std::string role_prefix = "lensart";
};

struct InitReport {
  nodes::EnsuredTopics topics;
  MigrationReport schema;
  std::vector<std::string> roles;
};

/// A short name, since roles are everybody's in a PostgreSQL server.
std::string check_prefix(const std::string& prefix) {
  const bool good =
      !prefix.empty() && prefix.size() <= 40 &&
      prefix.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  return good ? "" : "must be 1 to 40 lower-case letters, digits or _";
}

Result<InitReport> init(const Config& config, const InitOptions& wanted) {
  InitReport report;
  LENSART_ASSIGN(const storage::ConnectionOptions options, connection_options(config));
  LENSART_ASSIGN(storage::Connection connection, storage::Connection::open(options));
  LENSART_ASSIGN(report.schema, migrate(connection, config.postgres.schema));
  if (wanted.roles) {
    LENSART_ASSIGN(report.roles,
                   make_roles(connection, config.postgres.schema, role_names(wanted.role_prefix)));
  }
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
  for (const std::string& role : report.roles) std::cout << "role " << role << ": rights set\n";
  if (report.roles.size() == 3) {
    std::cout << fmt::format(
        "  the tables belong to {0} now; let the logins in: GRANT {0} TO who runs `lensart init`,\n"
        "  GRANT {1} TO who runs `lensart run`, GRANT {2} TO who only reads\n",
        report.roles[0], report.roles[1], report.roles[2]);
  }
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
      "\"topics_there\": {}, \"roles\": {}}}\n",
      report.schema.now, list(report.schema.applied), list(report.topics.created),
      list(report.topics.existed), list(report.roles));
}

}  // namespace

void add_init_command(CLI::App& root, Program& program) {
  CLI::App* command =
      root.add_subcommand("init", "Create topics and schema; may be run again at any time");
  auto options = std::make_shared<InitOptions>();
  command->add_flag(
      "--roles", options->roles,
      "Also make the roles PREFIX_migrator, PREFIX_writer and PREFIX_reader, and give "
      "each just the rights it needs");
  command->add_option("--role-prefix", options->role_prefix, "What the roles' names begin with")
      ->type_name("PREFIX")
      ->check(check_prefix)
      ->capture_default_str();
  command->footer(
      "Example:\n  lensart init --config lensart.toml\n"
      "  lensart init --roles --set postgres.dsn=\"host=db dbname=lensart user=postgres\"");
  command->callback([&program, options] {
    program.action = [&program, options] {
      const auto config = program.load_config();
      if (!config) return report(config.error());
      const auto done = init(*config, *options);
      if (!done) return report(done.error());
      program.json ? print_json(*done) : print_text(*config, *done);
      return 0;
    };
  });
}

}  // namespace lensart::app
