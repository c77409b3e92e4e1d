/// `lensart rebuild` and `lensart state adopt`: what a refused start names.

#include "apps/rebuild/rebuild.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iostream>

#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/topics.hpp"
#include "nodes/kafka/admin.hpp"

namespace lensart::app {
namespace {

Result<RebuildOptions> options_for(const Config& config, const std::vector<std::string>& tables) {
  RebuildOptions options;
  const std::vector<std::string> known = derived_tables();
  for (const std::string& table : tables) {
    if (std::find(known.begin(), known.end(), table) == known.end()) {
      return fail(Errc::kBadUsage, fmt::format("--tables {}: there is no such table; there are {}",
                                               table, fmt::join(known, ", ")));
    }
    options.tables.insert(table);
  }
  LENSART_ASSIGN(nodes::KafkaAdmin admin,
                 nodes::KafkaAdmin::open(kafka_options(config, nodes::KafkaRole::kConsumer)));
  LENSART_ASSIGN(options.kafka_cluster_id, admin.cluster_id());
  options.say = [](const std::string& line) { spdlog::info("{}", line); };
  return options;
}

int rebuild(const Program& program, const std::vector<std::string>& tables) {
  const auto config = program.load_config();
  if (!config) return report(config.error());
  const auto options = options_for(*config, tables);
  if (!options) return report(options.error());
  const auto done = rebuild_tables(*config, *options);
  if (!done) return report(done.error());
  std::cout << "rebuilt; `lensart verify` compares, `lensart run` goes on\n";
  return 0;
}

void show(const BothSides& sides) {
  std::cout << fmt::format(
      "database: epoch {} (id {})\n          read up to {}\nstate:    {}\n",
      sides.database.at.number, sides.database.at.id.hex(), sides.database.at.offsets_json,
      sides.state ? fmt::format("epoch {} (id {})\n          read up to {}", sides.state->number,
                                sides.state->id.hex(), sides.state->offsets_json)
                  : sides.state_trouble);
}

int adopt(const Program& program, bool yes) {
  const auto config = program.load_config();
  if (!config) return report(config.error());
  const auto sides = look_at_both_sides(*config);
  if (!sides) return report(sides.error());
  show(*sides);
  if (!yes) {
    std::cout << "`lensart state adopt --yes` makes the state anew from the database; what Kafka "
                 "holds from there on is read again\n";
    return 1;
  }
  const auto options = options_for(*config, {});
  if (!options) return report(options.error());
  const auto done = adopt_database(*config, *options);
  if (!done) return report(done.error());
  std::cout << "adopted; `lensart run` goes on from the database's epoch\n";
  return 0;
}

}  // namespace

void add_rebuild_command(CLI::App& root, Program& program) {
  auto tables = std::make_shared<std::vector<std::string>>();
  CLI::App* command = root.add_subcommand(
      "rebuild", "Make the derived tables and their state anew from orders_raw");
  command->add_option("--tables", *tables, "Only these tables (and those that belong to them)")
      ->delimiter(',');
  command->footer(
      "Example:\n  lensart rebuild\n  lensart rebuild --tables order_metrics\n\n"
      "The pipeline must be stopped. Interrupted, it is begun again by the same command.");
  command->callback([&program, tables] {
    program.action = [&program, tables] { return rebuild(program, *tables); };
  });
}

void add_state_adopt_command(CLI::App& state, Program& program) {
  auto yes = std::make_shared<bool>(false);
  CLI::App* command = state.add_subcommand(
      "adopt", "Take epoch and offsets from the database, make the state anew from orders_raw");
  command->fallthrough();
  command->add_flag("--yes", *yes, "Do it; without, both sides are only shown");
  command->footer("Example:\n  lensart state adopt\n  lensart state adopt --yes");
  command->callback(
      [&program, yes] { program.action = [&program, yes] { return adopt(program, *yes); }; });
}

}  // namespace lensart::app
