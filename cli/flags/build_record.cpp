#include "cli/flags/build_record.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/files.hpp"
#include "base/sha256.hpp"
#include "cli/flags/epoch.hpp"
#include "cli/version.hpp"
#include "compile/materials.hpp"
#include "wasm/module.hpp"
#include "wasm/summary.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::uint64_t kMaxSourceBytes = 64U << 20U;

// "clang 22.1.8" in its parts.
sign::RecordedPart tool_of(const std::string& producer) {
  const auto space = producer.find(' ');
  if (space == std::string::npos) return {producer, "", "", ""};
  return {producer.substr(0, space), producer.substr(space + 1), "", ""};
}

void add_materials(Context& context, const plugin::Plugin& plugin, const BuildFlags& build,
                   sign::BuildRecord& record) {
  const auto materials =
      compile::materials_of(plugin, toolchain_search(context, build), build.build);
  record.tools.push_back({materials.compiler.name, materials.compiler.version, "", ""});
  for (const auto& path : materials.sources) {
    const auto text = base::read_file(plugin.directory / path, kMaxSourceBytes);
    record.sources.push_back({path, base::sha256_hex(text), sign::sha1_hex(text)});
  }
  for (const auto& part : materials.parts) {
    record.parts.push_back({part.name, part.version, part.purl, part.sha256});
  }
}

std::string text_of(const oci::Annotations& annotations, const std::string& key) {
  const auto found = annotations.find(key);
  return found == annotations.end() ? "" : found->second;
}

}  // namespace

sign::BuildRecord record_of(Context& context, const LocalModule& module, const BuildFlags& build,
                            const oci::Annotations& annotations) {
  sign::BuildRecord record;
  const auto bytes = module.bytes.view();
  record.name =
      module.plugin ? module.plugin->name : std::filesystem::path(module.path).stem().native();
  if (module.plugin) record.version = module.plugin->version.value_or("");
  record.module_sha256 = base::sha256_hex(bytes);
  record.module_sha1 = sign::sha1_hex(bytes);
  record.wasmctl_version = kVersion;
  record.flags = typed_flags(build);
  record.source_url = text_of(annotations, "org.opencontainers.image.source");
  record.revision = text_of(annotations, "org.opencontainers.image.revision");
  record.created = created_at(context);
  if (module.plugin) {
    add_materials(context, *module.plugin, build, record);
    return record;
  }
  for (const auto& producer : wasm::producers(wasm::read_module(module.bytes, module.path))) {
    record.tools.push_back(tool_of(producer));
  }
  return record;
}

}  // namespace wasmctl::cli
