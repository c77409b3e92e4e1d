#include "apps/lensart/command_tree.hpp"

#include <functional>

namespace lensart::app {

namespace {

/// "HOW:{random,one}" → "HOW" and the two.
void split_type(const std::string& type, OptionFacts& facts) {
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) {
    facts.value = type;
    return;
  }
  facts.value = type.substr(0, open);
  while (facts.value.ends_with(':')) facts.value.pop_back();
  if (facts.value.empty()) facts.value = "VALUE";
  std::string inside = type.substr(open + 1, close - open - 1) + ",";
  for (auto at = inside.find(','); at != std::string::npos; at = inside.find(',')) {
    facts.choices.push_back(inside.substr(0, at));
    inside.erase(0, at + 1);
  }
}

OptionFacts facts_of(const CLI::Option& option) {
  OptionFacts facts;
  for (const std::string& name : option.get_snames()) facts.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) facts.names.push_back("--" + name);
  facts.is_argument = facts.names.empty();
  if (facts.is_argument) facts.names.push_back(option.get_name(true));
  facts.description = option.get_description();
  if (option.get_items_expected_max() > 0) {
    split_type(option.get_type_name(), facts);
    if (facts.value.empty() && !facts.is_argument) facts.value = "VALUE";
  }
  return facts;
}

CommandFacts facts_below(const CLI::App& app, const std::string& path) {
  CommandFacts facts;
  facts.path = path;
  facts.name = app.get_name();
  facts.description = app.get_description();
  facts.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) facts.options.push_back(facts_of(*option));
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    facts.commands.push_back(
        facts_below(*command, path + (path.empty() ? "" : " ") + command->get_name()));
  }
  return facts;
}

}  // namespace

CommandFacts command_facts(const CLI::App& root) { return facts_below(root, ""); }

std::vector<const CommandFacts*> flat(const CommandFacts& root) {
  std::vector<const CommandFacts*> all = {&root};
  for (const CommandFacts& command : root.commands) {
    for (const CommandFacts* below : flat(command)) all.push_back(below);
  }
  return all;
}

}  // namespace lensart::app
