// What of the standard library needs help on one thread and without files: each answers here what it is
// on a machine with both, or says in the log why it cannot.
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <filesystem>
#include <format>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "proxy_wasm_intrinsics.h"

namespace {

std::mutex mutex;
std::shared_mutex shared;
std::condition_variable changed;
thread_local int requests = 0;

std::string locks() {
  std::string result;
  {
    std::lock_guard<std::mutex> guard(mutex);
    if (!mutex.try_lock()) result += "held";
  }
  std::unique_lock<std::mutex> lock(mutex, std::defer_lock);
  if (lock.try_lock()) result += " free";
  changed.notify_all();
  changed.wait(lock, [] { return true; });
  if (!changed.wait_for(lock, std::chrono::seconds(1), [] { return false; })) result += " in vain";
  lock.unlock();
  {
    std::shared_lock<std::shared_mutex> one(shared);
    std::shared_lock<std::shared_mutex> two(shared);
    std::unique_lock<std::shared_mutex> alone(shared, std::try_to_lock);
    if (one && two && !alone) result += " shared";
  }
  std::recursive_mutex again;
  std::scoped_lock both(mutex, again);
  std::scoped_lock thrice(again, shared);
  std::mutex taken, other;
  taken.lock();
  result += " " + std::to_string(std::try_lock(other, taken));
  static std::once_flag once;
  for (int i = 0; i < 2; ++i) std::call_once(once, [&result] { result += " once"; });
  std::this_thread::yield();
  return result;
}

// Primes from 2 on, as the table grows.
std::string table() {
  std::unordered_map<int, int> squares;
  for (int i = 0; i < 5000; ++i) squares[i] = i * i;
  for (int i = 0; i < 5000; ++i) {
    if (squares.at(i) != i * i) return "wrong";
  }
  const auto prime = [](size_t number) {
    for (size_t divisor = 2; divisor * divisor <= number; ++divisor) {
      if (number % divisor == 0) return false;
    }
    return number > 1;
  };
  for (size_t wanted = 5001; wanted < 6000; ++wanted) {
    squares.rehash(wanted);
    if (squares.bucket_count() < wanted || !prime(squares.bucket_count())) return "no prime";
  }
  return "right";
}

class Library : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    const auto test = getRequestHeader("x-test")->toString();
    std::string result = "?";
    if (test == "locks") result = locks();
    if (test == "table") result = table();
    if (test == "format") result = std::format("{:>5}|{:#x}|{}", 42, 255, "text");
    if (test == "path") result = std::filesystem::path("/a/b.txt").extension().string();
    if (test == "thread_local") result = std::to_string(++requests > 0);
    if (test == "clock") {
      const auto begin = std::clock();
      result = begin >= 0 && std::clock() >= begin ? "goes on" : "stands";
    }
    if (test == "lock twice") {
      mutex.lock();
      mutex.lock();
    }
    if (test == "wait") {
      std::unique_lock lock(mutex);
      changed.wait(lock);
    }
    if (test == "assert") assert(result == "held");
    sendLocalResponse(200, "", result, {});
    return FilterHeadersStatus::StopIteration;
  }
};

RegisterContextFactory register_library(CONTEXT_FACTORY(Library));

}  // namespace
