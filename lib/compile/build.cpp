#include "compile/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "base/sha256.hpp"
#include "compile/callers.hpp"
#include "compile/commands.hpp"
#include "compile/depfile.hpp"
#include "compile/descriptions.hpp"
#include "compile/remedies.hpp"
#include "compile/sdk.hpp"
#include "compile/state.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"
#include "wasm/names.hpp"
#include "wasm/pack.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::compile {

namespace {

constexpr std::uint64_t kMaxDepfileBytes = 16ULL << 20U;
constexpr std::uint64_t kMaxSourceBytes = 64ULL << 20U;

// A source and what becomes of it.
struct Unit {
  std::string name;  // as the compiler is told it: relative to the directory that it runs in
  fs::path object;   // absolute
  fs::path depfile() const { return fs::path(object).replace_extension(".d"); }
};

Words with_output(Words words, const Unit& unit) {
  append(words,
         {"-c", unit.name, "-o", unit.object.native(), "-MD", "-MF", unit.depfile().native()});
  return words;
}

// ", used at a.cc:3:1, b.cc:4:5", or nothing where no use was found.
std::string places(const std::vector<Caller>& callers, std::string_view function) {
  constexpr std::size_t kMostPlaces = 5;
  std::set<std::string_view> places;
  for (const auto& caller : callers) {
    if (caller.function == function) places.insert(caller.place);
  }
  std::string text;
  std::size_t count = 0;
  for (const auto place : places) {
    if (++count > kMostPlaces)
      return text + fmt::format(" and {} more", places.size() - kMostPlaces);
    text += fmt::format("{} {}", count == 1 ? ", used at" : ",", place);
  }
  return text;
}

constexpr char kDefineIt[] = "define it, add the source that does to `sources`, or do without it";

// Of the SDK's sources the one that the code generator refers to, when the LTO is done.
constexpr std::string_view kCompiledWithoutLto = "exceptions.cc";

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
        module_(build_directory_ / (plugin.name + ".wasm")) {
    for (const auto& source : plugin.sources) {
      units_.push_back({source.native(), object_directory_ / (source.native() + ".o")});
    }
  }

  Result run() {
    base::make_directories(object_directory_);
    const base::FileLock lock(object_directory_ / "lock");
    state_ = load_state(state_file());
    do {
      prepare_sdk();
    } while (!compile());
    write_compile_commands();
    link();
    return std::move(result_);
  }

 private:
  fs::path state_file() const { return object_directory_ / "state.json"; }
  Flags flags() const {
    return {options_.optimize, options_.debug, state_.rtti, state_.exceptions};
  }

  std::string key_of(const Words& command) const {
    return toolchain_.identity() + "\n" + base::to_shell(command);
  }

  unsigned jobs() const {
    return options_.jobs > 0 ? options_.jobs : std::max(1U, std::thread::hardware_concurrency());
  }

  // The cache, or the build directory where there is none or it cannot be written.
  fs::path cache_directory() const {
    if (options_.cache.empty()) return build_directory_;
    try {
      base::make_directories(options_.cache);
      return options_.cache;
    } catch (const Error&) {
      return build_directory_;
    }
  }

  std::string precompiled_header() const { return (sdk_directory_ / kSdkHeader).native() + ".pch"; }

  // Makes the SDK's objects and its precompiled header, unless any plugin's build has made the same
  // before. The directory's name carries all that they depend on, so what is there is right.
  void prepare_sdk() {
    const auto words = compile_words(toolchain_, flags());
    const auto key = base::sha256_hex(sdk_digest() + key_of(words)).substr(0, 16);
    sdk_directory_ = cache_directory() / ("sdk-" + key);
    sdk_objects_.clear();
    for (const auto& file : sdk_files()) {
      if (file.name.ends_with(".cc")) {
        sdk_objects_.push_back((sdk_directory_ / file.name).native() + ".o");
      }
    }
    const auto present = [](const std::string& file) { return fs::exists(file); };
    if (present(sdk_directory_ / "done") && present(precompiled_header()) &&
        std::all_of(sdk_objects_.begin(), sdk_objects_.end(), present)) {
      return;
    }
    base::make_directories(sdk_directory_);
    const base::FileLock lock(sdk_directory_ / "lock");
    extract_sdk(sdk_directory_);
    std::string failures;
    for (const auto& finished : base::run_all(sdk_commands(words), jobs())) {
      if (finished.status != 0) failures += finished.err;
    }
    if (!failures.empty()) throw build_error("cannot be built: its SDK does not compile", failures);
    base::write_file(sdk_directory_ / "done", "");
  }

