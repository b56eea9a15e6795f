// What a plugin is to be run with: the fields of a WasmPlugin but for its module's url, from
// wasmctl.yaml and from flags, judged by one table as the CRD and Istio's webhook would judge them.
// Source: istio/api extensions/v1alpha1 wasm.proto and traffic_extension.proto, with their CEL
// rules; istio pkg/config/validation.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "kube/shape.hpp"

namespace wasmctl::kube {

// Where a value was written: before a message, and the kind of error that it makes.
struct Origin {
  std::string place;            // "plugins/a/wasmctl.yaml:7:3", "--phase"
  Code code = Code::bad_input;  // Code::usage for a flag
};

enum class Part : std::uint8_t {
  spec,   // in the spec of WasmPlugin and TrafficExtension alike
  wasm,   // in WasmPlugin's spec, in TrafficExtension's spec.wasm
  local,  // of this tool: in no manifest
};

struct Field {
  Shape shape;            // its key is the one in wasmctl.yaml, under `plugin:`
  std::string_view name;  // in the manifest
  Part part;
};

// In the order in which manifests show them.
std::span<const Field> fields();

// What is wrong with the value of a field: its form, and what the CEL rules say of its parts.
std::vector<ShapeViolation> violations_of(const nlohmann::json& value, const Field& field);

// An item of targetRefs, of whatever kind of resource.
const Shape& target_ref_shape();

class Settings {
 public:
  // Judges and keeps; a later value replaces an earlier one, so flags come after the file. Throws
  // Error with the origin's code: an unknown key or choice (with the nearest right one), a value of
  // another form, beyond its bounds, or set twice where it must be unique.
  void set(const std::string& key, const nlohmann::json& value, const Origin& origin);

  // Null if not set.
  const nlohmann::json* find(std::string_view key) const;

  // A setting that is a string; `otherwise` if it is not set.
  std::string text(std::string_view key, std::string_view otherwise = "") const;

  // "PLACE: `KEY` WHY", of a key that is set, with its origin's code.
  Error refuse(std::string_view key, std::string_view why) const;

  // What no single value can tell: throws if both a selector and target references are set.
  void check_together() const;

 private:
  struct Setting {
    std::shared_ptr<const nlohmann::json> value;
    Origin origin;
  };
  std::map<std::string, Setting, std::less<>> settings_;
};

// The API group of a kind that targetRefs may name; empty for the core group and for unknown kinds.
std::string_view group_of_target(std::string_view kind);

}  // namespace wasmctl::kube
