#include "apps/config/effective.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

#include "apps/config/secrets.hpp"

namespace lensart::app {
namespace {

constexpr std::size_t kCommentColumn = 46;

/// A setting with the node it belongs to, if it is a node's and set.
struct Shown {
  const Option* option;
  std::string node;
  Value value;

  std::string key() const { return option->key_for(node); }
};

std::vector<Shown> all_shown(const Config& config) {
  std::vector<Shown> shown;
  for (const auto& option : schema()) {
    if (option.of_node()) continue;
    shown.push_back({&option, {}, masked(option, *option.get(config, {}))});
  }
  for (const auto& [node, options] : config.nodes) {
    for (const auto& option : schema()) {
      if (!option.of_node()) continue;
      if (auto value = option.get(config, node))
        shown.push_back({&option, node, std::move(*value)});
    }
  }
  return shown;
}

std::string line(const std::string& left, const Origin& origin) {
  return fmt::format("{:<{}} # {}\n", left, kCommentColumn, origin.text());
}

std::string section_of(const std::string& key) {
  const auto dot = key.rfind('.');
  return dot == std::string::npos ? std::string{} : key.substr(0, dot);
}

/// The map as a section of its own, so that each entry can say where it is from.
std::string map_text(const Shown& shown, const LoadedConfig& loaded) {
  const auto key = shown.key();
  const auto& map = std::get<TextMap>(shown.value);
  if (map.empty()) return {};
  auto text = fmt::format("\n[{}]\n", key);
  for (const auto& [name, entry] : map) {
    text += line(fmt::format("{} = {}", in_quotes(name), in_quotes(entry)),
                 loaded.origin_of(key + "." + name));
  }
  return text;
}

/// An empty map has no line in the text, but a program may want to see that it is there.
std::string origin_json(const Shown& shown, const LoadedConfig& loaded) {
  const auto key = shown.key();
  if (shown.option->kind != Kind::kTextMap) return json_string(loaded.origin_of(key).text());
  std::vector<std::string> entries;
  for (const auto& [name, entry] : std::get<TextMap>(shown.value)) {
    entries.push_back(fmt::format("{}: {}", json_string(name),
                                  json_string(loaded.origin_of(key + "." + name).text())));
  }
  return fmt::format("{{{}}}", fmt::join(entries, ", "));
}

std::string problem_json(const Problem& problem) {
  return fmt::format(
      R"({{"origin": {}, "file": {}, "line": {}, "key": {}, "value": {}, "what": {}, "remedy": {}}})",
      json_string(problem.origin.text()),
      problem.origin.source == Origin::Source::kFile ? json_string(problem.origin.name) : "null",
      problem.origin.line, json_string(problem.key), json_string(problem.value),
      json_string(problem.what), json_string(problem.remedy));
}

}  // namespace

std::string effective_text(const LoadedConfig& loaded) {
  const auto shown = all_shown(loaded.config);
  std::string top;
  std::vector<std::pair<std::string, std::string>> sections;
  std::string maps;
  for (const auto& each : shown) {
    const auto key = each.key();
    if (each.option->kind == Kind::kTextMap) {
      maps += map_text(each, loaded);
      continue;
    }
    const auto section = section_of(key);
    const auto text =
        line(fmt::format("{} = {}", key.substr(section.empty() ? 0 : section.size() + 1),
                         toml_text(each.value, each.option->kind)),
             loaded.origin_of(key));
    if (section.empty()) {
      top += text;
      continue;
    }
    const auto found = std::find_if(sections.begin(), sections.end(),
                                    [&](const auto& pair) { return pair.first == section; });
    if (found == sections.end()) {
      sections.emplace_back(section, text);
    } else {
      found->second += text;
    }
  }
  auto out = fmt::format("# file: {}\n{}", loaded.file ? loaded.file->string() : "none", top);
  for (const auto& [section, text] : sections) out += fmt::format("\n[{}]\n{}", section, text);
  return out + maps;
}

std::string effective_json(const LoadedConfig& loaded, const std::string& services) {
  std::vector<std::string> settings;
  for (const auto& each : all_shown(loaded.config)) {
    settings.push_back(
        fmt::format("    {}: {{\"value\": {}, \"origin\": {}}}", json_string(each.key()),
                    json_text(each.value, each.option->kind), origin_json(each, loaded)));
  }
  return fmt::format(
      "{{\n  \"valid\": true,\n  \"file\": {},\n  \"settings\": {{\n{}\n  }}{}\n}}\n",
      loaded.file ? json_string(loaded.file->string()) : "null", fmt::join(settings, ",\n"),
      services.empty() ? "" : fmt::format(",\n  \"services\": {}", services));
}

std::string problems_json(const std::vector<Problem>& problems) {
  std::vector<std::string> parts;
  for (const auto& problem : problems) parts.push_back("    " + problem_json(problem));
  return fmt::format("{{\n  \"valid\": false,\n  \"problems\": [\n{}\n  ]\n}}\n",
                     fmt::join(parts, ",\n"));
}

std::string settings_json(const Config& config) {
  constexpr std::string_view kSection = "pipeline.";
  std::vector<std::string> parts;
  for (const auto& option : schema()) {
    if (!option.enters_table) continue;
    auto value = *option.get(config, {});
    if (auto* list = std::get_if<TextList>(&value); list != nullptr && option.unordered) {
      std::sort(list->begin(), list->end());
    }
    const auto key =
        option.key.starts_with(kSection) ? option.key.substr(kSection.size()) : option.key;
    parts.push_back(fmt::format("{}: {}", json_string(key), json_text(value, option.kind)));
  }
  // Sorted, so that a row moved in the schema changes nothing.
  std::sort(parts.begin(), parts.end());
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

std::string settings_fingerprint(const Config& config) {
  const auto text = settings_json(config);
  const auto hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace lensart::app
