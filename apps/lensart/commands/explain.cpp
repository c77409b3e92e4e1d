/// `lensart explain` and `lensart state stats`: why the tables say what they say.

#include <iostream>

#include "apps/explain/arguments.hpp"
#include "apps/explain/ask_state.hpp"
#include "apps/explain/order_life.hpp"
#include "apps/explain/render.hpp"
#include "apps/explain/window_life.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"

namespace lensart::app {
namespace {

using Text = std::string (*)(const Json&);

int print(const Program& program, const Result<Json>& answer, Text text) {
  if (!answer) return report(answer.error());
  std::cout << (program.json ? answer->dump(2, ' ', false, Json::error_handler_t::replace) + '\n'
                             : text(*answer));
  return 0;
}

int explain_order(const Program& program, const std::string& id) {
  const auto order_id = parse_whole(id, 1, INT64_MAX);
  if (!order_id) {
    return report(
        {Errc::kBadUsage, fmt::format("ID {}: must be an order's id, a whole number from 1", id)});
  }
  const auto config = program.load_config();
  if (!config) return report(config.error());
  const auto life = order_life(*config, *order_id);
  const int code = print(program, life, order_text);
  if (code != 0) return code;
  const bool anything = !(*life)["events"].empty() || !(*life)["dead_letters"].empty();
  return anything ? 0 : 1;
}

int explain_window(const Program& program, const std::vector<std::string>& arguments) {
  const auto key = parse_window(arguments[0], arguments[1], arguments[2]);
  if (!key) return report(key.error());
  const auto config = program.load_config();
  if (!config) return report(config.error());
  return print(program, window_life(*config, *key), window_text);
}

int state_stats(const Program& program) {
  const auto config = program.load_config();
  if (!config) return report(config.error());
  auto stats = ask_state(*config, "stats");
  if (stats) {
    auto moment = ask_state(*config, "moment");
    if (!moment) return report(moment.error());
    (*stats)["moment"] = std::move(*moment);
  }
  return print(program, stats, stats_text);
}

}  // namespace

void add_explain_command(CLI::App& root, Program& program) {
  CLI::App* command = root.add_subcommand("explain", "Why the tables say what they say");
  command->require_subcommand(1);
  command->footer(
      "Example:\n  lensart explain order 4711\n  lensart explain window 2026-11-20 14 3");

  auto order_id = std::make_shared<std::string>();
  CLI::App* order = command->add_subcommand(
      "order", "The life of one order: its events, what each changed, where it counts");
  order->fallthrough();
  order->add_option("ID", *order_id, "The order's id")->required();
  order->footer("Example:\n  lensart explain order 4711\n\nExit code 1: no event names the order.");
  order->callback([&program, order_id] {
    program.action = [&program, order_id] { return explain_order(program, *order_id); };
  });

  auto arguments = std::make_shared<std::vector<std::string>>(3);
  CLI::App* window = command->add_subcommand(
      "window", "One hour of one branch: the orders in it, and what can still change it");
  window->fallthrough();
  window->add_option("DATE", (*arguments)[0], "YYYY-MM-DD, in the business time zone")->required();
  window->add_option("HOUR", (*arguments)[1], "0 to 23")->required();
  window->add_option("BRANCH", (*arguments)[2], "The branch's id")->required();
  window->footer("Example:\n  lensart explain window 2026-11-20 14 3");
  window->callback([&program, arguments] {
    program.action = [&program, arguments] { return explain_window(program, *arguments); };
  });
}

void add_state_stats_command(CLI::App& state, Program& program) {
  CLI::App* command =
      state.add_subcommand("stats", "How large the state is, and where the pipeline stands");
  command->fallthrough();
  command->footer("Example:\n  lensart state stats\n\nAsks the running instance, if one runs.");
  command->callback([&program] { program.action = [&program] { return state_stats(program); }; });
}

}  // namespace lensart::app
