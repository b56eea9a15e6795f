// wasmctl login and logout: credentials where docker and podman keep them.
#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/flags/registry_flags.hpp"
#include "oci/reference.hpp"
#include "registry/credentials.hpp"
#include "registry/registry.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;

struct LoginOptions {
  std::string registry;
  std::string username;
  bool password_stdin = false;
  RegistryOptions access;
};

// What a signal that ends the process puts right first: one terminal at a time.
volatile std::sig_atomic_t changed_terminal = -1;
termios terminal_before = {};

// All of it may be done in a handler, and the handler is for one signal only (SA_RESETHAND).
extern "C" void restore_terminal_and_die(int signal) {
  ::tcsetattr(changed_terminal, TCSANOW, &terminal_before);
  ::raise(signal);
}

// The terminal, for a question: without echo while this lives if the answer is a secret. A process
// that is stopped in the meantime (Ctrl-C) leaves the echo on.
class Terminal {
 public:
  enum class Echo { on, off };

  explicit Terminal(Echo echo) : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0) {
      if (fd_ >= 0) ::close(fd_);
      throw Error(Code::usage, "there is no terminal to ask for the user or password")
          .hint("`wasmctl login REGISTRY --username NAME --password-stdin < FILE`");
    }
    if (echo == Echo::on) return;
    terminal_before = before_;
    changed_terminal = fd_;
    catch_signals();
    auto changed = before_;
    changed.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &changed);
  }
  ~Terminal() {
    ::tcsetattr(fd_, TCSAFLUSH, &before_);
    for (const auto& [signal, action] : actions_before_) ::sigaction(signal, &action, nullptr);
    ::close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  std::string ask(std::string_view question) {
    write(question);
    std::string line;
    char c = 0;
    while (line.size() < kMaxSecretBytes && ::read(fd_, &c, 1) == 1 && c != '\n') line += c;
    return line;
  }
  void write(std::string_view text) {
    static_cast<void>(::write(fd_, text.data(), text.size()) == 0);
  }

 private:
  // Not those that whoever started us wants ignored (nohup).
  void catch_signals() {
    struct sigaction action = {};
    action.sa_handler = &restore_terminal_and_die;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
      struct sigaction before = {};
      ::sigaction(signal, nullptr, &before);
      if (before.sa_handler != SIG_DFL) continue;
      ::sigaction(signal, &action, nullptr);
      actions_before_.emplace_back(signal, before);
    }
  }

  int fd_;
  termios before_ = {};
  std::vector<std::pair<int, struct sigaction>> actions_before_;
};

std::string ask_for_user() {
  return Terminal(Terminal::Echo::on).ask("Username: ");
}

std::string ask_for_password() {
  Terminal terminal(Terminal::Echo::off);
  auto password = terminal.ask("Password: ");
  terminal.write("\n");
  return password;
}

std::string password_from_stdin() {
  auto password = base::read_file("/dev/stdin", kMaxSecretBytes);
  while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  return password;
}

void run_login(Context& context, const LoginOptions& options) {
  const auto registry = oci::parse_registry(options.registry);
  if (options.password_stdin && options.username.empty()) {
    throw Error(Code::usage, "--password-stdin needs --username");
  }
  registry::Credentials credentials;
  credentials.username = options.username.empty() ? ask_for_user() : options.username;
  credentials.password = options.password_stdin ? password_from_stdin() : ask_for_password();
  credentials.source = "the command line";
  if (credentials.username.empty() || credentials.password.empty()) {
    throw Error(Code::usage, "the user or the password is empty");
  }
  if (credentials.username.find(':') != std::string::npos) {
    throw Error(Code::usage, "a user's name cannot hold a colon");
  }
  auto access = registry_options(context, options.access);
  access.credentials = credentials;
  const auto check = registry::check_login(registry, access);
  const auto place = registry::store_credentials(registry, credentials, context.env);
  if (context.quiet) return;
  if (check == registry::LoginCheck::accepted) {
    context.err.print("logged in to {}: stored in {}\n", registry, place);
  } else {
    context.err.print("{} asked for no login, so this one was not checked: stored in {}\n",
                      registry, place);
  }
}

void run_logout(Context& context, const std::string& name) {
  const auto registry = oci::parse_registry(name);
  const auto erased = registry::erase_credentials(registry, context.env, base::log_warning);
  const auto& places = erased.places;
  if (!places.empty() && !context.quiet) {
    context.err.print("logged out of {}: removed from {}\n", registry,
                      fmt::format("{}", fmt::join(places, ", ")));
  }
  if (erased.failure) {
    auto failure =
        Error(erased.failure->code(), fmt::format("cannot log out of {} everywhere", registry));
    failure.because(erased.failure->message());
    throw failure.hint("see to what is named there, and repeat the command");
  }
  if (places.empty() && !context.quiet) {
    context.err.print("there was no login to {}\n", registry);
  }
}

}  // namespace

void add_login(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<LoginOptions>();
  auto* app = root.add_subcommand("login", "Check credentials and keep them where docker does");
  app->add_option("REGISTRY", options->registry,
                  "As in an image's name: ghcr.io, docker.io, localhost:5000")
      ->required();
  app->add_option("-u,--username", options->username, "Asked for on the terminal if not given")
      ->type_name("NAME");
  app->add_flag("--password-stdin", options->password_stdin,
                "Read the password from standard input, not from the terminal");
  add_registry_options(*app, options->access);
  app->footer(
      "A password is never an argument: every user of the machine can read those.\n"
      "\n"
      "Examples:\n"
      "  wasmctl login ghcr.io --username me --password-stdin < token.txt");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_login(context, *options); };
  });
}

void add_logout(CLI::App& root, Context& context, Action& action) {
  auto registry = std::make_shared<std::string>();
  auto* app = root.add_subcommand("logout", "Forget the credentials of a registry");
  app->add_option("REGISTRY", *registry, "As it was given to login")->required();
  app->footer(
      "Examples:\n"
      "  wasmctl logout ghcr.io");
  app->callback([registry, &context, &action] {
    action = [registry, &context] { run_logout(context, *registry); };
  });
}

}  // namespace wasmctl::cli
