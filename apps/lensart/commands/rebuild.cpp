/// `lensart rebuild` and `lensart state adopt`: what a refused start names.

#include "apps/rebuild/rebuild.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "apps/explain/arguments.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/progress.hpp"
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

/// First the log is read, then the tables are filled: each has a line of its own.
class RebuildProgress {
 public:
  explicit RebuildProgress(bool quiet)
      : events_({.unit = "events read", .quiet = quiet}), quiet_(quiet) {}
  void show(std::uint64_t done, std::uint64_t of) {
    if (of > 0) return events_.show(done, static_cast<double>(done) / static_cast<double>(of));
    if (!rows_) rows_.emplace(ProgressOptions{.unit = "rows written", .quiet = quiet_});
    rows_->show(done);
  }

 private:
  Progress events_;
  std::optional<Progress> rows_;
  bool quiet_;
};

Result<Unit> with_progress(RebuildOptions& options, bool quiet,
                           const std::function<Result<Unit>()>& work) {
  RebuildProgress progress(quiet);
  options.on_progress = [&](std::uint64_t done, std::uint64_t of) { progress.show(done, of); };
  return work();
}

int rebuild(const Program& program, const std::vector<std::string>& tables) {
  const auto config = program.load_config();
  if (!config) return report(config.error());
  auto options = options_for(*config, tables);
  if (!options) return report(options.error());
  const auto done =
      with_progress(*options, program.json, [&] { return rebuild_tables(*config, *options); });
  if (!done) return report(done.error());
  std::cout << "rebuilt; `lensart verify` compares, `lensart run` goes on\n";
  return 0;
}

int rebuild_one(const Program& program, const std::string& id) {
  const auto order_id = parse_whole(id, 1, INT64_MAX);
  if (!order_id) {
    return report({Errc::kBadUsage,
                   fmt::format("--order {}: must be an order's id, a whole number from 1", id)});
  }
  const auto config = program.load_config();
  if (!config) return report(config.error());
  const auto rebuilt = rebuild_order(*config, *order_id);
  if (!rebuilt) return report(rebuilt.error());
  if (!*rebuilt) {
    std::cout << fmt::format("no event names order {}, and nothing is known of it\n", *order_id);
    return 1;
  }
  std::cout << fmt::format("order {}: {} events, {} rows written, {} removed\n", *order_id,
                           (*rebuilt)->events, (*rebuilt)->rows, (*rebuilt)->gone);
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
  auto options = options_for(*config, {});
  if (!options) return report(options.error());
  const auto done =
      with_progress(*options, program.json, [&] { return adopt_database(*config, *options); });
  if (!done) return report(done.error());
  std::cout << "adopted; `lensart run` goes on from the database's epoch\n";
  return 0;
}

}  // namespace

void add_rebuild_command(CLI::App& root, Program& program) {
  auto tables = std::make_shared<std::vector<std::string>>();
  auto order = std::make_shared<std::string>();
  CLI::App* command = root.add_subcommand(
      "rebuild", "Make the derived tables and their state anew from orders_raw");
  auto* only =
      command->add_option("--tables", *tables, "Only these tables (and those that belong to them)")
          ->delimiter(',');
  command
      ->add_option("--order", *order, "Only this order: its rows, its state, its share of the sums")
      ->type_name("ID")
      ->excludes(only);
  command->footer(
      "Example:\n  lensart rebuild\n  lensart rebuild --tables order_metrics\n"
      "  lensart rebuild --order 4711\n\n"
      "The pipeline must be stopped. Interrupted, it is begun again by the same command.");
  command->callback([&program, tables, order] {
    program.action = [&program, tables, order] {
      return order->empty() ? rebuild(program, *tables) : rebuild_one(program, *order);
    };
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
