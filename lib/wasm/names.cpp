#include "wasm/names.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

#include "base/error.hpp"
#include "wasm/reader.hpp"
#include "wasm/writer.hpp"

namespace wasmctl::wasm {

namespace {

constexpr std::uint8_t kFunctionNames = 1;  // the subsection's id

// Longer symbols stay as they are, and so do those with more references to what stands before in
// them (S_, S0_, T_): each may double the length, so that 600 bytes would become a terabyte.
constexpr std::size_t kMaxSymbol = 16U << 10U;
constexpr std::size_t kMaxReferences = 40;

std::size_t references(std::string_view symbol) {
  std::size_t count = 0;
  for (std::size_t i = 0; i + 1 < symbol.size(); ++i) {
    const char next = symbol[i + 1];
    const bool number = next == '_' || (next >= '0' && next <= '9');
    if ((symbol[i] == 'S' && (number || (next >= 'A' && next <= 'Z'))) ||
        (symbol[i] == 'T' && number)) {
      ++count;
    }
  }
  return count;
}

// `17h` and the 16 digits of a hash, the last component of a path in Rust's older scheme.
bool is_hash(std::string_view component) {
  return component.size() == 17 && component[0] == 'h' &&
         component.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
}

// Rust's older scheme spells what C++'s does not know between dollar signs, `::` as two dots.
std::string decode_rust(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kSpelled[] = {
      {"$LT$", "<"},  {"$GT$", ">"},  {"$RF$", "&"},  {"$BP$", "*"},
      {"$C$", ","},   {"$LP$", "("},  {"$RP$", ")"},  {"$u20$", " "},
      {"$u7b$", "{"}, {"$u7d$", "}"}, {"$u5b$", "["}, {"$u5d$", "]"},
      {"$u27$", "'"}, {"$u3b$", ";"}, {"$u2b$", "+"}, {"..", "::"}};
  std::string text;
  while (!name.empty()) {
    const auto* const found =
        std::find_if(std::begin(kSpelled), std::end(kSpelled),
                     [&](const auto& row) { return name.starts_with(row.first); });
    if (found != std::end(kSpelled)) {
      text += found->second;
      name.remove_prefix(found->first.size());
    } else {
      const bool mark = name.starts_with("_$") && (text.empty() || text.ends_with("::"));
      if (!mark) text += name.front();
      name.remove_prefix(1);
    }
  }
  return text;
}

// `_ZN`, components with their lengths before them, the last a hash, and `E`; what may stand behind
// is the compiler's.
std::optional<std::string> demangle_rust(std::string_view symbol) {
  symbol.remove_prefix(std::min<std::size_t>(symbol.size(), 3));
  std::string text;
  while (!symbol.empty() && symbol[0] != 'E') {
    std::size_t length = 0;
    std::size_t digits = 0;
    while (digits < symbol.size() && digits < 5 && symbol[digits] >= '0' && symbol[digits] <= '9') {
      length = length * 10 + static_cast<std::size_t>(symbol[digits++] - '0');
    }
    symbol.remove_prefix(digits);
    if (digits == 0 || length == 0 || length > symbol.size()) return std::nullopt;
    const auto component = symbol.substr(0, length);
    symbol.remove_prefix(length);
    if (symbol.starts_with('E') && is_hash(component)) return text;
    text += (text.empty() ? "" : "::") + decode_rust(component);
  }
  return std::nullopt;
}

}  // namespace

std::map<std::uint32_t, std::string> function_names(const Module& module) {
  std::map<std::uint32_t, std::string> names;
  for (const auto& section : module.sections) {
    if (section.id != SectionId::custom || section.name != "name") continue;
    try {
      Reader reader = section.reader();
      while (!reader.empty()) {
        const auto id = reader.byte("a name subsection");
        const auto size = reader.u32_leb("a name subsection");
        Reader content = reader.sub(size, "a name subsection");
        if (id != kFunctionNames) continue;
        const auto count = content.count("function names");
        for (std::uint32_t i = 0; i < count; ++i) {
          const auto index = content.u32_leb("a function name");
          names.emplace(index, content.name("a function name"));
        }
      }
    } catch (const Error&) {
      return names;
    }
  }
  return names;
}

std::string smallest_name_section() {
  const std::string one_empty_name("\1\0\0", 3);  // a count, function 0, no letters
  std::string content(1, static_cast<char>(kFunctionNames));
  put_text(content, one_empty_name);
  return custom_section("name", content);
}

std::string demangle(const std::string& symbol) {
  if (!symbol.starts_with("_Z") || symbol.size() > kMaxSymbol) return symbol;
  if (symbol.starts_with("_ZN")) {
    if (auto rust = demangle_rust(symbol)) return *rust;
  }
  if (references(symbol) > kMaxReferences) return symbol;
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? std::string(name.get()) : symbol;
}

}  // namespace wasmctl::wasm
