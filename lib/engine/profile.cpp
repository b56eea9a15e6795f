#include "engine/profile.hpp"

namespace wasmctl::engine {

void Profile::leave(std::size_t depth) {
  if (path_.size() > depth) {
    path_.resize(depth);
    functions_.resize(depth);
  }
  group_ = kNone;
}

void Profile::enter(std::uint32_t function, std::size_t offset) {
  const auto caller = path_.empty() ? kNone : path_.back();
  const auto group = path_.empty() ? 0 : groups_[offset];
  const auto next = static_cast<std::uint32_t>(calls_.size());
  auto call = caller;
  const bool has_room = calls_.size() < kMostCalls || caller == kNone;
  const std::tuple key{caller, group, function};
  if (const auto found = found_.find(key); found != found_.end()) {
    call = found->second;
  } else if (has_room) {
    call = next;
    found_.emplace(key, call);
    calls_.push_back({caller, group, function, {}});
  }
  path_.push_back(call);
  functions_.push_back(function);
}

}  // namespace wasmctl::engine
