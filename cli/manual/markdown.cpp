#include "cli/manual/markdown.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "cli/environment.hpp"
#include "cli/exit_status.hpp"

namespace wasmctl::cli {

namespace {

// Of a table's cell, where a bar would end it; what looks like HTML is none.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    if (c == '<') {
      escaped += "&lt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string row(const std::string& term, std::string_view meaning) {
  return fmt::format("| `{}` | {} |\n", cell(term), cell(meaning));
}

std::string code_block(std::string_view language, const std::vector<std::string>& lines) {
  return fmt::format("```{}\n{}\n```\n", language, fmt::join(lines, "\n"));
}

std::string page_term(const FlagWords& flag) {
  auto text = fmt::format("{}", fmt::join(flag.names, ", "));
  return flag.value.empty() ? text : text + ' ' + flag.value;
}

std::string flag_tables(const CommandWords& command) {
  std::string text;
  for (const auto& [heading, flags] : sections_of(command)) {
    text += fmt::format("\n## {}\n\n| | |\n|---|---|\n", heading);
    for (const auto* flag : flags) text += row(page_term(*flag), meaning_of(*flag));
  }
  return text;
}

}  // namespace

std::string program_page(const CommandWords& program) {
  auto text = fmt::format("# {}\n\n{}.\n\n{}\n| | |\n|---|---|\n", program.name, program.purpose,
                          code_block("sh", program.examples));
  for (const auto& command : program.commands) {
    text += fmt::format("| [`{0}`]({0}.md) | {1} |\n", command.name, cell(command.purpose));
  }
  text += flag_tables(program) + "\n## Exit status\n\n| | |\n|---|---|\n" + row("0", "done");
  for (const auto& status : kExitStatuses) {
    text += row(std::to_string(status.status), status.meaning);
  }
  text += "\n## Environment\n\n| | |\n|---|---|\n";
  for (const auto& variable : kVariables) text += row(std::string(variable.name), variable.meaning);
  return text;
}

std::string command_page(const CommandWords& command) {
  auto text = fmt::format("# wasmctl {}\n\n{}.\n\n", command.name, command.purpose);
  if (!command.examples.empty()) text += code_block("sh", command.examples) + '\n';
  const auto arguments = arguments_line(command);
  text += fmt::format("    wasmctl {} [FLAGS]{}{}\n", command.name, arguments.empty() ? "" : " ",
                      arguments);
  if (!command.arguments.empty()) text += "\n| | |\n|---|---|\n";
  for (const auto& argument : command.arguments) text += row(argument.name, argument.meaning);
  if (!command.notes.empty()) text += fmt::format("\n```text\n{}\n```\n", command.notes);
  return text + flag_tables(command);
}

}  // namespace wasmctl::cli
