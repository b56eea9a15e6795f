#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "wasm/hostcalls.hpp"
#include "wasm/lint/families.hpp"
#include "wasm/lint/rules.hpp"

namespace wasmctl::wasm {

namespace {

// Who calls an import. A module may be made to import a million functions that nobody offers: the
// first ones get the help that takes time.
class Trails {
 public:
  explicit Trails(const Subject& subject) : subject_(subject) {}

  bool is_spent() const { return helped_ >= kMostHelped; }

  std::vector<Frame> to(std::uint32_t function) {
    if (is_spent()) return {};
    ++helped_;
    if (!callers_) callers_.emplace(subject_.module);
    return frames(subject_, callers_->shortest_chain(function));
  }

 private:
  static constexpr std::size_t kMostHelped = 20;

  const Subject& subject_;
  std::optional<Callers> callers_;
  std::size_t helped_ = 0;
};

std::string hint_for_import(std::string_view name, Vendor vendor) {
  const auto rows = host_functions(vendor);
  std::vector<std::string_view> known;
  known.reserve(rows.size());
  for (const auto& row : rows) {
    if (row.name == name) {
      const auto module = row.module == "wasi" ? "wasi_snapshot_preview1" : row.module;
      return fmt::format("Envoy offers `{}` in the module `{}`", name, module);
    }
    known.push_back(row.name);
  }
  const auto near = base::nearest(name, known);
  return near.empty() ? std::string() : fmt::format("`{}`: did you mean `{}`?", name, near);
}

// Which ABI versions offer `row`, for the hint: "0.2.0, 0.2.1".
std::string list_abis(const HostFunction& row, Vendor vendor) {
  std::string text;
  for (const auto& abi : abis()) {
    if (!offers(vendor, abi) || !contains(row.abis, abi.version)) continue;
    if (!text.empty()) text += ", ";
    text += abi.name;
  }
  return text;
}

// Imported functions in order, with their index.
template <typename Visit>
void for_each_function(const Module& module, Visit visit) {
  std::uint32_t index = 0;
  for (const auto& import : module.imports) {
    if (import.kind == ExternalKind::function) visit(import, index++);
  }
}

// What of a module's imports its host does not offer.
class ImportCheck {
 public:
  ImportCheck(const Subject& subject, const Rule& rule, Findings& findings)
      : subject_(subject),
        rule_(rule),
        findings_(findings),
        trails_(subject),
        vendor_(vendor_of(subject)),
        abi_(abi_version(subject.module, vendor_)),
        of_family_(import_families().size()) {}

  void run() {
    check_other_kinds();
    for_each_function(subject_.module,
                      [&](const Import& import, std::uint32_t index) { check(import, index); });
    for (std::size_t i = 0; i < of_family_.size(); ++i) {
      if (!of_family_[i].names.empty()) add_family(import_families()[i], std::move(of_family_[i]));
    }
  }

 private:
  // The imports of one family, and their names with the module's.
  struct Members {
    std::vector<Mention> mentions;
    std::vector<std::string> names;
  };

  // Envoy makes the first memory and the first table that a module imports, whatever their names
  // (proxy-wasm-cpp-host, src/v8/v8.cc).
  void check_other_kinds() {
    bool has_memory = false;
    bool has_table = false;
    for (const auto& import : subject_.module.imports) {
      if (import.kind == ExternalKind::function) continue;
      const bool first =
          (import.kind == ExternalKind::memory && !std::exchange(has_memory, true)) ||
          (import.kind == ExternalKind::table && !std::exchange(has_table, true));
      if (first || put_into_family(import, {})) continue;
      add(findings_, rule_,
          fmt::format("imports a {}, `{}.{}`: Envoy offers functions, one memory and one table",
                      to_string(import.kind), import.module, import.name),
          "define it in the module", import.name);
    }
  }

  bool put_into_family(const Import& import, std::optional<std::uint32_t> function) {
    const auto families = import_families();
    const auto family = std::ranges::find_if(
        families, [&](const auto& row) { return row.has(subject_.module, import); });
    if (family == families.end()) return false;
    auto& [mentions, names] = of_family_[static_cast<std::size_t>(family - families.begin())];
    mentions.push_back({import.name, function ? trails_.to(*function) : std::vector<Frame>()});
    names.push_back(fmt::format("{}.{}", import.module, import.name));
    return true;
  }

  void check(const Import& import, std::uint32_t index) {
    const auto name = fmt::format("{}.{}", import.module, import.name);
    const auto* row = find_host_function(import.module, import.name);
    const auto* const host = subject_.host;
    const bool asked = host != nullptr && host->functions != nullptr;
    if (asked && host->functions->contains(import.name)) {
      if (row != nullptr) check_abi(*row, import, index);
    } else if (asked && row != nullptr) {
      report(import, index, fmt::format("imports `{}`, which {} does not offer", name, host->title),
             row->since > 0 ? fmt::format("Envoy 1.{} is the first that does", row->since) : "");
    } else if (row == nullptr) {
      check_unknown(import, name, index);
    } else if (!offers(vendor_, *row)) {
      report(import, index, fmt::format("imports `{}`, which Envoy does not offer", name),
             "Higress does: `--for higress`");
    } else if (check_abi(*row, import, index) && host != nullptr && row->since > host->envoy) {
      report(import, index, fmt::format("imports `{}`, which {} does not offer", name, host->title),
             fmt::format("Envoy 1.{} is the first that does", row->since));
    }
  }

