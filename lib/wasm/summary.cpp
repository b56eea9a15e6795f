#include "wasm/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/error.hpp"
#include "wasm/name_path.hpp"
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

void sort_by_size(std::vector<Sized>& list) {
  std::sort(list.begin(), list.end(), [](const Sized& a, const Sized& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.name < b.name;
  });
}

std::vector<Sized> measure_functions(const Module& module, const Symbols& symbols) {
  std::vector<Sized> functions;
  functions.reserve(module.bodies.size());
  for (std::size_t i = 0; i < module.bodies.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(module.imported_functions.size() + i);
    functions.push_back({symbols.function(index), module.bodies[i].size});
  }
  sort_by_size(functions);
  return functions;
}

std::vector<Sized> add_up_by_package(const std::vector<Sized>& functions) {
  std::map<std::string, std::uint64_t> sums;
  for (const auto& function : functions) {
    const auto path = name_path(function.name);
    if (path.size() > 1) sums[path.front()] += function.bytes;
  }
  std::vector<Sized> packages;
  packages.reserve(sums.size());
  for (const auto& [name, bytes] : sums) packages.push_back({name, bytes});
  sort_by_size(packages);
  return packages;
}

}  // namespace

Summary summarize(const Module& module, const Symbols& symbols) {
  Summary summary;
  summary.bytes = module.bytes.size();
  summary.build_id = build_id(module);
  summary.abi = abi_version(module);
  summary.provenance = provenance(module, symbols);
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
  if (symbols.has_names()) summary.packages = add_up_by_package(summary.functions);
  return summary;
}

std::uint64_t envoy_heap(std::uint64_t module_bytes) {
  constexpr std::uint64_t kWithoutCode = 8'600'000;
  constexpr std::uint64_t kEachByte = 8;
  return kWithoutCode + kEachByte * module_bytes;
}

std::uint64_t envoy_load_milliseconds(std::uint64_t code_bytes) {
  constexpr std::uint64_t kNanosecondsPerByte = 1'500;
  return code_bytes * kNanosecondsPerByte / 1'000'000;
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
