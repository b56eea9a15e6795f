#include "wasm/validate/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "wasm/names.hpp"
#include "wasm/subtypes.hpp"
#include "wasm/validate/code_validator.hpp"

namespace wasmctl::wasm {

namespace {

class ModuleValidator {
 public:
  explicit ModuleValidator(const Module& module)
      : module_(module),
        bytes_(module.bytes.view()),
        declared_(module.function_count()),
        code_(module, declared_) {}

  FeatureSet run(std::vector<ControlTable>* tables) {
    check_supertypes(module_.types);
    memories();
    tables_and_tags();
    globals();
    exports();
    start();
    elements();
    data();
    bodies(tables);
    return code_.features();
  }

 private:
  [[noreturn]] void fail(std::size_t offset, std::string_view message) const {
    Reader(bytes_.substr(offset), offset).fail(message);
  }

  // An error in `part` of the module is told with the part's name before it.
  template <typename Name, typename Part>
  static void within(Name name, Part part) {
    try {
      part();
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("{}: {}", name(), error.message()));
    }
  }

  // Addresses have 32 or 64 bits, so many pages are all that there can be.
  void memories() const {
    for (std::size_t i = 0; i < module_.memories.size(); ++i) {
      const auto& limits = module_.memories[i];
      if (limits.page_log2 != 0 && limits.page_log2 != 16) {
        fail(limits.offset, fmt::format("memory {} has pages of 2^{} bytes, neither 1 nor 65536", i,
                                        limits.page_log2));
      }
      const unsigned bits = (limits.is_64 ? 64U : 32U) - limits.page_log2;
      const auto most = bits == 64 ? UINT64_MAX : std::uint64_t{1} << bits;
      check_limits(limits, most, fmt::format("memory {}", i));
      if (limits.shared && !limits.maximum) {
        fail(limits.offset, fmt::format("memory {} is shared and has no maximum", i));
      }
    }
  }

  void check_limits(const Limits& limits, std::uint64_t most, std::string_view what) const {
    const auto largest = std::max(limits.minimum, limits.maximum.value_or(0));
    if (largest > most) {
      fail(limits.offset, fmt::format("{} has {} pages of at most {}", what, largest, most));
    }
    if (limits.maximum && limits.minimum > *limits.maximum) {
      fail(limits.offset, fmt::format("{} has a minimum of {} and a maximum of {}", what,
                                      limits.minimum, *limits.maximum));
    }
  }

  void tables_and_tags() {
    for (std::size_t i = 0; i < module_.tables.size(); ++i) {
      const auto& table = module_.tables[i];
      const auto what = fmt::format("table {}", i);
      if (!table.type.is_reference()) {
        fail(table.limits.offset,
             fmt::format("{} holds {}, no references", what, to_string(table.type)));
      }
      if (table.limits.shared)
        fail(table.limits.offset, what + " is shared, as only a memory can be");
      check_limits(table.limits, UINT64_MAX, what);
      if (table.initializer) {
        constant(*table.initializer, table.type, imported_globals(), what);
      } else if (!table.type.has_default() && i >= imported(ExternalKind::table)) {
        fail(table.limits.offset,
             fmt::format("{} of type {} has no initial value", what, to_string(table.type)));
      }
    }
    for (std::size_t i = 0; i < module_.tags.size(); ++i) {
      const auto& type = module_.types[module_.tags[i]];
      if (type.function.results.empty()) continue;
      fail(type.offset,
           fmt::format("tag {} has type {}, with results", i, to_string(type.function)));
    }
  }

  std::size_t imported(ExternalKind kind) const {
    return static_cast<std::size_t>(
        std::count_if(module_.imports.begin(), module_.imports.end(),
                      [&](const Import& import) { return import.kind == kind; }));
  }

  std::size_t imported_globals() const { return imported(ExternalKind::global); }

  void constant(std::size_t offset, ValueType type, std::size_t globals, std::string_view what) {
    within([&] { return what; }, [&] { code_.check_constant(offset, type, globals, declared_); });
  }

  void globals() {
    for (std::size_t i = 0; i < module_.globals.size(); ++i) {
      const auto& global = module_.globals[i];
      if (!global.initializer) continue;
      constant(*global.initializer, global.type, i, fmt::format("global {}", i));
    }
  }

  std::size_t count(ExternalKind kind) const {
    switch (kind) {
      case ExternalKind::function:
        return module_.function_count();
      case ExternalKind::table:
        return module_.tables.size();
      case ExternalKind::memory:
        return module_.memories.size();
      case ExternalKind::global:
        return module_.globals.size();
      case ExternalKind::tag:
        return module_.tags.size();
    }
    return 0;
  }

