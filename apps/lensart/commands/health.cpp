/// `lensart health`: is the instance ready? For a container's health check, which has no curl.

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/config/listen_address.hpp"
#include "apps/http/http_client.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"

namespace lensart::app {
namespace {

using Reply = nlohmann::json;

constexpr std::chrono::seconds kHealthPatience{5};
constexpr int kNotReady = 1;

struct HealthOptions {
  std::string url;
};

/// Where an instance with these settings is asked from its own machine.
std::string own_url(const Config& config) {
  auto address = parse_listen_address(config.http.listen);
  if (!address) return config.http.listen;  // cannot be: the configuration was judged
  const bool is_version_6 = address->host.find(':') != std::string::npos;
  if (address->is_any()) address->host = is_version_6 ? "::1" : "127.0.0.1";
  if (is_version_6) return fmt::format("[{}]:{}", address->host, address->port);
  return fmt::format("{}:{}", address->host, address->port);
}

int health(const Program& program, const HealthOptions& options) {
  std::string url = options.url;
  if (url.empty()) {
    const auto config = program.load_config();
    if (!config) return report(config.error());
    url = own_url(*config);
  }
  while (url.ends_with('/')) url.pop_back();
  if (url.find("://") == std::string::npos) url = "http://" + url;
  url += "/readyz";
  ::setenv("no_proxy", "*", 1);  // an instance of one's own is never asked through a proxy
  const auto answer = http_get(url, {}, kHealthPatience);
  if (!answer) {
    return report({answer.error().code, fmt::format("{}: {}; is an instance running there?", url,
                                                    answer.error().message)});
  }
  const Reply body = Reply::parse(answer->body, nullptr, false);
  const bool is_ours = body.is_object() && body.contains("status") && body["status"].is_string() &&
                       body.contains("reasons") && body["reasons"].is_array();
  if (!is_ours || (answer->status != 200 && answer->status != 503)) {
    return report({Errc::kBrokerDown, fmt::format("{}: answered {}, which is no answer of this "
                                                  "program; is --url or http.listen right?",
                                                  url, answer->status)});
  }
  if (program.json) {
    std::cout << answer->body;
  } else {
    std::cout << body["status"].get<std::string>() << '\n';
    for (const Reply& reason : body["reasons"]) {
      if (reason.is_string()) std::cout << reason.get<std::string>() << '\n';
    }
  }
  return answer->status == 200 ? 0 : kNotReady;
}

}  // namespace

void add_health_command(CLI::App& root, Program& program) {
  auto options = std::make_shared<HealthOptions>();
  CLI::App* command = root.add_subcommand("health", "Ask a running instance whether it is ready");
  command
      ->add_option("--url", options->url,
                   "Where to ask (default: http.listen of the configuration); the gateway's "
                   "address asks the gateway")
      ->type_name("URL");
  command->footer(
      "Exit codes: 0 ready, 1 not ready (the reasons are printed), 69 nothing answers.\n\n"
      "Example:\n  lensart health\n  lensart health --url http://127.0.0.1:8082");
  command->callback([&program, options] {
    program.action = [&program, options] { return health(program, *options); };
  });
}

}  // namespace lensart::app
