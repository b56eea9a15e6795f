#include "cli/manual/man.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "cli/environment.hpp"
#include "cli/exit_status.hpp"
#include "cli/version.hpp"

namespace wasmctl::cli {

namespace {

// Text as roff has it: nothing in it is a request or an escape. A hyphen that is typed is `\-`.
std::string roff(std::string_view text) {
  std::string escaped;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) escaped += "\\&";
    at_start = c == '\n';
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string header(std::string_view page, std::string_view purpose) {
  return fmt::format(".TH {} 1 \"\" \"wasmctl {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n", page,
                     kVersion, roff(page), roff(purpose));
}

std::string as_typed(const std::vector<std::string>& lines) {
  return fmt::format(".PP\n.nf\n.RS\n{}\n.RE\n.fi\n",
                     roff(fmt::format("{}", fmt::join(lines, "\n"))));
}

// A notes text: paragraphs; lines that are indented stand as they are.
std::string paragraphs(std::string_view notes) {
  std::string text;
  for (std::size_t begin = 0; begin < notes.size();) {
    const auto end = std::min(notes.find('\n', begin), notes.size());
    const auto line = notes.substr(begin, end - begin);
    text += line.empty() ? ".PP" : line.starts_with(' ') ? ".br\n" + roff(line) : roff(line);
    text += '\n';
    begin = end + 1;
  }
  return text;
}

std::string item(const std::string& term, std::string_view meaning) {
  return fmt::format(".TP\n{}\n{}\n", term, roff(meaning));
}

std::string flag_item(const FlagWords& flag) {
  std::vector<std::string> names;
  names.reserve(flag.names.size());
  for (const auto& name : flag.names) names.push_back(bold(name));
  auto term = fmt::format("{}", fmt::join(names, ", "));
  if (!flag.value.empty()) term += " \\fI" + roff(flag.value) + "\\fR";
  return item(term, meaning_of(flag) + '.');
}

std::string flag_items(const CommandWords& command) {
  std::string text = ".SH OPTIONS\n";
  for (const auto& [heading, flags] : sections_of(command)) {
    text += fmt::format(".SS {}\n", heading);
    for (const auto* flag : flags) text += flag_item(*flag);
  }
  return text;
}

std::string exit_statuses() {
  std::string text = ".SH EXIT STATUS\n" + item("0", "done");
  for (const auto& row : kExitStatuses) text += item(std::to_string(row.status), row.meaning);
  return text;
}

}  // namespace

std::string program_man_page(const CommandWords& program) {
  auto text = header(program.name, program.purpose);
  text += fmt::format(".SH SYNOPSIS\n.B {}\n\\fICOMMAND\\fR [\\fIFLAGS\\fR] [\\fIARGUMENTS\\fR]\n",
                      program.name);
  text += ".SH COMMANDS\n";
  for (const auto& command : program.commands) text += item(bold(command.name), command.purpose);
  text += flag_items(program) + exit_statuses() + ".SH ENVIRONMENT\n";
  for (const auto& row : kVariables) text += item(bold(row.name), row.meaning);
  text += ".SH EXAMPLES\n" + as_typed(program.examples) + ".SH SEE ALSO\n";
  std::vector<std::string> pages;
  pages.reserve(program.commands.size());
  for (const auto& command : program.commands) {
    pages.push_back(bold(fmt::format("{}-{}", program.name, command.name)) + "(1)");
  }
  return text + fmt::format("{}\n", fmt::join(pages, ",\n"));
}

std::string command_man_page(const CommandWords& command) {
  auto text = header("wasmctl-" + command.name, command.purpose);
  text += fmt::format(".SH SYNOPSIS\n.B wasmctl {}\n[\\fIFLAGS\\fR] {}\n", roff(command.name),
                      roff(arguments_line(command)));
  if (!command.arguments.empty() || !command.notes.empty()) text += ".SH DESCRIPTION\n";
  if (!command.notes.empty()) text += paragraphs(command.notes);
  for (const auto& argument : command.arguments) {
    text += item("\\fI" + roff(argument.name) + "\\fR", argument.meaning);
  }
  text += flag_items(command);
  if (!command.examples.empty()) text += ".SH EXAMPLES\n" + as_typed(command.examples);
  return text + exit_statuses() + ".SH SEE ALSO\n" + bold("wasmctl") + "(1)\n";
}

}  // namespace wasmctl::cli
