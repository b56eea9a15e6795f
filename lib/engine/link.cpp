// Making an instance: imports are matched, what the module defines is made, segments are copied,
// the start function runs. Source: WebAssembly Core Specification 3.0, 4.7.3 (instantiation).
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "engine/machine.hpp"
#include "engine/store.hpp"
#include "wasm/code.hpp"
#include "wasm/subtypes.hpp"

namespace wasmctl::engine {

class Linker {
 public:
  Linker(Store& store, const Program& program, const Resolver& resolve)
      : store_(store),
        program_(program),
        module_(program.module()),
        resolve_(resolve),
        instance_(store.instances_.emplace_back()) {}

  Store::Instantiated run() {
    instance_.program = &program_;
    if (store_.coverage_ == Coverage::on) instance_.executed.resize(module_.bytes.size());
    for (const auto& type : module_.types) {
      instance_.type_ids.push_back(store_.type_id(type.function));
    }
    for (const auto& import : module_.imports) add_import(import);
    add_functions();
    add_defined();
    return {&instance_, start()};
  }

 private:
  [[noreturn]] static void fail(const wasm::Import& import, std::string_view why) {
    throw Error(Code::bad_input,
                fmt::format("import `{}.{}`: {}", import.module, import.name, why));
  }

  template <typename Kind>
  Kind* find(const wasm::Import& import) const {
    const auto found = resolve_(import);
    if (!found) fail(import, "unknown import");
    const auto* of_kind = std::get_if<Kind*>(&*found);
    if (of_kind == nullptr) {
      fail(import, fmt::format("incompatible import type: not a {}", wasm::to_string(import.kind)));
    }
    return *of_kind;
  }

  // A size of `given` elements or pages, which may grow to its maximum.
  static void check_limits(const wasm::Import& import, const wasm::Limits& wanted,
                           std::uint64_t size, const wasm::Limits& given) {
    const bool fits = size >= wanted.minimum &&
                      (!wanted.maximum || (given.maximum && *given.maximum <= *wanted.maximum));
    if (!fits) fail(import, "incompatible import type: its limits do not fit");
  }

  void add_import(const wasm::Import& import) {
    switch (import.kind) {
      case wasm::ExternalKind::function: {
        auto* function = find<Function>(import);
        const auto& wanted = module_.types[import.type_index].function;
        if (*function->type != wanted) {
          fail(import, fmt::format("incompatible import type: {}, not {}",
                                   wasm::to_string(*function->type), wasm::to_string(wanted)));
        }
        instance_.functions.push_back(function);
        break;
      }
      case wasm::ExternalKind::table: {
        auto* table = find<Table>(import);
        const auto& wanted = module_.tables[instance_.tables.size()];
        if (table->type != wanted.type) fail(import, "incompatible import type: of its elements");
        check_limits(import, wanted.limits, table->elements.size(), table->limits);
        instance_.tables.push_back(table);
        break;
      }
      case wasm::ExternalKind::memory: {
        auto* memory = find<Memory>(import);
        check_limits(import, module_.memories[instance_.memories.size()], memory->size / kPageBytes,
                     memory->limits);
        instance_.memories.push_back(memory);
        break;
      }
      case wasm::ExternalKind::global: {
        auto* global = find<Global>(import);
        const auto& wanted = module_.globals[instance_.globals.size()];
        const bool fits =
            global->is_mutable == wanted.is_mutable &&
            (global->type == wanted.type ||
             (!wanted.is_mutable && wasm::matches(module_.types, global->type, wanted.type)));
        if (!fits) fail(import, "incompatible import type: of the global");
        instance_.globals.push_back(global);
        break;
      }
      case wasm::ExternalKind::tag: {
        auto* tag = find<Tag>(import);
        if (tag->type != module_.types[import.type_index].function) {
          fail(import, "incompatible import type: of the tag");
        }
        instance_.tags.push_back(tag);
        break;
      }
    }
  }

  void add_functions() {
    for (std::size_t i = 0; i < module_.functions.size(); ++i) {
      auto& function = store_.functions_.emplace_back();
      function.index = static_cast<std::uint32_t>(instance_.functions.size());
      function.type = &module_.types[module_.functions[i]].function;
      function.type_id = instance_.type_ids[module_.functions[i]];
      function.code = &program_.code(i);
      function.instance = &instance_;
      instance_.functions.push_back(&function);
    }
  }

  void add_defined() {
    // Initial values of tables may name imported globals only.
    for (auto i = instance_.tables.size(); i < module_.tables.size(); ++i) {
      const auto& table = module_.tables[i];
      const auto value = table.initializer ? constant(*table.initializer) : 0;
      instance_.tables.push_back(store_.add_table(table.type, table.limits, value));
    }
    for (auto i = instance_.memories.size(); i < module_.memories.size(); ++i) {
      instance_.memories.push_back(store_.add_memory(module_.memories[i]));
    }
    for (auto i = instance_.tags.size(); i < module_.tags.size(); ++i) {
      instance_.tags.push_back(store_.add_tag(module_.types[module_.tags[i]].function));
    }
    for (auto i = instance_.globals.size(); i < module_.globals.size(); ++i) {
      const auto& global = module_.globals[i];
      instance_.globals.push_back(
          store_.add_global(global.type, global.is_mutable, constant(*global.initializer)));
    }
    for (const auto& segment : module_.elements) instance_.elements.push_back(items(segment));
    for (const auto& segment : module_.data) {
      instance_.data.emplace_back(program_.bytes() + segment.begin, segment.size);
    }
  }

