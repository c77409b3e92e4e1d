#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/lensart/command_tree.hpp"
#include "graph/error.hpp"

namespace lensart::app {

namespace {

/// The code point that begins at `at`, which is moved behind it. REQUIRES: UTF-8.
std::uint32_t code_point(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  std::uint32_t point = more == 0 ? first : first & (0x3FU >> static_cast<unsigned>(more));
  for (int i = 0; i < more && at < text.size(); ++i) {
    point = point << 6U | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  }
  return point;
}

/// A text as roff takes it, in ASCII: nothing in it is a request or an escape.
std::string roff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    if (const std::uint32_t point = code_point(text, at); point > 0x7F) {
      out += fmt::format("\\[u{:04X}]", point);
    } else if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string option_item(const OptionFacts& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) names.push_back("\\fB" + roff(name) + "\\fR");
  std::string text = fmt::format(".TP\n{}", fmt::join(names, ", "));
  if (!option.value.empty() && !option.is_argument) text += " \\fI" + roff(option.value) + "\\fR";
  text += "\n" + roff(option.description);
  if (!option.choices.empty()) {
    text += roff(fmt::format(" ({})", fmt::join(option.choices, ", ")));
  }
  return text + "\n";
}

std::string command_part(const CommandFacts& command) {
  std::string text =
      fmt::format(".SS \"lensart {}\"\n{}\n", roff(command.path), roff(command.description));
  for (const OptionFacts& option : command.options) {
    if (option.names.back() != "--help") text += option_item(option);
  }
  if (!command.footer.empty()) text += ".PP\n.nf\n" + roff(command.footer) + "\n.fi\n";
  return text;
}

struct ExitCode {
  int code;
  const char* means;
};
constexpr ExitCode kExitCodes[] = {
    {0, "Done."},
    {1, "A check found something, or something nobody foresaw."},
    {exit_code_for(Errc::kBadUsage), "The command line is wrong."},
    {exit_code_for(Errc::kBrokerDown), "A service cannot be reached within the patience given."},
    {exit_code_for(Errc::kStateFailed), "The state or its disk has failed."},
    {exit_code_for(Errc::kOwnedByAnother), "Another instance owns the state or the pipeline."},
    {exit_code_for(Errc::kStateMismatch), "State, database and Kafka do not match."},
    {exit_code_for(Errc::kBadConfig), "The configuration is wrong."},
};

}  // namespace

std::string man_page(const CommandFacts& root, const std::string& version) {
  std::string text = fmt::format(
      ".\\\" Made by `lensart man`.\n.TH LENSART 1 \"\" \"lensart {}\" \"User Commands\"\n"
      ".SH NAME\nlensart \\- {}\n.SH SYNOPSIS\n.B lensart\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR "
      "[\\fIARGUMENTS\\fR]\n.SH DESCRIPTION\n{}\nEvery command explains itself by "
      "\\fB\\-\\-help\\fR.\n.SH OPTIONS\nThey may stand before or behind the command.\n",
      roff(version), roff(root.description), roff(root.description));
  for (const OptionFacts& option : root.options) text += option_item(option);
  text += ".SH COMMANDS\n";
  for (const CommandFacts* command : flat(root)) {
    if (!command->path.empty()) text += command_part(*command);
  }
  text += ".SH EXIT STATUS\n";
  for (const ExitCode& exit : kExitCodes) {
    text += fmt::format(".TP\n.B {}\n{}\n", exit.code, roff(exit.means));
  }
  text += ".SH ENVIRONMENT\n.TP\n\\fBLENSART_\\fISECTION\\fB_\\fIKEY\\fR\n" +
          roff("Overrides one setting of the file; `lensart check --keys` prints them all.") +
          "\n.TP\n.B NO_COLOR\nNo colours.\n" +
          ".SH FILES\n.TP\n.I lensart.toml\nIn the working directory.\n.TP\n"
          ".I /etc/lensart/lensart.toml\nWhere there is none.\n";
  return text;
}

}  // namespace lensart::app
