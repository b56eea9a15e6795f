#include "sign/build_record.hpp"

#include <fmt/format.h>

// The function of this one digest, as in base/sha256.cpp: EVP would read OpenSSL's configuration.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <array>
#include <utility>

namespace wasmctl::sign {

namespace {

using nlohmann::json;

// SPDX must have a time; where none was asked for, it is the epoch's.
constexpr char kNoTime[] = "1970-01-01T00:00:00Z";

constexpr char kBuildType[] = "urn:wasmctl:build:v1";
constexpr char kBuilder[] = "urn:wasmctl:builder:v1";

constexpr char kModuleId[] = "SPDXRef-Module";

json checksum(const char* algorithm, const std::string& digits) {
  return {{"algorithm", algorithm}, {"checksumValue", digits}};
}

json spdx_package(const std::string& id, const RecordedPart& part) {
  json package = {{"SPDXID", id},
                  {"name", part.name},
                  {"downloadLocation", "NOASSERTION"},
                  {"filesAnalyzed", false},
                  {"licenseConcluded", "NOASSERTION"},
                  {"licenseDeclared", "NOASSERTION"},
                  {"copyrightText", "NOASSERTION"}};
  if (!part.version.empty()) package["versionInfo"] = part.version;
  if (!part.sha256.empty()) package["checksums"] = {checksum("SHA256", part.sha256)};
  if (!part.purl.empty()) {
    package["externalRefs"] = {{{"referenceCategory", "PACKAGE-MANAGER"},
                                {"referenceType", "purl"},
                                {"referenceLocator", part.purl}}};
  }
  return package;
}

json relationship(const std::string& from, const char* type, const std::string& to) {
  return {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}};
}

json cyclonedx_component(const char* type, const std::string& reference, const RecordedPart& part) {
  json component = {{"type", type}, {"bom-ref", reference}, {"name", part.name}};
  if (!part.version.empty()) component["version"] = part.version;
  if (!part.purl.empty()) component["purl"] = part.purl;
  if (!part.sha256.empty()) {
    component["hashes"] = {{{"alg", "SHA-256"}, {"content", part.sha256}}};
  }
  return component;
}

json resource(const RecordedPart& part) {
  json value = {{"name", part.name}};
  if (!part.purl.empty()) value["uri"] = part.purl;
  if (!part.sha256.empty()) value["digest"] = {{"sha256", part.sha256}};
  if (!part.version.empty()) value["annotations"] = {{"version", part.version}};
  return value;
}

// The commit, as SLSA's users look for it.
json repository(const BuildRecord& record) {
  json value = {{"uri", "git+" + record.source_url}};
  if (!record.revision.empty()) value["digest"] = {{"gitCommit", record.revision}};
  return value;
}

}  // namespace

