#include "cli/flags/annotations.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "cli/flags/key_value.hpp"

namespace wasmctl::cli {

namespace {

// Source: OCI Image Specification v1.1, annotations.md.
constexpr char kSource[] = "org.opencontainers.image.source";
constexpr char kRevision[] = "org.opencontainers.image.revision";
constexpr char kFromGit[] = "git";

// The first line of what git says of the repository that holds the module.
std::string ask_git(const LocalModule& module, const std::string& flag,
                    std::vector<std::string> arguments) {
  const auto directory = module.plugin ? module.plugin->directory
                                       : std::filesystem::absolute(module.path).parent_path();
  std::vector<std::string> argv = {"git", "-C", directory.native()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const auto done = base::run({argv, {}, {}});
  if (done.status != 0) {
    throw Error(Code::not_found, fmt::format("{} git: `{}` failed", flag, base::to_shell(argv)))
        .because(done.err.substr(0, done.err.find('\n')));
  }
  return done.out.substr(0, done.out.find('\n'));
}

// Of files that are not committed the commit knows nothing: marked as `git describe` does.
std::string revision_from_git(const LocalModule& module) {
  auto commit = ask_git(module, "--revision", {"rev-parse", "HEAD"});
  if (!ask_git(module, "--revision", {"status", "--porcelain", "--untracked-files=no"}).empty()) {
    commit += "-dirty";
    base::log_warning(
        fmt::format("there are changes that are not committed: the revision is {}", commit));
  }
  return commit;
}

}  // namespace

bool has_annotations(const AnnotationOptions& options) {
  return !options.annotations.empty() || !options.source.empty() || !options.revision.empty();
}

void add_annotation_options(CLI::App& command, AnnotationOptions& options) {
  command
      .add_option("--annotation", options.annotations,
                  "An annotation of the image's manifest, besides wasmctl.yaml's")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command
      .add_option("--source", options.source,
                  "Annotate where the source is; `git`: the URL of the remote `origin`")
      ->type_name("URL");
  command
      .add_option("--revision", options.revision,
                  "Annotate which revision of the source it is; `git`: the commit")
      ->type_name("REVISION");
}

oci::Annotations annotations(const AnnotationOptions& options, const LocalModule& module) {
  oci::Annotations result;
  if (module.plugin) result = module.plugin->annotations;
  if (options.source == kFromGit) {
    result[kSource] = ask_git(module, "--source", {"remote", "get-url", "origin"});
  } else if (!options.source.empty()) {
    result[kSource] = options.source;
  }
  if (!options.revision.empty()) {
    result[kRevision] = options.revision == kFromGit ? revision_from_git(module) : options.revision;
  }
  for (const auto& annotation : options.annotations) {
    auto [key, value] = parse_key_value("--annotation", annotation);
    result[key] = std::move(value);
  }
  // A URL that one clones by may hold a password, and an image's annotations are read by many.
  if (const auto source = result.find(kSource); source != result.end()) {
    source->second = base::without_login(std::move(source->second));
  }
  return result;
}

}  // namespace wasmctl::cli
