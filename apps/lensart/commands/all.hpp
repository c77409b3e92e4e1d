/// The commands of the program, in the order `lensart --help` lists them.
#pragma once

#include "apps/lensart/command.hpp"

namespace lensart::app {

void add_check_command(CLI::App& root, Program& program);
void add_completions_command(CLI::App& root, Program& program);
void add_dlq_command(CLI::App& root, Program& program);
void add_doctor_command(CLI::App& root, Program& program);
void add_explain_command(CLI::App& root, Program& program);
/// Below `lensart export`.
void add_export_flink_sql_command(CLI::App& parent, Program& program);
void add_gateway_command(CLI::App& root, Program& program);
void add_generate_command(CLI::App& root, Program& program);
void add_graph_command(CLI::App& root, Program& program);
void add_health_command(CLI::App& root, Program& program);
void add_import_command(CLI::App& root, Program& program);
void add_init_command(CLI::App& root, Program& program);
void add_man_command(CLI::App& root, Program& program);
void add_rebuild_command(CLI::App& root, Program& program);
void add_run_command(CLI::App& root, Program& program);
/// Below `lensart state`.
void add_state_adopt_command(CLI::App& state, Program& program);
void add_state_stats_command(CLI::App& state, Program& program);
void add_verify_command(CLI::App& root, Program& program);

inline void add_all_commands(CLI::App& root, Program& program) {
  add_run_command(root, program);
  add_init_command(root, program);
  add_health_command(root, program);
  add_check_command(root, program);
  add_doctor_command(root, program);
  add_verify_command(root, program);
  add_explain_command(root, program);
  add_dlq_command(root, program);
  add_rebuild_command(root, program);
  CLI::App* state = root.add_subcommand("state", "The state directory");
  state->require_subcommand(1);
  state->footer("Example:\n  lensart state stats");
  add_state_stats_command(*state, program);
  add_state_adopt_command(*state, program);
  add_gateway_command(root, program);
  add_graph_command(root, program);
  add_import_command(root, program);
  add_generate_command(root, program);
  CLI::App* exports = root.add_subcommand("export", "The pipeline in another system's language");
  exports->require_subcommand(1);
  exports->footer("Example:\n  lensart export flink-sql --out flink-sql");
  add_export_flink_sql_command(*exports, program);
  add_completions_command(root, program);
  add_man_command(root, program);
}

}  // namespace lensart::app
