#include "compile/callers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/place.hpp"
#include "wasm/names.hpp"

namespace wasmctl::compile {

namespace {

// The text between `before` and the next of `ends` in `line`, if both are there.
std::optional<std::string_view> between(std::string_view line, std::string_view before,
                                        std::string_view ends) {
  const auto begin = line.find(before);
  if (begin == std::string_view::npos) return std::nullopt;
  const auto rest = line.substr(begin + before.size());
  const auto end = rest.find_first_of(ends);
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(0, end);
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The IR's numbered lines: metadata (`!17 = ...`) and attribute groups (`attributes #2 = ...`).
class Ir {
 public:
  explicit Ir(std::string_view text) : lines_(split_lines(text)) {
    for (const auto line : lines_) {
      if (line.starts_with('!')) {
        if (const auto number = between(line, "!", " ")) metadata_[*number] = line;
      } else if (line.starts_with("attributes #")) {
        if (const auto number = between(line, "#", " ")) attributes_[*number] = line;
      }
    }
  }

  // Symbol -> name of the import, for every declared function that `imports` holds.
  std::map<std::string, std::string, std::less<>> declared(
      const std::vector<std::string>& imports) const {
    std::map<std::string, std::string, std::less<>> symbols;
    for (const auto line : lines_) {
      const bool function = line.starts_with("declare ");
      const bool data =
          line.starts_with("@") && line.find(" = external ") != std::string_view::npos;
      if (!function && !data) continue;
      const auto symbol = between(line, "@", "( ");
      if (!symbol) continue;
      std::string import(*symbol);
      if (const auto group = line.rfind('#'); group != std::string_view::npos) {
        const auto found = attributes_.find(line.substr(group + 1));
        if (found != attributes_.end()) {
          if (const auto name = between(found->second, "\"wasm-import-name\"=\"", "\"")) {
            import = *name;
          }
        }
      }
      if (std::find(imports.begin(), imports.end(), import) != imports.end()) {
        symbols.emplace(*symbol, import);
      }
    }
    return symbols;
  }

  const std::vector<std::string_view>& lines() const { return lines_; }

  // "filter.cc:31:5" for the number behind `!dbg !`.
  std::optional<std::string> place(std::string_view location) const {
    const auto line = find(location);
    const auto row = between(line, "line: ", ",)");
    const auto scope = between(line, "scope: !", ",)");
    if (!row || !scope) return std::nullopt;
    const auto column = between(line, "column: ", ",)");
    const auto file = file_of(*scope);
    if (!file) return std::nullopt;
    return fmt::format("{}:{}:{}", *file, *row, column.value_or("1"));
  }

 private:
  std::string_view find(std::string_view number) const {
    const auto found = metadata_.find(number);
    return found == metadata_.end() ? std::string_view() : found->second;
  }

  // A scope (subprogram or lexical block) names its file.
  std::optional<std::string_view> file_of(std::string_view scope) const {
    const auto file = between(find(scope), "file: !", ",)");
    return file ? between(find(*file), "filename: \"", "\"") : std::nullopt;
  }

  std::vector<std::string_view> lines_;
  std::map<std::string_view, std::string_view> metadata_;
  std::map<std::string_view, std::string_view> attributes_;
};

// Every `@symbol` of an instruction.
std::vector<std::string_view> symbols_in(std::string_view line) {
  std::vector<std::string_view> symbols;
  for (auto at = line.find('@'); at != std::string_view::npos; at = line.find('@', at)) {
    const auto rest = line.substr(++at);
    symbols.push_back(rest.substr(0, rest.find_first_of("(), ")));
  }
  return symbols;
}

// One use of a symbol, in a function.
struct Use {
  std::string_view function;  // its symbol
  std::string place;
};
using Uses = std::multimap<std::string_view, Use>;  // by the symbol that is used

Uses uses_in(const Ir& ir) {
  Uses uses;
  std::string_view function;
  for (const auto line : ir.lines()) {
    if (line.starts_with("define ")) {
      function = between(line, "@", "( ").value_or(std::string_view());
    }
    const auto mark = line.rfind("!dbg !");
    if (!line.starts_with("  ") || mark == std::string_view::npos) continue;
    const auto number = line.substr(mark + 6);
    const auto place = ir.place(number.substr(0, number.find_first_not_of("0123456789")));
    if (!place) continue;
    for (const auto symbol : symbols_in(line)) uses.emplace(symbol, Use{function, *place});
  }
  return uses;
}

// Where the plugin uses the symbol: itself, or what of a library's headers uses it in turn. Where
// that is not to be seen, as behind a table of virtual functions, the header's place.
std::vector<std::string> places_of(const Uses& uses, std::string_view symbol) {
  std::vector<std::string> own;
  std::vector<std::string> direct;
  std::set<std::string_view> seen{symbol};
  std::vector<std::string_view> open{symbol};
  for (std::size_t i = 0; i < open.size(); ++i) {
    const auto [first, last] = uses.equal_range(open[i]);
    for (auto use = first; use != last; ++use) {
      const auto& [function, place] = use->second;
      if (i == 0) direct.push_back(place);
      if (is_own_source(place)) {
        own.push_back(place);
      } else if (!function.empty() && seen.insert(function).second) {
        open.push_back(function);
      }
    }
  }
  return own.empty() ? direct : own;
}

}  // namespace

std::vector<Caller> find_callers(std::string_view text, const std::vector<std::string>& imports) {
  const Ir ir(text);
  const auto symbols = ir.declared(imports);
  if (symbols.empty()) return {};
  const auto uses = uses_in(ir);
  std::vector<Caller> callers;
  for (const auto& [symbol, import] : symbols) {
    for (auto& place : places_of(uses, symbol)) {
      callers.push_back({wasm::demangle(import), std::move(place)});
    }
  }
  return callers;
}

}  // namespace wasmctl::compile
