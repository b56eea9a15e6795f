// Questions about who calls whom, answered by the direct calls in a module's code. Calls through
// the table of function pointers are not followed: which function they reach is known at run time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

// One function on a way through the code.
struct Step {
  std::uint32_t function = 0;
  std::size_t offset = 0;  // in the file: of the call (or trap) in it that leads on
};

// Who calls a function: for many questions about one module, which is valid. It takes memory for
// each call in the code.
class Callers {
 public:
  explicit Callers(const Module& module);

  // The shortest way to `function` from one that the host calls (an export or the start function).
  // It begins with the function that calls `function`, and ends with the exported one. Where no
  // export leads to it but through a function pointer, it ends with the function pointed to; where
  // nobody calls it, it is empty.
  std::vector<Step> shortest_chain(std::uint32_t function) const;

  // The shortest way from `entry` to `function`, as above; empty if no direct calls lead there.
  std::vector<Step> chain_from(std::uint32_t entry, std::uint32_t function) const;

  // Each direct call of `function`: who calls it, and where.
  std::span<const Step> callers_of(std::uint32_t function) const {
    return std::span(callers_).subspan(first_[function], first_[function + 1] - first_[function]);
  }

 private:
  struct Search;
  Search search(std::uint32_t function, const std::function<bool(std::uint32_t)>& until) const;

  std::vector<Step> callers_;
  std::vector<std::size_t> first_;  // function -> its first caller; one more at the end
  std::vector<bool> is_root_;
};

// What surely happens once `entry` is called, as far as its code says so without a doubt: what no
// branch before it can avoid, in it and in the functions that it calls there. Loops count as
// ending.
struct SureEvent {
  std::optional<std::uint32_t> import;  // the imported function that is called; none: a trap
  std::vector<Step> chain;              // from the function that calls it, back to `entry`
};

// The first trap, or the first call of an imported function for which `matters` is true.
std::optional<SureEvent> first_sure_event(const Module& module, std::uint32_t entry,
                                          const std::function<bool(std::uint32_t)>& matters);

}  // namespace wasmctl::wasm
