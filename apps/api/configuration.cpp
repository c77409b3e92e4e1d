#include "apps/api/configuration.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "apps/config/schema.hpp"
#include "apps/config/secrets.hpp"
#include "apps/config/values.hpp"

namespace lensart::app {

namespace {

Json setting_of(const Option& option, const std::string& node, const Value& value,
                const LoadedConfig& loaded) {
  const std::string key = option.key_for(node);
  const Value shown = masked(option, value);
  const bool is_map = option.kind == Kind::kTextMap;
  Json origins = Json::object();
  if (is_map) {
    for (const auto& [name, entry] : std::get<TextMap>(shown)) {
      origins[name] = loaded.origin_of(key + "." + name).text();
    }
  }
  const Origin origin = loaded.origin_of(key);
  const bool any_entry_set = std::any_of(origins.begin(), origins.end(), [](const Json& entry) {
    return entry != Json(Origin{}.text());
  });
  return {{"key", key},
          {"value", Json::parse(json_text(shown, option.kind), nullptr, false)},
          {"spelling", toml_text(shown, option.kind)},
          {"origin", origin.text()},
          {"origins", origins},
          {"is_default", origin.source == Origin::Source::kDefault && !any_entry_set},
          {"masked", shown != value},
          {"description", option.doc}};
}

/// What matters to a node beside `nodes.NAME.*`, by the beginnings of its keys.
const std::map<std::string_view, std::vector<std::string_view>>& keys_of_nodes() {
  static const std::map<std::string_view, std::vector<std::string_view>> kKeys = {
      {"source",
       {"kafka.brokers", "kafka.group", "kafka.topics", "pipeline.epoch_", "sink.outbox_max"}},
      {"parse", {"pool.threads", "pipeline.max_payload", "pipeline.max_future", "validation."}},
      {"deduplicate", {"pool.threads"}},
      {"orders",
       {"pool.threads", "state.cache", "pipeline.state_ttl", "pipeline.stuck_after",
        "pipeline.session_gap"}},
      {"windows", {"pipeline.allowed_lateness", "pipeline.time_zone", "retention.sliding"}},
      {"close", {"pipeline.max_out_of_orderness", "pipeline.idle_timeout"}},
      {"commit", {"state."}},
      {"relay", {"sink.", "postgres.", "retry."}},
      {"letters", {"kafka.dlq_topic", "retention.dead_letters"}}};
  return kKeys;
}

}  // namespace

Json settings_of(const LoadedConfig& loaded) {
  Json settings = Json::array();
  for (const Option& option : schema()) {
    if (option.of_node()) continue;
    settings.push_back(setting_of(option, {}, *option.get(loaded.config, {}), loaded));
  }
  for (const auto& [node, options] : loaded.config.nodes) {
    for (const Option& option : schema()) {
      if (!option.of_node()) continue;
      if (const auto value = option.get(loaded.config, node)) {
        settings.push_back(setting_of(option, node, *value, loaded));
      }
    }
  }
  return settings;
}

Json settings_of_node(const Json& settings, std::string_view node) {
  std::vector<std::string> beginnings = {std::string(kNodePrefix) + canonical_node_name(node) +
                                         "."};
  if (const auto known = keys_of_nodes().find(node); known != keys_of_nodes().end()) {
    beginnings.insert(beginnings.end(), known->second.begin(), known->second.end());
  }
  Json out = Json::array();
  for (const Json& setting : settings) {
    const auto& key = setting["key"].get_ref<const std::string&>();
    if (std::any_of(beginnings.begin(), beginnings.end(),
                    [&](const std::string& beginning) { return key.starts_with(beginning); })) {
      out.push_back(setting);
    }
  }
  return out;
}

}  // namespace lensart::app
