// wasmctl login and logout: credentials where docker and podman keep them.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/terminal.hpp"
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

std::string ask(std::string_view question, Echo echo) {
  if (auto answer = ask_on_terminal(question, echo)) return *std::move(answer);
  throw Error(Code::usage, "there is no terminal to ask for the user or password")
      .hint("`wasmctl login REGISTRY --username NAME --password-stdin < FILE`");
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
  credentials.username = options.username.empty() ? ask("Username: ", Echo::on) : options.username;
  credentials.password =
      options.password_stdin ? password_from_stdin() : ask("Password: ", Echo::off);
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
