// Names and labels, as the API server accepts them.
// Source: Kubernetes, apimachinery/pkg/util/validation; each function gives the reason why not, to
// stand after the name of what is judged, or nothing. Namespaces, volumes and containers are labels
// (base/label.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::kube {

using Reason = std::optional<std::string>;

// RFC 1123 subdomain, at most 253: most objects.
Reason refuse_subdomain(std::string_view name);

// A key of a ConfigMap or Secret, which becomes a file's name.
Reason refuse_data_key(std::string_view key);

// `[PREFIX/]NAME` of a label, and its value (which may be empty).
Reason refuse_label_key(std::string_view key);
Reason refuse_label_value(std::string_view value);

// `name` if it is short enough for a label with `prefix` before it, else cut and told apart by a
// hash of the whole.
std::string label_with_prefix(std::string_view prefix, std::string_view name);

}  // namespace wasmctl::kube
