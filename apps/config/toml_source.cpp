#include "apps/config/toml_source.hpp"

#include <toml++/toml.h>

namespace lensart::app {
namespace {

RawValue from_node(const toml::node& node);

RawValue::Table from_table(const toml::table& table) {
  RawValue::Table out;
  for (const auto& [key, node] : table) out.emplace_back(std::string(key.str()), from_node(node));
  return out;
}

RawValue::List from_array(const toml::array& array) {
  RawValue::List out;
  for (const auto& node : array) out.push_back(from_node(node));
  return out;
}

RawValue from_node(const toml::node& node) {
  RawValue raw;
  raw.line = static_cast<int>(node.source().begin.line);
  if (const auto* table = node.as_table()) {
    raw.content = from_table(*table);
  } else if (const auto* array = node.as_array()) {
    raw.content = from_array(*array);
  } else if (const auto* text = node.as_string()) {
    raw.content = text->get();
  } else if (const auto* number = node.as_integer()) {
    raw.content = number->get();
  } else if (const auto* flag = node.as_boolean()) {
    raw.content = flag->get();
  } else {
    raw.content =
        RawValue::Foreign{node.is_floating_point() ? "a number with a fraction" : "a date or time"};
  }
  return raw;
}

/// toml++ quotes what it stumbled over, which may be the beginning of a password: a quotation of
/// more than one character is left out, except of the keys in "cannot redefine".
std::string without_quotations(std::string_view description) {
  if (description.find("redefine") != std::string_view::npos) return std::string(description);
  std::string out;
  while (true) {
    const auto open = description.find('\'');
    out += description.substr(0, open);
    if (open == std::string_view::npos) return out;
    const auto close = description.find('\'', open + 1);
    if (close == std::string_view::npos) return out;
    const auto quotation = description.substr(open + 1, close - open - 1);
    out += quotation.size() <= 1 ? std::string("'").append(quotation) + "'" : "'…'";
    description.remove_prefix(close + 1);
  }
}

}  // namespace

tl::expected<RawValue, TomlError> parse_toml(std::string_view text) {
  try {
    const toml::table table = toml::parse(text);
    RawValue raw;
    raw.content = from_table(table);
    raw.line = 1;
    return raw;
  } catch (const toml::parse_error& error) {
    return tl::unexpected(TomlError{static_cast<int>(error.source().begin.line),
                                    without_quotations(error.description())});
  }
}

tl::expected<RawValue, TomlError> parse_toml_value(std::string_view text) {
  auto document = parse_toml("value = " + std::string(text));
  if (!document) return tl::unexpected(std::move(document).error());
  auto& table = std::get<RawValue::Table>(document->content);
  if (table.size() != 1) return tl::unexpected(TomlError{1, "more than one value"});
  return std::move(table.front().second);
}

}  // namespace lensart::app
