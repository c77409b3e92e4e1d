/// `lensart completions` and `lensart man`: made from the command line's own description.

#include <iostream>
#include <memory>

#include "apps/lensart/command.hpp"
#include "apps/lensart/command_tree.hpp"
#include "apps/lensart/commands/all.hpp"

namespace lensart::app {

void add_completions_command(CLI::App& root, Program& program) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = root.add_subcommand("completions", "Print completions for a shell");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer("Example:\n  source <(lensart completions bash)");
  command->callback([&root, &program, shell] {
    program.action = [&root, shell] {
      std::cout << completions_for(*shell, command_facts(root));
      return 0;
    };
  });
}

void add_man_command(CLI::App& root, Program& program) {
  CLI::App* command = root.add_subcommand("man", "Print the manual page, in roff");
  command->footer("Example:\n  lensart man > lensart.1 && man ./lensart.1");
  command->callback([&root, &program] {
    program.action = [&root, &program] {
      std::cout << man_page(command_facts(root), program.version);
      return 0;
    };
  });
}

}  // namespace lensart::app
