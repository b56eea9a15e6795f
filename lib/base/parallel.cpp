#include "base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace wasmctl::base {

void for_each_at_once(std::size_t count, std::size_t at_once,
                      const std::function<void(std::size_t)>& task) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;
  std::exception_ptr first_error;
  const auto work = [&] {
    while (!failed) {
      const auto index = next++;
      if (index >= count) return;
      try {
        task(index);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first_error) first_error = std::current_exception();
        failed = true;
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    helpers.reserve(std::min(count, at_once));
    try {
      for (std::size_t i = 1; i < std::min(count, at_once); ++i) helpers.emplace_back(work);
    } catch (const std::system_error&) {  // no more threads to be had: fewer do
    }
    work();
  }
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace wasmctl::base
