// What can be seen of a Wasm filter from outside: lines of logs, counters, events, parts of a
// configuration, and what each means. The one table of `wasmctl explain`: matching, the pages of
// the codes (docs/explain.md) and the tests come from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::explain {

// Who writes it.
enum class Producer : std::uint8_t {
  agent,       // Istio's, beside Envoy in the same container; its libraries' texts, too
  istiod,      // its log, and its webhook's answers
  envoy,       // its log
  access_log,  // Envoy's
  admin,       // numbers and dumps of Envoy's and the agent's ports
  gateway,     // Envoy Gateway: conditions of an EnvoyExtensionPolicy, and its log
  kubernetes,  // kubelet, API server: events, answers
  higress,
  status,  // `wasmctl status` itself, of what it asked the cluster
};
std::string_view to_string(Producer producer);

// What a sight says about the cause. In one line the first of these wins: errors are wrapped from
// right to left, so that a line has several sights.
enum class Role : std::uint8_t {
  reason,       // the innermost error
  cause,        // what is wrong
  wrapper,      // something failed; why is in the rest of the line
  consequence,  // follows from something else, mostly of an earlier line
  remark,       // worth knowing; nothing is broken by it alone
  sign,         // of health
};
std::string_view to_string(Role role);

enum class Confidence : std::uint8_t {
  certain,   // nothing else makes its producer write this
  likely,    // one cause is by far the most frequent
  possible,  // one of several
};
std::string_view to_string(Confidence confidence);

// What goes on after a cause; a bit each. A consequence is one of every cause that leads there, be
// it in the same input or another.
enum Chain : std::uint8_t {
  kNowhere = 0,
  kNotFetched = 1,  // the agent has no module: another filter takes its place, or a NACK goes out
  kNotLoaded = 2,   // Envoy refuses the module or its configuration
  kDead = 4,        // a VM died
  kNotMounted = 8,  // the file is not in the proxy
  kNotDelivered = 16,  // the proxy's configuration does not arrive
  kNotAccepted = 32,   // the API server, a webhook or a control plane refuses the resource
  kNoSecret = 64,      // the credentials for the image cannot be had
  kNoRemote = 128,     // Envoy's own fetch has failed
};

// One way in which it is written.
struct Form {
  // Literal text, in which case does not matter, with places: `<name>` is a word, `<name...>` any
  // text, `<...>` any text that nobody asks for. `<count>` is a number above 0.
  std::string_view pattern;
  // A line as its producer writes it, without what a logger puts before.
  std::string_view example;
  std::string_view context = {};  // as of Sight, of this form alone
};

// What differs between versions of Istio, by minor numbers of 1.x; 0: no bound.
struct Edition {
  unsigned first = 0;
  unsigned last = 0;
  std::string_view text = {};
};
std::string to_string(const Edition& edition);  // "Istio 1.24 and older"

struct Sight {
  std::string_view code = {};  // "W-203"; the first digit is the chapter
  Producer producer = Producer::envoy;
  std::string_view context = {};  // what the line must have besides, in lower case
  Role role = Role::cause;
  // Of a consequence: how late in the chain of its own burst. A smaller or equal step begins
  // another burst.
  unsigned step = 0;
  std::vector<Form> forms = {};
  // In the texts below `<name>` stands for what was captured.
  std::string_view cause;        // one sentence, without a full stop
  std::string_view remedy;       // what to do: a command in backticks
  std::string_view effect = {};  // what requests see
  std::vector<Edition> editions = {};
  std::string_view versions = "all";  // that have it
  std::string_view source = {};       // where its producer has it
  Confidence confidence = Confidence::certain;
  std::uint8_t leads = kNowhere;    // of Chain
  std::uint8_t follows = kNowhere;  // of Chain
};

// All of them, by code.
std::span<const Sight> sights();

// Null for a code that does not exist. Case does not matter.
const Sight* find_sight(std::string_view code);

// What a person sees first, before any log.
struct Symptom {
  std::string_view seen;
  std::string_view ask;  // a command in backticks: what has the cause
  std::uint8_t chain;    // of Chain: what leads there is a cause of it
};
std::span<const Symptom> symptoms();

// Whether what is seen there is why: a sign of health, and what only follows, are not.
bool explains(const Sight& sight, const Symptom& symptom);

// What tells the version of Istio; `<version>` is "1.24.3", or the row gives the bounds itself.
struct VersionMark {
  std::string_view pattern;
  unsigned first = 0;
  unsigned last = 0;
};
std::span<const VersionMark> version_marks();

}  // namespace wasmctl::explain
