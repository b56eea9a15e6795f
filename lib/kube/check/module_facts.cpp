#include "kube/check/module_facts.hpp"

#include <algorithm>

#include "kube/render/config_map.hpp"
#include "wasm/hostcalls.hpp"

namespace wasmctl::kube {

ModuleFacts facts_of(const wasm::Module& module) {
  const auto has_callback = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(names,
                               [&](auto name) { return module.find_export(name) != nullptr; });
  };
  ModuleFacts facts;
  facts.observes = std::ranges::none_of(module.imports, [](const wasm::Import& import) {
    const auto* const row = wasm::find_host_function(import.module, import.name);
    return row != nullptr && row->effect == wasm::Effect::acts;
  });
  facts.http = has_callback({"proxy_on_request_headers", "proxy_on_request_body",
                             "proxy_on_response_headers", "proxy_on_response_body"});
  facts.network = has_callback(
      {"proxy_on_new_connection", "proxy_on_downstream_data", "proxy_on_upstream_data"});
  // What only writes a log is for either; a module without any callback is for lint to judge.
  if (!facts.http && !facts.network) facts.http = facts.network = true;
  facts.hash = module_hash(module.bytes);
  return facts;
}

}  // namespace wasmctl::kube
