#include "cli/commands/inspect_why.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/error.hpp"
#include "cli/output/findings.hpp"
#include "wasm/calls.hpp"
#include "wasm/retained.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::size_t kMostShown = 20;

// What a module's functions are called, and how large they are.
class Functions {
 public:
  Functions(const wasm::Module& module, const wasm::Symbols& symbols)
      : module_(module), symbols_(symbols) {
    for (const auto& import : module.imports) {
      if (import.kind == wasm::ExternalKind::function) imports_.push_back(&import);
    }
  }

  std::size_t size() const { return imports_.size() + module_.functions.size(); }
  bool is_import(std::uint32_t function) const { return function < imports_.size(); }

  std::string name(std::uint32_t function) const {
    if (!is_import(function)) return symbols_.function(function);
    return imports_[function]->module + "." + imports_[function]->name;
  }

  std::uint64_t bytes(std::uint32_t function) const {
    return is_import(function) ? 0 : module_.bodies[function - imports_.size()].size;
  }

  std::vector<std::string> exports(std::uint32_t function) const {
    std::vector<std::string> names;
    for (const auto& item : module_.exports) {
      const bool is_it = item.kind == wasm::ExternalKind::function && item.index == function;
      if (is_it) names.push_back(item.name);
    }
    return names;
  }

  // The one function of that name, or else with it as a part of its own.
  std::uint32_t find(const std::string& wanted) const {
    std::vector<std::uint32_t> whole;
    std::vector<std::uint32_t> parts;
    for (std::uint32_t i = 0; i < size(); ++i) {
      if (is_called(i, wanted)) whole.push_back(i);
      if (name(i).find(wanted) != std::string::npos) parts.push_back(i);
    }
    const auto& found = whole.empty() ? parts : whole;
    if (found.empty()) {
      throw Error(Code::not_found, fmt::format("there is no function or import `{}`", wanted))
          .hint("`wasmctl inspect --json` has all names");
    }
    if (found.size() > 1) throw ambiguous(wanted, found);
    return found.front();
  }

 private:
  bool is_called(std::uint32_t function, const std::string& wanted) const {
    if (name(function) == wanted || symbols_.written_name(function) == wanted) return true;
    if (is_import(function) && imports_[function]->name == wanted) return true;
    const auto others = exports(function);
    return std::ranges::find(others, wanted) != others.end();
  }

  Error ambiguous(const std::string& wanted, const std::vector<std::uint32_t>& found) const {
    constexpr std::size_t kMost = 5;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(kMost, found.size()); ++i) {
      names.push_back(fmt::format("`{}`", name(found[i])));
    }
    if (found.size() > kMost) names.emplace_back("...");
    return Error(Code::usage, fmt::format("`{}` is a part of {} names", wanted, found.size()))
        .hint(fmt::format("name one: {}", fmt::join(names, ", ")));
  }

  const wasm::Module& module_;
  const wasm::Symbols& symbols_;
  std::vector<const wasm::Import*> imports_;
};

// The functions that call one, each once, largest first.
std::vector<std::uint32_t> callers_of(std::uint32_t function, const wasm::Callers& callers,
                                      const Functions& functions) {
  std::set<std::uint32_t> seen;
  for (const auto& step : callers.callers_of(function)) seen.insert(step.function);
  std::vector<std::uint32_t> list(seen.begin(), seen.end());
  std::ranges::sort(list, [&](auto a, auto b) {
    return std::pair(functions.bytes(b), a) < std::pair(functions.bytes(a), b);
  });
  return list;
}

class Why {
 public:
  Why(const wasm::Module& module, const wasm::Symbols& symbols, const std::string& wanted)
      : symbols_(symbols),
        functions_(module, symbols),
        callers_(module),
        retained_(module),
        entries_(wasm::entry_functions(module)),
        function_(functions_.find(wanted)) {}

  void print(Output out) const {
    out.print("{}: {}\n", functions_.name(function_), what_it_is());
    print_callers(out);
    const auto chain = callers_.shortest_chain(function_);
    if (chain.empty()) return;
    out.print("  the shortest way from the host, backwards:\n");
    print_header(out);
    for (const auto& step : chain) print_row(out, step.function, call_text(step));
    const auto last = functions_.exports(chain.back().function);
    out.print("  {}\n", last.empty() ? "which the host or a table of functions calls"
                                     : fmt::format("which is exported as {}", last.front()));
  }

  nlohmann::json to_json() const {
    auto callers = nlohmann::json::array();
    for (const auto caller : callers_of(function_, callers_, functions_)) {
      callers.push_back(row_json(caller));
    }
    auto chain = nlohmann::json::array();
    for (const auto& step : callers_.shortest_chain(function_)) {
      auto row = row_json(step.function);
      const auto place = symbols_.place(step.offset);
      row["place"] = place ? to_string(*place) : "";
      chain.push_back(std::move(row));
    }
    auto json = row_json(function_);
    json["import"] = functions_.is_import(function_);
    json["exports"] = functions_.exports(function_);
    json["inTable"] = is_entry() && functions_.exports(function_).empty();
    json["callers"] = std::move(callers);
    json["chain"] = std::move(chain);
    return json;
  }

