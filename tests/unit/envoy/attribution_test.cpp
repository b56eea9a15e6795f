#include "envoy/attribution.hpp"

#include <doctest/doctest.h>

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
using envoy::Access;
using envoy::Attribution;
using envoy::Record;
using envoy::Time;

namespace {

Record record(int time, const char* text) {
  return {Time(time), 7, "info", "wasm", text};
}

Access access(int start, int duration, const char* path) {
  Access made;
  made.start = Time(start);
  made.duration = Time(duration);
  made.path = path;
  return made;
}

// "/a: x y | -: z"
std::string text_of(const std::vector<envoy::Entry>& entries) {
  std::string text;
  for (const auto& entry : entries) {
    if (!text.empty()) text += " | ";
    text += (entry.access ? entry.access->path : "-") + ":";
    for (const auto& line : entry.records) text += " " + line.text;
  }
  return text;
}

constexpr int kStart = 1'000'000;

}  // namespace

TEST_CASE("what was logged in a request's time is put under it") {
  Attribution all;
  all.add(record(kStart - 5, "before"));
  all.add(record(kStart, "first"));
  all.add(Record{{}, 0, "", "", "untimed"});
  all.add(record(kStart + 1200, "on_log"));
  all.add(record(kStart + 1300, "next"));
  all.add(record(kStart + 9000, "tick"));
  all.add(access(kStart, 1100, "/a"));
  all.add(access(kStart + 1250, 100, "/b"));
  CHECK(text_of(all.take(Time(kStart + 1100))) == "");
  CHECK(all.next() == Time(kStart + 1100) + Attribution::kSettled);
  CHECK(text_of(all.take(Time(kStart + 30'000))) == "/a: first untimed on_log | /b: next");
  CHECK(all.next() == Time(kStart - 5) + Attribution::kLongest);
  CHECK(text_of(all.take(Time(kStart + 600'000))) == "-: before tick");
  CHECK_FALSE(all.next());
}

TEST_CASE("of several requests at a time the one that ends first has the lines") {
  Attribution all;
  all.add(record(kStart + 10, "x"));
  all.add(record(kStart + 500, "y"));
  all.add(access(kStart, 1000, "/long"));
  all.add(access(kStart + 5, 100, "/short"));
  CHECK(text_of(all.take_all()) == "/short: x | /long: y");
}

TEST_CASE("lines do not wait for a request without an end") {
  Attribution all;
  all.add(record(kStart, "waiting"));
  CHECK(text_of(all.take(Time(kStart + 400'000))) == "");
  CHECK(text_of(all.take(Time(kStart + 500'000))) == "-: waiting");
  all.add(record(kStart + 3'000'000, "going on"));
  all.add(access(kStart, 3'000'100, "/slow"));
  CHECK(text_of(all.take_all()) == "/slow: going on");
}
