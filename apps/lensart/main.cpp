/// `lensart`: reads the command line, then does what the chosen command says.

#include <spdlog/spdlog.h>

#include <exception>
#include <iostream>
#include <new>

#include "apps/config/suggest.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/logging.hpp"
#include "lensart_version.hpp"

namespace lensart::app {
namespace {

constexpr const char* kVersion =
    "lensart " LENSART_VERSION " (commit " LENSART_COMMIT ", " LENSART_BUILD_TYPE ")";

void add_global_options(CLI::App& root, Program& program) {
  root.set_version_flag("--version", kVersion, "Print version, commit and build type");
  root.set_help_flag("-h,--help", "Print this help");
  root.add_option("--config", program.config_file,
                  "Configuration file (default: lensart.toml, then /etc/lensart/lensart.toml)")
      ->type_name("FILE");
  root.add_option("--set", program.overrides, "Override one setting; may be repeated")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  root.add_flag("--json", program.json, "Print results as JSON");
}

/// "lensart chekc" deserves better than "not expected".
void suggest_command(const CLI::App& root, int argc, char** argv) {
  std::vector<std::string> names;
  for (const auto* command : root.get_subcommands({})) names.push_back(command->get_name());
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("-")) continue;
    if (std::find(names.begin(), names.end(), argument) != names.end()) return;
    if (const auto nearest = nearest_name(argument, names)) {
      std::cerr << "Did you mean \"lensart " << *nearest << "\"?\n";
      return;
    }
  }
}

int run(int argc, char** argv) {
  set_up_logging(LogConfig{});
  CLI::App root{"LensArt's order pipeline: Kafka in, PostgreSQL out, exactly once.", "lensart"};
  Program program;
  program.version = LENSART_VERSION;
  program.commit = LENSART_COMMIT;
  program.build_type = LENSART_BUILD_TYPE;
  add_global_options(root, program);
  add_all_commands(root, program);
  root.require_subcommand(1);
  root.footer(
      "Example:\n  lensart check --config lensart.toml\n\n"
      "`lensart COMMAND --help` explains a command.");
  // Global options may stand behind the command too.
  for (auto* command : root.get_subcommands({})) command->fallthrough();
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (root.exit(error) == 0) return 0;
    suggest_command(root, argc, argv);
    return exit_code_for(Errc::kBadUsage);
  }
  return program.action();
}

}  // namespace
}  // namespace lensart::app

int main(int argc, char** argv) {
  try {
    return lensart::app::run(argc, argv);
  } catch (const std::bad_alloc&) {
    spdlog::critical("out of memory");
  } catch (const std::exception& error) {
    spdlog::critical("stopped by an error that nothing foresaw: {}", error.what());
  }
  return 1;
}
