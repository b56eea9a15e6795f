#include "cli/commands/verify/rebuild.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json_member.hpp"
#include "base/sha256.hpp"
#include "cli/flags/build_record.hpp"
#include "cli/flags/source.hpp"
#include "sign/image_signature.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxShownFiles = 5;

// The bytes of sections, by name; of several of one name all together.
std::map<std::string, std::string> sections_of(const base::Content& bytes,
                                               const std::string& name) {
  std::map<std::string, std::string> sections;
  for (const auto& section : wasm::read_module(bytes, name).sections) {
    const auto is_custom = section.id == wasm::SectionId::custom;
    sections[is_custom ? section.name : std::string(to_string(section.id))] += section.bytes;
  }
  return sections;
}

void compare_sections(const base::Content& there, const base::Content& here,
                      const std::string& image, Error& error) {
  const auto before = sections_of(there, image);
  auto after = sections_of(here, "the one built here");
  for (const auto& [name, bytes] : before) {
    const auto own = std::exchange(after[name], {});
    if (own == bytes) continue;
    error.because(own.size() == bytes.size()
                      ? fmt::format("section {}: other bytes, {} of them", name, bytes.size())
                      : fmt::format("section {}: {} bytes in the image, {} here", name,
                                    bytes.size(), own.size()));
  }
  for (const auto& [name, bytes] : after) {
    if (!bytes.empty() && !before.contains(name)) {
      error.because(
          fmt::format("section {}: {} bytes here, none in the image", name, bytes.size()));
    }
  }
}

// What a provenance names: its files and tools, each with its digest or version.
std::map<std::string, std::string> dependencies_of(const json& provenance) {
  std::map<std::string, std::string> all;
  const json::json_pointer place("/buildDefinition/resolvedDependencies");
  if (!provenance.contains(place)) return all;
  for (const auto& dependency : provenance.at(place)) {
    if (!dependency.is_object()) continue;
    const auto member = [&](const char* object, const char* key) {
      const auto found = dependency.find(object);
      return found == dependency.end() ? "" : base::text_member(*found, key);
    };
    const auto name = base::text_member(dependency, "name");
    const auto digest = member("digest", "sha256");
    if (!name.empty()) all[name] = digest.empty() ? member("annotations", "version") : digest;
  }
  return all;
}

std::string shown(const std::string& value) {
  constexpr std::size_t kDigits = 12;
  return value.size() == 64 ? "sha256:" + value.substr(0, kDigits) + "..." : value;
}

void compare_dependencies(const json& there, const json& here, Error& error) {
  const auto before = dependencies_of(there);
  const auto after = dependencies_of(here);
  std::size_t count = 0;
  for (const auto& [name, value] : before) {
    const auto own = after.find(name);
    if (own != after.end() && own->second == value) continue;
    if (++count > kMaxShownFiles) continue;
    error.because(own == after.end() ? fmt::format("it was built with {}, which is not here", name)
                                     : fmt::format("it was built with {} {}, here it is {}", name,
                                                   shown(value), shown(own->second)));
  }
  for (const auto& [name, value] : after) {
    if (before.contains(name) || ++count > kMaxShownFiles) continue;
    error.because(fmt::format("it was built without {}, which is here", name));
  }
  if (count > kMaxShownFiles) error.because(fmt::format("and {} more", count - kMaxShownFiles));
}

std::string text_at(const json& document, const char* pointer) {
  const json::json_pointer place(pointer);
  if (!document.contains(place) || !document.at(place).is_string()) return "";
  return document.at(place).get<std::string>();
}

// What comes from whoever may write to the registry goes into a command only as what it should be.
bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Of a provenance of wasmctl's, from a directory: others name their own things.
bool is_comparable(const json& there, const json& here) {
  constexpr char kType[] = "/buildDefinition/buildType";
  return text_at(there, kType) == text_at(here, kType) && !dependencies_of(there).empty();
}

void compare_provenance(const json& there, const json& here, Error& error) {
  if (!is_comparable(there, here)) {
    error.hint(
        "the image's provenance does not say what it was built with, as wasmctl says it: "
        "`push DIR --provenance`");
    return;
  }
  compare_dependencies(there, here, error);
  constexpr char kFlags[] = "/buildDefinition/externalParameters/flags";
  const auto flags = text_at(there, kFlags);
  if (flags != text_at(here, kFlags)) {
    error.because(flags.empty() ? "it was built without the flags that are given here"
                                : fmt::format("it was built with the flags `{}`", flags));
  }
  const auto commit = text_at(there, "/buildDefinition/externalParameters/source/digest/gitCommit");
  const auto source = text_at(there, "/buildDefinition/externalParameters/source/uri");
  if (is_commit(commit)) {
    error.hint(fmt::format("the sources are {} of {}: `git checkout {}`", commit, source, commit));
  }
  error.hint(
      "build with what the provenance names: the compiler by `--clang`, the same wasmctl "
      "for the SDK");
}

}  // namespace

Rebuilt rebuild(Context& context, const std::string& directory, const BuildFlags& flags,
                oci::PulledImage& image, oci::Store& store) {
  const auto there = image.module();
  const base::TemporaryDirectory work;
  auto own_flags = flags;
  own_flags.directory = work.path().native();
  const auto here = load_module(context, Directory{directory}, own_flags);
  const auto digest = base::sha256_hex(here.bytes.view());
  if (there.content.view() == here.bytes.view()) return {digest, here.bytes.size()};

  Error error(Code::verification,
              fmt::format("{} is not what {} builds here", image.name(), directory));
  const auto provenance = sign::said_provenance(store, there.manifest.digest);
  if (provenance) {
    const auto own = sign::slsa_provenance(record_of(context, here, own_flags, {}));
    compare_provenance(*provenance, own, error);
  } else {
    error.hint(
        "see that sources, flags and compiler are those that it was built with; "
        "`push --provenance` says next time which those were");
  }
  compare_sections(there.content, here.bytes, image.name(), error);
  throw error;
}

}  // namespace wasmctl::cli
