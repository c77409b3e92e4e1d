#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apps/config/secrets.hpp"
#include "apps/config/sources.hpp"
#include "graph/text.hpp"

namespace lensart::app {
namespace {

constexpr std::string_view kPrefix = "LENSART_";
/// Variables that are no settings: the embedded stack's, the tests' and the failpoints'.
constexpr std::array<std::string_view, 3> kForeignPrefixes = {"LENSART_STACK_", "LENSART_TEST_",
                                                              "LENSART_FAILPOINTS"};

/// Makes an assignment of `text`, or says why it cannot be one.
void add(Sources& sources, OptionMatch match, std::string entry, const std::string& text,
         const Origin& origin) {
  const Option& option = *match.option;
  Assignment assignment{std::move(match), std::move(entry), {}, origin};
  auto raw = raw_from_text(option, !assignment.entry.empty(), text);
  if (!raw) {
    const RawValue shown{text, 0};
    const auto key = assignment.key();
    sources.problems.push_back({origin, key, masked_spelling(key, shown, &option),
                                std::move(raw.error().what), std::move(raw.error().remedy)});
    return;
  }
  assignment.raw = std::move(*raw);
  sources.assignments.push_back(std::move(assignment));
}

struct VariableMatch {
  OptionMatch match;
  std::string entry;
};

/// `_` stands for a dot, for itself and for the `-` of a node's name: the schema decides.
std::optional<VariableMatch> match_variable(std::string_view variable) {
  for (const auto& option : schema()) {
    const auto name = environment_name(option.key);
    if (!option.of_node() && name == variable) return VariableMatch{{&option, {}}, {}};
    if (option.of_node()) {
      const auto field = name.substr(name.rfind('_'));
      const auto prefix = environment_name(kNodePrefix);
      if (variable.size() <= prefix.size() + field.size() || !variable.starts_with(prefix) ||
          !variable.ends_with(field)) {
        continue;
      }
      variable.remove_prefix(prefix.size());
      variable.remove_suffix(field.size());
      return VariableMatch{{&option, lower_ascii(variable)}, {}};
    }
    // Names of librdkafka's properties are lower-case words with dots between them.
    if (option.secrecy == Secrecy::kEntries && variable.starts_with(name + "_") &&
        variable.size() > name.size() + 1) {
      auto entry = lower_ascii(variable.substr(name.size() + 1));
      std::replace(entry.begin(), entry.end(), '_', '.');
      return VariableMatch{{&option, {}}, std::move(entry)};
    }
  }
  return std::nullopt;
}

/// Splits `key=value`, where the key may have a quoted part with `=` in it.
std::optional<std::pair<std::string, std::string>> split_override(const std::string& text) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') is_quoted = !is_quoted;
    if (text[i] == '=' && !is_quoted) return std::pair{text.substr(0, i), text.substr(i + 1)};
  }
  return std::nullopt;
}

std::string unquoted(std::string text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

std::optional<VariableMatch> match_key(const std::string& key) {
  if (auto match = find_option(key)) return VariableMatch{std::move(*match), {}};
  for (const auto& option : schema()) {
    if (option.kind != Kind::kTextMap || !key.starts_with(option.key + ".")) continue;
    auto entry = unquoted(key.substr(option.key.size() + 1));
    if (!entry.empty()) return VariableMatch{{&option, {}}, std::move(entry)};
  }
  return std::nullopt;
}

}  // namespace

void collect_environment(const std::vector<std::pair<std::string, std::string>>& environment,
                         Sources& sources) {
  std::vector<std::string> names;
  for (const auto& key : all_keys(sources.node_names)) names.push_back(environment_name(key));
  for (const auto& [variable, text] : environment) {
    if (!variable.starts_with(kPrefix)) continue;
    if (std::any_of(kForeignPrefixes.begin(), kForeignPrefixes.end(),
                    [&](std::string_view prefix) { return variable.starts_with(prefix); })) {
      continue;
    }
    const Origin origin{Origin::Source::kEnvironment, variable, 0};
    if (auto found = match_variable(variable)) {
      add(sources, std::move(found->match), std::move(found->entry), text, origin);
    } else {
      sources.unknown(origin, variable, RawValue{text, 0}, names);
    }
  }
}

void collect_overrides(const std::vector<std::string>& overrides, Sources& sources) {
  const Origin origin{Origin::Source::kCommandLine, "--set", 0};
  for (const auto& text : overrides) {
    const auto split = split_override(text);
    if (!split) {
      // Without a `=` nobody can say what of it is the value, so nothing of it is shown.
      sources.problems.push_back(
          {origin, {}, {}, "an argument has no \"=\" in it", "write --set section.key=value"});
      continue;
    }
    if (auto found = match_key(split->first)) {
      add(sources, std::move(found->match), std::move(found->entry), split->second, origin);
    } else {
      sources.unknown(origin, split->first, RawValue{split->second, 0},
                      all_keys(sources.node_names));
    }
  }
}

}  // namespace lensart::app
