/// `lensart gateway`: the HTTP gateway alone.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <future>

#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/gateway_service.hpp"
#include "apps/lensart/signals.hpp"

namespace lensart::app {
namespace {

/// The settings, with those of the gateway judged as if it were enabled: here it is.
Result<Config> gateway_settings(const Program& program) {
  LENSART_ASSIGN(auto loaded, program.load_settings());
  std::vector<std::string> lines;
  for (const auto& problem : validate_gateway(loaded)) lines.push_back(problem.text());
  if (!lines.empty()) return fail(Errc::kBadConfig, fmt::format("{}", fmt::join(lines, "\n")));
  return std::move(loaded.config);
}

Result<Unit> run_gateway(const Program& program) {
  SignalWatch signals;
  LENSART_ASSIGN(const Config config, gateway_settings(program));
  const SystemClock clock;
  LENSART_ASSIGN(const auto service, GatewayService::start(config, clock));
  std::promise<void> stopped;
  signals.start([&stopped] { stopped.set_value(); },
                [&program, &service] {
                  // Reading the settings again sets the log level; a bad file changes nothing.
                  const auto again = gateway_settings(program);
                  if (again) {
                    service->set_rate_limit(again->gateway.rate_limit);
                  } else {
                    spdlog::error("not read again: {}", again.error().message);
                  }
                });
  stopped.get_future().wait();
  spdlog::info("stopping: answering what was asked (a second signal stops at once)");
  service->stop();
  spdlog::info("stopped");
  return Unit{};
}

}  // namespace

void add_gateway_command(CLI::App& root, Program& program) {
  CLI::App* command =
      root.add_subcommand("gateway", "Take order events over HTTP and send them to Kafka");
  command->footer(
      "With gateway.enabled it runs inside `lensart run` instead.\n\n"
      "Example:\n  lensart gateway --set gateway.auth=none\n"
      "  curl -H 'Content-Type: application/json' --data @order.json \\\n"
      "    http://127.0.0.1:8082/api/kafka/events/order-created");
  command->callback([&program] {
    program.action = [&program] {
      const auto done = run_gateway(program);
      return done ? 0 : report(done.error());
    };
  });
}

}  // namespace lensart::app