  void exports() {
    std::vector<std::pair<std::string_view, std::size_t>> names;
    names.reserve(module_.exports.size());
    for (const auto& item : module_.exports) {
      if (item.index >= count(item.kind)) {
        fail(item.offset, fmt::format("export `{}` is {} {}, which does not exist", item.name,
                                      to_string(item.kind), item.index));
      }
      if (item.kind == ExternalKind::function) declared_[item.index] = true;
      names.emplace_back(item.name, item.offset);
    }
    std::sort(names.begin(), names.end());
    const auto twice =
        std::adjacent_find(names.begin(), names.end(),
                           [](const auto& a, const auto& b) { return a.first == b.first; });
    if (twice == names.end()) return;
    fail(std::next(twice)->second, fmt::format("`{}` is exported twice", twice->first));
  }

  void start() const {
    if (!module_.start) return;
    const auto section =
        std::find_if(module_.sections.begin(), module_.sections.end(),
                     [](const Section& item) { return item.id == SectionId::start; });
    const auto* type = module_.function_type(*module_.start);
    if (type == nullptr) {
      fail(section->payload, fmt::format("the start function {} does not exist", *module_.start));
    }
    if (*type != FunctionType{}) {
      fail(section->payload, fmt::format("the start function {} has type {}, not () -> ()",
                                         *module_.start, to_string(*type)));
    }
  }

  static ValueType address_type(const Limits& limits) {
    return limits.is_64 ? ValueType::i64 : ValueType::i32;
  }

  void elements() {
    for (std::size_t i = 0; i < module_.elements.size(); ++i) {
      const auto& segment = module_.elements[i];
      const auto what = fmt::format("element segment {}", i);
      if (!segment.type.is_reference()) {
        fail(segment.offset,
             fmt::format("{} has {}, no references", what, to_string(segment.type)));
      }
      if (segment.mode == SegmentMode::active) {
        if (segment.table >= module_.tables.size()) {
          fail(segment.offset,
               fmt::format("{} is for table {}, which does not exist", what, segment.table));
        }
        const auto& table = module_.tables[segment.table];
        if (!matches(module_.types, segment.type, table.type)) {
          fail(segment.offset, fmt::format("{} has {}, its table {}", what, to_string(segment.type),
                                           to_string(table.type)));
        }
        constant(segment.address, address_type(table.limits), module_.globals.size(), what);
      }
      items(segment, what);
    }
  }

  void items(const ElementSegment& segment, std::string_view what) {
    auto at = segment.items;
    Reader reader(bytes_.substr(at), at);
    for (std::uint32_t i = 0; i < segment.count; ++i) {
      if (segment.has_expressions) {
        constant(at, segment.type, module_.globals.size(), what);
        at = code_.behind();
        continue;
      }
      const auto offset = reader.offset();
      const auto function = reader.u32_leb("an element");
      if (function >= declared_.size()) {
        fail(offset, fmt::format("{} has function {}, which does not exist", what, function));
      }
      declared_[function] = true;
    }
  }

  void data() {
    for (std::size_t i = 0; i < module_.data.size(); ++i) {
      const auto& segment = module_.data[i];
      if (segment.mode != SegmentMode::active) continue;
      const auto what = fmt::format("data segment {}", i);
      if (segment.memory >= module_.memories.size()) {
        fail(segment.offset,
             fmt::format("{} is for memory {}, which does not exist", what, segment.memory));
      }
      constant(segment.address, address_type(module_.memories[segment.memory]),
               module_.globals.size(), what);
    }
  }

  void bodies(std::vector<ControlTable>* tables) {
    if (tables != nullptr) tables->resize(module_.bodies.size());
    for (std::size_t i = 0; i < module_.bodies.size(); ++i) {
      within([&] { return function_name(i); },
             [&] { code_.check_body(i, tables == nullptr ? nullptr : &(*tables)[i]); });
    }
  }

  // "function 7 (`ns::f`)".
  std::string function_name(std::size_t body) const {
    const auto function = static_cast<std::uint32_t>(module_.imported_functions.size() + body);
    const auto names = function_names(module_);
    const auto found = names.find(function);
    if (found == names.end()) return fmt::format("function {}", function);
    return fmt::format("function {} (`{}`)", function, demangle(found->second));
  }

  const Module& module_;
  std::string_view bytes_;
  std::vector<bool> declared_;
  CodeValidator code_;
};

}  // namespace

FeatureSet validate(const Module& module, std::vector<ControlTable>* tables) {
  return ModuleValidator(module).run(tables);
}

}  // namespace wasmctl::wasm
