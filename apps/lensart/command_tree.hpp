/// The command line as a tree of plain data, read from CLI11: completions and the man page are made
/// of it, so that they cannot say anything else than the program does.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace lensart::app {

struct OptionFacts {
  std::vector<std::string> names;  ///< "-h", "--help"; of an argument its name alone
  std::string description;
  std::string value;                 ///< what stands for its value, "FILE"; empty for a flag
  std::vector<std::string> choices;  ///< the only values, where they are few
  bool is_argument = false;          ///< has its place, no name
  bool takes_file() const { return value.find("FILE") != std::string::npos; }
};

struct CommandFacts {
  std::string path;  ///< "dlq list"; empty for the program itself
  std::string name;
  std::string description;
  std::string footer;
  std::vector<OptionFacts> options;
  std::vector<CommandFacts> commands;
};

CommandFacts command_facts(const CLI::App& root);

/// The program's own options, then all below it, parents first.
std::vector<const CommandFacts*> flat(const CommandFacts& root);

/// For the shell `bash`, `zsh` or `fish`.
std::string completions_for(const std::string& shell, const CommandFacts& root);

/// In roff, for section 1.
std::string man_page(const CommandFacts& root, const std::string& version);

}  // namespace lensart::app
