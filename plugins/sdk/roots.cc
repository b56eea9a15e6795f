// Root contexts by their root_id. Only a module that calls getRoot keeps a list of them.
#include "proxy_wasm_api.h"

namespace {

// The numbers of the root contexts, the newest last; some may be gone.
constinit std::vector<uint32_t> numbers;

void note(uint32_t id) {
  std::erase_if(numbers, [](uint32_t number) { return getRootContext(number) == nullptr; });
  numbers.push_back(id);
}

[[maybe_unused]] const bool listening = (proxy_wasm::root_made = note, true);

}  // namespace

RootContext* getRoot(std::string_view root_id) {
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    // Another root may have got that number meanwhile.
    RootContext* const root = getRootContext(*number);
    if (root != nullptr && root->root_id() == root_id) return root;
  }
  return nullptr;
}
