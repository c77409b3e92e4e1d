#include "apps/config/load.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "apps/config/secrets.hpp"
#include "apps/config/sources.hpp"
#include "apps/config/suggest.hpp"
#include "apps/config/toml_source.hpp"

namespace lensart::app {
namespace {

constexpr std::uintmax_t kLargestFile = 1 * kMiB;

tl::expected<std::string, std::string> read_file(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return tl::unexpected<std::string>("is a directory");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(fmt::format("cannot be read ({})", std::strerror(errno)));
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > kLargestFile) return tl::unexpected<std::string>("is larger than 1 MiB");
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) return tl::unexpected<std::string>("cannot be read to its end");
  return text.str();
}

std::optional<std::filesystem::path> chosen_file(const LoadOptions& options) {
  if (options.file) return options.file;
  for (const auto& path : options.search_path) {
    std::error_code error;
    if (std::filesystem::exists(path, error) || error) return path;
  }
  return std::nullopt;
}

void collect(const std::filesystem::path& path, Sources& sources) {
  Origin origin{Origin::Source::kFile, path.string(), 0};
  const auto text = read_file(path);
  if (!text) {
    sources.problems.push_back(
        {origin, {}, {}, text.error(), "correct the path or the file's permissions"});
    return;
  }
  const auto root = parse_toml(*text);
  if (!root) {
    origin.line = root.error().line;
    sources.problems.push_back({origin,
                                {},
                                {},
                                fmt::format("is no TOML: {}", root.error().what),
                                "correct this line; texts stand in quotes, each key once"});
    return;
  }
  collect_file(*root, path.string(), sources);
}

/// Applies assignments in their order; the later one of a key wins.
class Applier {
 public:
  Applier(Sources& sources, LoadedConfig& loaded) : sources_(sources), loaded_(loaded) {}

  void apply(const Assignment& assignment) {
    const Option& option = *assignment.match.option;
    if (!is_first_in_its_source(assignment) || !is_known_node(assignment)) return;
    if (option.kind == Kind::kTextMap && (!assignment.entry.empty() || assignment.raw.is_table())) {
      apply_map(assignment);
      return;
    }
    auto value = convert(option, assignment.raw);
    const auto key = assignment.key();
    if (!value) {
      complain(assignment.origin, key, masked_spelling(key, assignment.raw, &option),
               value.error());
      return;
    }
    option.set(loaded_.config, assignment.match.node, *value);
    loaded_.origins[option.key_for(canonical_node_name(assignment.match.node))] = assignment.origin;
  }

 private:
  void complain(const Origin& origin, const std::string& key, std::string value,
                const Complaint& complaint) {
    sources_.problems.push_back({origin, key, std::move(value), complaint.what, complaint.remedy});
  }

  bool is_first_in_its_source(const Assignment& assignment) {
    auto key = assignment.match.option->key_for(canonical_node_name(assignment.match.node));
    key += "\n" + assignment.entry;
    if (seen_.emplace(assignment.origin.source, key).second) return true;
    complain(assignment.origin, assignment.key(), {}, {"is set twice", "remove one of the two"});
    return false;
  }

  bool is_known_node(const Assignment& assignment) {
    const auto& nodes = sources_.node_names;
    if (!assignment.match.option->of_node() || nodes.empty()) return true;
    const auto wanted = canonical_node_name(assignment.match.node);
    if (std::any_of(nodes.begin(), nodes.end(),
                    [&](const std::string& node) { return canonical_node_name(node) == wanted; })) {
      return true;
    }
    complain(assignment.origin, assignment.key(), assignment.raw.spelling(),
             {fmt::format("there is no node \"{}\"", assignment.match.node),
              fmt::format("write it as `lensart graph` prints it{}",
                          did_you_mean(assignment.match.node, nodes))});
    return false;
  }

