// What a rule finds, be it about a module, a manifest, an image or a configuration. Findings are
// values: whoever judges returns them, whoever prints decides how they look.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/place.hpp"

namespace wasmctl {

enum class Severity : std::uint8_t {
  error,    // it cannot work: the proxy, Istio or Kubernetes refuses it
  warning,  // it may work, but probably not as meant
  note,     // worth knowing, no more
};
std::string_view to_string(Severity severity);

// A row of a table of rules; the tables add what checks it. The texts live as long as the program.
struct Rule {
  std::string_view name;  // "unknown-import"
  Severity severity = Severity::error;
  std::string_view demand;  // what has to be: "imports only what Envoy offers"
};

// One function on the way to what a finding is about.
struct Frame {
  std::string function;
  Place place;              // of the call in it; without a file if nothing tells
  bool by_pointer = false;  // nobody calls it directly and it is not exported
  std::size_t skipped = 0;  // not 0: stands for so many functions that are not listed
};
std::string to_string(const Frame& frame);  // "`a` at filter.cc:31"

// A name that a finding speaks of: an import, an export, a field.
struct Mention {
  std::string name;
  // Who calls it, the nearest first, up to what the host calls; may be empty.
  std::vector<Frame> trail = {};
};

struct Finding {
  std::string_view rule;
  Severity severity = Severity::error;
  Place place;
  std::string message;  // "imports `env.proxy_bogus`, which Envoy does not offer"
  std::string hint;     // what to do; may be empty
  std::vector<Mention> about = {};
};

// Who calls what the finding is about: a line for each caller, or, where it is about several
// things, one for each of them: "called by `a` at filter.cc:31", "`path_open`: called by `a`, by
// `b`".
std::vector<std::string> trail_lines(const Finding& finding);

std::size_t count(const std::vector<Finding>& findings, Severity severity);

}  // namespace wasmctl
