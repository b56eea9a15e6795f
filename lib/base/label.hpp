// Labels of domain names, of which Kubernetes makes its names. Source: RFC 1123, section 2.1.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::base {

inline constexpr std::size_t kMaxLabelBytes = 63;

// Why `name` is not one, to stand after what is named ("must be 1 to 63 of ..."), or nothing.
std::optional<std::string> refuse_label(std::string_view name);

// `text` as a label, as far as that goes: lower case, `-` for `_`, `.` and blanks.
std::string label_from(std::string_view text);

}  // namespace wasmctl::base
