// Which request a line of the log belongs to. Envoy does not say: a plugin's lines have a time and
// a thread, a request its start and its duration, and that is told a little after its end.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "envoy/record.hpp"

namespace wasmctl::envoy {

// A request with what was logged in its time, or what was logged in no request's.
struct Entry {
  std::optional<Access> access;
  std::vector<Record> records;  // in their order
};

// Of several requests at a time, a line is put under the one that ended first. A request that goes
// on for long has its lines told before it.
class Attribution {
 public:
  // How long Envoy takes to tell of a request that is over, and a little more.
  static constexpr Time kSettled{25'000};
  // A line that belongs to none that is over waits for so long.
  static constexpr Time kLongest{500'000};

  // A record without a time has that of the one before it.
  void add(Record record);
  void add(Access access);

  // Records and requests that wait.
  std::size_t pending() const { return records_.size() + accesses_.size(); }

  // What is known by `now`, requests in the order of their ends.
  std::vector<Entry> take(Time now);
  // All that is left.
  std::vector<Entry> take_all();
  // When take() will have something more; null: not before something is added.
  std::optional<Time> next() const;

 private:
  Entry take_request(const Access& access);

  std::deque<Record> records_;
  std::deque<Access> accesses_;
  Time last_{0};  // the time of the last record
};

}  // namespace wasmctl::envoy
