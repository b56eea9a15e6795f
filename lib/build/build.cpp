#include "build/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "build/callers.hpp"
#include "build/depfile.hpp"
#include "build/sdk.hpp"
#include "build/state.hpp"
#include "wasm/lint.hpp"
#include "wasm/module.hpp"

namespace wasmctl::build {

namespace {

using Words = std::vector<std::string>;

constexpr std::uint64_t kMaxDepfileBytes = 16ULL << 20U;

void append(Words& words, const Words& more) { words.insert(words.end(), more.begin(), more.end()); }

// A source and what becomes of it. All paths absolute but `name`.
struct Unit {
  std::string name;  // as the compiler is told it: relative to the plugin for its own sources
  fs::path object;
  fs::path depfile;
  bool is_sdk = false;
};

bool dropped_from_release(std::string_view section) {
  // Names and DWARF are for people; target_features and producers for linkers.
  return section == "name" || section == "producers" || section == "target_features" ||
         section.starts_with(".debug_");
}

class Build {
 public:
  Build(const plugin::Plugin& plugin, const Toolchain& toolchain, const Options& options)
      : plugin_(plugin),
        toolchain_(toolchain),
        options_(options),
        plugin_directory_(fs::absolute(plugin.directory).lexically_normal()),
        build_directory_(options.directory.empty() ? plugin_directory_ / "build"
                                                   : fs::absolute(options.directory)),
        object_directory_(build_directory_ / (options.debug ? "obj-g" : "obj")),
        module_(build_directory_ / (plugin.name + ".wasm")) {}

  Result run() {
    base::make_directories(object_directory_);
    const base::FileLock lock(object_directory_ / "lock");
    state_ = load_state(state_file());
    prepare_units();
    write_compile_commands();
    compile();
    link();
    return std::move(result_);
  }

 private:
  fs::path state_file() const { return object_directory_ / "state.json"; }
  fs::path sdk_directory() const { return build_directory_ / "sdk"; }

  void prepare_units() {
    for (const auto& source : plugin_.sources) add_unit(source.native(), "plugin" / source, false);
    for (const auto& source : extract_sdk(sdk_directory())) {
      add_unit(source.native(), "sdk" / source.filename(), true);
    }
  }

  void add_unit(std::string name, const fs::path& place, bool is_sdk) {
    const auto stem = object_directory_ / place;
    units_.push_back({std::move(name), stem.native() + ".o", stem.native() + ".d", is_sdk});
  }

  Words compiler() const {
    Words words{toolchain_.clang.native()};
    if (toolchain_.needs_debian_triple) {
      // Debian keeps its headers under wasm32-wasi, a spelling that clang calls deprecated: silence
      // that one warning of the driver, and leave the compiler's warnings of the group on.
      append(words, {"--target=wasm32-wasi", "-Wno-deprecated", "-Xclang", "-Wdeprecated-declarations"});
    } else {
      words.emplace_back("--target=wasm32-wasip1");
    }
    if (options_.color) words.emplace_back("-fcolor-diagnostics");
    return words;
  }

  // The compile command but for its output.
  Words compile_words(const Unit& unit) const {
    Words words = compiler();
    append(words, {"-std=c++20", "-O" + options_.optimize, "-flto", "-fno-exceptions",
                   "-fvisibility=hidden", "-fwhole-program-vtables", "-Wall", "-I" + sdk_directory().native(),
                   // The same bytes in any directory:
                   "-ffile-prefix-map=" + sdk_directory().native() + "=sdk",
                   "-ffile-prefix-map=" + plugin_directory_.native() + "=."});
    if (options_.debug) append(words, {"-g", "-fdebug-compilation-dir=."});
    for (const auto& define : options_.defines) words.push_back("-D" + define);
    for (const auto& include : options_.includes) words.push_back("-I" + fs::absolute(include).native());
    if (!unit.is_sdk) append(words, options_.compile_flags);
    append(words, {"-c", unit.name});
    return words;
  }

  Words compile_command(const Unit& unit) const {
    Words words = compile_words(unit);
    append(words, {"-o", unit.object.native(), "-MD", "-MF", unit.depfile.native()});
    return words;
  }

  std::string key(const Words& command) const {
    return toolchain_.identity() + "\n" + base::to_shell(command);
  }

  void write_compile_commands() const {
    auto commands = nlohmann::json::array();
    for (const auto& unit : units_) {
      commands.push_back({{"directory", plugin_directory_.native()},
                          {"file", unit.name},
                          {"arguments", compile_command(unit)}});
    }
    base::write_file_if_changed(build_directory_ / "compile_commands.json", commands.dump(2) + "\n");
  }

  unsigned jobs() const {
    return options_.jobs > 0 ? options_.jobs : std::max(1U, std::thread::hardware_concurrency());
  }

  void compile() {
    std::vector<const Unit*> stale;
    std::vector<base::Command> commands;
    for (const auto& unit : units_) {
      auto command = compile_command(unit);
      if (state_.is_fresh(unit.object, key(command))) continue;
      base::make_directories(unit.object.parent_path());
      stale.push_back(&unit);
      commands.push_back({std::move(command), plugin_directory_, {}});
    }
    const auto started = file_clock_now();
    const auto finished = base::run_all(commands, jobs());
    std::string failures;
    for (std::size_t i = 0; i < stale.size(); ++i) {
      if (finished[i].status != 0) {
        failures += finished[i].err;
        continue;
      }
      result_.warnings += finished[i].err;
      record(*stale[i], commands[i].argv, started);
    }
    result_.compiled = stale.size();
    if (!stale.empty()) save_state(state_file(), state_);
    if (!failures.empty()) throw build_error("does not compile", failures);
  }

