// The resources that load a module, each a row. Rules ask a row what it is like (where it says what
// it loads, whom it reaches), and never which one it is: another product's kind is one more row.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "kube/shape.hpp"
#include "oci/consumers.hpp"
#include "wasm/host_range.hpp"
#include "yaml/node.hpp"

namespace wasmctl::kube {

// Where a resource says what it loads.
enum class PluginForm : std::uint8_t {
  spec,         // in its spec, by WasmPlugin's fields
  extension,    // in its spec; the module's fields are below `wasm`, and `lua` may be there instead
  policy_item,  // in each item of the list `wasm` of its spec
  filter_message,  // in messages of Envoy's own, anywhere in it
};

// The pods whose proxies load it.
enum class PluginReach : std::uint8_t {
  sidecars,      // by a selector of labels, of those that Istio's injector gives a proxy
  own_gateways,  // by a selector of labels, pods that are proxies of the product's own
  targets,       // what targetRefs name
};

struct PluginKind {
  std::string_view api_version;
  std::string_view name;      // "WasmPlugin"
  std::string_view title;     // the same where two kinds have one name: "Higress WasmPlugin"
  std::string_view consumer;  // who fetches the module: "Istio", "Envoy Gateway", "Higress"
  oci::Consumer fetcher;      // the code that it does so by: Higress has Istio's
  PluginForm form;
  PluginReach reach;
  std::span<const Shape> own_fields = {};  // of the spec, beside WasmPlugin's
  wasm::Version since = {};                // of the consumer, the first that has the kind

  // A resource with a spec of WasmPlugin's fields; the others are judged by tables of their own.
  bool has_plugin_fields() const {
    return form == PluginForm::spec || form == PluginForm::extension;
  }
};

std::span<const PluginKind> plugin_kinds();

// A field of the module, by WasmPlugin's name for it, in what a resource of the kind says of one
// (PluginManifest::spec). Null if it is not there.
const yaml::Node* module_field(const PluginKind& kind, const yaml::Node& spec,
                               std::string_view key);

// A field of a message of Envoy's, which protobuf reads in snake_case and in camelCase.
const yaml::Node* message_field(const yaml::Node* message, std::string_view snake_case);
const yaml::Node* message_at(const yaml::Node* message,
                             std::initializer_list<std::string_view> path);

}  // namespace wasmctl::kube
