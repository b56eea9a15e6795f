#include "wasm/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/error.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

// tool-conventions, ProducersSection.md: fields of (name, version) pairs.
std::vector<std::string> producers(const Module& module) {
  std::vector<std::string> made_by;
  const auto* const section = module.find_custom_section("producers");
  if (section == nullptr) return made_by;
  try {
    Reader reader = section->reader();
    const auto fields = reader.count("producers");
    for (std::uint32_t i = 0; i < fields; ++i) {
      reader.name("a field");
      const auto values = reader.count("values");
      for (std::uint32_t k = 0; k < values; ++k) {
        const std::string name(reader.name("a producer"));
        const auto version = reader.name("a version");
        made_by.push_back(version.empty() ? name : fmt::format("{} {}", name, version));
      }
    }
  } catch (const Error&) {
    return made_by;  // what is broken adds nothing
  }
  return made_by;
}

namespace {

void sort_imports(const Module& module, Summary& summary) {
  for (const auto& import : module.imports) {
    if (import.module == "env") {
      summary.host_calls.push_back(import.name);
    } else if (import.module.starts_with("wasi_")) {
      summary.wasi.push_back(import.name);
    } else {
      summary.other_imports.push_back(import.module + "." + import.name);
    }
  }
}

void sort_exports(const Module& module, Summary& summary) {
  for (const auto& item : module.exports) {
    if (item.name == "_initialize" || item.name == "_start" || item.name == "main") {
      summary.entry_points.push_back(item.name);
    } else if (is_callback(item.name)) {
      summary.callbacks.push_back(item.name);
    } else {
      summary.other_exports.push_back(item.name);
    }
  }
}

std::vector<Sized> measure_functions(const Module& module, const Symbols& symbols) {
  std::vector<Sized> functions;
  functions.reserve(module.bodies.size());
  for (std::size_t i = 0; i < module.bodies.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(module.imported_functions.size() + i);
    functions.push_back({symbols.function(index), module.bodies[i].size});
  }
  std::sort(functions.begin(), functions.end(), [](const Sized& a, const Sized& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.name < b.name;
  });
  return functions;
}

}  // namespace

Summary summarize(const Module& module, const Symbols& symbols) {
  Summary summary;
  summary.bytes = module.bytes.size();
  summary.abi = abi_version(module);
  summary.producers = producers(module);
  for (const auto& row : feature_rows()) {
    if (module.features.contains(row.feature)) summary.features.emplace_back(row.name);
  }
  sort_imports(module, summary);
  sort_exports(module, summary);
  if (!module.memories.empty()) summary.memory = module.memories.front();
  for (const auto& section : module.sections) {
    if (section.id == SectionId::data) {
      Reader reader = section.reader();
      if (!reader.empty()) summary.data_segments = reader.u32_leb("data segments");
    }
    summary.sections.push_back(
        {section.id == SectionId::custom ? section.name : std::string(to_string(section.id)),
         section.end - section.begin});
  }
  summary.functions = measure_functions(module, symbols);
  return summary;
}

std::vector<Growth> compare(const std::vector<Sized>& before, const std::vector<Sized>& after) {
  std::map<std::string, Growth> by_name;
  for (const auto& item : before) {
    by_name[item.name].before += static_cast<std::int64_t>(item.bytes);
  }
  for (const auto& item : after) {
    by_name[item.name].after += static_cast<std::int64_t>(item.bytes);
  }
  std::vector<Growth> changed;
  for (auto& [name, growth] : by_name) {
    growth.name = name;
    if (growth.before != growth.after) changed.push_back(growth);
  }
  std::sort(changed.begin(), changed.end(), [](const Growth& a, const Growth& b) {
    const auto left = std::abs(a.after - a.before);
    const auto right = std::abs(b.after - b.before);
    return left != right ? left > right : a.name < b.name;
  });
  return changed;
}

}  // namespace wasmctl::wasm
