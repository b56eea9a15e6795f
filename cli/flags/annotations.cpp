#include "cli/flags/annotations.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <string_view>
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

// The repository may have come with the plugin, and its configuration names programs: the monitor
// of its files, and what fetches the objects of a partial clone. (Hooks: --no-optional-locks.)
// Source: git-config(1), githooks(5).
constexpr const char* kSettings[] = {
    "core.fsmonitor=false",      "protocol.allow=never",       "protocol.ext.allow=never",
    "protocol.file.allow=never", "protocol.ftp.allow=never",   "protocol.git.allow=never",
    "protocol.http.allow=never", "protocol.https.allow=never", "protocol.ssh.allow=never"};

// What git is asked about the repository that holds the module.
struct Question {
  std::vector<std::string> words;  // from `-C DIRECTORY` on

  Question(const LocalModule& module, const std::vector<std::string>& arguments) {
    const auto directory = module.plugin ? module.plugin->directory
                                         : std::filesystem::absolute(module.path).parent_path();
    words = {"-C", directory.native()};
    words.insert(words.end(), arguments.begin(), arguments.end());
  }

  std::string shown() const { return "git " + base::to_shell(words); }

  base::Finished ask() const {
    std::vector<std::string> argv = {"git", "--no-optional-locks"};
    for (const auto* const setting : kSettings) argv.insert(argv.end(), {"-c", setting});
    argv.insert(argv.end(), words.begin(), words.end());
    return base::run({std::move(argv), {}, {}});
  }
};

// The first line of the answer.
std::string ask_git(const LocalModule& module, const std::string& flag,
                    const std::vector<std::string>& arguments) {
  const Question question(module, arguments);
  const auto done = question.ask();
  if (done.status != 0) {
    throw Error(Code::not_found, fmt::format("{} git: `{}` failed", flag, question.shown()))
        .because(done.err.substr(0, done.err.find('\n')));
  }
  return done.out.substr(0, done.out.find('\n'));
}

// Of the repository's own filters, through which git would compare files; those of the user and
// the system are not meant.
void refuse_filters(const LocalModule& module) {
  const Question question(module, {"config", "--show-scope", "--name-only", "--get-regexp",
                                   "^filter[.].*[.](clean|process)$"});
  const auto found = question.ask().out;
  for (std::string_view rest = found; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto tab = std::min(line.find('\t'), line.size());
    const auto scope = line.substr(0, tab);
    if (scope == "global" || scope == "system" || scope == "command") continue;
    throw Error(
        Code::usage,
        fmt::format("--revision git: whether files are as committed is not asked, since the "
                    "repository names a program of its own for that (`{}`)",
                    line.substr(std::min(tab + 1, line.size()))))
        .hint("name the revision yourself: `--revision REVISION`");
  }
}

// Of files that are not committed the commit knows nothing: marked as `git describe` does.
std::string revision_from_git(const LocalModule& module) {
  auto commit = ask_git(module, "--revision", {"rev-parse", "HEAD"});
  refuse_filters(module);
  // Those of a submodule's files would be asked of git there, by its configuration.
  const auto changes =
      ask_git(module, "--revision",
              {"status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty"});
  if (!changes.empty()) {
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
    source->second = base::without_logins(std::move(source->second));
  }
  return result;
}

}  // namespace wasmctl::cli
