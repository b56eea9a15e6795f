// What a module was made of, and the documents that say it: bills of materials in the two formats
// that scanners read, and provenance.
//
// The same record gives the same bytes: names of documents are made of the module's digest, and the
// only time in them is the one that the record has.
// Sources: SPDX 2.3 (spdx.github.io/spdx-spec/v2.3); CycloneDX 1.6 (cyclonedx.org/docs/1.6/json);
// SLSA, provenance v1 (slsa.dev/spec/v1.0/provenance).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::sign {

struct RecordedFile {
  std::string path;    // relative to the plugin's directory
  std::string sha256;  // hex digits, as below
  std::string sha1;    // SPDX wants it of files
};

struct RecordedPart {
  std::string name;
  std::string version;  // may be empty, as the others
  std::string purl;
  std::string sha256;
};

struct BuildRecord {
  std::string name;     // of the plugin
  std::string version;  // may be empty
  std::string module_sha256;
  std::string module_sha1;
  std::vector<RecordedFile> sources;
  std::vector<RecordedPart> parts;  // that are in the module
  std::vector<RecordedPart> tools;  // that made it: "clang" "22.1.8"
  std::string wasmctl_version;
  std::string flags;                   // of the build, as typed
  std::string source_url;              // of the repository; may be empty
  std::string revision;                // of it; may be empty
  std::optional<std::string> created;  // RFC 3339
};

// 40 hex digits.
std::string sha1_hex(std::string_view bytes);

nlohmann::json spdx_document(const BuildRecord& record);
nlohmann::json cyclonedx_document(const BuildRecord& record);
nlohmann::json slsa_provenance(const BuildRecord& record);

// What is made of a record: a predicate of in-toto where it is signed, and a document of its own
// type where it is not.
struct RecordForm {
  std::string_view predicate_type;
  std::string_view media_type;  // unsigned; of in-toto: the statement
  nlohmann::json (*make)(const BuildRecord& record);
};
inline constexpr std::string_view kInTotoType = "application/vnd.in-toto+json";
inline constexpr RecordForm kSpdxForm = {"https://spdx.dev/Document", "application/spdx+json",
                                         spdx_document};
inline constexpr RecordForm kCycloneDxForm = {"https://cyclonedx.org/bom",
                                              "application/vnd.cyclonedx+json", cyclonedx_document};
inline constexpr RecordForm kProvenanceForm = {"https://slsa.dev/provenance/v1", kInTotoType,
                                               slsa_provenance};

}  // namespace wasmctl::sign
