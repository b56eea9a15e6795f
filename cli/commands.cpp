#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <iterator>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "base/suggest.hpp"
#include "cli/command.hpp"
#include "cli/commands/completion.hpp"
#include "cli/environment.hpp"
#include "cli/exit_status.hpp"
#include "cli/manual/help.hpp"
#include "cli/manual/words.hpp"
#include "cli/version.hpp"

namespace wasmctl::cli {

using Add = void(CLI::App& root, Context& context, Action& action);
// clang-format off
// Each in the file of its name, in commands/; in the order in which a user meets them.
Add add_new,
    add_build,
    add_lint,
    add_test,
    add_run,
    add_inspect,
    add_symbolize,
    add_push,
    add_pull,
    add_copy,
    add_tag,
    add_list,
    add_sign,
    add_verify,
    add_key,
    add_render,
    add_patch,
    add_check,
    add_explain,
    add_status,
    add_logs,
    add_login,
    add_logout,
    add_doctor,
    add_completion,
    add_manual;

namespace {

constexpr Add* kCommands[] = {
    add_new,
    add_build,
    add_lint,
    add_test,
    add_run,
    add_inspect,
    add_symbolize,
    add_push,
    add_pull,
    add_copy,
    add_tag,
    add_list,
    add_sign,
    add_verify,
    add_key,
    add_render,
    add_patch,
    add_check,
    add_explain,
    add_status,
    add_logs,
    add_login,
    add_logout,
    add_doctor,
    add_completion,
    add_manual,
};
// clang-format on

int exit_status(Code code) {
  for (const auto& row : kExitStatuses) {
    if (row.code == code) return row.status;
  }
  return 70;
}

constexpr char kFooter[] =
    "Examples:\n"
    "  wasmctl new hello && cd hello && wasmctl test\n"
    "  wasmctl push plugins/header-logger oci:layout:v1\n"
    "  wasmctl render plugins/header-logger --workload deployment/web";

// Whether standard output is a pipe that nobody reads any more, as in `| head`: no error.
bool reader_is_gone() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

int fail(Context& context, const Error& error) {
  context.out.flush();
  context.err.write(format_error(error));
  return exit_status(error.code());
}

// What users of kubectl type, and what it is called here.
struct Habit {
  std::string_view command;  // empty: of any
  std::string_view word;
  std::string_view hint;
};

constexpr Habit kHabits[] = {
    {"check", "-o", "the findings as JSON: `--json`"},
    {"patch", "-o", "the patched manifest is printed anyway; `-i` writes the file"},
    {"patch", "--via", "SOURCE tells how: a file goes by a ConfigMap, an IMAGE as a volume"},
    {"patch", "--dry-run", "nothing is written without `-i`; `--diff` prints the change"},
    {"render", "-f", "name what is to be rendered without a flag: `wasmctl render SOURCE`"},
    {"", "--context",
     "only `status` and `logs` ask a cluster: `kubectl get ... -o yaml |` hands in what it has"},
    {"", "--kubeconfig",
     "only `status` and `logs` ask a cluster: `kubectl get ... -o yaml |` hands in what it has"},
};

// All that may be typed after `app`'s name, as "--json", "-o".
std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const auto* at = &app; at != nullptr; at = at->get_parent()) {
    for (const auto* option : at->get_options()) {
      for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
    }
  }
  return flags;
}

// The one of `known` that was probably meant; empty if none was.
std::string nearest_of(std::string_view word, const std::vector<std::string>& known) {
  return std::string(base::nearest(word, {known.begin(), known.end()}));
}

Error unknown_command(const CLI::App& root, const std::string& word) {
  std::vector<std::string> names;
  for (const auto* command : root.get_subcommands({})) names.push_back(command->get_name());
  const auto near = nearest_of(word, names);
  return Error(Code::usage, fmt::format("no command `{}`", word))
      .hint(near.empty() ? "`wasmctl --help` lists them" : fmt::format("did you mean `{}`?", near));
}

// What nothing takes, in the order in which it was typed.
Error unexpected(const CLI::App& app, const std::string& command,
                 const std::vector<std::string>& words) {
  Error error(Code::usage,
              fmt::format("{} not expected: {}",
                          words.size() > 1 ? "these arguments were" : "this argument was",
                          fmt::join(words, " ")));
  for (const auto& [of, word, hint] : kHabits) {
    const bool is_typed = std::ranges::any_of(
        words, [&](const auto& typed) { return typed.substr(0, typed.find('=')) == word; });
    if (is_typed && (of.empty() || command == fmt::format("wasmctl {}", of))) {
      return error.hint(std::string(hint));
    }
  }
  for (const auto& word : words) {
    if (!word.starts_with("--")) continue;
    const auto near = nearest_of(word.substr(0, word.find('=')), flags_of(app));
    if (!near.empty()) return error.hint(fmt::format("did you mean `{}`?", near));
  }
  return error.hint(fmt::format("see `{} --help`", command));
}

// CLI11 says "--module: 1 required MODULE missing".
std::string in_our_words(std::string message) {
  constexpr std::string_view kRequired = ": 1 required ";
  constexpr std::string_view kMissing = " missing";
  const auto at = message.find(kRequired);
  if (at != std::string::npos && message.ends_with(kMissing)) {
    const auto value = message.substr(at + kRequired.size(),
                                      message.size() - at - kRequired.size() - kMissing.size());
    return fmt::format("{} needs a value: {}", message.substr(0, at), value);
  }
  if (message.size() > 1 && std::isupper(static_cast<unsigned char>(message[1])) == 0) {
    message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  }
  return message;
}

