#include "apps/export/jdbc_url.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libpq-fe.h>

#include <array>
#include <map>
#include <memory>
#include <utility>

#include "apps/config/values.hpp"

namespace lensart::app::flink {

namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;
using Texts = std::map<std::string, std::string, std::less<>>;

Texts set_options(const Options& options) {
  Texts texts;
  for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr;
       ++option) {
    if (option->val != nullptr && *option->val != '\0') texts[option->keyword] = option->val;
  }
  return texts;
}

std::vector<std::string> comma_list(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const auto comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

/// host:port of each server, in the order in which libpq tries them.
std::string servers(const Texts& said, const Texts& defaults, std::vector<std::string>& warnings) {
  const auto get = [&](std::string_view name) -> std::string {
    if (const auto own = said.find(name); own != said.end()) return own->second;
    const auto common = defaults.find(name);
    return common != defaults.end() ? common->second : std::string();
  };
  const std::string addresses = get("hostaddr");
  const std::vector<std::string> hosts = comma_list(addresses.empty() ? get("host") : addresses);
  const std::vector<std::string> ports = comma_list(get("port"));
  std::vector<std::string> out;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    std::string host = hosts[i];
    if (host.empty() || host.starts_with('/') || host.starts_with('@')) {
      warnings.push_back(fmt::format(
          "postgres.dsn: {}, and Flink can only go over TCP; the URL says localhost: put the "
          "database's host there, in 4-sinks.sql, or host=... in postgres.dsn",
          host.empty() ? "names no host" : fmt::format("host={} is a Unix socket", host)));
      host = "localhost";
    }
    if (host.find(':') != std::string::npos) host = fmt::format("[{}]", host);
    const std::string& port = ports.size() == 1 || i >= ports.size() ? ports[0] : ports[i];
    out.push_back(fmt::format("{}:{}", host, port.empty() ? "5432" : port));
  }
  return fmt::format("{}", fmt::join(out, ","));
}

/// Options whose name differs or not, and whose value does not.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kSameValue = {
    {{"sslmode", "sslmode"},
     {"sslrootcert", "sslrootcert"},
     {"sslcert", "sslcert"},
     {"sslkey", "sslkey"},
     {"connect_timeout", "connectTimeout"},
     {"options", "options"},
     {"gssencmode", "gssEncMode"}}};

/// Options that have their place elsewhere in the URL, or are the job's own.
constexpr std::array<std::string_view, 9> kElsewhere = {
    "host",     "hostaddr",         "port",           "dbname", "user", "password",
    "passfile", "application_name", "client_encoding"};

}  // namespace

Result<JdbcTarget> jdbc_target(const std::string& dsn) {
  const Options parsed{PQconninfoParse(dsn.c_str(), nullptr), &PQconninfoFree};
  if (!parsed) {
    return fail(Errc::kBadConfig,
                "postgres.dsn: is no connection string that libpq can read; write \"host=... "
                "dbname=... user=...\" or \"postgresql://...\"");
  }
  const Texts said = set_options(parsed);
  const Texts defaults = set_options({PQconndefaults(), &PQconninfoFree});
  JdbcTarget target;
  const auto get = [&](std::string_view name) {
    const auto own = said.find(name);
    const auto common = defaults.find(name);
    return own != said.end() ? own->second
                             : (common != defaults.end() ? common->second : std::string());
  };
  target.user = get("user");
  // Without a name libpq takes the user's.
  const std::string database = get("dbname").empty() ? target.user : get("dbname");
  target.url = fmt::format("jdbc:postgresql://{}/{}", servers(said, defaults, target.warnings),
                           percent_encoded(database));
  // Texts go in as whatever the column is: that is how JSONB and TIMESTAMPTZ are written.
  target.url +=
      "?stringtype=unspecified&reWriteBatchedInserts=true&ApplicationName=lensart-flink-sql";
  for (const auto& [name, value] : said) {
    const auto same = std::find_if(kSameValue.begin(), kSameValue.end(),
                                   [&](const auto& pair) { return pair.first == name; });
    if (same != kSameValue.end()) {
      target.url += fmt::format("&{}={}", same->second, percent_encoded(value));
      if (name.starts_with("ssl") && name != "sslmode") {
        target.warnings.push_back(fmt::format(
            "postgres.dsn: {}: the file must be on every task manager, a key in PKCS-8 DER or "
            "PKCS-12 form",
            name));
      }
    } else if (name == "target_session_attrs") {
      if (value == "read-write" || value == "primary") target.url += "&targetServerType=primary";
    } else if (std::find(kElsewhere.begin(), kElsewhere.end(), name) == kElsewhere.end()) {
      target.warnings.push_back(fmt::format(
          "postgres.dsn: {} has no counterpart in the JDBC driver's URL here; set it by "
          "hand in 4-sinks.sql if it matters",
          name));
    }
  }
  return target;
}

}  // namespace lensart::app::flink