  std::vector<base::Command> sdk_commands(Words words) const {
    append(words, include_words());
    std::vector<base::Command> commands;
    auto header = words;
    append(header, {"-x", "c++-header", kSdkHeader, "-o", precompiled_header()});
    commands.push_back({std::move(header), sdk_directory_, {}});
    for (const auto& object : sdk_objects_) {
      const Unit unit{fs::path(object).stem().native(), object};
      auto command = unit.name == kCompiledWithoutLto ? without_lto(words) : words;
      command.push_back("-ffile-prefix-map=" + sdk_directory_.native() + "=sdk");
      commands.push_back({with_output(std::move(command), unit), sdk_directory_, {}});
    }
    return commands;
  }

  // Where the SDK's headers are, and those that stand before the standard library's own.
  Words include_words() const {
    return {"-I" + (sdk_directory_ / "std").native(), "-I" + sdk_directory_.native()};
  }

  // How a source of the plugin is compiled, without its name.
  Words plugin_words() const {
    Words words = compile_words(toolchain_, flags());
    append(words, include_words());
    append(words, {"-Wall",
                   // The same bytes in any directory:
                   "-ffile-prefix-map=" + sdk_directory_.native() + "=sdk",
                   "-ffile-prefix-map=" + plugin_directory_.native() + "=."});
    if (options_.color) words.emplace_back("-fcolor-diagnostics");
    for (const auto& define : options_.defines) words.push_back("-D" + define);
    for (const auto& include : options_.includes) {
      words.push_back("-I" + fs::absolute(include).native());
    }
    append(words, options_.compile_flags);
    return words;
  }

  // The SDK's header takes most of a compilation; in its precompiled form, a sixth of that. It is
  // used only where it cannot change the meaning: no flags of the user's, and nothing but standard
  // headers before it. (Editors get the command without it: their clang may be another one.)
  bool may_use_precompiled_header(const Unit& unit) const {
    const bool plain = options_.defines.empty() && options_.includes.empty() &&
                       options_.compile_flags.empty() && !options_.debug;
    return plain &&
           begins_with_include(base::read_file(plugin_directory_ / unit.name, kMaxSourceBytes),
                               kSdkHeader);
  }

  Words compile_command(const Unit& unit) const {
    Words words = plugin_words();
    if (may_use_precompiled_header(unit)) append(words, {"-include-pch", precompiled_header()});
    return with_output(std::move(words), unit);
  }

  void write_compile_commands() const {
    auto commands = nlohmann::json::array();
    for (const auto& unit : units_) {
      commands.push_back({{"directory", plugin_directory_.native()},
                          {"file", unit.name},
                          {"arguments", with_output(plugin_words(), unit)}});
    }
    base::write_file_if_changed(build_directory_ / "compile_commands.json",
                                commands.dump(2) + "\n");
  }

