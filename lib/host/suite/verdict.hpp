// Compares what came of a test with what its suite expects, whichever host it ran in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/header_map.hpp"
#include "host/local_proxy.hpp"
#include "host/suite/suite.hpp"

namespace wasmctl::host {

// What was expected, and what came in its place: one line or several each.
struct Failure {
  Phase phase = Phase::plugin_init;
  std::string what;                // "has_header `x-from`"
  std::optional<yaml::Mark> mark;  // of the expectation in the suite
  std::vector<std::string> expected;
  std::vector<std::string> actual;
};

class Verdict {
 public:
  // `suite` must outlive it.
  explicit Verdict(const Suite& suite) : suite_(suite) {}

  // What follows is about this phase.
  void begin(Phase phase) { phase_ = phase; }
  Phase phase() const { return phase_; }

  void fail(std::string what, std::optional<yaml::Mark> mark, std::vector<std::string> expected,
            std::vector<std::string> actual);

  // One matcher of the field of that name.
  void check(std::string_view field, const StringMatcher& matcher,
             const std::vector<std::string>& texts);
  // has_header, no_header and headers. False: a header without a name, after which nothing more
  // is to be compared.
  bool check_headers(const Expectation& expected, const Pairs& headers);
  void check_body(const Expectation& expected, const std::string& body);
  void check_log(const Expectation& expected, const std::vector<std::string>& messages);
  // action, close and immediate: whether the message goes on.
  void check_outcome(const Invocation& invocation, const PhaseResult& result);
  // How many calls each row of `http_call` answered, ...
  void check_calls(std::string_view field, std::string_view cluster,
                   const std::optional<std::uint64_t>& expected, yaml::Mark mark,
                   std::uint64_t actual);
  void check_metric(const MetricExpectation& expected, std::optional<std::uint64_t> actual);

  const std::vector<Failure>& failures() const { return failures_; }
  std::vector<Failure> take_failures() { return std::move(failures_); }

 private:
  void check_immediate(const Invocation& invocation, const PhaseResult& result,
                       const std::string& came);

  const Suite& suite_;
  Phase phase_ = Phase::plugin_init;
  std::vector<Failure> failures_;
};

}  // namespace wasmctl::host
