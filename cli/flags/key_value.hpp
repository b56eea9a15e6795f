// Flags that are written KEY=VALUE.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::cli {

struct KeyValue {
  std::string key;    // not empty
  std::string value;  // all after the first `=`
};

// `form` is how the flag's help writes it. Throws Error{Code::usage}.
KeyValue parse_key_value(std::string_view flag, std::string_view word,
                         std::string_view form = "KEY=VALUE");

// The labels of --selector, each with one value. `==` is `=`, as for kubectl; its other operators
// are refused: Istio selects by equal labels only, and a workload's pods have the labels that they
// have. Throws Error{Code::usage}, also for what is not a label of Kubernetes'.
std::map<std::string, std::string> parse_selector(const std::vector<std::string>& words);

}  // namespace wasmctl::cli
