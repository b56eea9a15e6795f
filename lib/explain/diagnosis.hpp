// From what was seen to what it means. The first line of a burst, of one thread within seconds, is
// the cause; what comes after it in the chain of events follows from it, and so do consequences
// that other inputs have of it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "explain/report.hpp"
#include "explain/sight.hpp"

namespace wasmctl::explain {

// A row of the table, seen at a place.
struct Sighting {
  const Sight* sight = nullptr;
  std::map<std::string, std::string, std::less<>> captures;
  Evidence evidence;
  std::string thread;              // empty: not told
  std::optional<double> seconds;   // of the day
  std::vector<const Sight*> also;  // what else the line has
  bool is_document = false;        // in a dump or a resource, not a log
  bool is_complaint = false;       // logged as an error
};

// Versions of Istio that fit what was seen: minor numbers of 1.x.
struct VersionRange {
  unsigned first = 0;
  unsigned last = 0;  // 0: no bound
  std::string exact;  // "1.24.3"
};

class Diagnosis {
 public:
  // Bursts end with an input.
  void begin_input();
  void add(Sighting sighting);
  // A frame of the back-trace of what was added last.
  void add_frame(wasm::TraceFrame frame);
  // What tells the version; the exact one wins over bounds, the first over later ones.
  void add_version(VersionRange version);

  // The object is used up.
  Report finish();

 private:
  struct Burst {
    std::size_t cause = 0;  // index into found_
    unsigned step = 0;
    std::optional<double> seconds;
    std::size_t line = 0;
    std::string plugin;        // as far as this burst has told
    Sighting head;             // what began it
    bool is_repeated = false;  // it was seen before
  };
  struct Found {
    Sighting first;
    Explanation explanation;
    std::string plugin;
    std::string speaker;  // the plugin that logged what may be the reason
    bool folded = false;  // into another
  };
  struct OwnLine {
    std::string thread;
    std::optional<double> seconds;
    std::size_t line = 0;
    std::string text;
    std::string plugin;
  };

  void add_sign(Sighting sighting);
  bool continues(const Burst& burst, const Sighting& sighting) const;
  bool fold(Burst& burst, const Sighting& sighting);
  void name_plugin(Burst& burst, const std::string& plugin);
  std::size_t find_or_add(const Sighting& sighting, std::string_view plugin);
  OwnLine take_said(const Sighting& sighting);
  bool takes(const Found& cause, const Found& found) const;
  void fold_consequences();
  void complete(Found& found) const;
  void add_editions(const Sight& sight, Explanation& explanation) const;
  std::string described_version() const;

  std::vector<Found> found_;
  std::map<std::string, std::size_t, std::less<>> index_;  // of found_, by what was seen
  std::map<std::string, Burst, std::less<>> bursts_;       // by thread
  OwnLine own_;
  std::vector<Explanation> signs_;
  std::optional<std::size_t> last_;  // in found_
  VersionRange version_;
};

}  // namespace wasmctl::explain
