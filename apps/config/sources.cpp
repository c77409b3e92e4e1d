#include "apps/config/sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "apps/config/secrets.hpp"
#include "apps/config/suggest.hpp"
#include "apps/config/toml_source.hpp"

namespace lensart::app {
namespace {

/// The full key that `name` was probably meant for.
std::optional<std::string> suggestion(const std::string& name,
                                      const std::vector<std::string>& candidates) {
  if (auto nearest = nearest_name(name, candidates)) return nearest;
  // Right name, wrong section.
  const auto leaf = "." + name.substr(name.rfind('.') + 1);
  for (const auto& candidate : candidates) {
    if (candidate.ends_with(leaf)) return candidate;
  }
  return std::nullopt;
}

/// The option a candidate stands for, be it a key or a variable's name.
const Option* option_of(const std::string& candidate) {
  if (const auto match = find_option(candidate)) return match->option;
  for (const auto& option : schema()) {
    if (environment_name(option.key) == candidate) return &option;
  }
  return nullptr;
}

bool is_node_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// `[kafka.properties]` with `sasl.password = …` makes a table of tables; the names are dotted.
void flatten(const RawValue::Table& table, const std::string& prefix, RawValue::Table& out) {
  for (const auto& [name, value] : table) {
    if (const auto* inner = std::get_if<RawValue::Table>(&value.content)) {
      flatten(*inner, prefix + name + ".", out);
    } else {
      out.emplace_back(prefix + name, value);
    }
  }
}

std::set<std::string> all_sections() {
  std::set<std::string> sections = {"nodes"};
  for (const auto& option : schema()) {
    if (option.of_node()) continue;
    for (auto dot = option.key.find('.'); dot != std::string::npos;
         dot = option.key.find('.', dot + 1)) {
      sections.insert(option.key.substr(0, dot));
    }
  }
  return sections;
}

class FileWalk {
 public:
  FileWalk(const std::string& file_name, Sources& sources)
      : file_name_(file_name), sources_(sources), sections_(all_sections()) {}

  void walk(const RawValue::Table& table, const std::string& prefix) {
    for (const auto& [name, raw] : table) {
      const auto key = prefix + name;
      if (name.find('.') != std::string::npos) {
        sources_.unknown(origin(raw), key, raw, all_keys(sources_.node_names));
      } else if (auto match = find_option(key)) {
        take(*match, raw);
      } else if (sections_.contains(key) || prefix == kNodePrefix) {
        enter(key, name, prefix, raw);
      } else {
        auto candidates = all_keys(sources_.node_names);
        if (raw.is_table()) candidates.assign(sections_.begin(), sections_.end());
        if (prefix.starts_with(kNodePrefix)) candidates = node_keys(prefix);
        sources_.unknown(origin(raw), key, raw, candidates);
      }
    }
  }

 private:
  Origin origin(const RawValue& raw) const { return {Origin::Source::kFile, file_name_, raw.line}; }

  static std::vector<std::string> node_keys(const std::string& prefix) {
    std::vector<std::string> keys;
    for (const auto& option : schema()) {
      if (!option.of_node()) continue;
      keys.push_back(prefix + option.key.substr(option.key.rfind('.') + 1));
    }
    return keys;
  }

  void take(OptionMatch& match, const RawValue& raw) {
    Assignment assignment{std::move(match), {}, raw, origin(raw)};
    const auto* table = std::get_if<RawValue::Table>(&raw.content);
    if (assignment.match.option->secrecy == Secrecy::kEntries && table != nullptr) {
      RawValue::Table flat;
      flatten(*table, {}, flat);
      assignment.raw.content = std::move(flat);
    }
    sources_.assignments.push_back(std::move(assignment));
  }

