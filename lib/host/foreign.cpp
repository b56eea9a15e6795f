// Foreign functions: those of Envoy's that can be computed here.
// Source: envoy 1.40, source/extensions/common/wasm/foreign.cc.
#include <fmt/format.h>

#include <algorithm>

#include "base/zlib.hpp"
#include "host/envoy.hpp"
#include "host/protobuf.hpp"

namespace wasmctl::host {

namespace {

constexpr std::uint64_t kMostBytesUnpacked = 64U << 20U;

// Envoy has them, and this host has not: they need its own state, keys, or CEL.
constexpr std::string_view kOnlyInEnvoy[] = {"set_envoy_filter_state", "sign",
                                             "verify_signature",       "expr_create",
                                             "expr_evaluate",          "expr_delete"};

}  // namespace

Answer<std::string> EnvoyProxy::call_foreign_function(ContextId /*context*/, std::string_view name,
                                                      std::string_view argument) {
  auto& given = world_.foreign_answers;
  const auto found = std::ranges::find_if(given, [&](const ForeignAnswer& answer) {
    return answer.name == name && (!answer.argument || *answer.argument == argument);
  });
  if (found != given.end()) {
    ++found->calls;
    if (found->status != Status::ok) return found->status;
    return found->result;
  }
  if (name == "compress") return base::zlib_compress(argument);
  if (name == "uncompress") {
    auto bytes = base::zlib_uncompress(argument, kMostBytesUnpacked);
    if (!bytes) return Status::serialization_failure;
    return *std::move(bytes);
  }
  if (name == "clear_route_cache") return std::string();
  if (name == "declare_property") return declare_property(argument);
  if (std::ranges::find(kOnlyInEnvoy, name) != std::end(kOnlyInEnvoy)) {
    lacking_.push_back(fmt::format("the foreign function `{}`", name));
    return Status::internal_failure;
  }
  missed_.push_back(fmt::format("the foreign function `{}`", name));
  return Status::not_found;
}

// Of what is declared, only that it is: whoever reads the property gets the bytes that were set.
Answer<std::string> EnvoyProxy::declare_property(std::string_view argument) {
  const auto fields = read_protobuf(argument);
  if (!fields) return Status::bad_argument;
  constexpr std::uint32_t kName = 1;
  if (!declared_.insert(std::string(bytes_of(*fields, kName))).second) return Status::bad_argument;
  return std::string();
}

}  // namespace wasmctl::host
