// A small assembler for test modules: each function gives the bytes of one part.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::test {

inline std::string leb(std::uint32_t value) {
  std::string bytes;
  do {
    const auto low = static_cast<std::uint8_t>(value & 0x7fU);
    value >>= 7U;
    bytes += static_cast<char>(value == 0 ? low : low | 0x80U);
  } while (value != 0);
  return bytes;
}

inline std::string name(std::string_view text) {
  return leb(static_cast<std::uint32_t>(text.size())) + std::string(text);
}

inline std::string vec(const std::vector<std::string>& items) {
  std::string bytes = leb(static_cast<std::uint32_t>(items.size()));
  for (const auto& item : items) bytes += item;
  return bytes;
}

inline std::string section(int id, const std::string& content) {
  return static_cast<char>(id) + name(content);
}

inline std::string custom(std::string_view section_name, const std::string& content = {}) {
  return section(0, name(section_name) + content);
}

// "ii:i" is (i32, i32) -> i32, I is i64.
inline std::string func_type(std::string_view signature) {
  const auto colon = signature.find(':');
  const auto types = [](std::string_view letters) {
    std::string bytes = leb(static_cast<std::uint32_t>(letters.size()));
    for (const char letter : letters) bytes += letter == 'I' ? '\x7e' : '\x7f';
    return bytes;
  };
  return '\x60' + types(signature.substr(0, colon)) + types(signature.substr(colon + 1));
}

inline std::string header() {
  return std::string("\0asm\1\0\0\0", 8);
}

struct TestImport {
  std::string module;
  std::string name;
  std::string signature;
};

struct TestFunction {
  std::string name;
  std::string signature;
};

// A valid module that imports and exports functions (whose bodies trap), and a memory under
// `memory_name` (none if empty). Every function has a type of its own.
inline std::string assemble(const std::vector<TestImport>& imports,
                            const std::vector<TestFunction>& exports,
                            const std::string& memory_name = "memory") {
  std::vector<std::string> types;
  std::vector<std::string> import_items;
  std::vector<std::string> function_items;
  std::vector<std::string> export_items;
  std::vector<std::string> bodies;
  for (const auto& import : imports) {
    const auto index = leb(static_cast<std::uint32_t>(types.size()));
    import_items.push_back(name(import.module) + name(import.name) + '\0' + index);
    types.push_back(func_type(import.signature));
  }
  for (const auto& function : exports) {
    const auto index = leb(static_cast<std::uint32_t>(types.size()));
    export_items.push_back(name(function.name) + '\0' + index);
    function_items.push_back(index);
    bodies.push_back(name(std::string("\0\0\x0b", 3)));  // no locals, unreachable, end
    types.push_back(func_type(function.signature));
  }
  if (!memory_name.empty()) export_items.push_back(name(memory_name) + '\2' + '\0');
  std::string module = header() + section(1, vec(types)) + section(2, vec(import_items)) +
                       section(3, vec(function_items));
  if (!memory_name.empty()) module += section(5, vec({std::string("\0\1", 2)}));
  return module + section(7, vec(export_items)) + section(10, vec(bodies));
}

// What every plugin has: the marker of ABI 0.2.1, an allocator, a memory.
inline std::string plugin_module(std::vector<TestImport> imports = {},
                                 std::vector<TestFunction> exports = {}) {
  exports.push_back({"proxy_abi_version_0_2_1", ":"});
  exports.push_back({"malloc", "i:i"});
  return assemble(imports, exports);
}

}  // namespace wasmctl::test
