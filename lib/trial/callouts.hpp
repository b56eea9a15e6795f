// The servers that a plugin calls, as a suite's `http_call` says.
#pragma once

#include <string>
#include <vector>

#include "envoy/message.hpp"
#include "host/suite/suite.hpp"
#include "host/suite/verdict.hpp"
#include "trial/stage.hpp"

namespace wasmctl::trial {

// Whether HTTP/1 can say what the answer is.
bool is_of_http1(const host::Callout& given);

class Callouts {
 public:
  // `test` must outlive it.
  explicit Callouts(const host::Test& test) : test_(test), counts_(test.http_call.size()) {}

  Reply answer(const std::string& cluster, const envoy::Request& request);
  // Each call against `request`, and how many there were.
  void check(host::Verdict& verdict) const;

 private:
  struct Made {
    std::size_t row = 0;
    envoy::Request request;
  };
  const host::Test& test_;
  std::vector<std::uint64_t> counts_;
  std::vector<Made> made_;
};

}  // namespace wasmctl::trial
