// Making an instance: imports are matched, what the module defines is made, segments are copied,
// the start function runs. Source: WebAssembly Core Specification 3.0, 4.7.3 (instantiation).
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "engine/machine.hpp"
#include "engine/store.hpp"
#include "engine/types.hpp"
#include "wasm/code.hpp"

namespace wasmctl::engine {

class Linker {
 public:
  Linker(Store& store, const Program& program, const Resolver& resolve)
      : store_(store),
        program_(program),
        module_(program.module()),
        resolve_(resolve),
        instance_(store.instances_.emplace_back()),
        ids_(store.types_->add(program)) {}

  Store::Instantiated run() {
    instance_.program = &program_;
    if (store_.coverage_ == Coverage::on) instance_.executed.resize(module_.bytes.size());
    instance_.type_ids = ids_;
    for (const auto& import : module_.imports) add_import(import);
    add_functions();
    add_defined();
    if (!trap_) fill();
    if (!trap_ && module_.start) {
      trap_ = store_.invoke(*instance_.functions[*module_.start], {}).trap;
    }
    return {&instance_, std::move(trap_)};
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
    const bool fits = size >= wanted.minimum && wanted.is_64 == given.is_64 &&
                      wanted.shared == given.shared &&
                      (!wanted.maximum || (given.maximum && *given.maximum <= *wanted.maximum));
    if (!fits) fail(import, "incompatible import type: its limits do not fit");
  }

  void add_import(const wasm::Import& import) {
    switch (import.kind) {
      case wasm::ExternalKind::function: {
        auto* function = find<Function>(import);
        const auto wanted = ids_[import.type_index];
        if (!store_.types_->is_subtype(function->type_id, wanted)) {
          fail(import,
               fmt::format("incompatible import type: {}, not {}", wasm::to_string(*function->type),
                           wasm::to_string(store_.types_->function(wanted))));
        }
        instance_.functions.push_back(function);
        break;
      }
      case wasm::ExternalKind::table: {
        auto* table = find<Table>(import);
        const auto& wanted = module_.tables[instance_.tables.size()];
        if (table->type != translated(wanted.type)) {
          fail(import, "incompatible import type: of its elements");
        }
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
            (global->type == translated(wanted.type) ||
             (!wanted.is_mutable && store_.types_->matches(global->type, translated(wanted.type))));
        if (!fits) fail(import, "incompatible import type: of the global");
        instance_.globals.push_back(global);
        break;
      }
      case wasm::ExternalKind::tag: {
        auto* tag = find<Tag>(import);
        if (tag->type_id != ids_[import.type_index]) {
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
      function.type_id = ids_[module_.functions[i]];
      function.type = &store_.types_->function(function.type_id);
      function.has_vectors = has_vectors(*function.type);
      function.code = &program_.code(i);
      function.instance = &instance_;
      instance_.functions.push_back(&function);
    }
  }

  void add_defined() {
    // Initial values of tables may name imported globals only.
    for (auto i = instance_.tables.size(); i < module_.tables.size(); ++i) {
      const auto& table = module_.tables[i];
      const auto value = table.initializer ? constant(*table.initializer, table.type).value : 0;
      instance_.tables.push_back(store_.add_table(translated(table.type), table.limits, value));
    }
    for (auto i = instance_.memories.size(); i < module_.memories.size(); ++i) {
      instance_.memories.push_back(store_.add_memory(module_.memories[i]));
    }
    for (auto i = instance_.tags.size(); i < module_.tags.size(); ++i) {
      const auto id = ids_[module_.tags[i]];
      instance_.tags.push_back(&store_.tags_.emplace_back(Tag{store_.types_->function(id), id}));
    }
    for (auto i = instance_.globals.size(); i < module_.globals.size(); ++i) {
      const auto& global = module_.globals[i];
      const auto value = constant(*global.initializer, global.type);
      auto* added = store_.add_global(translated(global.type), global.is_mutable, value.value);
      added->high = value.high;
      instance_.globals.push_back(added);
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
                         ? constant(reader, segment.type).value
                         : reference(*instance_.functions[reader.u32_leb("an element")]));
    }
    return list;
  }

  static Slot reference(Function& function) { return reinterpret_cast<Slot>(&function); }

  wasm::Reader reader_at(std::size_t offset) const {
    return wasm::Reader(module_.bytes.view().substr(offset), offset);
  }

  struct Value {
    Slot value = 0;
    Slot high = 0;  // of a vector
  };

  Value constant(std::size_t offset, wasm::ValueType type) {
    auto reader = reader_at(offset);
    return constant(reader, type);
  }

  // The value of a constant expression; the reader is behind it then. After a trap all are zero, so
  // that the instance is whole all the same.
  Value constant(wasm::Reader& reader, wasm::ValueType type) {
    ConstantExpression expression;
    expression.type = type;
    expression.begin = program_.bytes() + reader.offset();
    wasm::Instructions instructions(reader);
    for (wasm::Instruction instruction; instructions.next(instruction);) ++expression.instructions;
    reader = instructions.reader();
    expression.end = program_.bytes() + reader.offset();
    if (trap_) return {};
    auto outcome = store_.machine_->evaluate(instance_, expression);
    trap_ = std::move(outcome.trap);
    if (trap_) return {};
    return {outcome.results.front(), outcome.results.back()};
  }

  wasm::ValueType translated(wasm::ValueType type) const { return Types::translated(type, ids_); }

  // Active segments in turn, up to one that does not fit.
  void fill() {
    for (std::size_t i = 0; i < module_.elements.size(); ++i) {
      const auto& segment = module_.elements[i];
      if (segment.mode == wasm::SegmentMode::passive) continue;
      if (segment.mode == wasm::SegmentMode::active) {
        auto& table = *instance_.tables[segment.table];
        const auto address = constant(segment.address, address_type(table.limits)).value;
        const auto& list = instance_.elements[i];
        if (!trap_ && !fits(address, list.size(), table.elements.size())) {
          trap_ = Trap{Reason::table_out_of_bounds, {}, {}};
        }
        if (trap_) return;
        std::copy(list.begin(), list.end(), table.elements.data() + address);
      }
      instance_.elements[i].clear();
    }
    for (std::size_t i = 0; i < module_.data.size(); ++i) {
      const auto& segment = module_.data[i];
      if (segment.mode != wasm::SegmentMode::active) continue;
      auto& memory = *instance_.memories[segment.memory];
      const auto address = constant(segment.address, address_type(memory.limits)).value;
      if (!trap_ && !fits(address, segment.size, memory.size)) {
        trap_ = Trap{Reason::memory_out_of_bounds, {}, {}};
      }
      if (trap_) return;
      if (segment.size != 0) {
        std::memcpy(memory.bytes.get() + address, instance_.data[i].data(), segment.size);
      }
      instance_.data[i] = {};
    }
  }

  static wasm::ValueType address_type(const wasm::Limits& limits) {
    return limits.is_64 ? wasm::ValueType::i64 : wasm::ValueType::i32;
  }

  Store& store_;
  const Program& program_;
  const wasm::Module& module_;
  const Resolver& resolve_;
  Instance& instance_;
  const std::vector<std::uint32_t>& ids_;  // the store's numbers of the module's types
  std::optional<Trap> trap_;
};

Store::Instantiated Store::instantiate(const Program& program, const Resolver& resolve) {
  return Linker(*this, program, resolve).run();
}

}  // namespace wasmctl::engine