  std::vector<Slot> items(const wasm::ElementSegment& segment) {
    std::vector<Slot> list;
    list.reserve(segment.count);
    wasm::Reader reader = reader_at(segment.items);
    for (std::uint32_t i = 0; i < segment.count; ++i) {
      list.push_back(segment.has_expressions
                         ? constant(reader)
                         : reference(*instance_.functions[reader.u32_leb("an element")]));
    }
    return list;
  }

  static Slot reference(Function& function) { return reinterpret_cast<Slot>(&function); }

  wasm::Reader reader_at(std::size_t offset) const {
    return wasm::Reader(module_.bytes.view().substr(offset), offset);
  }

  Slot constant(std::size_t offset) const {
    auto reader = reader_at(offset);
    return constant(reader);
  }

  // The value of a constant expression, which is valid.
  Slot constant(wasm::Reader& reader) const {
    constexpr std::string_view kWhat = "a constant expression";
    std::vector<Slot> values;
    for (;;) {
      std::uint32_t opcode = 0;
      wasm::read_opcode(reader, opcode);
      switch (opcode) {
        case wasm::opcode::kI32Const:
          values.push_back(static_cast<std::uint32_t>(reader.signed_leb(32, kWhat)));
          break;
        case wasm::opcode::kI64Const:
          values.push_back(static_cast<Slot>(reader.signed_leb(64, kWhat)));
          break;
        case 0x43:
        case 0x44: {
          Slot value = 0;
          const auto bytes = reader.take(opcode == 0x43 ? 4 : 8, kWhat);
          std::memcpy(&value, bytes.data(), bytes.size());
          values.push_back(value);
          break;
        }
        case wasm::opcode::kRefNull:
          wasm::read_heap_type(reader, wasm::kAnyTypeIndex);
          values.push_back(0);
          break;
        case wasm::opcode::kRefFunc:
          values.push_back(reference(*instance_.functions[reader.u32_leb(kWhat)]));
          break;
        case wasm::opcode::kGlobalGet:
          values.push_back(instance_.globals[reader.u32_leb(kWhat)]->value);
          break;
        case wasm::opcode::kEnd:
          return values.back();
        default: {
          const auto right = values.back();
          values.pop_back();
          values.back() = computed(opcode, values.back(), right);
          break;
        }
      }
    }
  }

  static Slot computed(std::uint32_t opcode, Slot left, Slot right) {
    const bool is_32 = opcode < 0x7c;
    const auto kind = is_32 ? opcode - 0x6a : opcode - 0x7c;
    const auto value = kind == 0 ? left + right : kind == 1 ? left - right : left * right;
    return is_32 ? static_cast<std::uint32_t>(value) : value;
  }

  // Active segments in turn, then the start function.
  std::optional<Trap> start() {
    for (std::size_t i = 0; i < module_.elements.size(); ++i) {
      const auto& segment = module_.elements[i];
      if (segment.mode == wasm::SegmentMode::passive) continue;
      if (segment.mode == wasm::SegmentMode::active) {
        auto& table = *instance_.tables[segment.table];
        const auto address = static_cast<std::uint32_t>(constant(segment.address));
        const auto& list = instance_.elements[i];
        if (!fits(address, list.size(), table.elements.size())) {
          return Trap{Reason::table_out_of_bounds, {}, {}};
        }
        std::copy(list.begin(), list.end(), table.elements.begin() + address);
      }
      instance_.elements[i].clear();
    }
    for (std::size_t i = 0; i < module_.data.size(); ++i) {
      const auto& segment = module_.data[i];
      if (segment.mode != wasm::SegmentMode::active) continue;
      auto& memory = *instance_.memories[segment.memory];
      const auto address = static_cast<std::uint32_t>(constant(segment.address));
      if (!fits(address, segment.size, memory.size)) {
        return Trap{Reason::memory_out_of_bounds, {}, {}};
      }
      if (segment.size != 0) {
        std::memcpy(memory.bytes.get() + address, instance_.data[i].data(), segment.size);
      }
      instance_.data[i] = {};
    }
    if (!module_.start) return std::nullopt;
    return store_.invoke(*instance_.functions[*module_.start], {}).trap;
  }

  Store& store_;
  const Program& program_;
  const wasm::Module& module_;
  const Resolver& resolve_;
  Instance& instance_;
};

Store::Instantiated Store::instantiate(const Program& program, const Resolver& resolve) {
  return Linker(*this, program, resolve).run();
}

}  // namespace wasmctl::engine
