// Work that runs side by side.
#pragma once

#include <cstddef>
#include <functional>

namespace wasmctl::base {

// Runs task(0) ... task(count - 1), at most `at_once` at a time, and fewer where the system gives
// no more threads; the first of them on this thread. When one throws, no further one is begun, and
// the first error is thrown on.
void for_each_at_once(std::size_t count, std::size_t at_once,
                      const std::function<void(std::size_t)>& task);

}  // namespace wasmctl::base
