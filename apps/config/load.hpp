/// From the sources to a Config: defaults < file < environment < --set.
///
/// Every problem of every source is found in one go. Nothing that is shown or returned here, but
/// for the Config itself, holds a secret.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/config/config.hpp"
#include "apps/config/schema.hpp"

namespace lensart::app {

/// Where a value was set.
struct Origin {
  enum class Source : std::uint8_t { kDefault, kFile, kEnvironment, kCommandLine };
  Source source = Source::kDefault;
  std::string name;  ///< of the file or of the variable
  int line = 0;

  /// "default", "lensart.toml:12", "LENSART_HTTP_LISTEN", "--set".
  std::string text() const;
};

/// One thing that is wrong with the configuration.
struct Problem {
  Origin origin;
  std::string key;    ///< empty for a problem of a whole file
  std::string value;  ///< as spelt, secrets masked; empty where there is none
  std::string what;
  std::string remedy;

  /// `lensart.toml:12: http.listen = "x": is no address to listen on; write "…"`
  std::string text() const;
};

struct LoadOptions {
  /// --config; without it the first of `search_path` that exists, if any.
  std::optional<std::filesystem::path> file;
  std::vector<std::filesystem::path> search_path = {"lensart.toml", "/etc/lensart/lensart.toml"};
  /// Name and value of each variable; those that do not begin with LENSART_ are not looked at.
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> overrides;  ///< of --set, `section.key=value`
  /// The nodes that exist; empty: any name is taken.
  std::vector<std::string> node_names;
};

struct LoadedConfig {
  Config config;
  std::optional<std::filesystem::path> file;  ///< the one that was read
  /// By full key, `kafka.properties.sasl.password` for a map's entry; what is absent is a default.
  std::map<std::string, Origin> origins;

  Origin origin_of(const std::string& key) const;
};

/// All the process's variables, for LoadOptions.
std::vector<std::pair<std::string, std::string>> process_environment();

tl::expected<LoadedConfig, std::vector<Problem>> load_config_from(const LoadOptions& options);

/// The problems between settings that are each fine: bounds out of order, an open server without a
/// token and the like. load_config_from has already called it.
std::vector<Problem> validate(const LoadedConfig& loaded);

/// `gateway` settings that only matter once a gateway runs.
std::vector<Problem> validate_gateway(const LoadedConfig& loaded);

}  // namespace lensart::app
