/// `lensart check`: is the configuration right, and what does it come to?

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "apps/config/effective.hpp"
#include "apps/config/keys.hpp"
#include "apps/doctor/probe.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/logging.hpp"

namespace lensart::app {
namespace {

/// Long enough for a handshake over a slow line, short enough for someone who waits.
constexpr Duration kCheckPatience = std::chrono::seconds{10};

struct CheckOptions {
  bool online = false;
  bool keys = false;
};

std::string_view name_of(Finding::Verdict verdict) {
  switch (verdict) {
    case Finding::Verdict::kGood:
    case Finding::Verdict::kNote:
      return "ok";
    case Finding::Verdict::kWarning:
      return "warning";
    case Finding::Verdict::kFailure:
      return "unreachable";
  }
  std::abort();
}

std::string findings_text(const Findings& findings) {
  std::string text;
  for (const auto& finding : findings) {
    text += fmt::format("\n# {}: {}: {}{}{}", finding.subject, name_of(finding.verdict),
                        finding.detail(Language::kEnglish), finding.remedy.empty() ? "" : "; ",
                        finding.next_step(Language::kEnglish));
  }
  return text.empty() ? text : text + "\n";
}

std::string findings_json(const Findings& findings) {
  if (findings.empty()) return {};
  std::vector<std::string> parts;
  for (const auto& finding : findings) {
    parts.push_back(
        fmt::format(R"(    {{"subject": {}, "verdict": {}, "detail": {}, "remedy": {}}})",
                    json_string(finding.subject), json_string(name_of(finding.verdict)),
                    json_string(finding.detail(Language::kEnglish)),
                    json_string(finding.next_step(Language::kEnglish))));
  }
  return fmt::format("[\n{}\n  ]", fmt::join(parts, ",\n"));
}

Findings probe_services(const Config& config) {
  const auto patience = std::min(config.start_timeout, kCheckPatience);
  auto findings = probe_kafka(config, patience);
  if (config.sink.kind == SinkKind::kPostgres) {
    for (auto& finding : probe_postgres(config, patience)) findings.push_back(std::move(finding));
  }
  return findings;
}

int check(const Program& program, const CheckOptions& options) {
  if (options.keys) {
    std::cout << (program.json ? keys_json() : keys_text());
    return 0;
  }
  const auto loaded = load_config_from(program.load_options());
  if (!loaded) {
    if (program.json) std::cout << problems_json(loaded.error());
    for (const auto& problem : loaded.error()) std::cerr << problem.text() << '\n';
    return exit_code_for(Errc::kBadConfig);
  }
  set_up_logging(loaded->config.log);
  Findings findings;
  if (options.online) findings = probe_services(loaded->config);
  if (program.json) {
    std::cout << effective_json(*loaded, findings_json(findings));
  } else {
    std::cout << effective_text(*loaded) << findings_text(findings);
  }
  return exit_code_of(findings);
}

}  // namespace

void add_check_command(CLI::App& root, Program& program) {
  auto* command = root.add_subcommand(
      "check", "Validate the configuration and print the effective one with its origins");
  auto options = std::make_shared<CheckOptions>();
  auto* online =
      command->add_flag("--online", options->online,
                        "Also ask Kafka and PostgreSQL whether they are there and fit for use");
  command
      ->add_flag("--keys", options->keys,
                 "Print every key that can be set, with type, default and range, and nothing else")
      ->excludes(online);
  command->footer(
      "Exit codes: 0 all is well, 1 a service needs attention, 69 a service cannot be\n"
      "reached, 78 the configuration is wrong.\n\n"
      "Example:\n  lensart check --config lensart.toml --set sink.kind=null\n"
      "  LENSART_KAFKA_BROKERS=kafka:9092 lensart check --online");
  command->callback([&program, options] {
    program.action = [&program, options] { return check(program, *options); };
  });
}

}  // namespace lensart::app
