/// Loads configurations from texts, so that a test reads as the file it is about.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "apps/config/load.hpp"

namespace lensart::app {

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = ::testing::TempDir() + "lensart-config-XXXXXX";
    directory = mkdtemp(pattern.data());
    options.search_path.clear();
  }
  ~ConfigTest() override { std::filesystem::remove_all(directory); }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const auto path = directory / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  /// Makes `text` the configuration file.
  void file(const std::string& text) { options.file = write("lensart.toml", text); }
  void environment(const std::string& name, const std::string& value) {
    options.environment.emplace_back(name, value);
  }
  void set(const std::string& text) { options.overrides.push_back(text); }

  /// The configuration, which must be right.
  LoadedConfig load() const {
    auto loaded = load_config_from(options);
    if (loaded) return std::move(*loaded);
    for (const auto& problem : loaded.error()) ADD_FAILURE() << problem.text();
    return {};
  }
  /// The problems of a configuration, which must be wrong.
  std::vector<Problem> problems() const {
    auto loaded = load_config_from(options);
    if (!loaded) return std::move(loaded).error();
    ADD_FAILURE() << "the configuration was accepted";
    return {};
  }
  /// The one problem, with the directory cut from its text.
  std::string problem() const {
    const auto all = problems();
    if (all.size() != 1) {
      for (const auto& each : all) ADD_FAILURE() << "one of several: " << each.text();
      return {};
    }
    auto text = all.front().text();
    const auto at = text.find(directory.string() + "/");
    if (at != std::string::npos) text.erase(at, directory.string().size() + 1);
    return text;
  }

  std::filesystem::path directory;
  LoadOptions options;
};

/// The file that sets `key` (sections and all) to `spelling`; its value is in the last line.
inline std::string file_with(const std::string& key, const std::string& spelling) {
  const auto dot = key.rfind('.');
  if (dot == std::string::npos) return key + " = " + spelling + "\n";
  return "[" + key.substr(0, dot) + "]\n" + key.substr(dot + 1) + " = " + spelling + "\n";
}

/// The keys of all options, those of nodes for a node called `parse`.
inline std::vector<std::pair<std::string, const Option*>> all_options() {
  std::vector<std::pair<std::string, const Option*>> out;
  for (const auto& option : schema()) out.emplace_back(option.key_for("parse"), &option);
  return out;
}

}  // namespace lensart::app
