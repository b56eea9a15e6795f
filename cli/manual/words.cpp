#include "cli/manual/words.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>

namespace wasmctl::cli {

namespace {

constexpr char kOwnHeading[] = "Flags";
constexpr char kUsualGroup[] = "Options";  // CLI11's

std::vector<std::string> split_choices(const std::string& type) {
  std::vector<std::string> choices;
  if (type.find('|') == std::string::npos) return choices;
  for (std::size_t begin = 0; begin <= type.size();) {
    const auto end = std::min(type.find('|', begin), type.size());
    choices.push_back(type.substr(begin, end - begin));
    begin = end + 1;
  }
  return choices;
}

// The name that was given, not CLI11's for the C++ type. It adds the descriptions of validators,
// which therefore have none (`CLI::Range(0, 9).description("")`).
std::string value_name(const CLI::Option& option) {
  const auto name = option.get_type_name();
  return name == "TEXT" || name == "INT" || name == "UINT" || name == "FLOAT" ? "VALUE" : name;
}

FlagWords flag_words(const CLI::Option& option, bool is_common) {
  FlagWords flag;
  for (const auto& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) flag.names.push_back("--" + name);
  if (option.get_expected_max() > 0) flag.value = value_name(option);
  flag.choices = split_choices(flag.value);
  flag.meaning = option.get_description();
  const auto otherwise = option.get_default_str();
  if (!otherwise.empty()) flag.meaning += " (default: " + otherwise + ")";
  if (is_common) {
    flag.heading = kCommonHeading;
  } else if (option.get_group() != kUsualGroup) {
    flag.heading = option.get_group();
  }
  flag.variable = option.get_envname();
  flag.repeats = option.get_expected_max() > 1;
  return flag;
}

bool is_help(const CLI::Option& option) {
  return option.check_lname("help");
}

void add_options(CommandWords& command, const CLI::App& app, bool is_root) {
  for (const auto* option : app.get_options()) {
    if (option->get_positional()) {
      command.arguments.push_back({option->get_name(true), option->get_description(),
                                   split_choices(value_name(*option)), option->get_required(),
                                   option->get_expected_max() > 1});
    } else if (!option->get_group().empty()) {
      command.flags.push_back(flag_words(*option, is_root || is_help(*option)));
    }
  }
}

void add_footer(CommandWords& command, const std::string& footer) {
  constexpr std::string_view kExamples = "Examples:\n";
  const auto at = footer.find(kExamples);
  command.notes = footer.substr(0, at);
  while (command.notes.ends_with('\n')) command.notes.pop_back();
  if (at == std::string::npos) return;
  for (auto begin = at + kExamples.size(); begin < footer.size();) {
    const auto end = std::min(footer.find('\n', begin), footer.size());
    auto line = footer.substr(begin, end - begin);
    line.erase(0, std::min<std::size_t>(line.find_first_not_of(' '), 2));
    command.examples.push_back(std::move(line));
    begin = end + 1;
  }
}

CommandWords command_words(const CLI::App& app) {
  CommandWords command;
  command.name = app.get_name();
  command.purpose = app.get_description();
  add_options(command, app, app.get_parent() == nullptr);
  add_footer(command, app.get_footer());
  return command;
}

}  // namespace

CommandWords words_of(const CLI::App& root) {
  auto program = command_words(root);
  for (const auto* app : root.get_subcommands([](const CLI::App*) { return true; })) {
    if (app->get_group().empty()) continue;  // hidden
    auto command = command_words(*app);
    for (const auto& flag : program.flags) {
      const bool known =
          std::ranges::find(command.flags, flag.names, &FlagWords::names) != command.flags.end();
      if (!known && flag.name() != "--version") command.flags.push_back(flag);
    }
    program.commands.push_back(std::move(command));
  }
  return program;
}

std::string meaning_of(const FlagWords& flag) {
  auto meaning = flag.meaning;
  if (flag.repeats) meaning += "; may be repeated";
  if (!flag.variable.empty()) meaning += " (or $" + flag.variable + ")";
  return meaning;
}

std::vector<FlagSection> sections_of(const CommandWords& command) {
  std::vector<FlagSection> sections = {{kOwnHeading, {}}};
  FlagSection common = {kCommonHeading, {}};
  for (const auto& flag : command.flags) {
    if (flag.heading == kCommonHeading) {
      common.flags.push_back(&flag);
      continue;
    }
    const auto heading = flag.heading.empty() ? kOwnHeading : flag.heading;
    auto section = std::ranges::find(sections, heading, &FlagSection::heading);
    if (section == sections.end()) section = sections.insert(sections.end(), {heading, {}});
    section->flags.push_back(&flag);
  }
  sections.push_back(std::move(common));
  std::erase_if(sections, [](const FlagSection& section) { return section.flags.empty(); });
  return sections;
}

std::string arguments_line(const CommandWords& command) {
  std::string line;
  for (const auto& argument : command.arguments) {
    const auto name = argument.name + (argument.repeats ? "..." : "");
    if (!line.empty()) line += ' ';
    line += argument.required ? name : fmt::format("[{}]", name);
  }
  return line;
}

}  // namespace wasmctl::cli
