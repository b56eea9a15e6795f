// What a filter of Envoy's own needs beside it.
#pragma once

#include <optional>
#include <string>

namespace wasmctl::kube {

// The cluster through which Envoy fetches what is at a http url: named as the url's host. Of
// another url nothing.
std::optional<std::string> cluster_of(const std::string& url);

}  // namespace wasmctl::kube
