#include "apps/config/secrets.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>

#include "apps/config/checks.hpp"

namespace lensart::app {
namespace {

using ConninfoOptions = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

ConninfoOptions parse_dsn(std::string_view dsn) {
  return {PQconninfoParse(std::string(dsn).c_str(), nullptr), &PQconninfoFree};
}

bool is_secret_option(const PQconninfoOption& option) {
  return std::string_view(option.dispchar) == "*" || is_secret_name(option.keyword);
}

/// A value as libpq's keyword form quotes it.
std::string dsn_quoted(std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \t\r\n'\\") == std::string_view::npos;
  if (plain) return std::string(value);
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// `render(option)` for each option that is set, in libpq's order.
template <class Render>
std::string keyword_form(const ConninfoOptions& options, Render render) {
  std::vector<std::string> parts;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    parts.push_back(fmt::format("{}={}", option->keyword, render(*option)));
  }
  return fmt::format("{}", fmt::join(parts, " "));
}

/// A table, or a text that looks like a connection string or names a password.
bool may_hold_secret(const RawValue& raw) {
  if (raw.is_table()) return true;
  const auto text = raw.spelling();
  return is_secret_name(text) || text.find("://") != std::string::npos;
}

/// Whether a section has any option that is a secret: then a misspelt neighbour may be one.
bool section_has_secrets(std::string_view key) {
  const auto section = key.substr(0, key.rfind('.') + 1);
  const auto options = schema();
  return std::any_of(options.begin(), options.end(), [&](const Option& option) {
    return option.secrecy != Secrecy::kOpen &&
           (option.key.starts_with(section) || section.starts_with(option.key));
  });
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// `what` the line of the file that `key` names is.
Result<std::string> first_line(std::string_view key, const std::string& path,
                               std::string_view what) {
  std::ifstream file(path);
  std::string line;
  if (!file || (!std::getline(file, line) && !file.eof())) {
    return fail(Errc::kBadConfig,
                fmt::format("{} = {}: cannot be read; make it readable for the user lensart runs "
                            "as, or correct the path",
                            key, in_quotes(path)));
  }
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) {
    return fail(Errc::kBadConfig,
                fmt::format("{} = {}: its first line is empty; write the {} there", key,
                            in_quotes(path), what));
  }
  return line;
}

}  // namespace

bool is_secret_name(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  constexpr std::array<std::string_view, 11> kWords = {"password",
                                                       "passwd",
                                                       "pass",
                                                       "pwd",
                                                       "pword",
                                                       "secret",
                                                       "token",
                                                       "key",
                                                       "credential",
                                                       "pem",
                                                       "oauthbearer.config"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

bool is_secret_property(std::string_view name) {
  return is_secret_name(name) || !is_kafka_property(name);
}

std::string masked_dsn(std::string_view dsn) {
  if (dsn.empty()) return {};
  const auto options = parse_dsn(dsn);
  if (!options) return std::string(kMask);
  return keyword_form(options, [](const PQconninfoOption& option) {
    return is_secret_option(option) ? std::string(kMask) : dsn_quoted(option.val);
  });
}

bool has_password(std::string_view dsn) {
  const auto options = parse_dsn(dsn);
  if (!options) return false;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) == "password") return option->val != nullptr;
  }
  return false;
}

Value masked(const Option& option, const Value& value) {
  switch (option.secrecy) {
    case Secrecy::kOpen:
      return value;
    case Secrecy::kDsn:
      return masked_dsn(std::get<std::string>(value));
    case Secrecy::kEntries: {
      auto map = std::get<TextMap>(value);
      for (auto& [name, text] : map) {
        if (is_secret_property(name)) text = kMask;
      }
      return map;
    }
    case Secrecy::kWhole:
      if (const auto* list = std::get_if<TextList>(&value)) {
        return TextList(list->size(), std::string(kMask));
      }
      // That there is none is no secret.
      return std::get<std::string>(value).empty() ? std::string{} : std::string(kMask);
  }
  std::abort();
}

std::string masked_spelling(std::string_view key, const RawValue& raw, const Option* option) {
  if (option == nullptr || (option->key != key && !option->of_node())) {
    // No option, or a guess at one: what stands there may have been meant for a secret.
    const bool open =
        option != nullptr ? option->secrecy == Secrecy::kOpen : !section_has_secrets(key);
    return open && !is_secret_name(key) && !may_hold_secret(raw) ? raw.spelling()
                                                                 : std::string(kMask);
  }
  switch (option->secrecy) {
    case Secrecy::kOpen:
      return raw.spelling();
    case Secrecy::kWhole:
      return std::string(kMask);
    case Secrecy::kDsn: {
      const auto* text = std::get_if<std::string>(&raw.content);
      return text == nullptr ? std::string(kMask) : in_quotes(masked_dsn(*text));
    }
    case Secrecy::kEntries: {
      const auto* table = std::get_if<RawValue::Table>(&raw.content);
      if (table == nullptr) return std::string(kMask);
      RawValue shown = raw;
      for (auto& [name, value] : std::get<RawValue::Table>(shown.content)) {
        if (is_secret_property(name) || value.is_table()) value.content = std::string(kMask);
      }
      return shown.spelling();
    }
  }
  std::abort();
}

Result<std::string> postgres_connection_string(const PostgresConfig& postgres) {
  if (postgres.password_file.empty()) return postgres.dsn;
  LENSART_ASSIGN(const auto password,
                 first_line("postgres.password_file", postgres.password_file, "password"));
  const auto options = parse_dsn(postgres.dsn);
  if (!options) {
    return fail(Errc::kBadConfig, "postgres.dsn: is no connection string that libpq can read");
  }
  auto text =
      keyword_form(options, [](const PQconninfoOption& option) { return dsn_quoted(option.val); });
  if (!text.empty()) text += ' ';
  return text + "password=" + dsn_quoted(password);
}

Result<std::string> webhook_secret(const NotifyConfig& notify) {
  if (notify.webhook_secret_file.empty()) return std::string{};
  return first_line("notify.webhook_secret_file", notify.webhook_secret_file, "secret");
}

std::string without_secrets(const Config& config, std::string text) {
  if (!config.notify.webhook_url.empty()) replace_all(text, config.notify.webhook_url, kMask);
  for (const auto* properties : {&config.kafka.properties, &config.kafka.consumer.properties,
                                 &config.kafka.producer.properties}) {
    for (const auto& [name, value] : *properties) {
      if (is_secret_property(name) && !value.empty()) replace_all(text, value, kMask);
    }
  }
  if (const auto options = parse_dsn(config.postgres.dsn)) {
    for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
      if (option->val == nullptr || *option->val == '\0' || !is_secret_option(*option)) continue;
      replace_all(text, option->val, kMask);
    }
  }
  return text;
}

}  // namespace lensart::app
