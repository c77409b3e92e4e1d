/// `lensart verify`: can every number be traced to the log?

#include <fmt/format.h>

#include <iostream>

#include "apps/audit/audit.hpp"
#include "apps/config/effective.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/lensart/progress.hpp"
#include "apps/pipeline/options.hpp"

namespace lensart::app {
namespace {

void print_text(const AuditReport& report, const std::string& schema) {
  for (const CheckResult& check : report.checks) {
    std::cout << fmt::format(
        "{:<24} {:>8} differences{}   {:.2f} s\n", check.name, check.differences,
        check.known > 0 ? fmt::format(" ({} known refusals)", check.known) : "", check.seconds);
    for (const Difference& difference : check.shown) {
      std::cout << fmt::format("  {} {}: {}\n", difference.problem, difference.key,
                               difference.detail);
    }
  }
  std::cout << fmt::format(
      "{}: {} events{}, epoch {}, {} differences\n",
      report.differences() == 0 ? "clean" : "NOT CLEAN", report.rows,
      report.log_schema == schema ? "" : fmt::format(" in schema \"{}\"", report.log_schema),
      report.epoch, report.differences());
}

void print_json(const AuditReport& report) {
  std::string checks;
  for (const CheckResult& check : report.checks) {
    std::string shown;
    for (const Difference& difference : check.shown) {
      shown += fmt::format(R"({}{{"problem": {}, "key": {}, "detail": {}}})",
                           shown.empty() ? "" : ", ", json_string(difference.problem),
                           json_string(difference.key), json_string(difference.detail));
    }
    checks += fmt::format(
        R"({}{{"name": {}, "differences": {}, "known": {}, "seconds": {:.3f}, "shown": [{}]}})",
        checks.empty() ? "" : ", ", json_string(check.name), check.differences, check.known,
        check.seconds, shown);
  }
  std::cout << fmt::format(
      "{{\"clean\": {}, \"epoch\": {}, \"log_schema\": {}, \"events\": {}, \"differences\": {}, "
      "\"checks\": [{}]}}\n",
      report.differences() == 0, report.epoch, json_string(report.log_schema), report.rows,
      report.differences(), checks);
}

Result<AuditReport> verify(const Config& config, AuditOptions options, bool quiet) {
  LENSART_ASSIGN(storage::ConnectionOptions connection_settings, connection_options(config));
  connection_settings.patience = std::chrono::hours(1);  // the audit reads everything
  LENSART_ASSIGN(storage::Connection connection, storage::Connection::open(connection_settings));
  options.home_schema = config.postgres.schema;
  options.pipeline = config.pipeline.name;
  Progress progress({.unit = "tables", .quiet = quiet, .on_terminal = {}});
  options.on_check = [&progress](const std::string& name, std::size_t done, std::size_t all) {
    progress.show(done, static_cast<double>(done) / static_cast<double>(all), name);
  };
  return audit(connection, options);
}

}  // namespace

void add_verify_command(CLI::App& root, Program& program) {
  auto options = std::make_shared<AuditOptions>();
  CLI::App* command = root.add_subcommand(
      "verify", "Recompute every table from orders_raw in SQL and print the differences");
  command->add_option("--schema", options->schema, "Another schema than postgres.schema");
  command->add_option("--tables", options->checks, "Only these checks")->delimiter(',');
  command->footer(
      "Where the pipeline has never run in --schema, its tables are held against the orders_raw "
      "of\n"
      "postgres.schema: so what another program wrote of the same topics can be checked.\n\n"
      "Example:\n  lensart verify\n  lensart verify --tables orders_processed,accounts\n"
      "  lensart verify --schema flink --tables orders_processed,order_metrics\n\n"
      "Exit code 0: no difference; 1: some.");
  command->callback([&program, options] {
    program.action = [&program, options] {
      const auto config = program.load_config();
      if (!config) return report(config.error());
      if (options->schema.empty()) options->schema = config->postgres.schema;
      const auto result = verify(*config, *options, program.json);
      if (!result) return report(result.error());
      program.json ? print_json(*result) : print_text(*result, options->schema);
      return result->differences() == 0 ? 0 : 1;
    };
  });
}

}  // namespace lensart::app
