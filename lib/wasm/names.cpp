#include "wasm/names.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

#include "base/error.hpp"
#include "wasm/reader.hpp"
#include "wasm/rust_names.hpp"
#include "wasm/writer.hpp"

namespace wasmctl::wasm {

namespace {

// The ids of subsections.
constexpr std::uint8_t kFunctionNames = 1;
constexpr std::uint8_t kDataNames = 9;

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

std::map<std::uint32_t, std::string> names_in(std::uint8_t subsection, const Module& module) {
  std::map<std::uint32_t, std::string> names;
  for (const auto& section : module.sections) {
    if (section.id != SectionId::custom || section.name != "name") continue;
    try {
      Reader reader = section.reader();
      while (!reader.empty()) {
        const auto id = reader.byte("a name subsection");
        const auto size = reader.u32_leb("a name subsection");
        Reader content = reader.sub(size, "a name subsection");
        if (id != subsection) continue;
        const auto count = content.count("names");
        for (std::uint32_t i = 0; i < count; ++i) {
          const auto index = content.u32_leb("a name");
          names.emplace(index, content.name("a name"));
        }
      }
    } catch (const Error&) {
      return names;
    }
  }
  return names;
}

}  // namespace

std::map<std::uint32_t, std::string> function_names(const Module& module) {
  return names_in(kFunctionNames, module);
}

std::map<std::uint32_t, std::string> data_segment_names(const Module& module) {
  return names_in(kDataNames, module);
}

std::string smallest_name_section() {
  const std::string one_empty_name("\1\0\0", 3);  // a count, function 0, no letters
  std::string content(1, static_cast<char>(kFunctionNames));
  put_text(content, one_empty_name);
  return custom_section("name", content);
}

std::string demangle(const std::string& symbol) {
  if (symbol.size() > kMaxSymbol) return symbol;
  if (auto rust = demangle_rust_v0(symbol)) return *rust;
  if (!symbol.starts_with("_Z")) return symbol;
  if (auto rust = demangle_rust_legacy(symbol)) return *rust;
  return printed_by_envoy(symbol).value_or(symbol);
}

std::optional<std::string> printed_by_envoy(const std::string& written) {
  if (written.size() > kMaxSymbol || references(written) > kMaxReferences) return std::nullopt;
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(written.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? std::string(name.get()) : written;
}

}  // namespace wasmctl::wasm
