#include "apps/doctor/redactor.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string_view>

#include "apps/config/secrets.hpp"
#include "apps/config/values.hpp"

namespace lensart::app {

namespace {

/// Shorter ones would tear holes into every text; the settings themselves are masked anyway.
constexpr std::size_t kShortestSecret = 4;

std::string inside_quotes(const std::string& quoted) { return quoted.substr(1, quoted.size() - 2); }

std::string first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::vector<std::string> dsn_secrets(const std::string& dsn) {
  std::vector<std::string> found;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(dsn.c_str(), nullptr), &PQconninfoFree);
  if (!options) return found;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    if (std::string_view(option->dispchar) == "*" || is_secret_name(option->keyword)) {
      found.emplace_back(option->val);
    }
  }
  return found;
}

/// From `from` to the end of the line or of the quoted text it stands in.
void cut_detail(std::string& text, std::string_view from) {
  constexpr std::string_view kCut = "(left out)";
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + kCut.size())) {
    std::size_t end = at;
    while (end < text.size() && text[end] != '\n' && text[end] != '"') {
      end += text[end] == '\\' ? 2U : 1U;
    }
    text.replace(at, std::min(end, text.size()) - at, kCut);
  }
}

}  // namespace

Redactor::Redactor(const Config& config) {
  for (const std::string& secret : dsn_secrets(config.postgres.dsn)) add(secret);
  if (!config.postgres.password_file.empty()) add(first_line_of(config.postgres.password_file));
  if (const char* password = std::getenv("PGPASSWORD")) add(password);
  for (const auto* properties : {&config.kafka.properties, &config.kafka.consumer.properties,
                                 &config.kafka.producer.properties}) {
    for (const auto& [name, value] : *properties) {
      if (is_secret_property(name)) add(value);
    }
  }
  const std::string& url = config.notify.webhook_url;
  add(url);
  // The path alone may be the secret, and a message may have just that.
  if (const auto host = url.find("://"); host != std::string::npos) {
    if (const auto path = url.find('/', host + 3); path != std::string::npos) {
      add(url.substr(path + 1));
    }
  }
  if (!config.notify.webhook_secret_file.empty()) {
    add(first_line_of(config.notify.webhook_secret_file));
  }
  for (const auto* tokens : {&config.http.tokens, &config.gateway.tokens}) {
    for (const std::string& token : *tokens) add(token);
  }
  std::sort(secrets_.begin(), secrets_.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

void Redactor::add(const std::string& secret) {
  if (secret.size() < kShortestSecret) return;
  for (std::string form : {secret, inside_quotes(json_string(secret)),
                           inside_quotes(in_quotes(secret)), percent_encoded(secret)}) {
    if (std::find(secrets_.begin(), secrets_.end(), form) == secrets_.end()) {
      secrets_.push_back(std::move(form));
    }
  }
}

std::string Redactor::clean(std::string text) const {
  for (const std::string& secret : secrets_) {
    for (auto at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + kMask.size())) {
      text.replace(at, secret.size(), kMask);
    }
  }
  cut_detail(text, "DETAIL:");
  cut_detail(text, "Failing row contains");
  return text;
}

}  // namespace lensart::app
