// The form of values, as a CRD gives it: a table of types that manifests and wasmctl.yaml are
// judged by. What breaks it is a list of values, each with its path; whoever wants an error makes
// one.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/path.hpp"

namespace wasmctl::kube {

enum class ShapeType : std::uint8_t {
  anything,
  text,    // min..max bytes
  choice,  // one of `choices`
  boolean,
  integer,  // min..max; a whole number, however it is written (10.0, 1e2)
  object,   // a mapping of anything
  labels,   // a mapping of label names to values
  mapping,  // of `fields`
  list,     // min..max of what fields[0] says
};

struct Shape {
  std::string_view key;
  ShapeType type = ShapeType::text;
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int32_t>::max();
  std::span<const std::string_view> choices = {};
  std::span<const Shape> fields = {};
  bool required = false;
  bool nullable = false;  // in manifests: the CRD says so, or has a default, which comes instead
  // Of a text: why not, or nothing.
  std::optional<std::string> (*judge)(std::string_view text) = nullptr;
};

struct ShapeViolation {
  yaml::Path path;       // from the value that was judged
  std::string rule;      // "must be a string, not a list"
  std::string hint;      // may be empty
  std::string key = {};  // of the mapping at `path`, if it is one that the mapping does not have
};

// All that is wrong, in the order of the value's keys.
std::vector<ShapeViolation> violations_of(const nlohmann::json& value, const Shape& shape);

// "a mapping", "a number", "nothing": what stands there, for messages.
std::string_view describe(const nlohmann::json& value);

}  // namespace wasmctl::kube
