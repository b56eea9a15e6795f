#include "compile/library_cache.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/content.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "compile/depfile.hpp"
#include "compile/state.hpp"

namespace wasmctl::compile {

namespace {

constexpr std::uint64_t kMaxInputBytes = 64ULL << 20U;
constexpr std::uint64_t kMaxRecordBytes = 16ULL << 20U;
// Of one source, for trees that differ. The oldest goes.
constexpr std::size_t kMostMakings = 8;
constexpr std::size_t kDigits = 16;

// In C++17 and later.
constexpr std::string_view kStandardHeaders[] = {"algorithm",
                                                 "array",
                                                 "atomic",
                                                 "bitset",
                                                 "chrono",
                                                 "cmath",
                                                 "cstddef",
                                                 "cstdint",
                                                 "cstdio",
                                                 "cstdlib",
                                                 "cstring",
                                                 "functional",
                                                 "initializer_list",
                                                 "iostream",
                                                 "iterator",
                                                 "limits",
                                                 "map",
                                                 "memory",
                                                 "mutex",
                                                 "numeric",
                                                 "optional",
                                                 "ostream",
                                                 "set",
                                                 "sstream",
                                                 "string",
                                                 "string_view",
                                                 "tuple",
                                                 "type_traits",
                                                 "unordered_map",
                                                 "unordered_set",
                                                 "utility",
                                                 "variant",
                                                 "vector"};

fs::path record_file(const fs::path& directory, const fs::path& source) {
  return (directory / source).native() + ".json";
}

bool can_be_written(const fs::path& cache) {
  if (cache.empty()) return false;
  try {
    base::make_directories(cache);
  } catch (const Error&) {
    return false;
  }
  return ::access(cache.c_str(), W_OK) == 0;
}

std::string digest_of(const fs::path& file) {
  try {
    return base::sha256_hex(base::Content::of_regular_file(file, kMaxInputBytes));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

LibraryCache::LibraryCache(const std::vector<LibraryTree>& trees, Settings settings)
    : trees_(trees), settings_(std::move(settings)) {
  if (!can_be_written(settings_.cache)) settings_.cache = settings_.otherwise;
  settings_.cache = fs::absolute(settings_.cache);
}

Words LibraryCache::words_for(const LibraryTree& tree, Language language, Naming naming) const {
  const auto place = [&](const LibraryTree& of) {
    return naming == Naming::places ? of.root() : fs::path(of.name());
  };
  Words words = compile_words(settings_.toolchain, settings_.flags, language);
  append(words, naming == Naming::places ? settings_.sdk_words : Words{settings_.sdk});
  append(words, {"-w", "-DPROXY_WASM_LIBRARY"});
  if (language == Language::cpp && !settings_.standard.empty()) {
    words.push_back("-std=" + settings_.standard);
  }
  append(words, tree.own_words(place(tree)));
  for (const auto& other : trees_) {
    if (tree.sees(other)) append(words, other.use_words(place(other)));
  }
  return words;
}

fs::path LibraryCache::directory_of(const LibraryTree& tree) const {
  const auto words = [&](Language language) {
    return base::to_shell(words_for(tree, language, Naming::names));
  };
  const auto key =
      settings_.toolchain.identity() + "\n" + words(Language::c) + "\n" + words(Language::cpp);
  return settings_.cache /
         fmt::format("library-{}-{}", tree.name(), base::sha256_hex(key).substr(0, kDigits));
}

std::string LibraryCache::name_of(const fs::path& file) const {
  for (const auto& tree : trees_) {
    if (tree.has(file)) return (tree.name() / tree.relative(file)).native();
  }
  return file.native();
}

fs::path LibraryCache::place_of(const std::string& name) const {
  if (name.starts_with('/')) return name;
  for (const auto& tree : trees_) {
    const auto begin = tree.name() + "/";
    if (name.starts_with(begin)) return tree.root() / name.substr(begin.size());
  }
  return {};
}

const std::string& LibraryCache::stamp_of(const fs::path& file) {
  const auto [at, is_new] = stamps_.try_emplace(file);
  if (is_new) {
    const bool in_a_tree =
        std::ranges::any_of(trees_, [&](const LibraryTree& tree) { return tree.has(file); });
    at->second = in_a_tree ? digest_of(file) : fingerprint(file);
  }
  return at->second;
}

bool LibraryCache::counts(const fs::path& file) const {
  return !file.native().starts_with(settings_.cache.native() + "/");
}

bool LibraryCache::fits(const Making& making, const fs::path& folder) {
  const bool same_inputs = std::ranges::all_of(making.inputs, [&](const auto& input) {
    return !input.second.empty() && stamp_of(place_of(input.first)) == input.second;
  });
  return same_inputs && digest_of(folder / making.object) == making.digest;
}

LibraryCache::Compiled LibraryCache::compiled(const Making& making, const fs::path& folder) const {
  Compiled result{folder / making.object, {}, {}};
  for (const auto& [name, stamp] : making.inputs) result.inputs.insert(place_of(name));
  return result;
}

// What cannot be read is made anew.
std::vector<LibraryCache::Making> LibraryCache::read_makings(const fs::path& record) {
  std::vector<Making> makings;
  try {
    const auto content = base::Content::of_regular_file(record, kMaxRecordBytes);
    for (const auto& row : nlohmann::json::parse(content.view())) {
      makings.push_back({row.at("inputs"), row.at("object"), row.at("digest")});
    }
  } catch (const nlohmann::json::exception&) {
    makings.clear();
  } catch (const Error&) {
    makings.clear();
  }
  std::erase_if(makings, [](const Making& making) {
    return making.object.empty() || making.object.find('/') != std::string::npos;
  });
  return makings;
}

std::vector<fs::path> LibraryCache::find(const std::set<fs::path>& sources,
                                         const fs::path& directory,
                                         std::map<fs::path, Compiled>& found) {
  std::vector<fs::path> missing;
  for (const auto& source : sources) {
    if (found.contains(source)) continue;
    const auto folder = (directory / source).parent_path();
    const auto makings = read_makings(record_file(directory, source));
    const auto making =
        std::ranges::find_if(makings, [&](const Making& one) { return fits(one, folder); });
    if (making == makings.end()) {
      missing.push_back(source);
    } else {
      found.emplace(source, compiled(*making, folder));
    }
  }
  return missing;
}

std::map<fs::path, LibraryCache::Compiled> LibraryCache::objects(
    const LibraryTree& tree, const std::set<fs::path>& sources) {
  std::map<fs::path, Compiled> found;
  const auto directory = directory_of(tree);
  if (find(sources, directory, found).empty()) return found;
  base::make_directories_below(settings_.cache, directory.filename());
  const base::FileLock lock(directory / "lock");
  stamps_.clear();  // that took a while, if another build had it
  const auto missing = find(sources, directory, found);
  compile(tree, missing, directory, found);
  return found;
}

void LibraryCache::compile(const LibraryTree& tree, const std::vector<fs::path>& sources,
                           const fs::path& directory, std::map<fs::path, Compiled>& found) {
  std::vector<Unit> units;
  std::vector<base::Command> commands;
  for (const auto& source : sources) {
    base::make_directories_below(directory, source.parent_path());
    units.push_back({source, (directory / source).native() + ".new.o"});
    remove_outputs(units.back());
    auto words = words_for(tree, language_of(source), Naming::places);
    append(words, with_standard_headers(tree, source));
    append(words, with_stand_in(tree, source));
    commands.push_back(compiler_command(with_output(std::move(words), units.back()), tree.root()));
  }
  std::size_t done = 0;
  const auto tell = [&] {
    if (settings_.progress) settings_.progress(tree.name(), done, units.size());
  };
  tell();
  const auto started = file_clock_now();
  base::run_all(commands, settings_.jobs, [&](std::size_t index, const base::Finished& finished) {
    const auto& unit = units[index];
    auto& result = found[unit.source];
    if (finished.status == 0) {
      const auto making = take(tree, unit);
      result = compiled(making, unit.object.parent_path());
      if (!changed_since(making, started)) add_making(record_file(directory, unit.source), making);
    } else {
      result.complaint = finished.err;
    }
    ++done;
    tell();
  });
}

Words LibraryCache::with_stand_in(const LibraryTree& tree, const fs::path& source) const {
  if (tree.recipe() == nullptr) return {};
  for (const auto& [of, file] : tree.recipe()->stand_ins) {
    if (of == source.native()) return {"-include", (settings_.sdk_place / file).native()};
  }
  return {};
}

Words LibraryCache::with_standard_headers(const LibraryTree& tree, const fs::path& source) {
  if (tree.recipe() == nullptr || language_of(source) != Language::cpp) return {};
  const auto [at, is_new] = headers_.try_emplace(tree.name());
  if (is_new) at->second = precompile_standard_headers(tree);
  return {"-include-pch", at->second.native()};
}

fs::path LibraryCache::precompile_standard_headers(const LibraryTree& tree) {
  const auto directory = directory_of(tree);
  const Unit header{directory / "standard.h", directory / "standard.h.pch"};
  auto words = words_for(tree, Language::cpp, Naming::places);
  const auto key = base::to_shell(words);
  auto state = load_state(directory / "state.json", Directory::cache);
  if (state.is_fresh(header.object, key)) return header.object;
  std::string text;
  for (const auto name : kStandardHeaders) text += fmt::format("#include <{}>\n", name);
  base::replace_file(header.source, text);
  remove_outputs(header);
  append(words, {"-x", "c++-header", header.source.native(), "-o", header.object.native(), "-MD",
                 "-MF", header.depfile().native()});
  const auto started = file_clock_now();
  const auto finished = base::run(compiler_command(std::move(words), directory));
  if (finished.status != 0) {
    throw Error(Code::build_failed, "the standard library's headers do not compile")
        .with_output(finished.err);
  }
  state.record(header.object, key, read_depfile(header.depfile(), directory), started);
  save_state(directory / "state.json", state);
  return header.object;
}

// What the compiler has made, under its lasting name: a record has it only then, so that it is true
// whenever it is read.
LibraryCache::Making LibraryCache::take(const LibraryTree& tree, const Unit& unit) {
  Making making;
  for (const auto& input : read_depfile(unit.depfile(), tree.root())) {
    const auto file = input.lexically_normal();
    if (counts(file)) making.inputs.emplace(name_of(file), stamp_of(file));
  }
  making.digest = digest_of(unit.object);
  making.object =
      fmt::format("{}.{}.o", unit.source.filename().native(), making.digest.substr(0, kDigits));
  fs::rename(unit.object, unit.object.parent_path() / making.object);
  remove_outputs(unit);
  return making;
}

bool LibraryCache::changed_since(const Making& making, FileClock time) const {
  return std::ranges::any_of(
      making.inputs, [&](const auto& input) { return file_time(place_of(input.first)) >= time; });
}

void LibraryCache::add_making(const fs::path& record, const Making& making) {
  auto makings = read_makings(record);
  makings.insert(makings.begin(), making);
  while (makings.size() > kMostMakings) {
    const auto last = makings.back().object;
    makings.pop_back();
    std::error_code ignored;
    const bool shared = std::ranges::find(makings, last, &Making::object) != makings.end();
    if (!shared) fs::remove(record.parent_path() / last, ignored);
  }
  auto json = nlohmann::json::array();
  for (const auto& [inputs, object, digest] : makings) {
    json.push_back({{"inputs", inputs}, {"object", object}, {"digest", digest}});
  }
  base::replace_file(record, json.dump());
}

}  // namespace wasmctl::compile
