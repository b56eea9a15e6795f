// Where instructions are spent: the tree of calls, each instruction counted in the call that ran
// it.
//
//     engine::Profile profile(groups);
//     engine::Store store(limits, engine::Coverage::off, &profile);
//     ...
//     for (const auto& call : profile.calls()) ...
//
// Of a store that has one instance. The sum of all counts is the store's instructions(), but for
// constant expressions, which are in no function.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <tuple>
#include <vector>

namespace wasmctl::engine {

class Profile {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  // Calls that would make the tree larger count for their callers.
  static constexpr std::size_t kMostCalls = 1U << 20U;

  // All calls of a function from one place, which was reached by one path.
  struct Call {
    std::uint32_t caller = kNone;                  // in calls(); kNone: called from outside
    std::uint32_t group = 0;                       // in which the caller calls
    std::uint32_t function = 0;                    // its index in the module
    std::map<std::uint32_t, std::uint64_t> spent;  // instructions of its own, by group
  };

  // `groups`: by offset in the module's file, the group that the instruction there is counted in.
  // What groups are (functions that were inlined, say) is the caller's business.
  explicit Profile(std::vector<std::uint32_t> groups) : groups_(std::move(groups)) {}

  // Callers come before what they call.
  const std::deque<Call>& calls() const { return calls_; }

 private:
  friend class Machine;

  // Counts an instruction in the innermost call.
  void count(std::size_t offset) {
    if (const auto group = groups_[offset]; group != group_) {
      group_ = group;
      spent_ = &calls_[path_.back()].spent[group];
    }
    ++*spent_;
  }
  // Leaves what was called below `depth`.
  void leave(std::size_t depth);
  // A call that `caller`'s instruction at `offset` makes; from outside if there is none.
  void enter(std::uint32_t function, std::size_t offset);

  std::vector<std::uint32_t> groups_;
  std::deque<Call> calls_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::uint32_t> found_;
  // The calls that run, and their functions: of the last one of kMostCalls these may differ.
  std::vector<std::uint32_t> path_;
  std::vector<std::uint32_t> functions_;
  std::uint32_t group_ = kNone;  // where `spent_` counts
  std::uint64_t* spent_ = nullptr;
};

}  // namespace wasmctl::engine
