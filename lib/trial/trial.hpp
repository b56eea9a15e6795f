// The tests of suites in a real Envoy. Each has a VM of its own, by a vm_id of its own; an Envoy is
// started for each set of clusters that tests need, and stays for the tests that follow.
//
// A test goes over the wire phase by phase: the next one begins when what the embedded host made of
// the phase has come out at the other end, so what comes and what is logged can be told to be its.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/content.hpp"
#include "base/stop_signals.hpp"
#include "host/suite/run.hpp"
#include "host/suite/suite.hpp"

namespace wasmctl::trial {

struct Options {
  std::filesystem::path envoy;
  const base::StopSignals* stop = nullptr;  // ends all waiting; must outlive the object
};

// What is tested.
struct Subject {
  base::Content module;
  std::string configuration;
};

class Place;

class Trial {
 public:
  explicit Trial(Options options);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  // The verdict on the test in Envoy; `embedded` is what the embedded host made of it. It fails,
  // too, where only that host fails the test. Throws as envoy::Proxy does, but for a plugin that is
  // refused.
  host::TestResult run(const host::Suite& suite, const host::Test& test, const Subject& subject,
                       const host::TestResult& embedded);

 private:
  Place& place_for(const host::Test& test, const host::TestResult& embedded);
  host::TestResult run_there(Place& place, const host::Suite& suite, const host::Test& test,
                             const Subject& subject, const host::TestResult& embedded,
                             host::TestResult result);
  host::TestResult without_place(Place& place, const host::Suite& suite, const host::Test& test,
                                 const host::TestResult& embedded, std::string why);

  Options options_;
  std::vector<std::unique_ptr<Place>> places_;
  std::size_t tests_ = 0;
};

}  // namespace wasmctl::trial
