#include "cli/manual/help.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/environment.hpp"
#include "cli/exit_status.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kMaxTermColumns = 24;  // a longer term has a line of its own

// `text` in lines from column `indent` to the last, the first of which is begun already.
std::string wrap(std::string_view text, std::size_t indent) {
  std::string wrapped;
  auto column = indent;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(' ', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    if (column > indent && column + 1 + word.size() > kColumns) {
      wrapped += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      wrapped += ' ';
      ++column;
    }
    wrapped += word;
    column += word.size();
    begin = end + 1;
  }
  return wrapped;
}

// Each line of `text` in as many as it needs; what is indented stands as it is.
std::string wrap_lines(std::string_view text) {
  std::string wrapped;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto line = text.substr(begin, end - begin);
    wrapped += (line.starts_with(' ') ? std::string(line) : wrap(line, 0)) + '\n';
    begin = end + 1;
  }
  return wrapped;
}

// Terms and what they mean, in two columns.
using Terms = std::vector<std::pair<std::string, std::string>>;

std::string table(const Terms& terms) {
  std::size_t width = 0;
  for (const auto& [term, meaning] : terms) {
    if (term.size() <= kMaxTermColumns) width = std::max(width, term.size());
  }
  const auto indent = 2 + width + 2;
  std::string text;
  for (const auto& [term, meaning] : terms) {
    text += "  " + term;
    if (meaning.empty()) {
      text += '\n';
      continue;
    }
    text += term.size() > width ? '\n' + std::string(indent, ' ')
                                : std::string(indent - 2 - term.size(), ' ');
    text += wrap(meaning, indent) + '\n';
  }
  return text;
}

// "-o, --output DIR"; those without a short name stand below the long ones.
std::string term(const FlagWords& flag) {
  auto text = fmt::format("{}", fmt::join(flag.names, ", "));
  if (flag.names.front().starts_with("--")) text.insert(0, "    ");
  if (!flag.value.empty()) text += ' ' + flag.value;
  return text;
}

std::string examples(const CommandWords& command) {
  std::string text;
  for (const auto& line : command.examples) text += "  " + line + '\n';
  return text;
}

std::string flags(const CommandWords& command) {
  std::string text;
  for (const auto& [heading, list] : sections_of(command)) {
    Terms terms;
    for (const auto* flag : list) terms.emplace_back(term(*flag), meaning_of(*flag));
    text += fmt::format("\n{}:\n{}", heading, table(terms));
  }
  return text;
}

}  // namespace

std::string program_help(const CommandWords& program) {
  auto text = fmt::format("{}.\n\n{}\nUsage: {} COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n",
                          wrap(program.purpose, 0), examples(program), program.name);
  Terms terms;
  for (const auto& command : program.commands) terms.emplace_back(command.name, command.purpose);
  text += table(terms);
  text += fmt::format("\n`{} COMMAND --help` has its flags and examples.\n", program.name);
  text += flags(program);
  text += "\nExit status:\n";
  terms = {{"0", "done"}};
  for (const auto& row : kExitStatuses) terms.emplace_back(std::to_string(row.status), row.meaning);
  text += table(terms);
  text += "\nEnvironment:\n";
  terms.clear();
  for (const auto& row : kVariables) terms.emplace_back(row.name, row.meaning);
  return text + table(terms);
}

std::string command_help(const CommandWords& command) {
  auto text = wrap(command.purpose, 0) + "\n\n";
  if (!command.examples.empty()) text += examples(command) + '\n';
  const auto arguments = arguments_line(command);
  text += fmt::format("Usage: wasmctl {} [FLAGS]{}{}\n", command.name, arguments.empty() ? "" : " ",
                      arguments);
  Terms terms;
  for (const auto& argument : command.arguments) {
    terms.emplace_back(argument.name, argument.meaning);
  }
  if (!terms.empty()) text += "\nArguments:\n" + table(terms);
  text += flags(command);
  if (!command.notes.empty()) text += '\n' + wrap_lines(command.notes);
  return text;
}

}  // namespace wasmctl::cli
