#include "wasm/savings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>

#include "wasm/name_path.hpp"

namespace wasmctl::wasm {

namespace {

// A library that may be left out or replaced: by its packages, or by the beginnings of names.
struct Library {
  std::string_view what;
  std::span<const std::string_view> packages;
  std::span<const std::string_view> names;
  std::string_view remedy;
};

constexpr std::string_view kRustAllocator[] = {"dlmalloc"};
constexpr std::string_view kLibcAllocator[] = {
    "dlmalloc",      "dlfree",        "dlcalloc",          "dlrealloc",
    "dispose_chunk", "tmalloc_large", "tmalloc_small",     "sys_alloc",
    "prepend_alloc", "sys_trim",      "internal_memalign", "try_realloc_chunk"};
constexpr std::string_view kRegex[] = {"regex", "regex_automata", "regex_syntax", "aho_corasick"};
constexpr std::string_view kRustTraces[] = {"gimli", "addr2line", "miniz_oxide", "rustc_demangle",
                                            "object"};
constexpr std::string_view kStreams[] = {
    "std::__2::basic_ostream",   "std::__2::basic_istream",   "std::__2::basic_iostream",
    "std::__2::basic_streambuf", "std::__2::basic_stringbuf", "std::__2::basic_filebuf",
    "std::__2::ios_base",        "std::__2::basic_ios",       "std::__2::locale",
    "std::__2::num_put",         "std::__2::num_get",         "std::__2::time_put",
    "std::__2::time_get",        "std::__2::money_",          "std::__2::moneypunct",
    "std::__2::numpunct",        "std::__2::ctype",           "std::__2::codecvt",
    "std::__2::collate",         "std::__2::messages",        "std::__2::__num_"};
constexpr std::string_view kProtobuf[] = {"google::protobuf::"};
constexpr std::string_view kAbseil[] = {"absl::"};
constexpr std::string_view kRe2[] = {"re2::"};
constexpr std::string_view kGoFormat[] = {"fmt", "reflect"};

constexpr Library kLibraries[] = {
    {"dlmalloc",
     kRustAllocator,
     {},
     "Rust's own allocator: `#[global_allocator]` names a smaller one"},
    {"dlmalloc",
     {},
     kLibcAllocator,
     "wasi-libc's allocator: the SDK of `wasmctl build` has a smaller one"},
    {"regular expressions", kRegex, {}, "`regex-lite` is a small part of `regex`"},
    {"back-traces of Rust's std",
     kRustTraces,
     {},
     "a std that is built with `panic_immediate_abort` has none"},
    {"streams and locales",
     {},
     kStreams,
     "std::to_string and std::string do without <iostream> and <sstream>"},
    {"protobuf",
     {},
     kProtobuf,
     "`optimize_for = LITE_RUNTIME`, or messages without the library, as the SDK has them"},
    {"Abseil",
     {},
     kAbseil,
     "std::to_string and `+` stand in for StrCat, std::unordered_map for flat_hash_map, an enum "
     "for Status"},
    // One pattern with groups, matched: 351 kB with RE2, 227 kB with std::regex, which needs time
    // that grows exponentially for some patterns.
    {"RE2",
     {},
     kRe2,
     "find and substr of std::string_view, where the pattern is simple; <regex> is two thirds as "
     "large"},
    {"fmt and reflect", kGoFormat, {}, "strconv and `+` do without them"},
};

// A name in a namespace is the beginning of one, one of C is whole.
bool is_named(std::string_view name, std::string_view known) {
  return known.find("::") == std::string_view::npos ? name == known : name.starts_with(known);
}

bool has(const Library& library, std::string_view name, std::string_view package) {
  return std::ranges::find(library.packages, package) != library.packages.end() ||
         std::ranges::any_of(library.names, [&](auto known) { return is_named(name, known); });
}

std::string_view remedy_for_names(const Module& module) {
  const auto* const producers = module.find_custom_section("producers");
  const auto made_by = producers == nullptr ? std::string_view() : producers->content();
  if (made_by.find("rustc") != std::string_view::npos) {
    return "`strip = true` in Cargo's profile drops them; keep a copy for `wasmctl symbolize`";
  }
  if (module.find_custom_section("go:buildid") != nullptr) {
    return "`-ldflags=-s` drops them; keep a copy for `wasmctl symbolize`";
  }
  return "`--strip-all` of the linker drops them; keep a copy for `wasmctl symbolize`";
}

std::uint64_t bytes_of_custom(const Module& module, bool (*counts)(std::string_view name)) {
  std::uint64_t sum = 0;
  for (const auto& section : module.sections) {
    if (section.id == SectionId::custom && counts(section.name)) sum += section.bytes.size();
  }
  return sum;
}

}  // namespace

std::vector<Saving> savings(const Module& module, const Symbols& symbols) {
  std::vector<Saving> found;
  found.push_back({"names of functions",
                   bytes_of_custom(module, [](auto n) { return n == "name"; }),
                   std::string(remedy_for_names(module))});
  found.push_back({"debug information",
                   bytes_of_custom(module, [](auto n) { return n.starts_with(".debug_"); }),
                   "`wasmctl lint --fix` drops it; keep a copy for `wasmctl symbolize`"});
  const auto first = found.size();
  for (const auto& library : kLibraries) {
    found.push_back({std::string(library.what), 0, std::string(library.remedy)});
  }
  for (std::size_t i = 0; i < module.bodies.size(); ++i) {
    const auto name =
        symbols.function(static_cast<std::uint32_t>(module.imported_functions.size() + i));
    const auto path = name_path(name);  // without a return type
    const auto scopes = fmt::format("{}", fmt::join(path, "::"));
    const auto package = path.size() > 1 ? std::string_view(path.front()) : std::string_view();
    for (std::size_t k = 0; k < std::size(kLibraries); ++k) {
      if (has(kLibraries[k], scopes, package)) found[first + k].bytes += module.bodies[i].size;
    }
  }
  constexpr std::uint64_t kLeast = 1024;
  const auto least = std::max<std::uint64_t>(kLeast, module.bytes.size() / 100);
  std::erase_if(found, [&](const Saving& saving) { return saving.bytes < least; });
  std::ranges::sort(found, std::ranges::greater(), &Saving::bytes);
  return found;
}

}  // namespace wasmctl::wasm
