#include "compile/diagnosis.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "compile/remedies.hpp"
#include "wasm/hostcalls.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/names.hpp"

namespace wasmctl::compile {

namespace {

// ", used at a.cc:3:1, b.cc:4:5", or nothing where no use was found.
std::string used_at(const std::vector<Caller>& callers, std::string_view function) {
  constexpr std::size_t kMostPlaces = 5;
  std::set<std::string_view> places;
  for (const auto& caller : callers) {
    if (caller.function == function) places.insert(caller.place);
  }
  std::string text;
  std::size_t count = 0;
  for (const auto place : places) {
    if (++count > kMostPlaces)
      return text + fmt::format(" and {} more", places.size() - kMostPlaces);
    text += fmt::format("{} {}", count == 1 ? ", used at" : ",", place);
  }
  return text;
}

// Whether a host offers it: then no source needs to.
bool is_known(std::string_view import) {
  return wasm::find_host_function("env", import) != nullptr ||
         wasm::find_host_function("wasi_snapshot_preview1", import) != nullptr;
}

}  // namespace

Error build_error(const plugin::Plugin& plugin, std::string_view what, const std::string& output) {
  Error error(Code::build_failed, fmt::format("{} {}", plugin.name, what));
  error.with_output(output);
  for (auto& hint : remedies(output, plugin.directory)) error.hint(std::move(hint));
  return error;
}

Error undefined_error(std::string_view plugin, const std::vector<std::string>& symbols,
                      const std::vector<Caller>& callers) {
  Error error(Code::build_failed, fmt::format("{} does not link", plugin));
  for (const auto& symbol : symbols) {
    error.because(fmt::format("`{}` is defined by no source{}", symbol, used_at(callers, symbol)));
  }
  return error.hint(remedy_for_undefined(symbols.empty() ? std::string_view() : symbols.front()));
}

std::vector<std::string> unknown_imports(const std::vector<Finding>& findings) {
  std::vector<std::string> names;
  for (const auto& finding : findings) {
    if (finding.rule != wasm::kUnknownImport) continue;
    for (const auto& import : finding.about) names.push_back(import.name);
  }
  return names;
}

void add_places(std::vector<Finding>& findings, const std::vector<Caller>& callers) {
  for (auto& finding : findings) {
    if (finding.rule != wasm::kUnknownImport) continue;
    const bool one = finding.about.size() == 1;
    for (auto& [name, trail] : finding.about) {
      const auto function = wasm::demangle(name);
      const auto used = used_at(callers, function);
      if (is_known(name)) {  // it is the host of `hosts` that has it not
        finding.message += used;
      } else if (one) {
        finding.message =
            fmt::format("`{}` is defined by no source and not offered by Envoy{}", function, used);
      } else if (!used.empty()) {
        finding.message += fmt::format("; `{}`{}", function, used);
      }
      trail.clear();  // the sources say it better
    }
    if (finding.hint.empty() && !finding.about.empty()) {
      finding.hint = remedy_for_undefined(wasm::demangle(finding.about.front().name));
    }
  }
}

}  // namespace wasmctl::compile