// `status`, unless what was printed did not arrive.
int finish(Context& context, int status) {
  context.out.flush();
  if (context.out.good() || reader_is_gone()) return status;
  return fail(context, Error(Code::io, "cannot write to standard output"));
}

// The help of what was typed.
int show_help(Context& context, const CLI::App& root) {
  const auto program = words_of(root);
  const auto asked = root.get_subcommands();
  const auto command =
      asked.empty()
          ? program.commands.end()
          : std::ranges::find(program.commands, asked.front()->get_name(), &CommandWords::name);
  context.out.write(command == program.commands.end() ? program_help(program)
                                                      : command_help(*command));
  return finish(context, 0);
}

// Asked by the scripts of `wasmctl completion`, not by a person.
constexpr std::string_view kComplete = "__complete";

// CLI11's messages start with a capital and name an option as typed; ours are one form for all.
Error to_error(const CLI::App& root, const CLI::ParseError& error) {
  std::string command = "wasmctl";
  const auto* app = &root;
  auto unknown = root.remaining();
  for (const auto* sub : root.get_subcommands()) {
    app = sub;
    command += " " + sub->get_name();
    std::ranges::copy(sub->remaining(), std::back_inserter(unknown));
  }
  if (app == &root && !unknown.empty() && !unknown.front().starts_with('-')) {
    return unknown_command(root, unknown.front());
  }
  const bool extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if (extra || (app == &root && !unknown.empty())) return unexpected(*app, command, unknown);
  return Error(Code::usage, in_our_words(error.what()))
      .hint(fmt::format("see `{} --help`", command));
}

// The words behind the program's name, the last one first, as CLI11 takes them. `help lint` is
// `lint --help`.
std::vector<std::string> typed_words(const CLI::App& root, int argc, const char* const* argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    const auto is_asked = [&](const CLI::App* command) {
      return !words.empty() && command->get_name() == words.front();
    };
    if (words.empty() || std::ranges::any_of(root.get_subcommands({}), is_asked)) {
      words.emplace_back("--help");
    }
  }
  std::ranges::reverse(words);
  return words;
}

}  // namespace

Error usage_error(std::string_view flag, std::string_view why) {
  return Error(Code::usage, fmt::format("{}: {}", flag, why));
}

std::string env_or(const Context& context, const std::string& name, std::string otherwise) {
  auto value = context.env(name);
  return value && !value->empty() ? *value : std::move(otherwise);
}

std::filesystem::path cache_directory(const Context& context) {
  const auto cache = env_or(context, "XDG_CACHE_HOME", "");
  if (std::filesystem::path(cache).is_absolute()) return std::filesystem::path(cache) / "wasmctl";
  const auto home = env_or(context, "HOME", "");
  return home.empty() ? std::filesystem::path() : std::filesystem::path(home) / ".cache/wasmctl";
}

int run_command_line(int argc, const char* const* argv, Context& context) {
  CLI::App root(
      "Build Proxy-Wasm filters, ship them, and make the manifests that run them in "
      "Istio and Envoy",
      "wasmctl");
  root.set_version_flag("--version", std::string("wasmctl ") + kVersion, "Print the version");
  root.require_subcommand(1);
  root.fallthrough();
  root.set_help_flag("-h,--help", "Print this help");
  root.footer(kFooter);
  int verbosity = 0;
  root.add_flag("-q,--quiet", context.quiet,
                "Only errors on stderr, and that a certificate is not checked");
  root.add_flag("-v,--verbose", verbosity, "Say what is done; -vv: each request and file");

  context.command_line.assign(argv, argv + argc);
  for (const auto variable : kSecretVariables) base::withhold(variable);
  const auto write_log = [err = context.err](std::string_view line) {
    err.write(line);
    err.flush();
  };
  base::open_log(write_log, context.color ? base::LogColor::yes : base::LogColor::no);
  Action action;
  for (auto* const add : kCommands) add(root, context, action);

  if (argc > 1 && argv[1] == kComplete) {
    print_completion(context, words_of(root), argc > 2 ? argv[2] : "");
    return finish(context, 0);
  }
  try {
    root.parse(typed_words(root, argc, argv));
  } catch (const CLI::CallForHelp&) {
    return show_help(context, root);
  } catch (const CLI::CallForVersion& version) {
    context.out.print("{}\n", version.what());
    return finish(context, 0);
  } catch (const CLI::ParseError& error) {
    return fail(context, to_error(root, error));
  } catch (const Error& error) {  // of a flag's word
    return fail(context, error);
  }
  if (verbosity > 0) {
    base::set_log_level(verbosity > 1 ? base::LogLevel::debug : base::LogLevel::info);
  } else if (context.quiet) {
    base::set_log_level(base::LogLevel::off);
  }

  // A reader that went away (`| head`) or a dead server is an error of write(), not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a file that grows beyond `ulimit -f`
  try {
    action();
    return finish(context, 0);
  } catch (const base::ClosedPipe& error) {
    return reader_is_gone() ? 0 : fail(context, error);
  } catch (const Error& error) {
    return fail(context, error);
  } catch (const Refused& refused) {
    return finish(context, exit_status(refused.code));
  } catch (const std::bad_alloc&) {
    return fail(context, Error(Code::io, "out of memory"));
  } catch (const std::exception& error) {
    return fail(context, Error(Code::internal, error.what())
                             .hint("this is a bug in wasmctl: please report it with the command "
                                   "line that shows it"));
  }
}

}  // namespace wasmctl::cli
