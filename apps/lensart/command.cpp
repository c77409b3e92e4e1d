#include "apps/lensart/command.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <iostream>

#include "apps/lensart/logging.hpp"

namespace lensart::app {

LoadOptions Program::load_options() const {
  LoadOptions options;
  if (!config_file.empty()) options.file = config_file;
  options.environment = process_environment();
  options.overrides = overrides;
  return options;
}

Result<LoadedConfig> Program::load_settings() const {
  auto loaded = load_config_from(load_options());
  if (!loaded) {
    std::vector<std::string> lines;
    for (const auto& problem : loaded.error()) lines.push_back(problem.text());
    return fail(Errc::kBadConfig, fmt::format("{}", fmt::join(lines, "\n")));
  }
  set_up_logging(loaded->config.log);
  return std::move(*loaded);
}

Result<Config> Program::load_config() const {
  LENSART_ASSIGN(auto loaded, load_settings());
  return std::move(loaded.config);
}

int report(const Error& error) {
  if (error.code == Errc::kBadConfig) {
    // Lines that begin with `file:line:`, as editors and terminals know to follow them.
    std::cerr << error.message << '\n';
  } else {
    spdlog::error("{}", error.message);
  }
  return exit_code_for(error.code);
}

}  // namespace lensart::app
