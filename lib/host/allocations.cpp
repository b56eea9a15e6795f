#include "host/allocations.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace wasmctl::host {

namespace {

// How names are compared: C++'s have parameters behind them, Rust's a path before them.
enum class Part : std::uint8_t { whole, begin, end };

struct AllocatorRow {
  std::string_view name;
  Part part;
  std::size_t parameters;  // 0: whatever their number
  AllocatorRole role;
};

// Compilers leave out parameters that are always the same: the one heap there is, an alignment.
constexpr std::array kAllocatorRows{
    AllocatorRow{"malloc", Part::whole, 1, {0, -1, -1}},
    AllocatorRow{"calloc", Part::whole, 2, {0, 1, -1}},
    AllocatorRow{"realloc", Part::whole, 2, {1, -1, 0}},
    AllocatorRow{"aligned_alloc", Part::whole, 2, {1, -1, -1}},
    AllocatorRow{"memalign", Part::whole, 2, {1, -1, -1}},
    AllocatorRow{"free", Part::whole, 1, {-1, -1, 0}},
    AllocatorRow{"operator new(unsigned long", Part::begin, 0, {0, -1, -1}},
    AllocatorRow{"operator new[](unsigned long", Part::begin, 0, {0, -1, -1}},
    AllocatorRow{"operator delete(void*", Part::begin, 0, {-1, -1, 0}},
    AllocatorRow{"operator delete[](void*", Part::begin, 0, {-1, -1, 0}},
    AllocatorRow{"LinearMemory>::allocate(unsigned long)", Part::end, 1, {0, -1, -1}},
    AllocatorRow{"LinearMemory>::allocate(unsigned long)", Part::end, 2, {1, -1, -1}},
    AllocatorRow{"LinearMemory>::release(void*)", Part::end, 1, {-1, -1, 0}},
    AllocatorRow{"LinearMemory>::release(void*)", Part::end, 2, {-1, -1, 1}},
    AllocatorRow{"__rust_alloc", Part::end, 0, {0, -1, -1}},
    AllocatorRow{"__rust_alloc_zeroed", Part::end, 0, {0, -1, -1}},
    AllocatorRow{"__rust_realloc", Part::end, 4, {3, -1, 0}},
    AllocatorRow{"__rust_realloc", Part::end, 3, {2, -1, 0}},
    AllocatorRow{"__rust_realloc", Part::end, 2, {1, -1, 0}},
    AllocatorRow{"__rust_dealloc", Part::end, 0, {-1, -1, 0}},
    AllocatorRow{"Dlmalloc<A>::malloc", Part::end, 1, {0, -1, -1}},
    AllocatorRow{"Dlmalloc<A>::malloc", Part::end, 2, {1, -1, -1}},
    AllocatorRow{"Dlmalloc<A>::free", Part::end, 1, {-1, -1, 0}},
    AllocatorRow{"Dlmalloc<A>::free", Part::end, 2, {-1, -1, 1}},
};

bool matches_row(const AllocatorRow& row, std::string_view name) {
  switch (row.part) {
    case Part::whole:
      return name == row.name;
    case Part::begin:
      return name.starts_with(row.name);
    case Part::end:
      return name.ends_with(row.name);
  }
  return false;
}

constexpr std::size_t kMostFrames = 32;  // of a site

}  // namespace

std::optional<AllocatorRole> allocator_role(std::string_view name, const wasm::FunctionType& type) {
  const auto parameters = type.parameters.size();
  for (const auto& row : kAllocatorRows) {
    if (!matches_row(row, name) || (row.parameters != 0 && row.parameters != parameters)) continue;
    const auto needed = 1 + std::max({row.role.size, row.role.count, row.role.freed});
    if (parameters < static_cast<std::size_t>(needed)) continue;
    if (row.role.size >= 0 && type.results.size() != 1) continue;
    return row.role;
  }
  return std::nullopt;
}

Allocations::Allocations(Vm& vm, const std::map<std::uint32_t, AllocatorRole>& roles,
                         const Recorder& recorder)
    : recorder_(recorder) {
  for (const auto& [function, role] : roles) intercept(vm, function, role);
}

void Allocations::intercept(Vm& vm, std::uint32_t function, const AllocatorRole& role) {
  const auto known = std::make_shared<engine::Function*>(nullptr);
  *known = &vm.replace(
      function, [this, known, role](engine::HostCall& call) { return run(**known, role, call); });
}

std::optional<engine::Trap> Allocations::run(engine::Function& own, const AllocatorRole& role,
                                             engine::HostCall& call) {
  const std::vector<engine::Slot> arguments(
      call.slots.begin(),
      call.slots.begin() + static_cast<std::ptrdiff_t>(own.type->parameters.size()));
  const bool is_outermost = !std::exchange(is_inside_, true);
  auto outcome = call.store.invoke(own, arguments);
  if (is_outermost) is_inside_ = false;
  if (outcome.trap) return outcome.trap;
  std::ranges::copy(outcome.results, call.slots.begin());
  if (!is_outermost) return std::nullopt;
  const auto argument = [&](int i) { return arguments[static_cast<std::size_t>(i)]; };
  if (role.freed >= 0) remove(argument(role.freed));
  if (role.size >= 0 && outcome.results[0] != 0) {
    const auto count = role.count < 0 ? 1 : argument(role.count);
    add(outcome.results[0], argument(role.size) * count, call.store.stack());
  }
  return std::nullopt;
}

void Allocations::add(engine::Slot pointer, std::uint64_t bytes,
                      std::vector<engine::StackFrame> stack) {
  remove(pointer);
  const auto site = find_site(std::move(stack));
  live_[pointer] = {site, bytes};
  sites_[site].bytes += bytes;
  ++sites_[site].count;
}

void Allocations::remove(engine::Slot pointer) {
  const auto found = live_.find(pointer);
  if (found == live_.end()) return;
  auto& site = sites_[found->second.site];
  site.bytes -= found->second.bytes;
  --site.count;
  live_.erase(found);
}

std::size_t Allocations::find_site(std::vector<engine::StackFrame> stack) {
  if (stack.size() > kMostFrames) stack.resize(kMostFrames);
  std::vector<std::size_t> offsets;
  offsets.reserve(stack.size());
  for (const auto& frame : stack) offsets.push_back(frame.offset);
  const auto [found, is_new] =
      found_.emplace(std::pair(recorder_.callback(), std::move(offsets)), sites_.size());
  if (is_new) sites_.push_back({recorder_.callback(), std::move(stack), 0, 0});
  return found->second;
}

}  // namespace wasmctl::host
