// What a scalar means. The rules are those of sigs.k8s.io/yaml, through which kubectl and every
// controller read a manifest: YAML 1.1 as go-yaml v2 has it, so `yes` is a boolean, `012` is ten,
// and a date is a string.
// Source: sigs.k8s.io/yaml goyaml.v2/resolve.go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "yaml/node.hpp"

namespace wasmctl::yaml {

enum class ScalarType : std::uint8_t { null, boolean, integer, floating, string };

// In the order of ScalarType; an integer beyond int64 is unsigned.
using Scalar = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string>;

// The value of a plain scalar (unquoted, without a tag).
Scalar resolve_plain(std::string_view text);

// The value of any scalar node: quoted ones are strings, a tag decides; of !!binary it is the
// bytes, which need not be UTF-8. Throws Error{Code::bad_input} without a place if the text does
// not fit the tag, or the tag is none of YAML's own.
Scalar value_of(const Node& scalar);

// As value_of, but never throws: what does not fit its tag is a string.
ScalarType type_of(const Node& scalar);

// True if some reader of YAML 1.1 or 1.2 takes the plain text for something other than this very
// string: a number, a boolean, null, a date, a merge key, punctuation. Errs on the side of true.
bool needs_quotes(std::string_view text);

}  // namespace wasmctl::yaml
