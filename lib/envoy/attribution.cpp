#include "envoy/attribution.hpp"

#include <algorithm>
#include <utility>

namespace wasmctl::envoy {

namespace {

// What a plugin logs in proxy_on_log comes a little after the last byte.
constexpr Time kAfterEnd{500};

Time end_of(const Access& access) {
  return access.start + access.duration;
}

// Moves the records that are `meant` out of all.
template <typename Meant>
std::vector<Record> take_if(std::deque<Record>& records, const Meant& is_meant) {
  std::vector<Record> taken;
  std::deque<Record> rest;
  for (auto& record : records) {
    if (is_meant(record)) {
      taken.push_back(std::move(record));
    } else {
      rest.push_back(std::move(record));
    }
  }
  records = std::move(rest);
  return taken;
}

}  // namespace

void Attribution::add(Record record) {
  if (record.time == Time(0)) record.time = last_;
  last_ = record.time;
  records_.push_back(std::move(record));
}

void Attribution::add(Access access) {
  const auto later = std::ranges::upper_bound(accesses_, end_of(access), {}, end_of);
  accesses_.insert(later, std::move(access));
}

// What another request began to log before this one's last lines is not its own.
Entry Attribution::take_request(const Access& access) {
  const auto end = end_of(access);
  const auto is_others = [&](Time time) {
    return time > end && std::ranges::any_of(accesses_, [&](const Access& other) {
             return other.start <= time && time <= end_of(other);
           });
  };
  auto records = take_if(records_, [&](const Record& record) {
    return access.start <= record.time && record.time <= end + kAfterEnd && !is_others(record.time);
  });
  return {access, std::move(records)};
}

std::vector<Entry> Attribution::take(Time now) {
  std::vector<Entry> entries;
  const auto take_old = [&](Time before) {
    auto old = take_if(records_, [&](const Record& record) {
      return record.time < before && record.time + kLongest <= now;
    });
    if (!old.empty()) entries.push_back({std::nullopt, std::move(old)});
  };
  while (!accesses_.empty() && end_of(accesses_.front()) + kSettled <= now) {
    const auto access = std::move(accesses_.front());
    accesses_.pop_front();
    take_old(access.start);
    entries.push_back(take_request(access));
  }
  take_old(Time::max());
  return entries;
}

std::vector<Entry> Attribution::take_all() {
  return take(Time::max() - kLongest - kSettled);
}

std::optional<Time> Attribution::next() const {
  std::optional<Time> next;
  if (!accesses_.empty()) next = end_of(accesses_.front()) + kSettled;
  if (!records_.empty()) {
    const auto old = records_.front().time + kLongest;
    next = next ? std::min(*next, old) : old;
  }
  return next;
}

}  // namespace wasmctl::envoy
