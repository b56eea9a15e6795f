#include "cli/manual/completion.hpp"

#include <algorithm>
#include <utility>

#include "cli/flags/shell_words.hpp"

namespace wasmctl::cli {

namespace {

// The words of a line; the last one is what is being typed, and may be empty.
std::vector<std::string> typed_words(std::string_view line) {
  auto found = shell_words(line);
  if (found.is_ended) found.words.emplace_back();
  return std::move(found.words);
}

const FlagWords* find_flag(const CommandWords& command, std::string_view name) {
  for (const auto& flag : command.flags) {
    if (std::ranges::find(flag.names, name) != flag.names.end()) return &flag;
  }
  return nullptr;
}

// So much of a meaning that it fits beside a flag.
std::string brief(const std::string& meaning) {
  constexpr std::size_t kMostBytes = 60;
  if (meaning.size() <= kMostBytes) return meaning;
  return meaning.substr(0, meaning.rfind(' ', kMostBytes)) + " ...";
}

// A shell puts it into the line as it is: a name that a stranger gave must not be a command there.
bool is_plain(std::string_view word) {
  return std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._/:@=+,-").find(c) != std::string_view::npos;
  });
}

class Completer {
 public:
  Completer(const CommandWords& program, std::vector<std::string> words, const KnownValues& known)
      : command_(&program), known_(known) {
    typed_ = std::move(words.back());
    words.pop_back();
    if (!words.empty()) words.erase(words.begin());  // the program
    read(program, words);
  }

  Completion run() {
    if (waiting_ != nullptr) {
      add_values(*waiting_, "", typed_);
    } else if (typed_.starts_with("--") && typed_.find('=') != std::string::npos &&
               !only_arguments_) {
      const auto equals = typed_.find('=');
      const auto* const flag = find_flag(*command_, std::string_view(typed_).substr(0, equals));
      if (flag != nullptr)
        add_values(*flag, typed_.substr(0, equals + 1), typed_.substr(equals + 1));
    } else if (typed_.starts_with('-') && !only_arguments_) {
      for (const auto& flag : command_->flags) add(flag.name(), brief(flag.meaning));
    } else if (!command_->commands.empty()) {
      for (const auto& command : command_->commands) add(command.name, brief(command.purpose));
    } else {
      add_argument();
    }
    return std::move(completion_);
  }

 private:
  // What has been typed already: the command, its arguments, and a flag that waits for its value.
  void read(const CommandWords& program, const std::vector<std::string>& words) {
    for (const auto& word : words) {
      if (waiting_ != nullptr) {
        values_.emplace_back(waiting_->name(), word);
        waiting_ = nullptr;
      } else if (word == "--") {
        only_arguments_ = true;
      } else if (word.starts_with('-') && !only_arguments_) {
        const auto* const flag = find_flag(*command_, word);
        if (flag != nullptr && !flag->value.empty()) waiting_ = flag;
      } else if (command_ == &program) {
        const auto found = std::ranges::find(program.commands, word, &CommandWords::name);
        if (found == program.commands.end()) continue;
        command_ = &*found;
      } else {
        ++arguments_;
      }
    }
  }

  void add(const std::string& word, const std::string& about) {
    if (word.starts_with(typed_) && is_plain(word)) completion_.candidates.push_back({word, about});
  }

  void add_argument() {
    const auto& arguments = command_->arguments;
    if (arguments.empty()) return;
    if (arguments_ >= arguments.size() && !arguments.back().repeats) return;
    const auto& argument = arguments[std::min(arguments_, arguments.size() - 1)];
    for (const auto& choice : argument.choices) add(choice, "");
    if (argument.choices.empty()) add_by_name(argument.name, "", typed_);
  }

  void add_values(const FlagWords& flag, const std::string& before, const std::string& value) {
    for (const auto& choice : flag.choices) add(before + choice, "");
    if (flag.choices.empty()) add_by_name(flag.value, before, value);
  }

  // By the name of a value in the help, which says what it is.
  void add_by_name(std::string_view name, const std::string& before, const std::string& value) {
    constexpr std::string_view kImages[] = {"SOURCE", "IMAGE", "TARGET", "REPOSITORY"};
    const bool is_image = std::ranges::find(kImages, name) != std::end(kImages);
    if (is_image && value.starts_with("oci:")) return add_layout(before, value);
    if (name == "SOURCE" || name.find("FILE") != std::string_view::npos || name == "SUITE") {
      completion_.paths = Paths::files;
    } else if (name.find("DIR") != std::string_view::npos) {
      completion_.paths = Paths::directories;
    } else if (name == "KIND/NAME") {
      add_workloads(before);
    }
  }

  void add_layout(const std::string& before, const std::string& value) {
    const auto colon = value.find(':', 4);
    if (colon == std::string::npos) return;  // a directory that the shell cannot see
    const auto layout = before + value.substr(0, colon + 1);
    for (const auto& tag : known_.tags(value.substr(4, colon - 4))) add(layout + tag, "");
  }

  void add_workloads(const std::string& before) {
    for (const auto& [flag, value] : values_) {
      if (flag != "--file" && flag != "--against") continue;
      for (const auto& workload : known_.workloads(value)) add(before + workload, value);
    }
  }

  const CommandWords* command_;
  const KnownValues& known_;
  std::string typed_;
  const FlagWords* waiting_ = nullptr;
  std::size_t arguments_ = 0;
  bool only_arguments_ = false;
  std::vector<std::pair<std::string, std::string>> values_;  // of flags
  Completion completion_;
};

}  // namespace

Completion complete(const CommandWords& program, std::string_view line, const KnownValues& known) {
  return Completer(program, typed_words(line), known).run();
}

}  // namespace wasmctl::cli
