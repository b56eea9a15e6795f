// One instance of a Proxy-Wasm module: its callbacks are called here, and its host calls come out
// at a Proxy.
//
//     host::Vm vm(program, proxy, {});
//     vm.start();                                        // _initialize, main
//     if (const auto result = vm.call("proxy_on_vm_start", 1, {0})) ...
//     if (vm.trap()) ...                                  // from then on no call does anything
//
// Source: proxy-wasm-cpp-host, src/wasm.cc, src/exports.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/store.hpp"
#include "host/proxy.hpp"
#include "wasm/hostcalls.hpp"

namespace wasmctl::host {

class Vm;

// Sees all that crosses the ABI, in order; calls lie within one another. Slots are as the
// signature in the table of hostcalls says.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void callback_begins(Vm& vm, std::string_view name,
                               std::span<const engine::Slot> arguments) = 0;
  virtual void callback_ends(Vm& vm, std::string_view name, const engine::Outcome& outcome) = 0;
  virtual void hostcall_begins(Vm& vm, const wasm::HostFunction& function,
                               std::span<const engine::Slot> arguments) = 0;
  // `result`: none if it has none, or trapped.
  virtual void hostcall_ends(Vm& vm, const wasm::HostFunction& function,
                             std::optional<std::uint32_t> result) = 0;
};

struct VmOptions {
  engine::Limits limits;
  engine::Coverage coverage = engine::Coverage::off;
  engine::Profile* profile = nullptr;  // of all VMs of one program; it must outlive them
  std::map<std::string, std::string> environment;
  std::vector<Observer*> observers;
};

class Vm {
 public:
  // All must outlive the VM. Throws Error{Code::unloadable} if `program` says no ABI version that
  // Envoy knows, has no allocator or memory, imports what Envoy does not offer to that version, or
  // imports or exports a function with another signature than Envoy's.
  Vm(const engine::Program& program, Proxy& proxy, VmOptions options);

  // Runs what the module does before any callback.
  void start();

  bool exports(std::string_view callback) const;
  // What the callback returns, 0 for those that return nothing. `arguments` come after the context;
  // of more than its signature has, the last are left out (ABI 0.1.0 has no end_of_stream). None:
  // it is not exported, or the VM has failed, now or before.
  std::optional<std::uint32_t> call(std::string_view callback, ContextId context,
                                    std::initializer_list<std::uint32_t> arguments);

  // What made the VM fail.
  const std::optional<engine::Trap>& trap() const { return trap_; }
  // Whether the callback that runs, or ran last, sent a local response: it counts as paused.
  bool is_stopped() const { return is_stopped_; }

  std::uint64_t memory_bytes() const { return memory_ == nullptr ? 0 : memory_->size; }
  // Puts `replacement` in the place of a function that the module defines, for all that call it,
  // the host among them. The result is the module's own, for the replacement to call.
  engine::Function& replace(std::uint32_t index, engine::HostFunction replacement);

  // What the host took does not count any more towards kMostBytesTaken: it has forgotten it.
  void forget_taken() { taken_ = 0; }

  // What crossed the ABI so far, in texts and maps: from the module, and into it.
  std::uint64_t bytes_taken() const { return taken_; }
  std::uint64_t bytes_given() const { return given_; }

  // For host calls: the module's memory. None: not all of it is inside.
  std::optional<std::string_view> read(std::uint64_t address, std::uint64_t size) const;
  // The same of what a host call keeps. All calls together may hand over so much; with more, the VM
  // fails, and there is nothing.
  static constexpr std::uint64_t kMostBytesTaken = std::uint64_t{1} << 28U;
  std::optional<std::string_view> take(std::uint64_t address, std::uint64_t size);
  bool write(std::uint64_t address, std::string_view bytes);
  // `bytes` in memory that the module allocates; its address, or 0 if there is none. Nothing is
  // allocated for nothing.
  std::uint32_t allocate(std::string_view bytes);

  // The context that a host call is about.
  ContextId context() const;
  // False: there is none of that number.
  bool set_effective_context(ContextId id);
  void stop_iteration() { is_stopped_ = true; }

  Proxy& proxy() { return proxy_; }
  const std::map<std::string, std::string>& environment() const { return options_.environment; }
  engine::Store& store() { return store_; }
  const engine::Instance& instance() const { return *instance_; }

 private:
  std::optional<engine::External> resolve(const wasm::Module& module, const wasm::Import& import,
                                          wasm::AbiVersion version);
  engine::Function* find(std::string_view name) const;
  std::optional<engine::Outcome> invoke(std::string_view name, engine::Function& function,
                                        ContextId context, std::span<const engine::Slot> arguments);

  Proxy& proxy_;
  VmOptions options_;
  engine::Store store_;
  engine::Instance* instance_ = nullptr;
  engine::Memory* memory_ = nullptr;
  engine::Function* allocator_ = nullptr;
  ContextId current_ = kVmContext;
  ContextId effective_ = kVmContext;  // kVmContext: the current one
  bool is_starting_ = false;          // only what may be called then is answered
  bool is_stopped_ = false;
  std::uint64_t taken_ = 0;  // bytes
  std::uint64_t given_ = 0;  // the same
  std::optional<engine::Trap> trap_;
};

}  // namespace wasmctl::host
