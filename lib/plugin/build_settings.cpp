#include "plugin/build_settings.hpp"

#include <algorithm>
#include <iterator>

namespace wasmctl::plugin {

namespace {

// Of -fNAME and -fno-NAME.
constexpr std::string_view kCodeFlags[] = {"access-control",
                                           "aligned-allocation",
                                           "asm",
                                           "assume-sane-operator-new",
                                           "builtin",
                                           "c++-static-destructors",
                                           "char8_t",
                                           "coroutines",
                                           "data-sections",
                                           "delayed-template-parsing",
                                           "dollars-in-identifiers",
                                           "elide-constructors",
                                           "exceptions",
                                           "experimental-library",
                                           "fast-math",
                                           "finite-math-only",
                                           "function-sections",
                                           "gnu-keywords",
                                           "inline",
                                           "inline-functions",
                                           "jump-tables",
                                           "lto",
                                           "math-errno",
                                           "merge-all-constants",
                                           "ms-extensions",
                                           "omit-frame-pointer",
                                           "operator-names",
                                           "permissive",
                                           "relaxed-template-template-args",
                                           "rtti",
                                           "short-enums",
                                           "short-wchar",
                                           "signed-char",
                                           "sized-deallocation",
                                           "slp-vectorize",
                                           "stack-protector",
                                           "strict-aliasing",
                                           "strict-enums",
                                           "strict-overflow",
                                           "strict-vtable-pointers",
                                           "threadsafe-statics",
                                           "trapv",
                                           "trigraphs",
                                           "unroll-loops",
                                           "unsigned-char",
                                           "vectorize",
                                           "wrapv"};

// Of -fNAME=VALUE.
constexpr std::string_view kCodeSettings[] = {"bracket-depth", "constexpr-depth", "constexpr-steps",
                                              "error-limit",   "fp-contract",     "fp-model",
                                              "inline-limit",  "template-depth",  "visibility"};

// Of -mNAME and -mno-NAME: the proposals of WebAssembly.
constexpr std::string_view kFeatures[] = {"atomics",         "bulk-memory",
                                          "bulk-memory-opt", "exception-handling",
                                          "extended-const",  "fp16",
                                          "multimemory",     "multivalue",
                                          "mutable-globals", "nontrapping-fptoint",
                                          "reference-types", "relaxed-simd",
                                          "sign-ext",        "simd128",
                                          "tail-call"};

// Whose word is the next argument, or (but for -include, since there is -include-pch) in the same.
constexpr std::string_view kReading[] = {"-D",      "-U",       "-I",        "-isystem",
                                         "-iquote", "-include", "-idirafter"};

constexpr std::string_view kPlain[] = {"-w", "-ansi", "-pedantic", "-pedantic-errors",
                                       "-nostdinc++"};

// Of wasm-ld, as in -Wl,NAME; those with `=` take a value.
constexpr std::string_view kLinkerFlags[] = {"--allow-undefined",
                                             "--demangle",
                                             "--end-lib",
                                             "--export-all",
                                             "--export-dynamic",
                                             "--export-if-defined=",
                                             "--export-memory",
                                             "--export=",
                                             "--fatal-warnings",
                                             "--features=",
                                             "--gc-sections",
                                             "--global-base=",
                                             "--growable-table",
                                             "--initial-heap=",
                                             "--initial-memory=",
                                             "--lto-O0",
                                             "--lto-O1",
                                             "--lto-O2",
                                             "--lto-O3",
                                             "--max-memory=",
                                             "--no-demangle",
                                             "--no-gc-sections",
                                             "--no-growable-memory",
                                             "--no-stack-first",
                                             "--no-whole-archive",
                                             "--stack-first",
                                             "--start-lib",
                                             "--table-base=",
                                             "--undefined=",
                                             "--whole-archive",
                                             "--wrap=",
                                             "-O0",
                                             "-O1",
                                             "-O2",
                                             "-O3",
                                             "-s",
                                             "-S"};

template <typename Table>
bool holds(const Table& table, std::string_view word) {
  return std::ranges::find(table, word) != std::end(table);
}

std::string_view without_no(std::string_view name) {
  return name.starts_with("no-") ? name.substr(3) : name;
}

// `@FILE` stands for the words of a file: for the driver, and also where it hands the rest of -IX
// or -fX=Y on to the compiler as a word of its own.
bool is_operand(std::string_view word) {
  return !word.empty() && word.front() != '@' && word.front() != '-';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The name of a macro, from NAME=VALUE.
std::string_view macro(std::string_view define) {
  return define.substr(0, define.find_first_of("=("));
}

// -IX and its like.
bool is_safe_reading(std::string_view flag) {
  for (const auto prefix : kReading) {
    if (prefix == "-include" || !flag.starts_with(prefix)) continue;
    const auto rest = flag.substr(prefix.size());
    return prefix == "-D" ? is_define(rest) : is_operand(rest);
  }
  return false;
}

// -fNAME, -fNAME=VALUE, -mNAME, -WNAME, -ON, -std=X.
bool is_safe_switch(std::string_view flag) {
  if (flag.find('@') != std::string_view::npos) return false;
  if (holds(kPlain, flag) || flag.starts_with("-std=")) return true;
  const auto rest = flag.substr(std::min<std::size_t>(2, flag.size()));
  if (flag.starts_with("-f")) {
    const auto equals = rest.find('=');
    return equals == std::string_view::npos ? holds(kCodeFlags, without_no(rest))
                                            : holds(kCodeSettings, rest.substr(0, equals));
  }
  if (flag.starts_with("-m")) return holds(kFeatures, without_no(rest));
  if (flag.starts_with("-O")) return rest.size() == 1 || rest == "fast";
  // With a comma they are words for the assembler, linker or preprocessor.
  return flag.starts_with("-W") && flag.find(',') == std::string_view::npos;
}

// What -Wl,... hands to the linker, word by word.
bool is_safe_for_linker(std::string_view words) {
  while (!words.empty()) {
    const auto comma = std::min(words.find(','), words.size());
    const auto word = words.substr(0, comma);
    words.remove_prefix(std::min(comma + 1, words.size()));
    const auto equals = word.find('=');
    const auto name = equals == std::string_view::npos ? word : word.substr(0, equals + 1);
    if (word == "-z" && words.starts_with("stack-size=")) {
      words.remove_prefix(std::min(words.find(','), words.size() - 1) + 1);
    } else if (!holds(kLinkerFlags, name)) {
      return false;
    }
  }
  return true;
}

bool is_safe_link_flag(std::string_view flag) {
  constexpr std::string_view kForLinker = "-Wl,";
  if (flag.starts_with(kForLinker)) return is_safe_for_linker(flag.substr(kForLinker.size()));
  const bool library = (flag.starts_with("-l") || flag.starts_with("-L")) && flag.size() > 2;
  const bool file = is_operand(flag) && (flag.ends_with(".a") || flag.ends_with(".o"));
  return library || file || flag == "-nostdlib" || flag == "-nodefaultlibs";
}

}  // namespace

BuildSettings join(BuildSettings file, const BuildSettings& flags) {
  std::erase_if(file.defines, [&](const std::string& define) {
    return std::ranges::any_of(
        flags.defines, [&](const std::string& other) { return macro(other) == macro(define); });
  });
  const auto append = [](std::vector<std::string>& words, const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
  };
  append(file.defines, flags.defines);
  // The first directory that has a header is taken.
  file.includes.insert(file.includes.begin(), flags.includes.begin(), flags.includes.end());
  append(file.compile_flags, flags.compile_flags);
  append(file.link_flags, flags.link_flags);
  std::erase_if(file.libraries, [&](const Library& library) {
    return std::ranges::find(flags.libraries, library.name, &Library::name) !=
           flags.libraries.end();
  });
  file.libraries.insert(file.libraries.end(), flags.libraries.begin(), flags.libraries.end());
  if (!flags.optimize.empty()) file.optimize = flags.optimize;
  if (!flags.standard.empty()) file.standard = flags.standard;
  return file;
}

bool is_define(std::string_view text) {
  const auto name = macro(text);
  const auto begins = [](char c) { return c == '_' || is_letter(c); };
  return !name.empty() && begins(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return begins(c) || is_digit(c); });
}

bool is_library_name(std::string_view text) {
  const auto begins = [](char c) { return is_letter(c) || is_digit(c); };
  return !text.empty() && begins(text.front()) && std::ranges::all_of(text, [&](char c) {
    return begins(c) || std::string_view("-_.+").find(c) != std::string_view::npos;
  });
}

std::optional<std::string> unsafe_compile_flag(std::span<const std::string> flags) {
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const std::string_view flag = flags[i];
    if (holds(kReading, flag)) {
      if (i + 1 == flags.size() || !is_operand(flags[i + 1])) return flags[i];
      ++i;
      continue;
    }
    if (!is_safe_reading(flag) && !is_safe_switch(flag)) return flags[i];
  }
  return std::nullopt;
}

std::optional<std::string> unsafe_link_flag(std::span<const std::string> flags) {
  const auto found = std::ranges::find_if_not(
      flags, [](const std::string& flag) { return is_safe_link_flag(flag); });
  return found == flags.end() ? std::nullopt : std::optional(*found);
}

}  // namespace wasmctl::plugin
