
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "compile/builders.hpp"
#include "compile/callers.hpp"
#include "compile/commands.hpp"
#include "compile/depfile.hpp"
#include "compile/diagnosis.hpp"
#include "compile/libraries.hpp"
#include "compile/library_cache.hpp"
#include "compile/protobuf.hpp"
#include "compile/sdk.hpp"
#include "compile/sdk_cache.hpp"
#include "compile/state.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"
#include "wasm/names.hpp"

namespace wasmctl::compile {

namespace {

// What the compiler says where a source needs what is off for the others.
constexpr std::string_view kNeedsRtti[] = {"requires -frtti"};
constexpr std::string_view kNeedsExceptions[] = {"with exceptions disabled"};
constexpr std::string_view kNeedsOldNames[] = {
    "unknown type name 'StringView'", "undeclared identifier 'StringView'",
    "no template named 'Optional'",   "undeclared identifier 'Optional'",
    "unknown type name 'PeerType'",   "undeclared identifier 'PeerType'"};

class Build {
 public:
  Build(const plugin::Plugin& plugin, Toolchain toolchain, const Options& options,
        std::string search_path)
      : plugin_(plugin),
        search_path_(std::move(search_path)),
        toolchain_(std::move(toolchain)),
        options_(options),
        settings_(settings_of(plugin, options)),
        paths_(paths_of(plugin, options)),
        jobs_(options.jobs > 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency())),
        identity_(toolchain_.identity()),
        libraries_(settings_.libraries, paths_.plugin) {
    for (const auto& source : plugin.sources) {
      units_.push_back({source, paths_.objects / (source.native() + ".o")});
    }
  }

  Result run() {
    make_directories(paths_, object_directories());
    const base::FileLock lock(lock_file(paths_));
    state_ = load_state(paths_.state(), Directory::plugins);
    add_messages();
    compile();
    write_compile_commands();
    link();
    return std::move(result_);
  }

 private:
  std::vector<fs::path> object_directories() const {
    std::vector<fs::path> directories;
    directories.reserve(units_.size());
    for (const auto& unit : units_) directories.push_back(unit.object.parent_path());
    return directories;
  }

  // What protoc makes are further sources.
  void add_messages() {
    const auto* const protobuf = libraries_.find("protobuf");
    if (protobuf == nullptr || protobuf->recipe() == nullptr || plugin_.protos.empty()) return;
    messages_ = generate_messages(plugin_.protos, *protobuf, paths_, search_path_, state_);
    for (const auto& source : messages_.sources) {
      units_.push_back({source, source.native() + ".o"});
    }
  }

  // The same names wherever they are made.
  Words message_words() const {
    if (messages_.sources.empty()) return {};
    Words words;
    for (const auto& include : messages_.includes) words.push_back("-I" + include.native());
    words.push_back("-I" + messages_.directory.native());
    words.push_back("-ffile-prefix-map=" + messages_.directory.native() + "=proto");
    return words;
  }

  Flags flags() const {
    return {settings_.optimize, options_.debug, state_.needs.rtti, state_.needs.exceptions};
  }

  std::string key_of(const Words& command) const {
    return identity_ + "\n" + base::to_shell(command);
  }

  // How a source of the plugin is compiled, without its name.
  Words plugin_words(Language language) const {
    Words words = compile_words(toolchain_, flags(), language);
    append(words, sdk_->include_words());
    append(words, {"-Wall", "-ffile-prefix-map=" + paths_.plugin.native() + "=."});
    if (state_.needs.old_names) words.emplace_back("-DPROXY_WASM_OLD_NAMES");
    if (options_.color) words.emplace_back("-fcolor-diagnostics");
    for (const auto& define : settings_.defines) words.push_back("-D" + define);
    for (const auto& include : settings_.includes) words.push_back("-I" + as_path(include));
    append(words, libraries_.use_words());
    append(words, message_words());
    if (language == Language::cpp) {
      if (!settings_.standard.empty()) words.push_back("-std=" + settings_.standard);
      append(words, settings_.compile_flags);
    }
    return words;
  }

  // The SDK's header takes most of a compilation; in its precompiled form, a sixth of that. It is
  // used only where it cannot change the meaning: no flags of the user's, of libraries only those
  // whose headers are all in a folder of their name, nothing but standard headers before it, and no
  // header of that name beside the source, which would be found first. (Editors get the command
  // without it: their clang may be another one.)
  bool may_use_precompiled_header(const Unit& unit) const {
    const bool plain = settings_.defines.empty() && settings_.includes.empty() &&
                       settings_.standard.empty() && settings_.compile_flags.empty() &&
                       !options_.debug && !state_.needs.old_names && libraries_.leave_sdk_alone();
    return plain && language_of(unit.source) == Language::cpp && !has_own_header(unit) &&
           begins_with_include(base::read_file(paths_.plugin / unit.source, kMaxSourceBytes),
                               kSdkHeader);
  }

