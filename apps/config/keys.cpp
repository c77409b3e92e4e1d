#include "apps/config/keys.hpp"

#include <fmt/format.h>

#include <optional>

#include "apps/config/schema.hpp"
#include "apps/config/sources.hpp"

namespace lensart::app {

namespace {

/// The number of cores is no property of the program.
constexpr std::string_view kByMachine = "pool.threads";

std::optional<std::string> shown_default(const Option& option) {
  if (option.of_node() || option.key == kByMachine) return std::nullopt;
  return option.default_text();
}

/// "from 1 to 64", "values one of cash, online"; empty where any value will do.
std::string shown_range(const Option& option) {
  if (option.is_number()) {
    const bool bounded = option.most != ~std::uint64_t{0};
    return bounded ? option.range_text() : std::string();
  }
  if (option.choices.empty()) return {};
  const std::string_view of_what = option.kind == Kind::kTextMap    ? "values "
                                   : option.kind == Kind::kTextList ? "each "
                                                                    : "";
  return fmt::format("{}one of {}", of_what, option.range_text());
}

}  // namespace

std::string keys_text() {
  std::string out;
  for (const Option& option : schema()) {
    const std::string range = shown_range(option);
    out += fmt::format(
        "{} ({}{}{})\n    {}\n", option.key, name_of(option.kind),
        range.empty() ? "" : ", " + range,
        shown_default(option) ? fmt::format(", default {}", *shown_default(option)) : std::string(),
        option.doc);
  }
  return out;
}

std::string keys_json() {
  std::vector<std::string> items;
  for (const Option& option : schema()) {
    const auto standard = shown_default(option);
    items.push_back(fmt::format(
        R"(  {{"key": {}, "type": {}, "default": {}, "range": {}, "environment": {}, "meaning": {}, "enters_tables": {}, "secret": {}}})",
        json_string(option.key), json_string(name_of(option.kind)),
        standard ? json_string(*standard) : "null", json_string(shown_range(option)),
        json_string(environment_name(option.key)), json_string(option.doc), option.enters_table,
        option.secrecy != Secrecy::kOpen));
  }
  return fmt::format("[\n{}\n]\n", fmt::join(items, ",\n"));
}

}  // namespace lensart::app
