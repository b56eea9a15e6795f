// Reads whatever a person has (logs, dumps, counters, events), one text after the other, and says
// what is wrong with a Wasm filter. Texts are streamed: memory does not grow with them. The kind of
// each is found out by itself:
//
//   lines      logs of any producer, /stats, Prometheus, `kubectl describe`, access logs
//   documents  JSON and YAML: config dumps, what kubectl and istioctl print; of their texts those
//              that tell of errors (`message`, `details`...), and the discovered filters
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "explain/report.hpp"

namespace wasmctl::explain {

class Explainer {
 public:
  Explainer();
  ~Explainer();
  Explainer(const Explainer&) = delete;
  Explainer& operator=(const Explainer&) = delete;

  // A text begins; `name` is its file's, for evidence.
  void begin(std::string name);
  void write(std::string_view piece);
  void end();

  // The object is used up.
  Report finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wasmctl::explain
