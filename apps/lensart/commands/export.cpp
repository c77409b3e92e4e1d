/// `lensart export flink-sql`: the pipeline as Flink SQL, for a cluster that is there already.

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "apps/config/values.hpp"
#include "apps/export/flink_sql.hpp"
#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"

namespace lensart::app {
namespace {

struct ExportOptions {
  std::string directory = "flink-sql";
  std::string schema = "flink";
  bool force = false;
};

Result<FlinkSqlExport> write_export(const Program& program, const ExportOptions& options) {
  LENSART_ASSIGN(const Config config, program.load_config());
  FlinkSqlOptions wanted;
  wanted.schema = options.schema;
  wanted.version = "lensart " + program.version;
  LENSART_ASSIGN(FlinkSqlExport result, export_flink_sql(config, wanted));
  LENSART_TRY(write_files(options.directory, result.files, options.force));
  return result;
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + json_string(text);
  return "[" + out + "]";
}

int export_flink(const Program& program, const ExportOptions& options) {
  const auto result = write_export(program, options);
  if (!result) return report(result.error());
  for (const std::string& warning : result->warnings) {
    std::cerr << "not in Flink SQL: " << warning << '\n';
  }
  std::vector<std::string> names;
  for (const ExportedFile& file : result->files) names.push_back(file.name);
  if (program.json) {
    std::cout << fmt::format(
        "{{\"directory\": {}, \"schema\": {}, \"tables\": {}, \"files\": {}, \"warnings\": {}}}\n",
        json_string(options.directory), json_string(options.schema), json_list(result->tables),
        json_list(names), json_list(result->warnings));
  } else {
    std::cout << fmt::format("{} tables, {} files in {}; begin with {}/README.md\n",
                             result->tables.size(), names.size(), options.directory,
                             options.directory);
  }
  return 0;
}

}  // namespace

void add_export_flink_sql_command(CLI::App& parent, Program& program) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = parent.add_subcommand(
      "flink-sql", "Write the pipeline as Flink SQL, to run on a Flink 1.18 cluster");
  command->add_option("--out", options->directory, "Directory to write to")
      ->type_name("DIR")
      ->capture_default_str();
  command
      ->add_option("--schema", options->schema,
                   "PostgreSQL's schema that the job shall fill, not the pipeline's own")
      ->type_name("SCHEMA")
      ->capture_default_str();
  command->add_flag("--force", options->force, "Write over what is in the directory");
  command->footer(
      "No file holds a password. What the configuration asks and Flink SQL does not do is said on\n"
      "stderr and in the README.md that is written.\n\n"
      "Example:\n  lensart export flink-sql --out flink-sql --schema flink\n"
      "  lensart --set pipeline.allowed_lateness=unlimited export flink-sql --out flink-sql "
      "--force");
  command->callback([&program, options] {
    program.action = [&program, options] { return export_flink(program, *options); };
  });
}

}  // namespace lensart::app
