#include "cli/commands/test/test_suites.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "cli/first_stream.hpp"
#include "cli/manifest_file.hpp"
#include "host/suite/schema.hpp"
#include "kube/render/plugin_config.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSuiteBytes = 64U << 20U;

std::vector<std::string> default_suites(const fs::path& directory) {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(directory / "tests", none)) {
    const auto ending = entry.path().extension();
    if (ending == ".yaml" || ending == ".yml" || ending == ".textpb")
      files.push_back(entry.path().lexically_normal().native());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> suite_files(const TestOptions& options, const Source& source) {
  if (!options.suites.empty()) return options.suites;
  const auto* const directory = std::get_if<Directory>(&source);
  if (directory == nullptr) {
    throw usage_error("--suite", "needed, since SOURCE is not a plugin's directory");
  }
  auto files = default_suites(directory->path);
  if (files.empty()) {
    throw Error(Code::not_found,
                fmt::format("{} has no tests/*.yaml or tests/*.textpb", directory->path))
        .hint("write one, or name a suite: `--suite FILE`");
  }
  return files;
}

}  // namespace

std::vector<host::Suite> load_suites(const TestOptions& options, const Source& source) {
  std::vector<host::Suite> suites;
  for (const auto& file : suite_files(options, source))
    suites.push_back(host::read_suite(base::read_file(file, kMaxSuiteBytes), file));
  return suites;
}

std::string test_configuration(const TestOptions& options, const host::Env& env,
                               const std::optional<plugin::Plugin>& plugin) {
  const auto& file = options.config.empty() ? env.config_path : options.config;
  if (!file.empty()) {
    auto text = base::read_file(file, kMaxConfigBytes);
    const auto ending = fs::path(file).extension();
    const bool is_yaml = ending == ".yaml" || ending == ".yml";
    return is_yaml ? kube::delivered_config(kube::read_config(text, file)) : text;
  }
  if (!env.config.empty()) return env.config;
  return plugin ? own_configuration(*plugin) : std::string();
}

}  // namespace wasmctl::cli
