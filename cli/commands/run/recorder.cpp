#include "cli/commands/run/recorder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "cli/first_stream.hpp"
#include "cli/flags/choice.hpp"
#include "cli/output/findings.hpp"
#include "cli/output/standard_output.hpp"
#include "engine/program.hpp"
#include "host/recording/recorded_suite.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

constexpr Choice<host::SuiteLogLevel> kSuiteLevels[] = {
    {"trace", host::SuiteLogLevel::trace},  {"debug", host::SuiteLogLevel::debug},
    {"info", host::SuiteLogLevel::info},    {"warning", host::SuiteLogLevel::warn},
    {"error", host::SuiteLogLevel::error},  {"critical", host::SuiteLogLevel::critical},
    {"off", host::SuiteLogLevel::critical},
};

host::Env environment_of(const envoy::Filter& filter, std::string_view least) {
  host::Env env;
  env.log_level = choose("--log-level", std::string(least), kSuiteLevels);
  env.root_id = filter.root_id;
  for (const auto& [name, value] : filter.env) env.environment.push_back({name, value});
  return env;
}

}  // namespace

Recorder::Recorder(std::string file, host::MaskOptions mask)
    : file_(std::move(file)), mask_(std::move(mask)) {
  require_file("--record", file_);
  const auto directory = fs::path(file_).parent_path();
  std::error_code ignored;
  if (fs::is_directory(file_, ignored))
    throw Error(Code::io, fmt::format("cannot write `{}`", file_)).because("it is a directory");
  if (directory.empty() || fs::is_directory(directory, ignored)) return;
  throw Error(Code::not_found, fmt::format("cannot write `{}`", file_))
      .because(fmt::format("there is no directory `{}`", directory.native()));
}

base::Content Recorder::tap(const base::Content& module, const std::string& path) {
  if (module_ == module.view()) return tapped_;
  const auto parsed = wasm::parse_module(module, path);
  const std::lock_guard lock(mutex_);
  tapped_ = base::Content(recording_.tap(parsed));
  module_ = module.view();
  return tapped_;
}

bool Recorder::add(const envoy::Record& record) {
  if (record.level != "critical") return false;
  const auto line = envoy::plugin_line(record);
  if (!line) return false;
  const std::lock_guard lock(mutex_);
  return recording_.add(record.thread, line->message);
}

void Recorder::write(Context& context, const RunningPlugin& plugin, std::string_view least) {
  const engine::Program program(wasm::parse_module(plugin.module, plugin.path), plugin.path);
  const host::RecordedPlugin recorded{&program, environment_of(plugin.filter, least),
                                      plugin.plugin ? own_configuration(*plugin.plugin) : ""};
  const std::lock_guard lock(mutex_);
  const auto suite = host::recorded_suite(recording_.streams(), recorded, mask_);
  base::write_file(file_, suite.text);
  if (!context.quiet)
    context.err.print("recorded {} in {}\n", counted(suite.tests, "request"), file_);
  if (suite.different > 0) {
    base::log_warning_and_hint(
        fmt::format("in {} of them the plugin does something else in `wasmctl test`",
                    suite.different),
        fmt::format("{} says at each test what it is", file_));
  }
  if (recording_.left_out() > 0) {
    base::log_warning(fmt::format("{} more were not recorded: the first {} are, or {} MiB",
                                  recording_.left_out(), host::Recording::kMostStreams,
                                  host::Recording::kMostBytes >> 20U));
  }
}

}  // namespace wasmctl::cli
