/// `lensart graph`: the wiring as a picture.

#include <iostream>

#include "apps/lensart/command.hpp"
#include "apps/lensart/commands/all.hpp"
#include "apps/pipeline/options.hpp"

namespace lensart::app {

void add_graph_command(CLI::App& root, Program& program) {
  auto format = std::make_shared<std::string>("dot");
  CLI::App* command = root.add_subcommand("graph", "Print the flow graph with its tuning");
  command->add_option("--format", *format, "What to print")->check(CLI::IsMember({"dot"}));
  command->footer("Example:\n  lensart graph --format dot | dot -Tsvg > graph.svg");
  command->callback([&program, format] {
    program.action = [&program] {
      const auto config = program.load_config();
      if (!config) return report(config.error());
      const auto zone = TimeZone::find(config->pipeline.time_zone);
      if (!zone) return report(zone.error());
      std::cout << to_dot(jobs::OrderJobs::drawing(job_options(*config, *zone)));
      return 0;
    };
  });
}

}  // namespace lensart::app