  bool has_own_header(const Unit& unit) const {
    std::error_code ignored;
    return fs::exists(paths_.plugin / unit.source.parent_path() / kSdkHeader, ignored);
  }

  Words compile_command(const Unit& unit) const {
    Words words = plugin_words(language_of(unit.source));
    if (may_use_precompiled_header(unit)) {
      append(words, {"-include-pch", sdk_->precompiled_header()});
    }
    return with_output(std::move(words), unit);
  }

  void write_compile_commands() const {
    auto commands = nlohmann::json::array();
    for (const auto& unit : units_) {
      commands.push_back(
          {{"directory", paths_.plugin.native()},
           {"file", unit.source.native()},
           {"arguments", with_output(plugin_words(language_of(unit.source)), unit)}});
    }
    base::write_file_if_changed(paths_.build / "compile_commands.json", commands.dump(2) + "\n",
                                base::Links::replace);
  }

  std::vector<const Unit*> stale_units() const {
    std::vector<const Unit*> stale;
    for (const auto& unit : units_) {
      if (!state_.is_fresh(unit.object, key_of(compile_command(unit)))) stale.push_back(&unit);
    }
    return stale;
  }

  // Until all is compiled: once more with what the sources turn out to need, each at most once.
  void compile() {
    const auto before = state_.needs;
    for (;;) {
      sdk_.emplace(toolchain_, flags(), options_.cache, paths_.build);
      if (stale_units().empty() && is_linked()) return;
      sdk_->prepare(jobs_);
      const auto failures = compile(stale_units());
      if (failures.empty()) return;
      if (needs(failures, kNeedsRtti, state_.needs.rtti)) continue;
      if (needs(failures, kNeedsExceptions, state_.needs.exceptions)) continue;
      if (needs(failures, kNeedsOldNames, state_.needs.old_names)) continue;
      if (state_.needs != before) {  // that was not it
        state_.needs = before;
        save_state(paths_.state(), state_);
      }
      throw compile_error(failures);
    }
  }

  // What the compilers wrote that failed.
  std::string compile(const std::vector<const Unit*>& stale) {
    std::vector<base::Command> commands;
    commands.reserve(stale.size());
    for (const auto* unit : stale) {
      remove_outputs(*unit);
      commands.push_back(compiler_command(compile_command(*unit), paths_.plugin));
    }
    const auto started = file_clock_now();
    const auto finished = base::run_all(commands, jobs_);
    std::string failures;
    for (std::size_t i = 0; i < stale.size(); ++i) {
      if (finished[i].status != 0) {
        failures += finished[i].err;
        continue;
      }
      result_.warnings += finished[i].err;
      const auto& unit = *stale[i];
      state_.record(unit.object, key_of(commands[i].argv),
                    read_depfile(unit.depfile(), paths_.plugin), started);
    }
    result_.compiled += stale.size();
    if (!stale.empty()) save_state(paths_.state(), state_);
    return failures;
  }

  // True if the compiler asks for `feature`, which is off; then it is on.
  static bool needs(const std::string& failures, std::span<const std::string_view> signs,
                    bool& feature) {
    const bool asked = std::ranges::any_of(
        signs, [&](std::string_view sign) { return failures.find(sign) != std::string::npos; });
    return asked && !std::exchange(feature, true);
  }

  Error compile_error(const std::string& failures) const {
    auto error = build_error(plugin_, "does not compile", failures);
    const auto own =
        std::ranges::find_if(units_, [&](const Unit& unit) { return has_own_header(unit); });
    if (own != units_.end()) {
      error.hint(fmt::format("the {} beside {} stands in for the SDK's", kSdkHeader,
                             own->source.native()));
    }
    return error;
  }

  Words objects() const {
    Words objects;
    for (const auto& unit : units_) objects.push_back(unit.object.native());
    return objects;
  }

  Words link_command(const Words& of_libraries) const {
    LinkInputs inputs{objects(), settings_.link_flags, sdk_->objects()};
    inputs.library.insert(inputs.library.begin(), of_libraries.begin(), of_libraries.end());
    return link_words(toolchain_, flags(), inputs, paths_.linked());
  }

  std::string link_key() const {
    return key_of(link_command({})) + libraries_.key() + shipping_key(plugin_, options_);
  }

  bool is_linked() const { return state_.is_fresh(paths_.module, link_key()); }

  void link() {
    result_.module = paths_.module;
    if (result_.compiled == 0 && is_linked()) return;

    result_.lost_flags = lost_flags(paths_, state_, options_);
    const auto started = file_clock_now();
    const auto inputs = link_what_is_used();
    ship(paths_.linked(), paths_.module, plugin_, options_, Exports::kept,
         [this](std::vector<Finding>& findings) { explain(findings); });
    fs::remove(paths_.linked());
    state_.record(paths_.module, link_key(), linked_files(inputs), started);
    state_.flags = options_.typed;
    save_state(paths_.state(), state_);
  }

