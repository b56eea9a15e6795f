#include "engine/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "engine/machine.hpp"
#include "engine/types.hpp"

namespace wasmctl::engine {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::unreachable:
      return "unreachable";
    case Reason::memory_out_of_bounds:
      return "out of bounds memory access";
    case Reason::table_out_of_bounds:
      return "out of bounds table access";
    case Reason::undefined_element:
      return "undefined element";
    case Reason::uninitialized_element:
      return "uninitialized element";
    case Reason::call_type_mismatch:
      return "indirect call type mismatch";
    case Reason::integer_overflow:
      return "integer overflow";
    case Reason::divide_by_zero:
      return "integer divide by zero";
    case Reason::invalid_conversion:
      return "invalid conversion to integer";
    case Reason::null_reference:
      return "null reference";
    case Reason::null_function:
      return "null function reference";
    case Reason::null_structure:
      return "null structure reference";
    case Reason::null_array:
      return "null array reference";
    case Reason::null_i31:
      return "null i31 reference";
    case Reason::null_exception:
      return "null exception reference";
    case Reason::cast_failure:
      return "cast failure";
    case Reason::array_out_of_bounds:
      return "out of bounds array access";
    case Reason::unaligned_atomic:
      return "unaligned atomic";
    case Reason::wait_on_unshared:
      return "expected shared memory";
    case Reason::endless_wait:
      return "a wait that nobody ends";
    case Reason::uncaught_exception:
      return "uncaught exception";
    case Reason::stack_exhausted:
      return "call stack exhausted";
    case Reason::instructions_used_up:
      return "the limit of instructions is used up";
    case Reason::exceptions_used_up:
      return "the limit of exceptions is used up";
    case Reason::heap_used_up:
      return "the limit of the heap is used up";
    case Reason::interrupted:
      return "interrupted";
    case Reason::host:
      return "a host function failed";
  }
  return "?";
}

std::optional<External> find_export(const Instance& instance, std::string_view name) {
  const auto* item = instance.program->module().find_export(name);
  if (item == nullptr) return std::nullopt;
  switch (item->kind) {
    case wasm::ExternalKind::function:
      return instance.functions[item->index];
    case wasm::ExternalKind::table:
      return instance.tables[item->index];
    case wasm::ExternalKind::memory:
      return instance.memories[item->index];
    case wasm::ExternalKind::global:
      return instance.globals[item->index];
    case wasm::ExternalKind::tag:
      return instance.tags[item->index];
  }
  return std::nullopt;
}

bool has_vectors(const wasm::FunctionType& type) {
  const auto has = [](const std::vector<wasm::ValueType>& types) {
    return std::find(types.begin(), types.end(), wasm::ValueType::v128) != types.end();
  };
  return has(type.parameters) || has(type.results);
}

Store::Store(Limits limits, Coverage coverage, Profile* profile)
    : limits_(std::move(limits)),
      coverage_(coverage),
      profile_(profile),
      types_(std::make_unique<Types>()),
      machine_(std::make_unique<Machine>(*this)) {}

Store::~Store() = default;

Function* Store::add_host_function(const wasm::FunctionType& type, HostFunction function) {
  auto& added = functions_.emplace_back();
  added.type_id = types_->add(type);
  added.type = &types_->function(added.type_id);
  added.has_vectors = has_vectors(*added.type);
  added.host = std::move(function);
  return &added;
}

Memory* Store::add_memory(const wasm::Limits& limits) {
  if (limits.minimum > limits_.memory_bytes / kPageBytes) {
    throw Error(Code::bad_input, fmt::format("a memory begins with {} pages; the limit is {} bytes",
                                             limits.minimum, limits_.memory_bytes));
  }
  auto& memory = memories_.emplace_back();
  memory.limits = limits;
  grow(memory, limits.minimum);
  return &memory;
}

Table* Store::add_table(wasm::ValueType type, const wasm::Limits& limits, Slot value) {
  if (limits.minimum > limits_.table_elements) {
    throw Error(Code::bad_input, fmt::format("a table begins with {} elements; the limit is {}",
                                             limits.minimum, limits_.table_elements));
  }
  return &tables_.emplace_back(Table{std::vector<Slot>(limits.minimum, value), type, limits});
}

Global* Store::add_global(wasm::ValueType type, bool is_mutable, Slot value) {
  return &globals_.emplace_back(Global{value, 0, type, is_mutable});
}

Tag* Store::add_tag(wasm::FunctionType type) {
  const auto id = types_->add(type);
  return &tags_.emplace_back(Tag{std::move(type), id});
}

// Fresh memory comes zeroed from the system, page by page as it is touched.
std::int64_t Store::grow(Memory& memory, std::uint64_t pages) const {
  const auto before = memory.size / kPageBytes;
  const auto addressable = memory.limits.is_64 ? std::uint64_t{1} << 48U : std::uint64_t{1} << 16U;
  const auto most = std::min({memory.limits.maximum.value_or(addressable), addressable,
                              limits_.memory_bytes / kPageBytes});
  if (pages > most || before > most - pages) return -1;
  if (pages == 0) return static_cast<std::int64_t>(before);
  const auto size = (before + pages) * kPageBytes;
  auto* bytes = static_cast<std::uint8_t*>(std::calloc(size, 1));
  if (bytes == nullptr) return -1;
  if (memory.size != 0) std::memcpy(bytes, memory.bytes.get(), memory.size);
  memory.bytes.reset(bytes);
  memory.size = size;
  return static_cast<std::int64_t>(before);
}

std::int64_t Store::grow(Table& table, std::uint64_t elements, Slot value) const {
  const auto before = table.elements.size();
  const auto most = std::min(table.limits.maximum.value_or(UINT32_MAX), limits_.table_elements);
  if (elements > most || before > most - elements) return -1;
  table.elements.resize(before + elements, value);
  return static_cast<std::int64_t>(before);
}

bool Store::holds_exceptions() const {
  const auto is_exception = [](const auto& item) {
    return item.type.is_reference() && item.type.heap() == wasm::HeapType::exn;
  };
  return types_->hold_exceptions() || std::any_of(globals_.begin(), globals_.end(), is_exception) ||
         std::any_of(tables_.begin(), tables_.end(), is_exception);
}

Outcome Store::invoke(Function& function, std::span<const Slot> arguments) {
  return machine_->invoke(function, arguments);
}

std::vector<StackFrame> Store::stack() const {
  return machine_->stack();
}

std::uint64_t Store::instructions() const {
  return machine_->instructions();
}

}  // namespace wasmctl::engine