 private:
  bool is_entry() const { return std::ranges::binary_search(entries_, function_); }

  std::string what_it_is() const {
    if (functions_.is_import(function_)) return "an import";
    const auto& with = retained_.of(function_);
    const auto exports = functions_.exports(function_);
    auto text = fmt::format("{} bytes", functions_.bytes(function_));
    if (with.functions > 1) {
      text += fmt::format("; {} bytes in {} functions go with it", with.bytes, with.functions);
    }
    if (!exports.empty()) {
      text += fmt::format("; exported as {}", fmt::join(exports, ", "));
    } else if (is_entry()) {
      text += "; a table or the start has it, so pointers may call it";
    } else if (with.functions == 0) {
      text += "; nothing reaches it";
    }
    return text;
  }

  void print_callers(Output out) const {
    const auto list = callers_of(function_, callers_, functions_);
    if (list.empty()) return out.print("  no function calls it directly\n");
    out.print("  called by {}{}\n", counted(list.size(), "function"),
              list.size() > kMostShown ? ", the largest:" : ":");
    print_header(out);
    for (std::size_t i = 0; i < std::min(kMostShown, list.size()); ++i) print_row(out, list[i], "");
  }

  static void print_header(Output out) { out.print("    {:>9}  {:>9}\n", "bytes", "with it"); }

  void print_row(Output out, std::uint32_t function, const std::string& more) const {
    out.print("    {:>9}  {:>9}  {}{}\n", functions_.bytes(function), retained_.of(function).bytes,
              functions_.name(function), more);
  }

  std::string call_text(const wasm::Step& step) const {
    const auto place = symbols_.place(step.offset);
    return place ? " at " + to_string(*place) : "";
  }

  nlohmann::json row_json(std::uint32_t function) const {
    const auto& with = retained_.of(function);
    return {{"name", functions_.name(function)},
            {"bytes", functions_.bytes(function)},
            {"retainedFunctions", with.functions},
            {"retainedBytes", with.bytes}};
  }

  const wasm::Symbols& symbols_;
  Functions functions_;
  wasm::Callers callers_;
  wasm::Retained retained_;
  std::vector<std::uint32_t> entries_;
  std::uint32_t function_;
};

// Where memory comes from, in each language's own name.
bool allocates(std::string_view name) {
  constexpr std::string_view kNames[] = {"malloc",
                                         "calloc",
                                         "realloc",
                                         "aligned_alloc",
                                         "operator new(unsigned long)",
                                         "operator new[](unsigned long)",  // C, C++
                                         "__rust_alloc",
                                         "__rust_alloc_zeroed",
                                         "__rust_realloc",  // Rust, and in today's
                                         "__rustc::__rust_alloc",
                                         "__rustc::__rust_alloc_zeroed",
                                         "__rustc::__rust_realloc",
                                         "runtime.mallocgc",
                                         "runtime.alloc",  // Go, TinyGo
                                         "~lib/rt/itcms/__new",
                                         "~lib/rt/stub/__new",
                                         "~lib/rt/__newArray",  // AssemblyScript
                                         "~lib/rt/tlsf/__alloc"};
  return std::ranges::find(kNames, name) != std::end(kNames);
}

}  // namespace

void print_why(Output out, const wasm::Module& module, const wasm::Symbols& symbols,
               const std::string& name) {
  Why(module, symbols, name).print(out);
}

nlohmann::json why_json(const wasm::Module& module, const wasm::Symbols& symbols,
                        const std::string& name) {
  return Why(module, symbols, name).to_json();
}

void print_calls(Output out, const wasm::Module& module, const wasm::Symbols& symbols) {
  const Functions functions(module, symbols);
  const wasm::Callers callers(module);
  for (std::uint32_t i = 0; i < functions.size(); ++i) {
    const bool is_allocator = !functions.is_import(i) && allocates(functions.name(i));
    if (!functions.is_import(i) && !is_allocator) continue;
    const auto list = callers_of(i, callers, functions);
    out.print("{}: called by {}\n", functions.name(i), counted(list.size(), "function"));
    for (std::size_t k = 0; k < std::min(kMostShown, list.size()); ++k) {
      out.print("    {:>9}  {}\n", functions.bytes(list[k]), functions.name(list[k]));
    }
    if (list.size() > kMostShown) out.print("    and {} more\n", list.size() - kMostShown);
  }
}

nlohmann::json callers_json(const wasm::Module& module, const wasm::Symbols& symbols) {
  const Functions functions(module, symbols);
  const wasm::Callers callers(module);
  auto json = nlohmann::json::object();
  for (std::uint32_t i = 0; i < functions.size(); ++i) {
    if (!functions.is_import(i) && !allocates(functions.name(i))) continue;
    auto names = nlohmann::json::array();
    for (const auto caller : callers_of(i, callers, functions)) {
      names.push_back(functions.name(caller));
    }
    json[functions.name(i)] = std::move(names);
  }
  return json;
}

}  // namespace wasmctl::cli