  // True if `row` is of the module's ABI.
  bool check_abi(const HostFunction& row, const Import& import, std::uint32_t index) {
    if (!abi_ || contains(row.abis, *abi_)) return true;
    report(import, index,
           fmt::format("imports `{}.{}`, which {} does not offer to a module of ABI {}",
                       import.module, import.name, host_of(subject_), to_string(*abi_)),
           fmt::format("it belongs to ABI {}", list_abis(row, vendor_)));
    return false;
  }

  void check_unknown(const Import& import, const std::string& name, std::uint32_t index) {
    if (put_into_family(import, index)) return;
    auto hint = trails_.is_spent() ? std::string() : hint_for_import(import.name, vendor_);
    report(import, index,
           fmt::format("imports `{}`, which {} does not offer", name, host_of(subject_)),
           std::move(hint));
  }

  void report(const Import& import, std::uint32_t index, std::string message, std::string hint) {
    add(findings_, rule_, std::move(message), std::move(hint), import.name, trails_.to(index));
  }

  void add_family(const ImportFamily& family, Members members) {
    auto message = fmt::format("imports {}, which {} does not offer: the module is built for {}",
                               quoted(members.names), host_of(subject_), family.target);
    add(findings_, rule_, std::move(message), std::string(family.remedy),
        std::move(members.mentions));
  }

  const Subject& subject_;
  const Rule& rule_;
  Findings& findings_;
  Trails trails_;
  Vendor vendor_;
  std::optional<AbiVersion> abi_;
  std::vector<Members> of_family_;  // by its number
};

void check_imports(const Subject& subject, const Rule& rule, Findings& findings) {
  ImportCheck(subject, rule, findings).run();
}

std::string hint_for_type(const std::string& name, const FunctionType& actual) {
  const auto former = std::ranges::find(former_signatures(), name, &FormerSignature::name);
  if (former == former_signatures().end() || type_of(former->signature) != actual) {
    return "correct its declaration";
  }
  return "so an SDK of before May 2020 declared it: take a newer one";
}

void check_import_types(const Subject& subject, const Rule& rule, Findings& findings) {
  for (const auto& import : subject.module.imports) {
    if (import.kind != ExternalKind::function) continue;
    const auto* row = find_host_function(import.module, import.name);
    if (row == nullptr || !offers(vendor_of(subject), *row)) continue;
    const auto& actual = subject.module.types[import.type_index].function;
    const auto wanted = type_of(row->signature);
    if (actual == wanted) continue;
    add(findings, rule,
        fmt::format("imports `{}.{}` as {}, but {} offers {}", import.module, import.name,
                    to_string(actual), host_of(subject), to_string(wanted)),
        hint_for_type(import.name, actual), import.name);
  }
}

void check_host_versions(const Subject& subject, const Rule& rule, Findings& findings) {
  if (subject.host != nullptr) return;  // then it is an unknown import, or none
  unsigned since = 0;
  std::vector<Mention> recent;
  Trails trails(subject);
  for_each_function(subject.module, [&](const Import& import, std::uint32_t index) {
    const auto* row = find_host_function(import.module, import.name);
    if (row == nullptr || row->since == 0) return;
    since = std::max<unsigned>(since, row->since);
    recent.push_back({import.name, trails.to(index)});
  });
  if (recent.empty()) return;
  const auto message =
      fmt::format("imports {}: Envoy 1.{} and later have that", quoted(names_of(recent)), since);
  add(findings, rule, message, "`--for HOST` judges for one proxy", std::move(recent));
}

void check_stubs(const Subject& subject, const Rule& rule, Findings& findings) {
  std::vector<Mention> stubs;
  Trails trails(subject);
  for_each_function(subject.module, [&](const Import& import, std::uint32_t index) {
    const auto* row = find_host_function(import.module, import.name);
    if (row == nullptr || row->effect != Effect::fails) return;
    stubs.push_back({import.name, trails.to(index)});
  });
  if (stubs.empty()) return;
  const auto message =
      fmt::format("imports {}: a proxy has no files or sockets for plugins, and {}",
                  quoted(names_of(stubs)), stubs.size() == 1 ? "it only fails" : "they only fail");
  add(findings, rule, message,
      "a language's runtime often imports more than it calls; if the plugin itself needs them, use "
      "a hostcall instead",
      std::move(stubs));
}

constexpr LintRule kImportRules[] = {
    {{kUnknownImport, Severity::error,
      "imports only what Envoy offers to its ABI version, and to the host of --for"},
     Judge::envoy,
     "Mostly a function that nobody defined: linkers make imports of those. The finding shows the "
     "shortest way from a callback to the call, with names and lines where the module or the file "
     "NAME.debug.wasm beside it has them. Imports of one toolchain are one finding, with what to "
     "do about it.",
     check_imports},
    {{"import-signature", Severity::error, "imports each host function with its own signature"},
     Judge::envoy,
     "A declaration written by hand, or one for another version of the ABI.",
     check_import_types},
    {{"host-version", Severity::note, "imports only what all Envoys since 1.36 offer"},
     Judge::envoy,
     "Envoy 1.39 was the first with many WASI functions that languages' runtimes import.",
     check_host_versions},
    {{"wasi-stub", Severity::note, "imports no WASI function that the host only stubs"},
     Judge::specification,
     "They are there so that modules load; each call fails.",
     check_stubs},
};

}  // namespace

std::span<const LintRule> import_rules() {
  return kImportRules;
}

}  // namespace wasmctl::wasm
