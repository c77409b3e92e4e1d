#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/lensart/command_tree.hpp"

namespace lensart::app {

namespace {

/// In single quotes, for any of the three shells.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string one_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// What may stand at a command: its own options and those that every command has.
std::vector<OptionFacts> options_at(const CommandFacts& command, const CommandFacts& root) {
  std::vector<OptionFacts> all;
  for (const OptionFacts& option : command.options) {
    if (!option.is_argument) all.push_back(option);
  }
  if (command.path.empty()) return all;
  for (const OptionFacts& option : root.options) {
    const bool everywhere = option.names.back() == "--config" || option.names.back() == "--set" ||
                            option.names.back() == "--json";
    if (everywhere) all.push_back(option);
  }
  return all;
}

bool wants_file(const CommandFacts& command) {
  for (const OptionFacts& option : command.options) {
    if (option.is_argument && (option.takes_file() || option.names.front() == "FILE")) return true;
  }
  return false;
}

/// The values of arguments that have few.
std::vector<std::string> argument_choices(const CommandFacts& command) {
  std::vector<std::string> all;
  for (const OptionFacts& option : command.options) {
    if (option.is_argument) all.insert(all.end(), option.choices.begin(), option.choices.end());
  }
  return all;
}

/// "'run'|'init'|'dlq list'": every path, for a case of bash or zsh.
std::string path_cases(const CommandFacts& root) {
  std::vector<std::string> paths;
  for (const CommandFacts* command : flat(root)) {
    if (!command->path.empty()) paths.push_back(shell_quoted(command->path));
  }
  return fmt::format("{}", fmt::join(paths, "|"));
}

std::string bash_values(const CommandFacts& root) {
  std::string cases;
  for (const CommandFacts* command : flat(root)) {
    for (const OptionFacts& option : options_at(*command, root)) {
      if (option.value.empty()) continue;
      std::vector<std::string> at;
      for (const std::string& name : option.names) {
        at.push_back(shell_quoted(command->path + ":" + name));
      }
      const std::string what =
          !option.choices.empty()
              ? fmt::format("COMPREPLY=($(compgen -W {} -- \"$current\"))",
                            shell_quoted(fmt::format("{}", fmt::join(option.choices, " "))))
          : option.takes_file() ? std::string("COMPREPLY=($(compgen -f -- \"$current\"))")
                                : std::string("COMPREPLY=()");
      cases += fmt::format("    {}) {}; return ;;\n", fmt::join(at, "|"), what);
    }
  }
  return cases;
}

std::string bash_completions(const CommandFacts& root) {
  std::string words;
  for (const CommandFacts* command : flat(root)) {
    std::vector<std::string> all = argument_choices(*command);
    for (const CommandFacts& below : command->commands) all.push_back(below.name);
    for (const OptionFacts& option : options_at(*command, root)) {
      all.insert(all.end(), option.names.begin(), option.names.end());
    }
    words += fmt::format("    {}) words={}{} ;;\n", shell_quoted(command->path),
                         shell_quoted(fmt::format("{}", fmt::join(all, " "))),
                         wants_file(*command) ? "; files=yes" : "");
  }
  return fmt::format(R"(# Completions of lensart for bash: source this, or put it into
# /usr/share/bash-completion/completions/lensart. Made by `lensart completions bash`.
# shellcheck shell=bash disable=SC2207
_lensart() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
  local path='' words='' files='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${{path:+$path }}${{COMP_WORDS[i]}}" in
    {}) path=${{path:+$path }}${{COMP_WORDS[i]}} ;;
    esac
  done
  case "$path:$previous" in
{}  esac
  case "$path" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ -n $files && $current != -* ]]; then COMPREPLY+=($(compgen -f -- "$current")); fi
}}
complete -o filenames -F _lensart lensart
)",
                     path_cases(root), bash_values(root), words);
}

/// "name:what it is", as _describe of zsh wants it.
std::string zsh_item(const std::string& name, const std::string& description) {
  std::string escaped;
  for (const char c : name) escaped += c == ':' ? std::string("\\:") : std::string(1, c);
  return shell_quoted(escaped + ":" + one_line(description));
}

