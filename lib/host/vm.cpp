#include "host/vm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "host/hostcalls.hpp"

namespace wasmctl::host {

namespace {

Error unloadable(std::string message) {
  return {Code::unloadable, std::move(message)};
}

// What Envoy asks of a module before it runs anything: callbacks and entry points with their own
// signatures (Wasm::getFunctions of proxy-wasm-cpp-host).
void check_exports(const wasm::Module& module, wasm::AbiVersion version) {
  const auto check = [&](std::string_view name, std::string_view signature) {
    const auto* const item = module.find_export(name);
    if (item == nullptr || item->kind != wasm::ExternalKind::function) return;
    const auto& actual = *module.function_type(item->index);
    const auto wanted = wasm::type_of(signature);
    if (actual == wanted) return;
    throw unloadable(fmt::format("exports `{}` as {}, but Envoy calls {}", name,
                                 wasm::to_string(actual), wasm::to_string(wanted)))
        .hint("see `wasmctl lint`");
  };
  for (const auto& callback : wasm::callbacks(wasm::Vendor::envoy)) {
    if (wasm::contains(callback.abis, version)) check(callback.name, callback.signature);
  }
  // With `_initialize`, `_start` is not looked at; without it, nothing but `_start` is.
  const auto* const initialize = module.find_export("_initialize");
  for (const auto& entry : wasm::entry_points()) {
    const bool is_asked =
        entry.name == "_initialize" || (entry.name == "_start") != (initialize != nullptr);
    if (is_asked) check(entry.name, entry.signature);
  }
}

// And of its imports: what the host offers to that version of the ABI, with its signature.
void check_import(const wasm::Module& module, const wasm::Import& import,
                  const wasm::HostFunction& row, wasm::AbiVersion version) {
  if (!wasm::contains(row.abis, version)) {
    throw unloadable(fmt::format("imports `{}.{}`, which Envoy does not offer to ABI {}",
                                 import.module, import.name, wasm::to_string(version)))
        .hint("see `wasmctl lint`");
  }
  const auto& actual = module.types[import.type_index].function;
  const auto wanted = wasm::type_of(row.signature);
  if (actual == wanted) return;
  throw unloadable(fmt::format("imports `{}.{}` as {}, but Envoy offers {}", import.module,
                               import.name, wasm::to_string(actual), wasm::to_string(wanted)))
      .hint("see `wasmctl lint`");
}

// Sets a value for as long as it lives.
template <typename T>
class Set {
 public:
  Set(T& target, T value) : target_(target), before_(std::exchange(target, value)) {}
  ~Set() { target_ = before_; }
  Set(const Set&) = delete;
  Set& operator=(const Set&) = delete;

