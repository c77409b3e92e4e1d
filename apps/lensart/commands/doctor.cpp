/// `lensart doctor`: what is wrong, and the next step.

#include "apps/doctor/doctor.hpp"

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "apps/config/effective.hpp"
#include "apps/doctor/bundle.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/logging.hpp"
#include "apps/lensart/topics.hpp"

namespace lensart::app {
namespace {

struct DoctorCommand {
  std::string language;
  std::string bundle;
};

std::string indented(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

int examine_all(const Program& program, const DoctorCommand& command) {
  const Language language = command.language.empty()   ? language_of_environment()
                            : command.language == "vi" ? Language::kVietnamese
                                                       : Language::kEnglish;
  const auto loaded = load_config_from(program.load_options());
  Examination seen;
  if (loaded) {
    LogConfig log = loaded->config.log;
    log.level = LogLevel::kError;  // what the clients grumble about is in the findings
    set_up_logging(log);
    DoctorOptions options;
    options.version = program.version;
    options.kafka = kafka_options(loaded->config, nodes::KafkaRole::kConsumer);
    options.patience = std::min(options.patience, loaded->config.start_timeout);
    seen = examine(*loaded, options);
  } else {
    seen.findings = configuration_findings(loaded.error());
    seen.evidence.emplace_back("configuration-problems.json", problems_json(loaded.error()));
  }
  const Redactor redactor(loaded ? loaded->config : Config{});
  if (!command.bundle.empty()) {
    BundleFiles files = {
        {"report.txt", report_text(seen.findings, language)},
        {"report.json", indented(report_json(seen.findings, language))},
        {"versions.txt", versions_text(fmt::format("lensart {} (commit {}, {})", program.version,
                                                   program.commit, program.build_type))}};
    files.insert(files.end(), seen.evidence.begin(), seen.evidence.end());
    if (const auto written = write_bundle(command.bundle, files, redactor); !written) {
      return report(written.error());
    }
    std::cerr << fmt::format("{}: {} files, without secrets; look into it before you send it\n",
                             command.bundle, files.size());
  }
  std::cout << redactor.clean(program.json ? indented(report_json(seen.findings, language))
                                           : report_text(seen.findings, language));
  return exit_code_of(seen.findings);
}

}  // namespace

void add_doctor_command(CLI::App& root, Program& program) {
  auto options = std::make_shared<DoctorCommand>();
  CLI::App* command = root.add_subcommand(
      "doctor", "Say what is wrong, and the next step, in English or Vietnamese");
  command
      ->add_option("--lang", options->language,
                   "Language of the report (default: of LC_ALL, LC_MESSAGES or LANG, else en)")
      ->type_name("LANGUAGE")
      ->check(CLI::IsMember({"en", "vi"}));
  command
      ->add_option("--bundle", options->bundle,
                   "Also write an archive for somebody who helps: findings, settings, versions, "
                   "figures; no secret, no event, no customer")
      ->type_name("FILE.tar.gz");
  command->footer(
      "Looks at the configuration, Kafka, PostgreSQL, the state directory and the running\n"
      "instance; changes nothing. Exit codes: 0 all is well, 1 something needs attention,\n"
      "69 a service cannot be reached, 74 the state cannot be used, 75 the instance does not\n"
      "answer, 76 `run` would refuse what does not fit, 78 the configuration is wrong.\n\n"
      "Example:\n  lensart doctor --lang vi\n  lensart doctor --bundle lensart-doctor.tar.gz");
  command->callback([&program, options] {
    program.action = [&program, options] { return examine_all(program, *options); };
  });
}

}  // namespace lensart::app