std::string sha1_hex(std::string_view bytes) {
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  std::string hex;
  for (const auto byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

json spdx_document(const BuildRecord& record) {
  const RecordedPart module = {record.name, record.version, "", record.module_sha256};
  json packages = {spdx_package(kModuleId, module)};
  packages[0]["checksums"].push_back(checksum("SHA1", record.module_sha1));
  json files = json::array();
  json relationships = {relationship("SPDXRef-DOCUMENT", "DESCRIBES", kModuleId)};
  for (std::size_t i = 0; i < record.parts.size(); ++i) {
    const auto id = fmt::format("SPDXRef-Part-{}", i + 1);
    packages.push_back(spdx_package(id, record.parts[i]));
    relationships.push_back(relationship(kModuleId, "CONTAINS", id));
  }
  for (std::size_t i = 0; i < record.tools.size(); ++i) {
    const auto id = fmt::format("SPDXRef-Tool-{}", i + 1);
    packages.push_back(spdx_package(id, record.tools[i]));
    relationships.push_back(relationship(id, "BUILD_TOOL_OF", kModuleId));
  }
  for (std::size_t i = 0; i < record.sources.size(); ++i) {
    const auto& source = record.sources[i];
    const auto id = fmt::format("SPDXRef-File-{}", i + 1);
    files.push_back(
        {{"SPDXID", id},
         {"fileName", "./" + source.path},
         {"checksums", {checksum("SHA1", source.sha1), checksum("SHA256", source.sha256)}},
         {"licenseConcluded", "NOASSERTION"},
         {"licenseInfoInFiles", {"NOASSERTION"}},
         {"copyrightText", "NOASSERTION"}});
    relationships.push_back(relationship(kModuleId, "GENERATED_FROM", id));
  }
  return {{"spdxVersion", "SPDX-2.3"},
          {"dataLicense", "CC0-1.0"},
          {"SPDXID", "SPDXRef-DOCUMENT"},
          {"name", record.name},
          {"documentNamespace",
           fmt::format("urn:wasmctl:spdx:{}:{}", record.name, record.module_sha256)},
          {"creationInfo",
           {{"created", record.created.value_or(kNoTime)},
            {"creators", {"Tool: wasmctl-" + record.wasmctl_version}}}},
          {"packages", std::move(packages)},
          {"files", std::move(files)},
          {"relationships", std::move(relationships)}};
}

json cyclonedx_document(const BuildRecord& record) {
  const RecordedPart module = {record.name, record.version, "", record.module_sha256};
  json metadata = {
      {"tools",
       {{"components",
         {{{"type", "application"}, {"name", "wasmctl"}, {"version", record.wasmctl_version}}}}}},
      {"component", cyclonedx_component("application", "module", module)}};
  if (record.created) metadata["timestamp"] = *record.created;
  json components = json::array();
  json depends_on = json::array();
  for (std::size_t i = 0; i < record.parts.size(); ++i) {
    const auto reference = fmt::format("part-{}", i + 1);
    components.push_back(cyclonedx_component("library", reference, record.parts[i]));
    depends_on.push_back(reference);
  }
  for (std::size_t i = 0; i < record.tools.size(); ++i) {
    auto tool = cyclonedx_component("application", fmt::format("tool-{}", i + 1), record.tools[i]);
    tool["scope"] = "excluded";  // it is not in the module
    components.push_back(std::move(tool));
  }
  for (std::size_t i = 0; i < record.sources.size(); ++i) {
    const RecordedPart file = {record.sources[i].path, "", "", record.sources[i].sha256};
    const auto reference = fmt::format("file-{}", i + 1);
    components.push_back(cyclonedx_component("file", reference, file));
    depends_on.push_back(reference);
  }
  return {{"bomFormat", "CycloneDX"},
          {"specVersion", "1.6"},
          {"version", 1},
          {"metadata", std::move(metadata)},
          {"components", std::move(components)},
          {"dependencies", {{{"ref", "module"}, {"dependsOn", std::move(depends_on)}}}}};
}

json slsa_provenance(const BuildRecord& record) {
  json external = {{"plugin", record.name}};
  if (!record.flags.empty()) external["flags"] = record.flags;
  json dependencies = json::array();
  if (!record.source_url.empty()) {
    external["source"] = repository(record);
    dependencies.push_back(repository(record));
  }
  for (const auto& source : record.sources) {
    dependencies.push_back({{"name", source.path}, {"digest", {{"sha256", source.sha256}}}});
  }
  for (const auto& part : record.parts) dependencies.push_back(resource(part));
  for (const auto& tool : record.tools) dependencies.push_back(resource(tool));
  json details = {
      {"builder", {{"id", kBuilder}, {"version", {{"wasmctl", record.wasmctl_version}}}}},
      {"byproducts",
       {{{"name", record.name + ".wasm"}, {"digest", {{"sha256", record.module_sha256}}}}}}};
  if (record.created) details["metadata"] = {{"finishedOn", *record.created}};
  return {{"buildDefinition",
           {{"buildType", kBuildType},
            {"externalParameters", std::move(external)},
            {"resolvedDependencies", std::move(dependencies)}}},
          {"runDetails", std::move(details)}};
}

}  // namespace wasmctl::sign
