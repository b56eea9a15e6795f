// Shared data and queues: what VMs of a process share.
// Source: proxy-wasm-cpp-host, src/shared_data.cc, src/shared_queue.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/proxy.hpp"

namespace wasmctl::host {

class SharedState {
 public:
  Answer<SharedValue> get(std::string_view key) const;
  // Where `cas` is not 0, only if it is that of the value.
  Status set(std::string_view key, std::string_view value, std::uint32_t cas);

  // The token of the queue, which is made if there is none of that name.
  std::uint32_t register_queue(ContextId context, std::string_view name);
  Answer<std::uint32_t> resolve_queue(std::string_view name) const;
  Answer<std::string> dequeue(std::uint32_t token);
  Status enqueue(std::uint32_t token, std::string_view value);
  // Which root context hears of it when something is in the queue.
  ContextId listener(std::uint32_t token) const;

 private:
  struct Queue {
    std::string name;
    ContextId listener = kVmContext;
    std::deque<std::string> values;
  };
  Queue* find(std::uint32_t token);

  std::map<std::string, SharedValue, std::less<>> data_;
  std::uint32_t next_cas_ = 1;
  std::vector<Queue> queues_;  // the token is the place, from 1
};

}  // namespace wasmctl::host
