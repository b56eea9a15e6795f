// Strings, containers, status, time and a mutex of Abseil's: adds to each request what they make of its path.
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "proxy_wasm_intrinsics.h"

namespace {

absl::StatusOr<int> parse(std::string_view text) {
  int number = 0;
  if (!absl::SimpleAtoi(text, &number)) return absl::InvalidArgumentError(absl::StrCat("not a number: ", text));
  return number;
}

class Example : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    absl::MutexLock lock(&mutex_);
    absl::flat_hash_map<std::string, int> counts;
    for (auto part : absl::StrSplit("a,b,a", ',')) ++counts[std::string(part)];
    const auto number = parse(getRequestHeader(":path")->view().substr(1));
    addRequestHeader("x-number", number.ok() ? absl::StrCat(*number) : number.status().ToString());
    addRequestHeader("x-count", absl::StrCat(counts["a"]));
    addRequestHeader("x-time", absl::FormatTime("%Y-%m-%dT%H:%M:%S", absl::FromUnixSeconds(1700000000),
                                                absl::UTCTimeZone()));
    addRequestHeader("x-duration", absl::FormatDuration(absl::Seconds(90)));
    return FilterHeadersStatus::Continue;
  }

 private:
  absl::Mutex mutex_;
};

RegisterContextFactory registered(CONTEXT_FACTORY(Example));

}  // namespace
