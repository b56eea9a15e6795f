#include "registry/registry.hpp"

#include "http/curl.hpp"
#include "oci/layout.hpp"
#include "registry/remote_store.hpp"

namespace wasmctl::registry {

std::jthread preconnect(const oci::Reference& reference) {
  return reference.is_layout() ? std::jthread() : http::load_curl_early();
}

std::unique_ptr<oci::Store> open_store(const oci::Reference& reference, const Options& options) {
  if (reference.is_layout()) return std::make_unique<oci::Layout>(reference.directory);
  return std::make_unique<RemoteStore>(reference, options);
}

}  // namespace wasmctl::registry
