#include "compile/sdk_cache.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "base/sha256.hpp"
#include "compile/depfile.hpp"
#include "compile/remedies.hpp"
#include "compile/sdk.hpp"
#include "compile/state.hpp"

namespace wasmctl::compile {

namespace {

// Of the SDK's sources the one that the code generator refers to, when the LTO is done.
constexpr std::string_view kCompiledWithoutLto = "exceptions.cc";
constexpr char kStateFile[] = "state.json";

// A directory that can be written, or that holds what is needed already.
bool serves(const fs::path& cache, const fs::path& sdk) {
  if (cache.empty()) return false;
  std::error_code ignored;
  if (fs::exists(sdk / kStateFile, ignored)) return true;
  try {
    base::make_directories(cache);
  } catch (const Error&) {
    return false;
  }
  return ::access(cache.c_str(), W_OK) == 0;
}

// "Debian clang version 22.1.8", to be told when nothing else explains a failure.
std::string version_line(const Toolchain& toolchain) {
  const auto said = base::run(compiler_command({toolchain.clang.native(), "--version"}, {})).out;
  return said.substr(0, said.find('\n'));
}

}  // namespace

SdkCache::SdkCache(const Toolchain& toolchain, const Flags& flags, const fs::path& cache,
                   const fs::path& otherwise)
    : toolchain_(toolchain), words_(compile_words(toolchain, flags)) {
  key_ = toolchain.identity() + "\n" + base::to_shell(words_) + "\n" + sdk_digest();
  const auto name = "sdk-" + base::sha256_hex(key_).substr(0, 16);
  whose_ = serves(cache, cache / name) ? Directory::cache : Directory::plugins;
  directory_ = fs::absolute((whose_ == Directory::cache ? cache : otherwise) / name);
  for (const auto& file : sdk_files()) {
    if (file.name.ends_with(".cc")) {
      objects_.push_back((directory_ / file.name).native() + ".o");
    }
  }
}

std::string SdkCache::precompiled_header() const {
  return (directory_ / kSdkHeader).native() + ".pch";
}

Words SdkCache::include_words() const {
  return {"-I" + (directory_ / "std").native(), "-I" + directory_.native(),
          // The same bytes wherever the cache is:
          "-ffile-prefix-map=" + directory_.native() + "=sdk"};
}

bool SdkCache::prepare(unsigned jobs) {
  if (is_whole()) return false;
  base::make_directories_below(directory_.parent_path(), directory_.filename());
  const base::FileLock lock(directory_ / "lock");
  if (!is_whole()) compile(jobs);  // else another build has made it meanwhile
  return true;
}

bool SdkCache::is_whole() const {
  const auto state = load_state(directory_ / kStateFile, whose_);
  const auto fits = [&](const fs::path& part) { return state.is_fresh(part, key_); };
  return fits(precompiled_header()) && std::ranges::all_of(objects_, fits) &&
         std::ranges::all_of(sdk_files(),
                             [&](const SdkFile& file) { return fits(directory_ / file.name); });
}

void SdkCache::compile(unsigned jobs) {
  for (const auto& file : sdk_files()) {
    base::make_directories_below(directory_, fs::path(file.name).parent_path());
    base::write_file_if_changed(directory_ / file.name, file.text, base::Links::replace);
  }
  auto words = words_;
  append(words, include_words());
  const Unit header{kSdkHeader, precompiled_header()};
  remove_outputs(header);
  std::vector<base::Command> commands;
  auto for_header = words;
  append(for_header, {"-x", "c++-header", kSdkHeader, "-o", header.object.native(), "-MD", "-MF",
                      header.depfile().native()});
  commands.push_back(compiler_command(std::move(for_header), directory_));
  for (const auto& object : objects_) {
    const Unit unit{fs::path(object).stem(), object};
    remove_outputs(unit);
    auto for_unit = unit.source == kCompiledWithoutLto ? without_lto(words) : words;
    commands.push_back(compiler_command(with_output(std::move(for_unit), unit), directory_));
  }

  const auto started = file_clock_now();
  std::string failures;
  for (const auto& finished : base::run_all(commands, jobs)) {
    if (finished.status != 0) failures += finished.err;
  }
  if (!failures.empty()) {
    Error error(Code::build_failed,
                fmt::format("the SDK does not compile with `{}` ({})", toolchain_.clang.native(),
                            version_line(toolchain_)));
    error.because(failures);
    for (auto& hint : remedies(failures, {})) error.hint(std::move(hint));
    if (error.hints().empty()) error.hint(fmt::format("clang {} and later serve", kOldestClang));
    throw error;
  }
  record_parts(started);
}

// The parts are ours alone while the lock is held; what they were made from, besides, are headers
// of the standard library.
void SdkCache::record_parts(FileClock started) const {
  State state{whose_, {}, {}, {}};
  std::vector<fs::path> inputs;
  const auto record = [&](const fs::path& object) {
    for (auto& file : read_depfile(Unit{{}, object}.depfile(), directory_)) {
      if (!file.native().starts_with(directory_.native())) inputs.push_back(std::move(file));
    }
    state.record(object, key_, {}, started);
  };
  for (const auto& object : objects_) record(object);
  record(precompiled_header());
  state.record(precompiled_header(), key_, inputs, started);  // each once
  for (const auto& file : sdk_files()) state.record(directory_ / file.name, key_, {}, started);
  save_state(directory_ / kStateFile, state);
}

}  // namespace wasmctl::compile
