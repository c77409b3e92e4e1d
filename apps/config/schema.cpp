#include "apps/config/schema.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lensart::app {
namespace {

std::string bound_text(const Option& option, std::uint64_t bound) {
  if (option.kind == Kind::kSize) return format_size(bound);
  if (option.kind == Kind::kInteger) return fmt::format("{}", bound);
  return format_duration(Duration{static_cast<std::int64_t>(bound)});
}

}  // namespace

std::span<const Option> schema() {
  static const std::vector<Option> kRows = make_schema();
  return kRows;
}

bool Option::is_number() const {
  return kind == Kind::kInteger || kind == Kind::kSize || kind == Kind::kDuration ||
         kind == Kind::kOptionalDuration;
}

std::string Option::key_for(std::string_view node) const {
  if (!of_node()) return key;
  return fmt::format("{}{}{}", kNodePrefix, node,
                     key.substr(kNodePrefix.size() + kNodePlaceholder.size()));
}

std::string Option::range_text() const {
  if (is_number()) {
    auto text = fmt::format("from {} to {}", bound_text(*this, least), bound_text(*this, most));
    return kind == Kind::kOptionalDuration ? text + ", or unlimited" : text;
  }
  return fmt::format("{}", fmt::join(choices, ", "));
}

std::string Option::default_text() const {
  const auto value = get(Config{}, kNodePlaceholder);
  return value ? toml_text(*value, kind) : std::string{};
}

std::optional<OptionMatch> find_option(std::string_view key) {
  for (const auto& option : schema()) {
    if (!option.of_node() && option.key == key) return OptionMatch{&option, {}};
    if (!option.of_node() || !key.starts_with(kNodePrefix)) continue;
    const auto dot = key.rfind('.');
    if (dot <= kNodePrefix.size()) continue;
    const auto node = key.substr(kNodePrefix.size(), dot - kNodePrefix.size());
    if (node.find('.') == std::string_view::npos && option.key_for(node) == key) {
      return OptionMatch{&option, std::string(node)};
    }
  }
  return std::nullopt;
}

std::string canonical_node_name(std::string_view name) {
  std::string canonical(name);
  std::replace(canonical.begin(), canonical.end(), '-', '_');
  return canonical;
}

}  // namespace lensart::app
