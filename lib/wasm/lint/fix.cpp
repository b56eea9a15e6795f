#include "wasm/lint/fix.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "wasm/lint/rules.hpp"
#include "wasm/writer.hpp"

namespace wasmctl::wasm {

namespace {

bool is_useless(std::string_view section) {
  constexpr std::string_view kNames[] = {"producers", "target_features", "sourceMappingURL",
                                         "external_debug_info", "linking"};
  return section.starts_with(".debug_") || section.starts_with("reloc.") ||
         std::find(std::begin(kNames), std::end(kNames), section) != std::end(kNames);
}

// The export section with those that Envoy uses.
std::string used_exports(const Module& module) {
  std::string items;
  std::uint64_t count = 0;
  for (const auto& item : module.exports) {
    if (!is_used_by_envoy(item)) continue;
    ++count;
    put_text(items, item.name);
    items += static_cast<char>(item.kind);
    put_leb(items, item.index);
  }
  std::string content;
  put_leb(content, count);
  return section(SectionId::exports, content + items);
}

bool exports_more_than_used(const Module& module) {
  return !std::all_of(module.exports.begin(), module.exports.end(), is_used_by_envoy);
}

}  // namespace

std::string fixed(const Module& module) {
  auto stripped = without_custom_sections(module, is_useless);
  if (!exports_more_than_used(module)) return stripped;
  std::string result(module.bytes.view().substr(0, kHeaderBytes));
  for (const auto& part : module.sections) {
    if (part.id == SectionId::custom && is_useless(part.name)) continue;
    if (part.id == SectionId::exports) {
      result += used_exports(module);
    } else {
      result += part.bytes;
    }
  }
  try {
    read_module(result, "");
    return result;
  } catch (const Error&) {
    return stripped;  // a function whose address is taken must be exported, or in a table
  }
}

}  // namespace wasmctl::wasm