  void enter(const std::string& key, const std::string& name, const std::string& prefix,
             const RawValue& raw) {
    const auto* table = std::get_if<RawValue::Table>(&raw.content);
    if (table == nullptr) {
      sources_.problems.push_back({origin(raw), key, masked_spelling(key, raw, nullptr),
                                   "is a section, not a setting",
                                   fmt::format("write [{}] and its settings below", key)});
      return;
    }
    if (prefix == kNodePrefix && !is_node_name(name)) {
      sources_.problems.push_back(
          {origin(raw), key, {}, "is no name of a node", "write it as `lensart graph` prints it"});
      return;
    }
    walk(*table, key + ".");
  }

  const std::string& file_name_;
  Sources& sources_;
  std::set<std::string> sections_;
};

TextList split_list(std::string_view text) {
  TextList list;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto part = text.substr(0, comma);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    part = part.substr(0, part.find_last_not_of(' ') + 1);
    list.emplace_back(part);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return list;
}

}  // namespace

std::string Assignment::key() const {
  const auto whole = match.option->key_for(match.node);
  return entry.empty() ? whole : whole + "." + entry;
}

void Sources::unknown(const Origin& origin, const std::string& shown_key, const RawValue& raw,
                      const std::vector<std::string>& candidates) {
  const auto meant = suggestion(shown_key, candidates);
  const auto* option = meant ? option_of(*meant) : nullptr;
  Problem problem{origin, shown_key, {}, {}, {}};
  if (!raw.is_table()) problem.value = masked_spelling(shown_key, raw, option);
  problem.what = raw.is_table() ? "is not a section" : "is not a setting";
  problem.remedy = meant ? fmt::format("did you mean \"{}\"?", *meant)
                         : "remove it; `lensart check` lists all there are";
  problems.push_back(std::move(problem));
}

void collect_file(const RawValue& root, const std::string& file_name, Sources& sources) {
  FileWalk(file_name, sources).walk(std::get<RawValue::Table>(root.content), {});
}

tl::expected<RawValue, Complaint> raw_from_text(const Option& option, bool is_entry,
                                                const std::string& text) {
  const RawValue plain{text, 0};
  if (is_entry) return plain;
  switch (option.kind) {
    case Kind::kBoolean:
      if (text == "true" || text == "false") return RawValue{text == "true", 0};
      return plain;
    case Kind::kInteger: {
      std::int64_t number = 0;
      const auto* end = text.data() + text.size();
      const auto [rest, error] = std::from_chars(text.data(), end, number);
      if (error != std::errc{} || rest != end) return plain;
      return RawValue{number, 0};
    }
    case Kind::kTextList:
      if (!text.starts_with('[')) {
        RawValue::List list;
        for (auto& part : split_list(text)) list.push_back({std::move(part), 0});
        return RawValue{std::move(list), 0};
      }
      break;
    case Kind::kTextMap:
      if (!text.starts_with('{')) return plain;
      break;
    case Kind::kSize:
    case Kind::kDuration:
    case Kind::kOptionalDuration:
    case Kind::kText:
    case Kind::kChoice:
      return plain;
  }
  auto parsed = parse_toml_value(text);
  if (!parsed) {
    return tl::unexpected(Complaint{fmt::format("is no TOML ({})", parsed.error().what),
                                    fmt::format("write {}", spelling_of(option.kind))});
  }
  if (option.secrecy == Secrecy::kEntries && parsed->is_table()) {
    RawValue::Table flat;
    flatten(std::get<RawValue::Table>(parsed->content), {}, flat);
    parsed->content = std::move(flat);
  }
  return std::move(*parsed);
}

std::string environment_name(std::string_view key) {
  std::string name = "LENSART_";
  for (const char c : key) {
    if (c == '.' || c == '-') {
      name += '_';
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

std::vector<std::string> all_keys(const std::vector<std::string>& node_names) {
  std::vector<std::string> keys;
  for (const auto& option : schema()) {
    if (!option.of_node()) {
      keys.push_back(option.key);
      continue;
    }
    for (const auto& node : node_names) keys.push_back(option.key_for(node));
  }
  return keys;
}

}  // namespace lensart::app