  void record(const Unit& unit, const Words& command, FileClock started) {
    std::vector<fs::path> inputs;
    for (const auto& file : parse_depfile(base::read_file(unit.depfile, kMaxDepfileBytes))) {
      inputs.push_back(plugin_directory_ / file);
    }
    state_.record(unit.object, key(command), inputs, started);
  }

  Words link_command(const fs::path& output) const {
    Words words = compiler();
    append(words, {"-flto", "-O" + options_.optimize, "-mexec-model=reactor", "-nostartfiles",
                   "-Wl,--no-entry",
                   // A function that no source defines becomes an import, so that one check, ours,
                   // judges them all and can name the caller.
                   "-Wl,--import-undefined"});
    if (!options_.debug) words.emplace_back("-Wl,--strip-all");
    for (const auto& unit : units_) words.push_back(unit.object.native());
    append(words, options_.link_flags);
    append(words, {"-o", output.native()});
    return words;
  }

  void link() {
    result_.module = module_;
    const auto linked = object_directory_ / "linked.wasm";
    const auto command = link_command(linked);
    const auto link_key = key(command) + (options_.lint ? "" : "\nno lint");
    if (result_.compiled == 0 && state_.is_fresh(module_, link_key)) return;

    const auto started = file_clock_now();
    const auto finished = base::run({command, plugin_directory_, {}});
    if (finished.status != 0) throw build_error("does not link", finished.err);
    result_.warnings += finished.err;

    std::string bytes = base::read_file(linked, wasm::kMaxModuleBytes);
    fs::remove(linked);
    const auto module = wasm::parse_module(bytes, module_.filename().native());
    if (options_.lint) check(module);
    if (!options_.debug) bytes = wasm::without_custom_sections(module, bytes, dropped_from_release);
    base::write_file(module_, bytes);

    std::vector<fs::path> objects;
    for (const auto& unit : units_) objects.push_back(unit.object);
    state_.record(module_, link_key, objects, started);
    save_state(state_file(), state_);
  }

  void check(const wasm::Module& module) const {
    auto findings = wasm::lint(module);
    Words unknown;
    for (const auto& finding : findings) {
      if (finding.rule == "unknown-import") unknown.push_back(finding.subject);
    }
    if (!unknown.empty()) {
      const auto callers = locate(unknown);
      for (auto& finding : findings) {
        if (finding.rule == "unknown-import") name_callers(finding, callers);
      }
    }
    wasm::throw_unloadable(findings, plugin_.name);
  }

  std::vector<Caller> locate(const Words& imports) const {
    std::vector<base::Command> commands;
    for (const auto& unit : units_) {
      if (unit.is_sdk) continue;
      auto words = compile_words(unit);
      append(words, {"-w", "-fno-lto", "-fno-whole-program-vtables", "-O0", "-g", "-S", "-emit-llvm", "-o", "-"});
      commands.push_back({std::move(words), plugin_directory_, {}});
    }
    std::vector<Caller> callers;
    for (const auto& finished : base::run_all(commands, jobs())) {
      auto found = find_callers(finished.out, imports);
      std::move(found.begin(), found.end(), std::back_inserter(callers));
    }
    return callers;
  }

  static void name_callers(wasm::Finding& finding, const std::vector<Caller>& callers) {
    constexpr std::size_t kMostPlaces = 5;
    const auto function = demangle(finding.subject);
    std::string places;
    std::size_t count = 0;
    for (const auto& caller : callers) {
      if (caller.function != function || ++count > kMostPlaces) continue;
      places += (places.empty() ? ", called at " : ", ") + caller.place;
    }
    if (count > kMostPlaces) places += fmt::format(" and {} more", count - kMostPlaces);
    finding.message =
        fmt::format("`{}` is defined by no source and not offered by Envoy{}", function, places);
    if (finding.hint.empty()) {
      finding.hint = "define it, add the source that does to `sources`, or do without it";
    }
  }

  Error build_error(std::string_view what, const std::string& output) const {
    Error error(Code::build_failed, fmt::format("{} {}", plugin_.name, what));
    error.because(output);
    const bool no_headers = output.find("file not found") != std::string::npos &&
                            output.find("proxy_wasm") == std::string::npos &&
                            output.find("'c") != std::string::npos;
    const bool no_library = output.find("unable to find library") != std::string::npos;
    if (no_library || no_headers) {
      error.hint(fmt::format("is the Wasm toolchain whole? On Debian: `apt-get install {}`",
                             kDebianPackages));
    }
    return error;
  }

  const plugin::Plugin& plugin_;
  const Toolchain& toolchain_;
  const Options& options_;
  fs::path plugin_directory_;
  fs::path build_directory_;
  fs::path object_directory_;
  fs::path module_;
  std::vector<Unit> units_;
  State state_;
  Result result_;
};

}  // namespace

Result build(const plugin::Plugin& plugin, const Toolchain& toolchain, const Options& options) {
  return Build(plugin, toolchain, options).run();
}

}  // namespace wasmctl::build
