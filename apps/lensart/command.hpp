/// What the program gives each of its commands.
///
/// A command is one file in `commands/` with one function, `add_NAME_command(root, program)`, that
/// describes its options to CLI11 and, when chosen, sets `program.action`. `commands/all.hpp` names
/// them all. main() parses, then calls the action and exits with what it returns.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "apps/config/load.hpp"
#include "graph/error.hpp"

namespace lensart::app {

struct Program {
  // Which program this is.
  std::string version;
  std::string commit;
  std::string build_type;

  // The options that every command has.
  std::string config_file;             ///< --config; empty: the usual places
  std::vector<std::string> overrides;  ///< --set section.key=value
  bool json = false;                   ///< --json: results for programs

  /// What the chosen command does; returns the exit code. Runs after the whole command line is
  /// read.
  std::function<int()> action;

  /// The sources of the configuration, by the options above and the process's environment.
  LoadOptions load_options() const;

  /// The configuration with the origin of each value. Logs by its [log] section from then on. On
  /// failure kBadConfig, the message every problem, one a line.
  Result<LoadedConfig> load_settings() const;
  /// The same without the origins.
  Result<Config> load_config() const;
};

/// Says what failed on stderr and returns the exit code for it (docs/contract.md §6):
/// `return report(error);`
int report(const Error& error);

}  // namespace lensart::app
