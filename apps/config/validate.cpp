#include <fmt/format.h>

#include <algorithm>

#include "apps/config/listen_address.hpp"
#include "apps/config/load.hpp"
#include "apps/config/secrets.hpp"

namespace lensart::app {
namespace {

/// Collects problems, each blamed on the setting of those involved that was set last.
class Relations {
 public:
  explicit Relations(const LoadedConfig& loaded) : loaded_(loaded), config_(loaded.config) {}

  void blame(std::vector<std::string> keys, std::string what, std::string remedy) {
    const auto rank = [this](const std::string& key) {
      return static_cast<int>(loaded_.origin_of(key).source);
    };
    const auto key = *std::max_element(
        keys.begin(), keys.end(),
        [&](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
    const auto match = find_option(key);
    const auto value = match->option->get(config_, match->node);
    problems_.push_back({loaded_.origin_of(key), key,
                         toml_text(masked(*match->option, *value), match->option->kind),
                         std::move(what), std::move(remedy)});
  }

  /// `small` may not exceed `large`.
  void in_order(const std::string& small, const std::string& large) {
    const auto [small_text, small_number] = number_of(small);
    const auto [large_text, large_number] = number_of(large);
    if (small_number <= large_number) return;
    blame({small, large},
          fmt::format("{} ({}) is more than {} ({})", small, small_text, large, large_text),
          fmt::format("raise {} or lower {}", large, small));
  }

  void differ(const std::vector<std::string>& keys, std::string_view what) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      for (std::size_t j = i + 1; j < keys.size(); ++j) {
        if (text_of(keys[i]) != text_of(keys[j])) continue;
        blame({keys[i], keys[j]}, fmt::format("{} and {} are the same {}", keys[i], keys[j], what),
              "give each its own");
      }
    }
  }

  /// Each text of the list has to be a key of the map.
  void known(const std::string& list_key, const TextList& list, const std::string& map_key,
             const TextMap& map) {
    for (const auto& text : list) {
      if (map.contains(text)) continue;
      blame({list_key, map_key},
            fmt::format("{} names {}, which {} lacks", list_key, in_quotes(text), map_key),
            fmt::format("add it to {} or remove it from {}", map_key, list_key));
    }
  }

  void guarded(const std::string& section, const std::string& listen, AuthKind auth) {
    const auto address = parse_listen_address(listen);
    if (auth == AuthKind::kToken || !address || address->is_loopback()) return;
    blame({section + ".listen", section + ".auth"},
          fmt::format("{0}.auth \"none\" is refused off loopback", section),
          fmt::format("set {0}.auth = \"token\" and {0}.tokens, or listen on 127.0.0.1", section));
  }

  void has_tokens(const std::string& section, AuthKind auth, const TextList& tokens) {
    if (auth != AuthKind::kToken || !tokens.empty()) return;
    blame({section + ".auth"}, fmt::format("{}.tokens is empty: nobody could use it", section),
          fmt::format("put the SHA-256 of a token into {0}.tokens (`printf %s TOKEN | sha256sum`)",
                      section));
  }

  std::vector<Problem> take() { return std::move(problems_); }

 private:
  std::string text_of(const std::string& key) const {
    const auto match = find_option(key);
    return toml_text(*match->option->get(config_, {}), match->option->kind);
  }

  std::pair<std::string, std::uint64_t> number_of(const std::string& key) const {
    const auto match = find_option(key);
    const auto value = *match->option->get(config_, {});
    const std::string text = toml_text(value, match->option->kind);
    if (const auto* duration = std::get_if<Duration>(&value)) {
      return {text, static_cast<std::uint64_t>(duration->count())};
    }
    if (const auto* duration = std::get_if<OptionalDuration>(&value)) {
      return {text, *duration ? static_cast<std::uint64_t>((*duration)->count()) : UINT64_MAX};
    }
    return {text, std::get<std::uint64_t>(value)};
  }

  const LoadedConfig& loaded_;
  const Config& config_;
  std::vector<Problem> problems_;
};

void check_password(const LoadedConfig& loaded, Relations& relations) {
  const auto& postgres = loaded.config.postgres;
  if (postgres.password_file.empty()) return;
  if (has_password(postgres.dsn)) {
    relations.blame({"postgres.password_file", "postgres.dsn"},
                    "the password stands in postgres.dsn too", "leave one of the two out");
    return;
  }
  if (const auto text = postgres_connection_string(postgres); !text) {
    relations.blame({"postgres.password_file"}, "cannot be used: its first line is no password",
                    "name a readable file with the password in its first line");
  }
}

void check_notify(const LoadedConfig& loaded, Relations& relations) {
  const NotifyConfig& notify = loaded.config.notify;
  if (const auto secret = webhook_secret(notify); !secret) {
    relations.blame({"notify.webhook_secret_file"}, "cannot be used: its first line is no secret",
                    "name a readable file with the secret in its first line");
  } else if (!secret->empty() && notify.webhook_url.empty()) {
    relations.blame({"notify.webhook_secret_file"}, "signs nothing: notify.webhook_url is empty",
                    "set notify.webhook_url, or leave it out");
  }
}

}  // namespace

std::vector<Problem> validate(const LoadedConfig& loaded) {
  const Config& config = loaded.config;
  Relations relations(loaded);
  relations.in_order("pipeline.epoch_min_time", "pipeline.epoch_max_time");
  relations.in_order("pipeline.max_payload", "pipeline.epoch_max_bytes");
  relations.in_order("pipeline.epoch_max_bytes", "sink.outbox_max");
  relations.in_order("state.cache", "state.max_size");
  relations.in_order("retry.initial", "retry.max");
  // An order must not leave the state before its timer has had its turn.
  relations.in_order("pipeline.stuck_after", "pipeline.state_ttl");
  relations.differ(
      {"kafka.topics.order_created", "kafka.topics.order_updated", "kafka.topics.order_cancelled",
       "kafka.topics.order_events", "kafka.dlq_topic", "kafka.replay_topic"},
      "topic");
  const auto& pipeline = config.pipeline;
  if (pipeline.jobs.empty()) {
    relations.blame({"pipeline.jobs"}, "names no job: there would be nothing to do",
                    "name at least one");
  } else if (std::find(pipeline.jobs.begin(), pipeline.jobs.end(), "orders") ==
             pipeline.jobs.end()) {
    relations.blame({"pipeline.jobs"}, "leaves out \"orders\", which every other job stands on",
                    "add \"orders\"");
  }
  relations.known("pipeline.status_ranks", pipeline.status_ranks, "pipeline.status_map",
                  pipeline.status_map);
  relations.known("pipeline.terminal_statuses", pipeline.terminal_statuses, "pipeline.status_map",
                  pipeline.status_map);
  relations.guarded("http", config.http.listen, config.http.auth);
  relations.has_tokens("http", config.http.auth, config.http.tokens);
  check_password(loaded, relations);
  check_notify(loaded, relations);
  auto problems = relations.take();
  if (config.gateway.enabled) {
    for (auto& problem : validate_gateway(loaded)) problems.push_back(std::move(problem));
  }
  return problems;
}

std::vector<Problem> validate_gateway(const LoadedConfig& loaded) {
  const Config& config = loaded.config;
  Relations relations(loaded);
  relations.guarded("gateway", config.gateway.listen, config.gateway.auth);
  relations.has_tokens("gateway", config.gateway.auth, config.gateway.tokens);
  const auto listen = parse_listen_address(config.gateway.listen);
  if (config.gateway.enabled && listen && listen->port != 0) {
    relations.differ({"http.listen", "gateway.listen"}, "address");
  }
  return relations.take();
}

}  // namespace lensart::app