std::string zsh_completions(const CommandFacts& root) {
  std::string values;
  std::string cases;
  for (const CommandFacts* command : flat(root)) {
    std::string commands;
    std::string options;
    for (const CommandFacts& below : command->commands) {
      commands += " " + zsh_item(below.name, below.description);
    }
    for (const std::string& choice : argument_choices(*command)) {
      commands += " " + zsh_item(choice, "");
    }
    for (const OptionFacts& option : options_at(*command, root)) {
      for (const std::string& name : option.names)
        options += " " + zsh_item(name, option.description);
      if (option.value.empty()) continue;
      std::vector<std::string> at;
      for (const std::string& name : option.names) {
        at.push_back(shell_quoted(command->path + ":" + name));
      }
      values += fmt::format(
          "    {}) {}; return ;;\n", fmt::join(at, "|"),
          !option.choices.empty() ? fmt::format("compadd -- {}", fmt::join(option.choices, " "))
          : option.takes_file()   ? std::string("_files")
                                  : std::string("_message " + shell_quoted(option.value)));
    }
    cases += fmt::format("    {}) commands=({}); options=({}){} ;;\n", shell_quoted(command->path),
                         commands, options, wants_file(*command) ? "; files=yes" : "");
  }
  return fmt::format(R"(#compdef lensart
# Completions of lensart for zsh: put it into a folder of $fpath as _lensart. Made by
# `lensart completions zsh`.
_lensart() {{
  local path_of='' files='' word
  local -a commands options
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case "${{path_of:+$path_of }}$word" in
    {}) path_of="${{path_of:+$path_of }}$word" ;;
    esac
  done
  case "$path_of:${{words[CURRENT-1]}}" in
{}  esac
  case "$path_of" in
{}  esac
  (( $#commands )) && _describe -t commands command commands
  _describe -t options option options
  [[ -n $files ]] && _files
}}
if [[ ${{funcstack[1]}} == _lensart ]]; then _lensart "$@"; else compdef _lensart lensart; fi
)",
                     path_cases(root), values, cases);
}

std::string fish_completions(const CommandFacts& root) {
  std::vector<std::string> paths;
  std::string lines;
  for (const CommandFacts* command : flat(root)) {
    if (!command->path.empty()) paths.push_back(shell_quoted(command->path));
    const std::string here = fmt::format(
        "complete -c lensart -n {}", shell_quoted(fmt::format("__lensart_at '{}'", command->path)));
    for (const CommandFacts& below : command->commands) {
      lines += fmt::format("{} -a {} -d {}\n", here, below.name,
                           shell_quoted(one_line(below.description)));
    }
    for (const OptionFacts& option : options_at(*command, root)) {
      std::string line = here;
      for (const std::string& name : option.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.value.empty()) line += option.takes_file() ? " -r -F" : " -x";
      if (!option.choices.empty()) {
        line += " -a " + shell_quoted(fmt::format("{}", fmt::join(option.choices, " ")));
      }
      lines += line + " -d " + shell_quoted(one_line(option.description)) + "\n";
    }
    for (const std::string& choice : argument_choices(*command)) {
      lines += here + " -a " + choice + "\n";
    }
    if (wants_file(*command)) lines += here + " -F\n";
  }
  return fmt::format(
      R"(# Completions of lensart for fish: put it into ~/.config/fish/completions/lensart.fish. Made by
# `lensart completions fish`.
function __lensart_at
  set -l path
  for word in (commandline -opc)[2..-1]
    if contains -- (string join ' ' -- $path $word) {}
      set -a path $word
    end
  end
  test "$argv" = (string join ' ' -- $path | string collect --allow-empty)
end
complete -c lensart -f
{})",
      fmt::join(paths, " "), lines);
}

}  // namespace

std::string completions_for(const std::string& shell, const CommandFacts& root) {
  if (shell == "bash") return bash_completions(root);
  return shell == "zsh" ? zsh_completions(root) : fish_completions(root);
}

}  // namespace lensart::app
