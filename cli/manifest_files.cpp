#include "cli/manifest_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <system_error>

#include "base/error.hpp"
#include "cli/manifest_file.hpp"
#include "kube/check/check.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

bool is_manifest(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.extension() == ".json";
}

struct FoundFile {
  fs::path path;
  bool named = false;  // by -f itself, not found in a directory
};

// Of each chart, but for those that are part of another: `helm template` prints them with it.
void add_chart_notes(std::vector<fs::path> charts, std::vector<std::string>& notes) {
  std::ranges::sort(charts);
  for (const auto& chart : charts) {
    const bool is_part = std::ranges::any_of(charts, [&](const fs::path& other) {
      return chart.native().starts_with((other / "charts" / "").native());
    });
    if (is_part) continue;
    notes.push_back(fmt::format("{} is a Helm chart's: check what `helm template {}` prints",
                                (chart / "templates").native(), chart.native()));
  }
}

// The chart whose templates a directory holds.
std::optional<fs::path> chart_of_templates(fs::path directory) {
  if (!directory.has_filename()) directory = directory.parent_path();  // of `templates/`
  const auto parent = directory.has_parent_path() ? directory.parent_path() : fs::path(".");
  const bool holds =
      directory.filename() == "templates" && fs::is_regular_file(parent / "Chart.yaml");
  return holds ? std::optional(parent) : std::nullopt;
}

// The manifests below a directory, sorted, so that the order is the same everywhere. The templates
// of a Helm chart are none: a note says so.
std::vector<FoundFile> find_files(const std::string& directory, std::vector<std::string>& notes) {
  std::vector<FoundFile> found;
  std::vector<fs::path> charts;
  std::error_code error;
  if (const auto chart = chart_of_templates(directory)) {
    add_chart_notes({*chart}, notes);
    return found;
  }
  fs::recursive_directory_iterator entries(directory, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    const auto& path = entries->path();
    const auto chart = entries->is_directory() ? chart_of_templates(path) : std::nullopt;
    if (chart) {
      entries.disable_recursion_pending();
      charts.push_back(*chart);
    } else if (entries->is_regular_file() && is_manifest(path)) {
      found.push_back({path});
    }
  }
  if (error) throw Error(Code::io, fmt::format("cannot read {}: {}", directory, error.message()));
  if (found.empty() && charts.empty()) {
    throw Error(Code::not_found,
                fmt::format("no manifest in `{}`: no *.yaml, *.yml or *.json", directory));
  }
  std::ranges::sort(found, {}, &FoundFile::path);
  add_chart_notes(std::move(charts), notes);
  return found;
}

std::vector<FoundFile> collect_files(const std::vector<std::string>& names,
                                     std::vector<std::string>& notes) {
  std::vector<FoundFile> files;
  for (const auto& name : names) {
    std::error_code error;
    if (fs::is_directory(name, error)) {
      std::ranges::move(find_files(name, notes), std::back_inserter(files));
    } else {
      files.push_back({name, true});
    }
  }
  // One that is named and found in a directory, too, counts once.
  std::set<fs::path> seen;
  std::erase_if(files, [&](const FoundFile& file) {
    std::error_code error;  // a pipe has no path
    const auto path = fs::weakly_canonical(file.path, error);
    return !seen.insert(error ? file.path : path).second;
  });
  return files;
}

// What a command should have written, and has not, is not right.
void require_text(const ManifestFile& file) {
  if (file.text.find_first_not_of(" \t\r\n") != std::string::npos) return;
  throw Error(Code::bad_input, fmt::format("{} is empty, so there is nothing to check", file.name))
      .hint("the command that should have written it has probably failed");
}

}  // namespace

kube::Inventory read_inventory(const std::vector<std::string>& names, const std::string& ns) {
  kube::Inventory inventory;
  for (const auto& [path, named] : collect_files(names, inventory.notes)) {
    const auto file = read_manifest(path.native());
    if (named) require_text(file);
    if (named || kube::may_hold_manifests(file.text, file.name)) {
      kube::read_manifests(inventory, file.text, file.name, ns);
    }
  }
  kube::apply_kustomizations(inventory);
  return inventory;
}

}  // namespace wasmctl::cli