  // The files of libraries that it was linked from.
  std::vector<fs::path> link_what_is_used() {
    if (libraries_.trees().empty()) {
      link({});
      return {};
    }
    LibraryCache cache(
        libraries_.trees(),
        {toolchain_, flags(), sdk_->include_words(), sdk_->directory(), sdk_digest(),
         settings_.standard, options_.cache, paths_.build, jobs_, options_.library_progress});
    const auto used = used_files();
    auto part = libraries_.part_for(used, Reach::headers, cache);
    if (link(part.objects).empty()) return part.inputs;
    part = libraries_.part_for(used, Reach::folders, cache);
    const auto missing = link(part.objects);
    if (missing.empty() || part.complaints.empty()) return part.inputs;
    Error error(Code::build_failed,
                fmt::format("{} does not link: `{}`, which it uses, does not compile for Wasm",
                            plugin_.name, missing));
    throw error.with_output(fmt::format("{}\n", fmt::join(part.complaints, "\n")));
  }

  // Links, and says which function of a library is not there yet; empty: all are.
  std::string link(const Words& of_libraries) {
    std::error_code ignored;
    fs::remove(paths_.linked(), ignored);  // a link would be followed
    const auto finished = base::run(compiler_command(link_command(of_libraries), paths_.plugin));
    if (finished.status != 0) {
      const auto missing = libraries_.function_of_one(undefined_symbols(finished.err));
      if (!missing.empty()) return missing;
      throw link_error(finished.err);
    }
    result_.warnings += finished.err;
    return libraries_.trees().empty() ? std::string()
                                      : libraries_.function_of_one(imported_functions());
  }

  std::vector<std::string> imported_functions() const {
    const auto module = wasm::parse_module(base::read_file(paths_.linked(), wasm::kMaxModuleBytes),
                                           paths_.linked().native());
    std::vector<std::string> functions;
    for (const auto& import : module.imports) functions.push_back(wasm::demangle(import.name));
    return functions;
  }

  // What the plugin's objects were made from.
  std::set<fs::path> used_files() const {
    std::set<fs::path> files;
    for (const auto& unit : units_) {
      const auto step = state_.steps.find(unit.object.native());
      if (step == state_.steps.end()) continue;
      for (const auto& [path, stamp] : step->second.inputs) {
        files.insert(fs::path(path).lexically_normal());
      }
    }
    return files;
  }

  // What the module is made from, also of libraries.
  std::vector<fs::path> linked_files(const std::vector<fs::path>& of_libraries) const {
    auto files = of_libraries;
    for (const auto& object : objects()) files.emplace_back(object);
    for (const auto& library : named_libraries(settings_.link_flags)) {
      const auto file = paths_.plugin / library;
      std::error_code ignored;
      if (fs::exists(file, ignored)) files.push_back(file);
    }
    return files;
  }

  void explain(std::vector<Finding>& findings) const {
    add_places(findings, locate(unknown_imports(findings)));
    for (auto& finding : findings) {
      if (finding.rule == wasm::kStartBranch) finding.severity = Severity::error;
    }
  }

  // Where the plugin's sources use `symbols`: compiles them once more, for the places alone.
  std::vector<Caller> locate(const Words& symbols) const {
    if (symbols.empty()) return {};
    std::vector<base::Command> commands;
    for (const auto& unit : units_) {
      auto words = without_lto(plugin_words(language_of(unit.source)));
      append(words, {"-w", "-O0", "-g", "-S", "-emit-llvm", "-o", "-"});
      append(words, source_words(unit.source));
      commands.push_back(compiler_command(std::move(words), paths_.plugin));
    }
    std::vector<Caller> callers;
    for (const auto& finished : base::run_all(commands, jobs_)) {
      auto found = find_callers(finished.out, symbols);
      std::move(found.begin(), found.end(), std::back_inserter(callers));
    }
    return callers;
  }

  Error link_error(const std::string& output) const {
    const auto symbols = undefined_symbols(output);
    return symbols.empty() ? build_error(plugin_, "does not link", output)
                           : undefined_error(plugin_.name, symbols, locate(symbols));
  }

  const plugin::Plugin& plugin_;
  std::string search_path_;  // $PATH
  Toolchain toolchain_;
  const Options& options_;
  plugin::BuildSettings settings_;
  Paths paths_;
  unsigned jobs_;
  std::string identity_;  // of the toolchain
  Libraries libraries_;
  Generated messages_;
  std::vector<Unit> units_;
  State state_;
  std::optional<SdkCache> sdk_;  // for what state_ says of run-time type information and exceptions
  Result result_;
};

}  // namespace

Result build_with_clang(const plugin::Plugin& plugin, const ToolchainSearch& search,
                        const Options& options) {
  return Build(plugin, find_toolchain(search), options, search.path).run();
}

}  // namespace wasmctl::compile