  // False if the SDK must be made anew first: with run-time type information, which the sources
  // turn out to need, or because system headers changed under its precompiled header.
  bool compile() {
    std::vector<const Unit*> stale;
    std::vector<base::Command> commands;
    for (const auto& unit : units_) {
      auto command = compile_command(unit);
      if (state_.is_fresh(unit.object, key_of(command))) continue;
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
    result_.compiled += stale.size();
    if (!stale.empty()) save_state(state_file(), state_);
    if (failures.empty()) {
      return true;
    }
    if (!state_.rtti && failures.find("requires -frtti") != std::string::npos) {
      state_.rtti = true;
      return false;
    }
    if (!state_.exceptions && failures.find("with exceptions disabled") != std::string::npos) {
      state_.exceptions = true;
      return false;
    }
    if (failures.find("since the precompiled file") != std::string::npos &&
        fs::remove(sdk_directory_ / "done")) {
      return false;
    }
    throw build_error("does not compile", failures);
  }

  void record(const Unit& unit, const Words& command, FileClock started) {
    std::vector<fs::path> inputs;
    for (const auto& file : parse_depfile(base::read_file(unit.depfile(), kMaxDepfileBytes))) {
      inputs.push_back(plugin_directory_ / file);
    }
    state_.record(unit.object, key_of(command), inputs, started);
  }

  void link() {
    result_.module = module_;
    Words objects;
    for (const auto& unit : units_) objects.push_back(unit.object.native());
    const auto linked = object_directory_ / "linked.wasm";
    const auto command =
        link_words(toolchain_, flags(), objects, options_.link_flags, sdk_objects_, linked);
    const auto key =
        key_of(command) + (options_.lint ? "" : "\nno lint") + (options_.names ? "\nnames" : "");
    if (result_.compiled == 0 && state_.is_fresh(module_, key)) return;

    const auto started = file_clock_now();
    const auto finished = base::run({command, plugin_directory_, {}});
    if (finished.status != 0) throw link_error(finished.err);
    result_.warnings += finished.err;

    const auto name = module_.filename().native();
    const auto whole = wasm::parse_module(base::read_file(linked, wasm::kMaxModuleBytes), name);
    const auto module = wasm::read_module(ships(whole), name);
    if (options_.lint) check(module);
    write_descriptions(whole, module_);
    fs::remove(linked);
    base::write_file(wasm::side_file(module_), wasm::make_side_file(module, whole.bytes));
    base::write_file(module_, module.bytes);
    state_.record(module_, key, {objects.begin(), objects.end()}, started);
    save_state(state_file(), state_);
  }

  // What goes to the proxy.
  base::Content ships(const wasm::Module& linked) const {
    if (options_.debug) return linked.bytes;
    return wasm::shipped(linked, options_.names ? wasm::Names::kept : wasm::Names::none);
  }

  void check(const wasm::Module& module) const {
    auto findings = wasm::lint(module, plugin_.name);
    Words unknown;
    for (const auto& finding : findings) {
      if (finding.rule != "unknown-import") continue;
      for (const auto& import : finding.about) unknown.push_back(import.name);
    }
    const auto callers = locate(unknown);
    for (auto& finding : findings) {
      if (finding.rule != "unknown-import") continue;
      say_places(finding, callers);
    }
    wasm::throw_unloadable(findings, plugin_.name);
  }

  // The sources say better than the chain of calls where an import is used.
  static void say_places(Finding& finding, const std::vector<Caller>& callers) {
    const bool one = finding.about.size() == 1;
    for (auto& [name, trail] : finding.about) {
      const auto function = wasm::demangle(name);
      const auto used = places(callers, function);
      if (one) {
        finding.message =
            fmt::format("`{}` is defined by no source and not offered by Envoy{}", function, used);
      } else if (!used.empty()) {
        finding.message += fmt::format("; `{}`{}", function, used);
      }
      trail.clear();
    }
    if (finding.hint.empty()) finding.hint = kDefineIt;
  }

  // Where the plugin's sources use `symbols`: compiles them once more, for the places alone.
  std::vector<Caller> locate(const Words& symbols) const {
    std::vector<base::Command> commands;
    for (const auto& unit : units_) {
      if (symbols.empty()) return {};
      auto words = without_lto(plugin_words());
      append(words, {"-w", "-O0", "-g", "-S", "-emit-llvm", unit.name, "-o", "-"});
      commands.push_back({std::move(words), plugin_directory_, {}});
    }
    std::vector<Caller> callers;
    for (const auto& finished : base::run_all(commands, jobs())) {
      auto found = find_callers(finished.out, symbols);
      std::move(found.begin(), found.end(), std::back_inserter(callers));
    }
    return callers;
  }

  // A missing function becomes an import and fails check(); what the linker misses is data.
  Error link_error(const std::string& output) const {
    const auto symbols = undefined_symbols(output);
    if (symbols.empty()) return build_error("does not link", output);
    const auto callers = locate(symbols);
    Error error(Code::build_failed, plugin_.name + " does not link");
    for (const auto& symbol : symbols) {
      error.because(fmt::format("`{}` is defined by no source{}", symbol, places(callers, symbol)));
    }
    return error.hint(kDefineIt);
  }

  Error build_error(std::string_view what, const std::string& output) const {
    Error error(Code::build_failed, fmt::format("{} {}", plugin_.name, what));
    error.because(output);
    if (const auto hint = remedy(output); !hint.empty()) error.hint(hint);
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
  fs::path sdk_directory_;
  Words sdk_objects_;
  State state_;
  Result result_;
};

}  // namespace

Result build(const plugin::Plugin& plugin, const Toolchain& toolchain, const Options& options) {
  return Build(plugin, toolchain, options).run();
}

}  // namespace wasmctl::compile