 private:
  T& target_;
  T before_;
};

}  // namespace

Vm::Vm(const engine::Program& program, Proxy& proxy, VmOptions options)
    : proxy_(proxy),
      options_(std::move(options)),
      store_(options_.limits, options_.coverage, options_.profile) {
  const auto& module = program.module();
  const auto version = wasm::abi_version(module);
  if (!version) {
    throw unloadable("exports no ABI version that Envoy knows").hint("see `wasmctl lint`");
  }
  check_exports(module, *version);
  const Set starting(is_starting_, true);
  const auto made = store_.instantiate(
      program, [&](const wasm::Import& import) { return resolve(module, import, *version); });
  instance_ = made.instance;
  trap_ = made.trap;
  const auto memory = engine::find_export(*instance_, "memory");
  if (!memory || !std::holds_alternative<engine::Memory*>(*memory)) {
    throw unloadable("exports no memory");
  }
  memory_ = std::get<engine::Memory*>(*memory);
  for (const auto name : wasm::kAllocators) {
    if (allocator_ == nullptr) allocator_ = find(name);
  }
  if (allocator_ == nullptr || *allocator_->type != wasm::type_of(wasm::kAllocatorSignature)) {
    throw unloadable("exports no `malloc` or `proxy_on_memory_allocate`");
  }
}

void Vm::start() {
  const Set starting(is_starting_, true);
  const auto run = [this](std::string_view name) {
    auto* const function = find(name);
    if (function == nullptr) return false;
    const std::vector<engine::Slot> arguments(function->type->parameters.size());
    invoke(name, *function, kVmContext, arguments);
    return true;
  };
  if (run("_initialize")) {
    if (!run("main")) run("__main_void");
  } else {
    run("_start");
  }
}

bool Vm::exports(std::string_view callback) const {
  return find(callback) != nullptr;
}

engine::Function* Vm::find(std::string_view name) const {
  const auto found = engine::find_export(*instance_, name);
  if (!found) return nullptr;
  const auto* const function = std::get_if<engine::Function*>(&*found);
  return function == nullptr ? nullptr : *function;
}

engine::Function& Vm::replace(std::uint32_t index, engine::HostFunction replacement) {
  auto& own = *instance_->functions[index];
  auto* const added = store_.add_host_function(*own.type, std::move(replacement));
  instance_->functions[index] = added;
  if (allocator_ == &own) allocator_ = added;
  for (auto* table : instance_->tables) {
    std::ranges::replace(table->elements, reinterpret_cast<engine::Slot>(&own),
                         reinterpret_cast<engine::Slot>(added));
  }
  return own;
}

std::optional<engine::Outcome> Vm::invoke(std::string_view name, engine::Function& function,
                                          ContextId context,
                                          std::span<const engine::Slot> arguments) {
  if (trap_) return std::nullopt;
  const Set current(current_, context);
  const Set effective(effective_, kVmContext);
  for (auto* observer : options_.observers) observer->callback_begins(*this, name, arguments);
  auto outcome = store_.invoke(function, arguments);
  for (auto* observer : options_.observers) observer->callback_ends(*this, name, outcome);
  if (!outcome.trap) return outcome;
  // Of calls that lie within one another the innermost failed.
  if (!trap_) trap_ = outcome.trap;
  return std::nullopt;
}

std::optional<std::uint32_t> Vm::call(std::string_view callback, ContextId context,
                                      std::initializer_list<std::uint32_t> arguments) {
  auto* const function = find(callback);
  if (function == nullptr) return std::nullopt;
  is_stopped_ = false;
  std::vector<engine::Slot> slots{context};
  slots.insert(slots.end(), arguments.begin(), arguments.end());
  slots.resize(function->type->parameters.size());
  const auto outcome = invoke(callback, *function, context, slots);
  if (!outcome) return std::nullopt;
  return outcome->results.empty() ? 0 : static_cast<std::uint32_t>(outcome->results[0]);
}

std::optional<std::string_view> Vm::read(std::uint64_t address, std::uint64_t size) const {
  if (memory_ == nullptr || size > memory_->size || address > memory_->size - size) {
    return std::nullopt;
  }
  return std::string_view(reinterpret_cast<const char*>(memory_->bytes.get()) + address, size);
}

std::optional<std::string_view> Vm::take(std::uint64_t address, std::uint64_t size) {
  const auto bytes = read(address, size);
  if (bytes) taken_ += size;
  if (taken_ <= kMostBytesTaken) return bytes;
  if (!trap_) {
    trap_ = engine::Trap{engine::Reason::host,
                         fmt::format("it has handed the host more than {} bytes", kMostBytesTaken),
                         {}};
  }
  return std::nullopt;
}

bool Vm::write(std::uint64_t address, std::string_view bytes) {
  if (!read(address, bytes.size())) return false;
  if (!bytes.empty()) std::memcpy(memory_->bytes.get() + address, bytes.data(), bytes.size());
  return true;
}

std::uint32_t Vm::allocate(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > UINT32_MAX) return 0;
  const std::array<engine::Slot, 1> arguments{bytes.size()};
  const auto outcome = invoke("malloc", *allocator_, kVmContext, arguments);
  if (!outcome) return 0;
  const auto address = static_cast<std::uint32_t>(outcome->results[0]);
  if (!write(address, bytes)) return 0;
  given_ += bytes.size();
  return address;
}

ContextId Vm::context() const {
  return effective_ != kVmContext && proxy_.has_context(effective_) ? effective_ : current_;
}

bool Vm::set_effective_context(ContextId id) {
  if (!proxy_.has_context(id)) return false;
  effective_ = id;
  return true;
}

std::optional<engine::External> Vm::resolve(const wasm::Module& module, const wasm::Import& import,
                                            wasm::AbiVersion version) {
  const auto* const row = import.kind == wasm::ExternalKind::function
                              ? wasm::find_host_function(import.module, import.name)
                              : nullptr;
  if (row == nullptr || row->vendor != wasm::Vendor::envoy) {
    throw unloadable(
        fmt::format("imports `{}.{}`, which Envoy does not offer", import.module, import.name))
        .hint("see `wasmctl lint`");
  }
  auto function = implementation(*row);
  if (!function) {
    throw unloadable(fmt::format("imports `{}.{}`, which Envoy offers and this host does not",
                                 import.module, import.name));
  }
  check_import(module, import, *row, version);
  const auto type = wasm::type_of(row->signature);
  const bool has_result = !type.results.empty();
  return store_.add_host_function(
      type,
      [this, row, has_result, parameters = type.parameters.size(),
       function = std::move(function)](engine::HostCall& call) -> std::optional<engine::Trap> {
        if (is_starting_ && !row->at_start) {
          return engine::Trap{
              engine::Reason::host,
              fmt::format("`{}` may not be called before `proxy_on_vm_start`", row->name),
              {}};
        }
        const auto arguments = call.slots.first(parameters);
        for (auto* observer : options_.observers) observer->hostcall_begins(*this, *row, arguments);
        const auto result = function({*this, arguments});
        const bool answers = has_result && !trap_;
        for (auto* observer : options_.observers)
          observer->hostcall_ends(*this, *row, answers ? std::optional(result) : std::nullopt);
        if (trap_) return trap_;  // of the allocator, called from the host
        if (has_result) call.slots[0] = result;
        return std::nullopt;
      });
}

}  // namespace wasmctl::host