  /// Each entry is judged by itself, so that its own line is named. A whole map replaces what was
  /// there; an entry alone is added to it.
  void apply_map(const Assignment& assignment) {
    const Option& option = *assignment.match.option;
    TextMap map;
    RawValue::Table entries;
    if (assignment.entry.empty()) {
      entries = std::get<RawValue::Table>(assignment.raw.content);
      std::erase_if(loaded_.origins,
                    [&](const auto& pair) { return pair.first.starts_with(option.key + "."); });
      loaded_.origins[option.key] = assignment.origin;
    } else {
      map = std::get<TextMap>(*option.get(loaded_.config, {}));
      entries.emplace_back(assignment.entry, assignment.raw);
    }
    std::set<std::string> added;
    for (auto& entry : entries) {
      Origin origin = assignment.origin;
      if (entry.second.line > 0 && origin.line > 0) origin.line = entry.second.line;
      add_entry(option, std::move(entry), origin, map, added);
    }
    option.set(loaded_.config, {}, map);
  }

  void add_entry(const Option& option, std::pair<std::string, RawValue> entry, const Origin& origin,
                 TextMap& map, std::set<std::string>& added) {
    const bool is_secret = option.secrecy == Secrecy::kEntries && is_secret_property(entry.first);
    const auto key = fmt::format("{}.{}", option.key, entry.first);
    const auto shown = is_secret ? std::string(kMask) : entry.second.spelling();
    const auto value = convert(option, RawValue{RawValue::Table{std::move(entry)}, origin.line});
    if (!value) {
      complain(origin, key, shown, value.error());
      return;
    }
    const auto& [name, text] = *std::get<TextMap>(*value).begin();
    if (!added.insert(name).second) {
      complain(origin, key, shown,
               {"is the same text twice (in Unicode NFC)", "remove one of the two"});
      return;
    }
    map[name] = text;
    loaded_.origins[option.key + "." + name] = origin;
  }

  Sources& sources_;
  LoadedConfig& loaded_;
  std::set<std::pair<Origin::Source, std::string>> seen_;
};

}  // namespace

std::string Origin::text() const {
  switch (source) {
    case Source::kDefault:
      return "default";
    case Source::kFile:
      return line > 0 ? fmt::format("{}:{}", name, line) : name;
    case Source::kEnvironment:
      return "environment " + name;
    case Source::kCommandLine:
      return "--set";
  }
  std::abort();
}

std::string Problem::text() const {
  auto out = origin.text();
  // A variable that is no setting is its own key.
  if (!key.empty() && key != origin.name) out += ": " + key;
  if (!value.empty()) out += " = " + value;
  return out + ": " + what + "; " + remedy;
}

Origin LoadedConfig::origin_of(const std::string& key) const {
  const auto found = origins.find(key);
  return found == origins.end() ? Origin{} : found->second;
}

std::vector<std::pair<std::string, std::string>> process_environment() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const auto split = text.find('=');
    if (split == std::string_view::npos) continue;
    variables.emplace_back(text.substr(0, split), text.substr(split + 1));
  }
  std::sort(variables.begin(), variables.end());
  return variables;
}

tl::expected<LoadedConfig, std::vector<Problem>> load_config_from(const LoadOptions& options) {
  Sources sources;
  sources.node_names = options.node_names;
  LoadedConfig loaded;
  loaded.file = chosen_file(options);
  if (loaded.file) collect(*loaded.file, sources);
  collect_environment(options.environment, sources);
  collect_overrides(options.overrides, sources);

  Applier applier(sources, loaded);
  for (const auto& assignment : sources.assignments) applier.apply(assignment);
  if (sources.problems.empty()) sources.problems = validate(loaded);
  if (sources.problems.empty()) return loaded;
  std::stable_sort(sources.problems.begin(), sources.problems.end(),
                   [](const Problem& a, const Problem& b) {
                     return std::pair(a.origin.source, a.origin.line) <
                            std::pair(b.origin.source, b.origin.line);
                   });
  return tl::unexpected(std::move(sources.problems));
}

}  // namespace lensart::app
