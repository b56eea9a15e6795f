// What a module has allocated and not freed, by the calls that did it: told by calls of its
// allocator's functions, which are known by their names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/store.hpp"
#include "host/recorder.hpp"
#include "host/vm.hpp"

namespace wasmctl::host {

// What a function of an allocator does. Arguments are counted from 0; one that is not there is -1.
struct AllocatorRole {
  int size = -1;   // of what it allocates and answers
  int count = -1;  // by which the size is multiplied
  int freed = -1;  // the pointer that is given back; null is none

  bool operator==(const AllocatorRole&) const = default;
};

// Of a function that a module defines, by its readable name: C's, C++'s, Rust's, and those of our
// SDK's heap. None, too, if its type is not what the role needs.
std::optional<AllocatorRole> allocator_role(std::string_view name, const wasm::FunctionType& type);

class Allocations {
 public:
  // Where something was allocated: all places that allocate by one way of calls.
  struct Site {
    std::string callback;
    std::vector<engine::StackFrame> stack;  // the innermost first; the allocator is not in it
    std::uint64_t bytes = 0;                // that were asked for and are not freed
    std::uint64_t count = 0;                // of such allocations
  };

  // Puts itself before the functions of `roles`, by index in the module. All must outlive it.
  Allocations(Vm& vm, const std::map<std::uint32_t, AllocatorRole>& roles,
              const Recorder& recorder);
  Allocations(const Allocations&) = delete;
  Allocations& operator=(const Allocations&) = delete;

  // In the order of the first allocation; their number grows, and their places stay.
  const std::vector<Site>& sites() const { return sites_; }

 private:
  struct Live {
    std::size_t site = 0;
    std::uint64_t bytes = 0;
  };

  void intercept(Vm& vm, std::uint32_t function, const AllocatorRole& role);
  std::optional<engine::Trap> run(engine::Function& own, const AllocatorRole& role,
                                  engine::HostCall& call);
  void add(engine::Slot pointer, std::uint64_t bytes, std::vector<engine::StackFrame> stack);
  void remove(engine::Slot pointer);
  std::size_t find_site(std::vector<engine::StackFrame> stack);

  const Recorder& recorder_;
  bool is_inside_ = false;  // functions of an allocator call one another
  std::vector<Site> sites_;
  std::map<std::pair<std::string, std::vector<std::size_t>>, std::size_t> found_;
  std::unordered_map<engine::Slot, Live> live_;  // by address
};

}  // namespace wasmctl::host
