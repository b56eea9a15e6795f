#include "kube/check/module_facts.hpp"

#include <algorithm>

#include "kube/render/config_map.hpp"

namespace wasmctl::kube {

namespace {

// Functions of the host that touch a request; what is not called cannot change one.
constexpr std::string_view kActs[] = {
    "proxy_send_local_response",
    "proxy_add_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_remove_header_map_value",
    "proxy_set_header_map_pairs",
    "proxy_set_buffer_bytes",
    "proxy_continue_stream",
    "proxy_continue_request",
    "proxy_continue_response",
    "proxy_close_stream",
    "proxy_set_property",
    "proxy_clear_route_cache",
    "proxy_call_foreign_function",
};

}  // namespace

ModuleFacts facts_of(const wasm::Module& module) {
  const auto has_callback = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(names,
                               [&](auto name) { return module.find_export(name) != nullptr; });
  };
  ModuleFacts facts;
  facts.observes = std::ranges::none_of(module.imports, [](const wasm::Import& import) {
    return std::ranges::find(kActs, import.name) != std::end(kActs);
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
