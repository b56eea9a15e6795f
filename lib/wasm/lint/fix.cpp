#include "wasm/lint/fix.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "wasm/lint/rules.hpp"
#include "wasm/names.hpp"
#include "wasm/symbols.hpp"
#include "wasm/writer.hpp"

namespace wasmctl::wasm {

namespace {

bool is_for_linkers(std::string_view section) {
  constexpr std::string_view kNames[] = {"producers", "target_features", "sourceMappingURL",
                                         "external_debug_info", "linking"};
  return is_debug_section(section) || section.starts_with("reloc.") ||
         std::ranges::find(kNames, section) != std::end(kNames);
}

// The export section with those that Envoy uses.
std::string used_exports(const Module& module) {
  std::string items;
  std::uint64_t count = 0;
  for (const auto& item : module.exports) {
    if (!is_used_by_envoy(module, item)) continue;
    ++count;
    put_text(items, item.name);
    items += static_cast<char>(item.kind);
    put_leb(items, item.index);
  }
  std::string content;
  put_leb(content, count);
  return section(SectionId::exports, content + items);
}

enum class Exports : std::uint8_t { all, used };

// With the export section as `exports` says. A name section that the host cannot read becomes the
// smallest, with which it still prints back-traces.
std::string mended(const Module& module, Exports exports) {
  const bool good_names = host_reads_names(module);
  std::string result(module.bytes.view().substr(0, kHeaderBytes));
  for (const auto& part : module.sections) {
    if (part.id == SectionId::custom && is_for_linkers(part.name)) continue;
    if (part.name == "name" && !good_names) continue;
    result += part.id == SectionId::exports && exports == Exports::used ? used_exports(module)
                                                                        : std::string(part.bytes);
  }
  return good_names ? result : result + smallest_name_section();
}

}  // namespace

std::string fixed(const Module& module) {
  try {
    auto result = mended(module, Exports::used);
    read_module(result, "");
    return result;
  } catch (const Error&) {
    // A function whose address is taken must be exported, or in a table.
    return mended(module, Exports::all);
  }
}

std::optional<std::string> side_file_of(const Module& mended, const Module& original,
                                        const Module* side) {
  const auto has_lines = [](const Module& module) {
    return std::ranges::any_of(
        module.sections, [](const Section& section) { return is_debug_section(section.name); });
  };
  if (side != nullptr) {
    const auto linked = without_custom_sections(
        *side, [](std::string_view section) { return section == kBuildIdSection; });
    return make_side_file(mended, linked);
  }
  if (!has_lines(original) || has_lines(mended)) return std::nullopt;
  return make_side_file(mended, original.bytes);
}

}  // namespace wasmctl::wasm
